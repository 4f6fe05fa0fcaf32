"""``clipcoder embed`` with an encoder that takes its time and pieces of a few images."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

import clipcoder.encoders
from clipcoder.cli import pieces
from clipcoder.cli.embed import embed
from clipcoder.cli.group import Commands
from staged_encoder import CountingEncoder

PIECE = 16


class SlowEncoder(CountingEncoder):
    def encode_prepared(self, prepared: Sequence[Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
        time.sleep(0.03)
        return super().encode_prepared(prepared)


if __name__ == "__main__":
    clipcoder.encoders.load_encoder = lambda *_, **__: SlowEncoder()
    pieces.ROWS = PIECE
    Commands("clipcoder", commands=[embed]).main()
