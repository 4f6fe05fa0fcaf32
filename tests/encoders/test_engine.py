"""ONNX Runtime does not report on those who use it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import clipcoder

PROGRAM = """
import os, clipcoder
clipcoder.load_encoder("starter")
print(os.environ["ORT_DISABLE_TELEMETRY"])
"""


@pytest.mark.parametrize(("wished", "expected"), [(None, "1"), ("0", "0")])
def test_reports_are_switched_off_unless_somebody_wants_them(wished: str | None, expected: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    if wished is not None:
        environment["ORT_DISABLE_TELEMETRY"] = wished
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == expected


def test_nobody_else_loads_it_first() -> None:
    source = Path(clipcoder.__file__).parent
    importing = re.compile(r"^(import|from) onnxruntime", re.MULTILINE)
    found = [path.name for path in source.rglob("*.py") if importing.search(path.read_text(encoding="utf-8"))]
    assert found == ["engine.py"]
