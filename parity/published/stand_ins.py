"""Stand-ins for all that the published code wants from outside: a GPU, CLIP, photos and libraries.

They are put in place from here, so that the checkout stays as it was published. Each says what it replaces.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import torch

from parity.published.answer_sheet import as_numbers

BATCH = 64
Batch = tuple[torch.Tensor, torch.Tensor]


class TableModel:
    """A CLIP model that encodes nothing: texts are looked up in a table, images are features already.

    Args:
        sentences: the texts, each once; where there are none, any text has the first row.
        table: their features, float64 of shape (t, d).
    """

    def __init__(self, sentences: Sequence[str], table: torch.Tensor) -> None:
        self._row = {sentence: row for row, sentence in enumerate(sentences)}
        self._table = table

    def in_precision(self, dtype: torch.dtype) -> TableModel:
        """Return the same model with features of another precision."""
        return TableModel(list(self._row), self._table.to(dtype))

    def tokenize(self, texts: str | Sequence[str], **_: object) -> torch.Tensor:
        """Return the row of each text in the table, of shape (n, 1), in place of its tokens."""
        given = [texts] if isinstance(texts, str) else texts
        return torch.tensor([[self._row[text] if self._row else 0] for text in given])

    def encode_text(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return a copy of the rows, of shape (n, d); the published code changes some in place."""
        return self._table[tokens[:, 0]]

    def encode_image(self, images: torch.Tensor) -> torch.Tensor:
        """Return a copy of the features, of shape (n, d)."""
        return images.clone()


def loader(features: torch.Tensor, labels: torch.Tensor) -> list[Batch]:
    """Return features and labels in batches, as a loader of photos would, without a last batch of one.

    On a lone image the published rerank stops with an IndexError, see ``steps.stops``.
    """
    ends = list(range(BATCH, len(labels), BATCH))
    if ends and len(labels) - ends[-1] == 1:
        ends.pop()
    starts, stops = [0, *ends], [*ends, len(labels)]
    return [(features[a:b], labels[a:b]) for a, b in zip(starts, stops, strict=True)]


def install(checkout: Path, model: TableModel) -> None:
    """Make the modules of a checkout importable, and what they import and ask for present.

    Args:
        checkout: the folder of the published code.
        model: what stands in for CLIP.
    """
    _without_gpu()
    torch.Tensor.numpy = as_numbers(torch.Tensor.numpy)
    clip = _module("CLIP.clip", tokenize=model.tokenize)
    _module("CLIP", clip=clip)
    _module("CLIP.models")
    _module("CLIP.models.load_model", get_clip_model=None)
    _module("tqdm", tqdm=_silent)
    _module("yaml")
    _module("torchvision", transforms=SimpleNamespace())
    _module("datasets")
    _module("datasets.load_dataset", get_dataset=None)
    _module("datasets.few_shot_dataset", build_dataset=None)
    _module("datasets.few_shot_dataset.utils", build_data_loader=None)
    _module("datasets.few_shot_dataset.imagenet", ImageNet=None)
    sys.path.insert(0, str(checkout))


def _without_gpu() -> None:
    """Leave tensors where they are, whatever device the published code moves them to."""
    torch.Tensor.cuda = lambda self, *_, **__: self
    torch.cuda.is_available = lambda: False


def _silent(items: Iterable[Any], **_: object) -> Iterator[Any]:
    """Stand in for a progress bar."""
    return iter(items)


def _module(name: str, **members: Any) -> ModuleType:
    module = ModuleType(name)
    module.__dict__.update(members)
    module.__path__ = []  # so that it may have submodules
    sys.modules[name] = module
    return module
