"""Why a published model cannot be had, in a few words."""

from __future__ import annotations

import errno
from typing import Final

_TOLD: Final = 160  # characters of somebody else's message
_UNREACHED: Final = (
    "Connect",
    "ProxyError",
    "NameResolution",
)  # in names of the errors of all HTTP libraries


def reason(error: Exception) -> str:
    """Return in a few words what an error of the hub's client, the network or the disk means.

    Example:
        >>> reason(OSError(28, "No space left on device"))
        'the disk is full'
    """
    from huggingface_hub import errors

    failure = _first_cause(error)
    match failure:
        case errors.GatedRepoError():
            why = "its owner asks for consent: give it on that page, and set HF_TOKEN to a token of yours"
        case errors.RepositoryNotFoundError():
            why = "there is no such repository, or it is private and HF_TOKEN opens it"
        case errors.RevisionNotFoundError():
            why = "it has no such revision (any more); clipcoder models --update NAME takes the newest"
        case errors.OfflineModeIsEnabled():
            why = "HF_HUB_OFFLINE is set, and the cache does not hold all of it"
        case errors.HfHubHTTPError():
            why = f"the hub answered with status {failure.response.status_code}"
        case OSError(errno=errno.ENOSPC):
            why = "the disk is full"
        case OSError(strerror=str(told), filename=str(file)):
            why = f"'{file}' cannot be written: {told.lower()}"
        case _:
            why = _broken_connection(failure)
    return why


def _broken_connection(failure: BaseException) -> str:
    told = (" ".join(str(failure).split()) or type(failure).__name__)[:_TOLD]
    if any(part in type(failure).__name__ for part in _UNREACHED):
        return f"the hub cannot be reached ({told}), and the cache does not hold all of it"
    return f"the download broke off ({told}); try again, it goes on where it stopped"


def _first_cause(error: Exception) -> BaseException:
    """Return the error behind the client's own one, which says only that a file is not here."""
    from huggingface_hub import errors

    unreached = isinstance(error, errors.LocalEntryNotFoundError)
    return (unreached and error.__cause__) or error
