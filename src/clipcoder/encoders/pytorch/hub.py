"""Parts of models that torch libraries fetch from their hubs: quietly, and in a sentence when they cannot."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Final

from clipcoder.encoders.hub.errors import reason
from clipcoder.errors import ClipcoderError, ModelUnavailableError

_TALKATIVE: Final = ("huggingface_hub", "onnxscript", "torch.onnx")
_ONE_AT_A_TIME: Final = RLock()  # or a second thread would take the quiet for what was set before
_OF_THE_NETWORK: Final = ("huggingface_hub", "httpx", "httpcore", "requests", "urllib")


@contextmanager
def fetching(name: str, source: str) -> Iterator[None]:
    """Run what fetches parts of a model.

    Args:
        name: what the model is called.
        source: where its parts are looked for.

    Raises:
        ModelUnavailableError: something went wrong in the block, other than an error of ours.
    """
    try:
        with quiet_libraries():
            yield
    except ClipcoderError:
        raise
    except Exception as error:  # the libraries let through whatever network and disk raise
        raise ModelUnavailableError(name, source, reason(_error_below(error))) from error


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Keep the libraries from warning on their own, and open_clip from setting up the program's logging.

    One thread at a time is in such a block.

    What they would warn about becomes an error here, or is no matter: a model that is built with random
    weights gets its real ones right after.
    """
    with _ONE_AT_A_TIME, _quiet_loggers():
        yield


@contextmanager
def _quiet_loggers() -> Iterator[None]:
    root, handler = logging.getLogger(), logging.NullHandler()
    levels = {name: logging.getLogger(name).level for name in _TALKATIVE}
    root.addHandler(handler)  # without any, open_clip's first word to the root logger would install one
    root.addFilter(_is_foreign)
    for name in levels:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        root.removeFilter(_is_foreign)
        root.removeHandler(handler)


def _is_foreign(record: logging.LogRecord) -> bool:
    return "open_clip" not in Path(record.pathname).parts


def _error_below(error: Exception) -> Exception:
    """Return the first error of the hub's client or of the network among those behind an error."""
    behind: BaseException | None = error
    while behind is not None:
        if isinstance(behind, Exception) and type(behind).__module__.startswith(_OF_THE_NETWORK):
            return behind
        behind = behind.__cause__ or behind.__context__
    return error
