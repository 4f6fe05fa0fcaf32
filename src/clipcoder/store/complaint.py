"""One warning for a cache that cannot be used, however often that shows."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Final

from clipcoder.files import system_reason

LOG: Final = logging.getLogger("clipcoder")


class Complaint:
    """Warns once.

    Args:
        folder: the folder of the cache.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = threading.Lock()

    def make(self, doing: str, error: OSError) -> None:
        """Say what fails and that the work goes on without it; the second time say nothing."""
        if self._made.acquire(blocking=False):
            LOG.warning(
                "cannot %s the feature cache in '%s' (%s); the work goes on without it, and CLIPCODER_CACHE "
                "names another folder",
                doing,
                self._folder,
                system_reason(error),
            )
