"""A staged encoder of nothing but arithmetic, which tells who called what."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from clipcoder.encoders.ahead import encode_listed
from clipcoder.encoders.base import ImageInput, Precision
from toy_encoder import ColourEncoder, mean_colour, unit_rows

FloatArray = npt.NDArray[np.float32]


class StagedColourEncoder(ColourEncoder):
    """The colours of ``ColourEncoder`` in two stages.

    Attributes:
        threads: the names of the threads that prepared.
        batches: how many images ``encode_prepared`` was given, call by call.
    """

    precision: Precision = "float32"
    batch_size = 4
    logit_bias: float | None = None

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[str] = set()
        self.batches: list[int] = []

    def fingerprint(self) -> str:
        return "c0104"

    def encode_images(self, images: Sequence[ImageInput]) -> FloatArray:
        return encode_listed(self, images)

    def prepare_image(self, image: ImageInput) -> Any:
        self.threads.add(threading.current_thread().name)
        return mean_colour(image)

    def encode_prepared(self, prepared: Sequence[Any]) -> FloatArray:
        self.batches.append(len(prepared))
        return unit_rows(prepared)
