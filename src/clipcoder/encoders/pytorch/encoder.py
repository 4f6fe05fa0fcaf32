"""What all encoders on torch share: devices, precisions, batches, texts sorted by length, a fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from PIL import Image

from clipcoder.arrays import FloatArray, unit_rows
from clipcoder.encoders.ahead import InStages
from clipcoder.encoders.base import ImageInput, Precision
from clipcoder.encoders.images import open_image
from clipcoder.encoders.inputs import check_batch_size, listed_texts
from clipcoder.encoders.precision import AUTO, check_offered, fastest_precision
from clipcoder.encoders.pytorch.device import chosen_device, described, dtype_of, offered_precisions

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_VERSION: Final = 1  # of how features are computed here; another one makes other fingerprints
_IMAGES: Final = {"cpu": 16}  # at a time
_IMAGES_ELSEWHERE: Final = 64
_TEXTS: Final = 64


@dataclass(frozen=True)
class TorchTowers:
    """A dual encoder of some library, taken apart into what each library does its own way.

    Attributes:
        model: the module that holds the weights of both towers.
        prepare: from an RGB image to float32 pixels for the image tower; threads may call it.
        tokenize: from n texts to token ids of shape (n, length).
        lengths: how many of its ids decide on the feature of each row, of shape (n,), where those behind them
            may be left out; None where each row must keep all.
        encode_images: from stacked pixels (n, ...) to features (n, dim).
        encode_texts: from token ids (n, length) to features (n, dim).
        dim: length of an embedding.
        logit_scale: what cosines are multiplied with.
        logit_bias: what is added to them before a sigmoid, where the model has one.
        settings: whatever else decides on features: architecture, preprocessing, tokenizer; JSON can hold it.
    """

    model: torch.nn.Module
    prepare: Callable[[Image.Image], Tensor]
    tokenize: Callable[[list[str]], Tensor]
    lengths: Callable[[Tensor], Tensor] | None
    encode_images: Callable[[Tensor], Tensor]
    encode_texts: Callable[[Tensor], Tensor]
    dim: int
    logit_scale: float
    logit_bias: float | None
    settings: Mapping[str, Any]


class TorchEncoder(InStages):
    """A staged encoder on torch; threads may share it.

    Args:
        load: loads the model; the choice of a precision loads it again.
        name: what it is called.
        device: such as ``"cpu"`` or ``"cuda"``; by default a CUDA device if there is one, else the processor.
        precision: that of all weights: ``"float32"``, ``"bfloat16"``, elsewhere than on the processor
            ``"float16"``, or ``"auto"`` for the fastest of these that stays near float32.
        batch_size: images at a time; by default 16 on the processor and 64 elsewhere.

    Raises:
        InvalidInputError: there is no such device, or the model cannot compute in this precision there.
    """

    def __init__(
        self,
        load: Callable[[], TorchTowers],
        *,
        name: str,
        device: str | None = None,
        precision: Precision | Literal["auto"] = "float32",
        batch_size: int | None = None,
    ) -> None:
        if batch_size is not None:
            check_batch_size(batch_size)
        self._device = chosen_device(device)
        offered = offered_precisions(self._device)
        check_offered(precision, [*offered, AUTO], f"{name!r} on {self._device.type}")
        self._towers = load()
        if precision == AUTO:
            precision = fastest_precision(
                lambda tried: TorchEncoder(load, name=name, device=device, precision=tried),
                offered,
                model=_digest(self._towers),
                device=described(self._device),
            )
        self._model = self._towers.model.eval().requires_grad_(False)
        self._model.to(self._device, dtype_of(precision))
        self._tokenizing = Lock()  # fast tokenizers cannot be shared while one of them changes its padding
        self.name = name
        self.precision: Precision = precision
        self.dim = self._towers.dim
        self.logit_scale = self._towers.logit_scale
        self.logit_bias = self._towers.logit_bias
        self.batch_size = batch_size or _IMAGES.get(self._device.type, _IMAGES_ELSEWHERE)

    @property
    def towers(self) -> TorchTowers:
        """The model taken apart, for an export."""
        return self._towers

    @property
    def device(self) -> str:
        """Where the model computes, such as ``"cpu"`` or ``"cuda:0"``."""
        return str(self._device)

    def prepare_image(self, image: ImageInput) -> Tensor:
        """Return the pixels of an image, float32, as the model's own preprocessing makes them.

        Raises:
            UnreadableImageError: the image cannot be decoded.
        """
        return self._towers.prepare(open_image(image))

    def encode_prepared(self, prepared: Sequence[Tensor]) -> FloatArray:
        """Return float32 unit rows of shape (n, dim) for what ``prepare_image`` returned."""
        import torch

        if not prepared:
            return np.empty((0, self.dim), np.float32)
        with torch.inference_mode():
            pixels = torch.stack(tuple(prepared)).to(self._device, dtype_of(self.precision))
            return self._unit_rows(self._towers.encode_images(pixels), "image")

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Return float32 unit rows of shape (n_texts, dim); what is longer than the context is cut off.

        Raises:
            InvalidInputError: a single text instead of a list of them.
        """
        import torch

        listed = listed_texts(texts)
        rows = np.empty((len(listed), self.dim), np.float32)
        if not listed:
            return rows
        with self._tokenizing:
            ids = self._towers.tokenize(listed)
        lengths = self._towers.lengths(ids) if self._towers.lengths else torch.full((len(ids),), ids.shape[1])
        with torch.inference_mode():
            for batch in lengths.argsort().split(_TEXTS):
                cut = ids[batch, : lengths[batch].max()].to(self._device)
                rows[batch.numpy()] = self._unit_rows(self._towers.encode_texts(cut), "text")
        return rows

    def fingerprint(self) -> str:
        """Return a hexadecimal digest of all that features depend on: weights, settings, precision."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        return hashlib.sha256(f"{self.precision} {_digest(self._towers)}".encode()).hexdigest()

    def _unit_rows(self, features: Tensor, kind: str) -> FloatArray:
        return unit_rows(features.float().cpu().numpy(), f"{kind} features of {self.name}", dim=self.dim)


def _digest(towers: TorchTowers) -> str:
    """Return a digest of all that features depend on but how they are computed: weights and settings."""
    settings = {"version": _VERSION, **towers.settings}
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    for key, tensor in sorted(towers.model.state_dict().items()):
        digest.update(f"{key} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(_content(tensor))
    return digest.hexdigest()


def _content(tensor: Tensor) -> memoryview:
    """Return the bytes of a tensor."""
    import torch

    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return memoryview(flat.view(torch.uint8).numpy())
