"""Where clipcoder keeps what it can make again: features, graphs in other precisions, what it measured."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import platformdirs

CACHE_VARIABLE: Final = "CLIPCODER_CACHE"
"""The environment variable that names another folder."""


def cache_folder() -> Path:
    """Return the folder of all caches, which need not exist: ``CLIPCODER_CACHE`` or the system's usual place.

    Published models are not in it: the hub client keeps those in its own cache.

    Example:
        >>> cache_folder().is_absolute()
        True
    """
    named = os.environ.get(CACHE_VARIABLE)
    if not named:
        return platformdirs.user_cache_path("clipcoder")
    return Path(os.path.expanduser(named)).absolute()  # noqa: PTH111 - Path fails where nobody has that name
