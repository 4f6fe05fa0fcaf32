"""What a row says of where and when it was made: versions, memory, time."""

from __future__ import annotations

import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from clipcoder import __version__

_LIBRARIES: Final = ("numpy", "scipy", "scikit-learn", "onnxruntime", "pillow")
"""Those that numbers depend on."""


def versions() -> dict[str, str]:
    """Return the versions of this package, of Python and of the libraries that numbers depend on.

    >>> sorted(versions())[:2]
    ['clipcoder', 'numpy']
    """
    found = {"clipcoder": __version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def peak_memory_mb() -> float | None:
    """Return the most memory that this process has held, in MB of 10^6 bytes; None where nobody knows."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak * (1 if sys.platform == "darwin" else 1024) / 1e6, 1)


def now() -> str:
    """Return the time, UTC, in ISO 8601.

    >>> now().endswith("+00:00")
    True
    """
    return datetime.now(UTC).isoformat(timespec="seconds")
