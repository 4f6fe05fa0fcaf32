"""The published code itself, where CLIPCODER_REFERENCE names a checkout and torch is there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from parity.cases import made_up
from parity.comparing import compare
from parity.running import Published

CHECKOUT = os.environ.get("CLIPCODER_REFERENCE")

pytest.importorskip("torch", reason="the published code runs in torch: `make test-torch`")
pytestmark = pytest.mark.skipif(
    not CHECKOUT, reason="set CLIPCODER_REFERENCE to a checkout of github.com/YCaigogogo/CVPR24-CODER"
)


def test_made_up_classes_agree_to_the_last_image() -> None:
    comparison = compare(made_up("caltech-101", 0.3, seed=1), Published(Path(CHECKOUT or ""), sys.executable))
    assert not any(one.apart for one in comparison.agreements)
    assert comparison.holds
    assert comparison.search.points == 75_000
    assert comparison.stops == {"no threshold": "KeyError", "lone image": "IndexError"}
