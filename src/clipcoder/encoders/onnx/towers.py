"""The two towers of a folder of ONNX exports: pixels or texts in, features out, whatever engine computes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from clipcoder.arrays import FloatArray, batches
from clipcoder.encoders.onnx.folder import OnnxFolder
from clipcoder.encoders.onnx.graph import Feeds, Graph
from clipcoder.encoders.onnx.tokens import TextTokens
from clipcoder.errors import InvalidInputError

TEXT_BATCH: Final = 64  # texts at a time: enough to keep the cores busy, few enough to be of one length

_MASK: Final = "attention_mask"
_TOKENISED: Final = 4096  # texts that are cut into tokens and sorted by length at a time


class ImageTower:
    """Turns pixels into features.

    Args:
        graph: takes one array of pixels.
        size: height and width of the pixels.

    Raises:
        InvalidInputError: the graph takes something else.
    """

    def __init__(self, graph: Graph, size: tuple[int, int]) -> None:
        self._graph = graph
        ports = list(graph.inputs.values())
        if not (len(ports) == 1 and ports[0].takes("f", (None, 3, *size))):
            height, width = size
            raise _wrong_inputs(
                graph, f"one input of float pixels (n, 3, {height}, {width}), as preprocess_cfg.json says"
            )
        self._pixels = ports[0].name

    def feeds(self, pixels: Sequence[FloatArray]) -> Feeds:
        """Return what the graph takes for images of shape (3, height, width)."""
        return {self._pixels: np.stack(pixels)}

    def __call__(self, pixels: Sequence[FloatArray]) -> FloatArray:
        """Return features of shape (n, dim), of any length."""
        return self._graph.run(self.feeds(pixels)) if pixels else np.empty((0, self._graph.dim), np.float32)


class TextTower:
    """Turns texts into features.

    Where the folder says that padding changes nothing, texts go in by length and are padded to the longest of
    their batch only: captions of a dozen words take a fifth of the time.

    Args:
        graph: takes token ids, and a mask too if it likes.
        folder: says how texts become tokens.

    Raises:
        InvalidInputError: the graph takes something else, or the tokenizer is absent or broken.
    """

    def __init__(self, graph: Graph, folder: OnnxFolder) -> None:
        self._graph = graph
        length = folder.context_length
        self._ids = _text_input(graph, length)
        self._tokens = TextTokens(
            folder.path / "textual", folder.text_config, length, masked=_MASK in graph.inputs
        )
        self._is_dynamic = folder.has_dynamic_length and graph.inputs[self._ids].shape[1] is None

    def feeds(self, texts: Sequence[str]) -> Feeds:
        """Return what the graph takes for texts, all of them at full length."""
        ids, mask = self._tokens(texts)
        return self._chosen({self._ids: ids, _MASK: mask})

    def __call__(self, texts: Sequence[str]) -> FloatArray:
        """Return features of shape (n, dim), of any length, in the order of the texts."""
        rows = np.empty((len(texts), self._graph.dim), dtype=np.float32)
        encode = self._by_length if self._is_dynamic else self._at_full_length
        for part in batches(len(texts), _TOKENISED):
            rows[part] = encode(texts[part])
        return rows

    def _at_full_length(self, texts: Sequence[str]) -> FloatArray:
        return self._graph.run(self.feeds(texts))

    def _by_length(self, texts: Sequence[str]) -> FloatArray:
        ids, mask = self._tokens(texts)
        lengths = mask.sum(axis=1)
        order = np.argsort(lengths, kind="stable")
        rows = np.empty((len(texts), self._graph.dim), dtype=np.float32)
        for batch in batches(len(order), TEXT_BATCH):
            chosen = order[batch]
            longest = lengths[chosen[-1]]
            arrays = {self._ids: ids[chosen, :longest], _MASK: mask[chosen, :longest]}
            rows[chosen] = self._graph.run(self._chosen(arrays))
        return rows

    def _chosen(self, arrays: Feeds) -> Feeds:
        return {name: arrays[name] for name in self._graph.inputs}


def _text_input(graph: Graph, length: int) -> str:
    """Return the name of the token ids among the inputs of a text tower; the other one may be a mask."""
    names = [name for name in graph.inputs if name != _MASK]
    fits = all(port.takes("i", (None, length)) for port in graph.inputs.values())
    if fits and len(names) == 1:
        return names[0]
    raise _wrong_inputs(
        graph, f"integer token ids (n, {length}), as config.json says, and at most an {_MASK}"
    )


def _wrong_inputs(graph: Graph, expected: str) -> InvalidInputError:
    came = ", ".join(map(str, graph.inputs.values()))
    return InvalidInputError(
        f"'{graph.path}' must take {expected}, but it takes {came}; the file belongs to another model"
    )
