"""Published models by name, fetched once from a model hub and kept in its cache."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Final

from clipcoder.errors import ModelUnavailableError, UnknownNameError

_OWNER: Final = (
    "immich-app"  # exports of open_clip's models: one repository a model, of the layout of OnnxEncoder
)

_REPOSITORIES: Final = {
    "RN50/openai": "RN50__openai",
    "RN101/openai": "RN101__openai",
    "RN50x4/openai": "RN50x4__openai",
    "RN50x16/openai": "RN50x16__openai",
    "RN50x64/openai": "RN50x64__openai",
    "ViT-B-32/openai": "ViT-B-32__openai",
    "ViT-B-16/openai": "ViT-B-16__openai",
    "ViT-L-14/openai": "ViT-L-14__openai",
    "ViT-L-14-336/openai": "ViT-L-14-336__openai",
    "ViT-B-32/laion2b_s34b_b79k": "ViT-B-32__laion2b-s34b-b79k",
    "ViT-L-14/laion2b_s32b_b82k": "ViT-L-14__laion2b-s32b-b82k",
    "ViT-B-32/laion400m_e32": "ViT-B-32__laion400m_e32",
    "ViT-B-16/laion400m_e32": "ViT-B-16__laion400m_e32",
    "ViT-L-14/laion400m_e32": "ViT-L-14__laion400m_e32",
    "ViT-B-16-SigLIP/webli": "ViT-B-16-SigLIP__webli",
    "ViT-B-16-SigLIP-384/webli": "ViT-B-16-SigLIP-384__webli",
    "ViT-L-16-SigLIP-256/webli": "ViT-L-16-SigLIP-256__webli",
}

MODEL_NAMES: Final = tuple(_REPOSITORIES)
"""The names that ``load_encoder`` fetches: open_clip's architecture and the name of its weights."""

_REVISIONS: Final[dict[str, str]] = {}  # a name to the commit that it is pinned to; without a pin, the newest

_WANTED: Final = [
    "config.json",
    "visual/preprocess_cfg.json",
    "visual/model.onnx",
    "textual/tokenizer.json",
    "textual/tokenizer_config.json",
    "textual/model.onnx",
]


def fetch(name: str, *, revision: str | None = None) -> Path:
    """Return the folder of a published model; only what is not in the cache is fetched.

    Args:
        name: one of ``MODEL_NAMES``.
        revision: a commit, tag or branch of its repository; by default the pinned one.

    Raises:
        UnknownNameError: no model has this name.
        ModelUnavailableError: it cannot be fetched, for want of a network or of the repository.

    Example:
        >>> fetch("ViT-B-32/openapi")
        Traceback (most recent call last):
            ...
        clipcoder.errors.UnknownNameError: unknown model 'ViT-B-32/openapi': did you mean \
'ViT-B-32/openai' or 'ViT-B-16/openai' or 'ViT-L-14/openai'?
    """
    if name not in _REPOSITORIES:
        raise UnknownNameError("model", name, MODEL_NAMES)
    from huggingface_hub import constants, snapshot_download

    repository = f"{_OWNER}/{_REPOSITORIES[name]}"
    try:
        folder = snapshot_download(
            repository, revision=revision or _REVISIONS.get(name), allow_patterns=_WANTED
        )
    except Exception as error:  # the client lets through whatever the hub, the network or the disk raise
        raise ModelUnavailableError(name, f"{constants.ENDPOINT}/{repository}", _reason(error)) from error
    return Path(folder)


def _reason(error: Exception) -> str:
    """Say in a few words why a model cannot be had."""
    from huggingface_hub import errors

    unreached = isinstance(error, errors.LocalEntryNotFoundError)  # then its cause tells more
    failure = (unreached and error.__cause__) or error
    told = (" ".join(str(failure).split()) or type(failure).__name__)[:160]
    match failure:
        case errors.RepositoryNotFoundError():
            reason = "there is no such repository"
        case errors.RevisionNotFoundError():
            reason = "it has no such revision"
        case errors.OfflineModeIsEnabled():
            reason = "HF_HUB_OFFLINE is set, and the cache does not hold all of it"
        case errors.HfHubHTTPError():
            reason = f"the hub answered with status {failure.response.status_code}"
        case OSError(errno=errno.ENOSPC):
            reason = "the disk is full"
        case _ if unreached:
            reason = f"the hub cannot be reached ({told}), and the cache does not hold all of it"
        case _:
            reason = f"the download broke off ({told}); try again, it goes on where it stopped"
    return reason
