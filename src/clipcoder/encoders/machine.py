"""What a measurement of speed depends on besides the model: the processor and the engines that run on it."""

from __future__ import annotations

import hashlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

ENGINES: Final = (
    "onnxruntime",
    "onnxruntime-gpu",
    "onnx",
    "openvino",
    "torch",
    "open_clip_torch",
    "transformers",
)

_CPUINFO: Final = Path("/proc/cpuinfo")


def processor() -> str:
    """Return what tells this processor from others: name, instructions, and the cores that may be used.

    Example:
        >>> processor() == processor()
        True
    """
    return f"{processor_name()} ({platform.machine()}, {cores()} cores, instructions {instructions()})"


def instructions() -> str:
    """Return a digest of the instructions that this processor has: 8 hexadecimal digits.

    >>> len(instructions())
    8
    """
    facts = _cpuinfo()
    listed = facts.get("flags") or facts.get("Features", "")  # on ARM the latter
    return hashlib.sha256(f"{platform.machine()} {listed}".encode()).hexdigest()[:8]


def processor_name() -> str:
    """Return what the processor is called.

    >>> processor_name() != ""
    True
    """
    return _cpuinfo().get("model name") or platform.processor() or platform.machine()


def cores() -> int:
    """Return how many cores this process may use.

    >>> cores() >= 1
    True
    """
    allowed = getattr(os, "sched_getaffinity", None)  # not on every system
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def engine_threads() -> int:
    """Return how many threads ONNX Runtime shall compute with; 0 leaves it the choice.

    It chooses as many as the machine has cores, also where this process is lent a few of them only.

    >>> engine_threads() <= cores()
    True
    """
    return cores() if cores() < (os.cpu_count() or 1) else 0


def engine_versions() -> dict[str, str]:
    """Return the version of each inference engine that is installed.

    >>> "onnxruntime" in engine_versions()
    True
    """
    found = {engine: _version(engine) for engine in ENGINES}
    return {engine: number for engine, number in found.items() if number is not None}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cpuinfo() -> dict[str, str]:
    """Return the facts of the first core, where the system tells them."""
    try:
        first = _CPUINFO.read_text().split("\n\n", 1)[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}
