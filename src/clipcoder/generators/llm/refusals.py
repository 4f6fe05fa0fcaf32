"""What a response that is no answer means: wait and ask again, or stop, and what to do about it.

The official client has a loop of its own for this. It is switched off, for it sends requests that no budget
has counted, and it cannot hold back the other requests when the endpoint wants to be left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from math import isfinite
from random import random
from time import time
from typing import Final
from urllib.parse import urlsplit

from clipcoder.errors import LanguageModelError
from clipcoder.generators.llm.completion import error_in
from clipcoder.generators.llm.endpoint import Key
from clipcoder.generators.llm.language_model import LanguageModel

KEPT: Final = "the answers so far are kept, and the same command goes on where this one stopped"

_LONGEST_WAIT: Final = 120.0  # seconds; who is asked to wait for longer had better come back later
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 16.0  # seconds
_PASSING: Final = frozenset((408, 409, 425, 429))
_LOST: Final = frozenset((0, 502, 504, 524))
"""No response, or one of a gateway that has lost the endpoint."""
_NO_CREDIT: Final = frozenset(("insufficient_quota", "billing_hard_limit_reached", "billing_not_active"))


@dataclass(frozen=True, slots=True)
class Response:
    """What came back for a request.

    Attributes:
        status: of HTTP; 0 where no response came.
        body: as text, without the key; where no whole response came, why.
        headers: names in lower case.
        lasting: whether no answer can be had there, so that waiting does not help.
    """

    status: int
    body: str
    headers: Mapping[str, str]
    lasting: bool = False

    @property
    def complaint(self) -> str:
        """What the endpoint says is wrong, on one line and not too long."""
        said = str(error_in(self.body).get("message") or "") if self.status else self.body
        if said.lstrip().startswith("<"):
            return "with a page of HTML"
        return " ".join(said.split()).rstrip(".")[:200]

    @property
    def code(self) -> str:
        """The endpoint's own name for what is wrong."""
        error = error_in(self.body)
        return str(error.get("code") or error.get("type") or "") if self.status else ""

    @property
    def filtered(self) -> bool:
        """Whether a filter of the endpoint has taken offence at the question."""
        return self.status == 400 and self.code == "content_filter"

    @property
    def lost(self) -> bool:
        """Whether an answer may have been made, and be paid for, that has not arrived as a whole."""
        return self.status == 200 or (self.status in _LOST and not self.lasting)

    @property
    def passing(self) -> bool:
        """Whether the same request may be answered later on."""
        if self.headers.get("x-should-retry") in ("true", "false"):
            return self.headers["x-should-retry"] == "true"
        if self.code in _NO_CREDIT or self.lasting:
            return False
        return self.status == 0 or self.status in _PASSING or self.status >= 500


def pause_before(attempt: int, headers: Mapping[str, str]) -> float | None:
    """Return how many seconds to wait before a request is sent again; None for longer than it is worth.

    Args:
        attempt: how many times it has been sent.
        headers: of the last response; what they ask for goes before what would be waited otherwise.

    >>> pause_before(1, {"retry-after-ms": "250"}), pause_before(1, {"retry-after": "86400"})
    (0.25, None)
    >>> 1.5 <= pause_before(3, {}) <= 2.0
    True
    """
    asked = _retry_after(headers)
    if asked is None:
        return float(min(_FIRST_PAUSE * 2 ** (attempt - 1), _LONGEST_PAUSE)) * (1 - random() / 4)
    return asked if asked <= _LONGEST_WAIT else None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    for header, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers[header]) / unit
        except (KeyError, ValueError):
            continue
        if isfinite(seconds) and seconds >= 0:
            return seconds
    try:
        return max(0.0, parsedate_to_datetime(headers["retry-after"]).timestamp() - time())
    except (KeyError, ValueError, TypeError, OverflowError):
        return None


def lasting_error(response: Response, model: LanguageModel, key: Key | None) -> LanguageModelError:
    """Return the error for a response that no repetition mends."""
    return LanguageModelError(_lasting(response, model, key))


def exhausted_error(response: Response, model: LanguageModel, attempts: int) -> LanguageModelError:
    """Return the error for a request that has been sent often enough."""
    status = f"status {response.status}" if response.status else ""
    wait = _retry_after(response.headers) or 0
    asks = f"it wants to be asked again in {wait:,.0f} seconds" if wait > _LONGEST_WAIT else ""
    last = ": ".join(filter(None, (status, response.complaint, asks)))
    times = "once" if attempts == 1 else f"{attempts} times"
    hurried = response.status == 429 and not asks
    advice = "lower concurrency (--concurrency) or raise retries (--retries), for " if hurried else ""
    return LanguageModelError(
        f"{model.endpoint} was asked {times} and did not answer ({last}); {advice}{KEPT}"
    )


def _lasting(response: Response, model: LanguageModel, key: Key | None) -> str:
    where, said = model.endpoint, f": {response.complaint}" if response.complaint else ""
    if response.lasting:
        return (
            f"there is no answer from {where} ({response.complaint}); see whether the server is running, and "
            "whether the address is right"
        )
    if response.code in _NO_CREDIT:
        account = f"the account of the key in {key.variable}" if key else "the account"
        return f"{account} at {where} has no credit left; add some, for {KEPT}"
    if response.status in (401, 403):
        return _locked(response.status, model, key)
    if response.status == 404:
        return (
            f"{where} knows no model {model.name!r}, or is not an OpenAI-compatible endpoint (status "
            f"404{said}); check both, for the address often ends in /v1"
        )
    if 300 <= response.status < 400:
        target = urlsplit(response.headers.get("location", ""))
        address = f"{target.scheme}://{target.netloc.rpartition('@')[2]}" if target.netloc else "another path"
        return (
            f"{where} sends requests on to {address} (status {response.status}), where no key is sent; name "
            "the right address as base_url (--base-url)"
        )
    return (
        f"{where} refuses the request (status {response.status}{said}); change what it names, or take "
        "another model"
    )


def _locked(status: int, model: LanguageModel, key: Key | None) -> str:
    if key is None:
        return (
            f"{model.endpoint} wants a key (status {status}), and none was sent; put it into an environment "
            "variable and name that one as key_from (--key-from)"
        )
    return (
        f"{model.endpoint} refuses the key in the environment variable {key.variable}, or its use of the "
        f"model {model.name!r} (status {status}); set the variable to a key that may use it"
    )
