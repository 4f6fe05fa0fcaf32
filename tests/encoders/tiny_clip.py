"""A CLIP of a few dozen weights in the layout of the published exports; its features are easy to work out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

import onnx
from onnx import TensorProto, helper, numpy_helper

FloatArray = npt.NDArray[np.float32]

START, END = "<|startoftext|>", "<|endoftext|>"
WORDS = ["!", "a", "photo", "of", "cat", "dog", "red", "sky", "it's", "its", "<pad>", "<unk>", START, END]
VOCABULARY = {word: i for i, word in enumerate(WORDS)}
_TYPES = {
    "float32": TensorProto.FLOAT,
    "float16": TensorProto.FLOAT16,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
}


@dataclass(frozen=True)
class TinyClip:
    """What can differ between exports; the weights are drawn from a seed.

    An image is cut into 2 x 2 patches whose mean colours are projected; a text is the sum of its tokens'
    vectors, weighted by their positions, so that every token of the context counts, padding too. With
    ``dynamic_length`` padding counts for nothing, and the graph takes texts of any length, as CLIP's does.
    """

    dim: int = 5
    size: int = 8
    length: int = 7
    batch: int | str = "n"
    ids: str = "int32"
    floats: str = "float32"
    mask: bool = False
    dynamic_length: bool = False
    text_config: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    preprocess: dict[str, Any] = field(default_factory=dict)

    @property
    def projection(self) -> FloatArray:
        return np.random.default_rng(1).normal(size=(12, self.dim)).astype(np.float32)

    @property
    def vectors(self) -> FloatArray:
        return np.random.default_rng(2).normal(size=(len(WORDS), self.dim)).astype(np.float32)

    @property
    def positions(self) -> FloatArray:
        return np.linspace(1, 2, self.length, dtype=np.float32)[:, None]

    def image_features(self, pixels: FloatArray) -> FloatArray:
        """The unit rows of normalised pixels (n, 3, size, size)."""
        half = self.size // 2
        patches = pixels.reshape(-1, 3, 2, half, 2, half).mean(axis=(3, 5))
        return unit(patches.reshape(-1, 12) @ self.projection)

    def text_features(self, ids: list[list[int]]) -> FloatArray:
        """The unit rows of token ids (n, length)."""
        weights = self.positions * (np.array(ids) != 0)[..., None] if self.dynamic_length else self.positions
        return unit((self.vectors[np.array(ids)] * weights).sum(axis=1))

    def write(self, folder: Path) -> Path:
        """Write all files of the layout."""
        (folder / "visual").mkdir(parents=True)
        (folder / "textual").mkdir()
        onnx.save(self._visual(), folder / "visual/model.onnx")
        onnx.save(self._textual(), folder / "textual/model.onnx")
        tokenizer().save(str(folder / "textual/tokenizer.json"))
        if self.mask:
            write_json(folder / "textual/tokenizer_config.json", {"pad_token": "<pad>"})
        write_json(
            folder / "visual/preprocess_cfg.json",
            {
                "size": [self.size, self.size],
                "mode": "RGB",
                "mean": [0.5, 0.4, 0.3],
                "std": [0.2, 0.3, 0.4],
                "interpolation": "bicubic",
                "resize_mode": "shortest",
                "fill_color": 0,
                **self.preprocess,
            },
        )
        text_config = {"context_length": self.length, "vocab_size": len(WORDS), **self.text_config}
        if self.dynamic_length:
            text_config["dynamic_length"] = True
        write_json(folder / "config.json", {"embed_dim": self.dim, "text_cfg": text_config, **self.config})
        return folder

    def _visual(self) -> onnx.ModelProto:
        half = self.size // 2
        nodes = [
            helper.make_node("Cast", ["image"], ["exact"], to=TensorProto.FLOAT),
            helper.make_node(
                "AveragePool", ["exact"], ["pooled"], kernel_shape=[half] * 2, strides=[half] * 2
            ),
            helper.make_node("Flatten", ["pooled"], ["patches"]),
            helper.make_node("MatMul", ["patches", "projection"], ["features"]),
            helper.make_node("Cast", ["features"], ["embedding"], to=_TYPES[self.floats]),
        ]
        shape = [self.batch, 3, self.size, self.size]
        inputs = [helper.make_tensor_value_info("image", _TYPES[self.floats], shape)]
        return self._model(nodes, inputs, {"projection": self.projection})

    def _textual(self) -> onnx.ModelProto:
        shape = [self.batch, "length" if self.dynamic_length else self.length]
        inputs = [helper.make_tensor_value_info("text", _TYPES[self.ids], shape)]
        nodes = [helper.make_node("Gather", ["vectors", "text"], ["tokens"])]
        weights = "positions"
        if self.dynamic_length:
            nodes += [
                helper.make_node("Shape", ["text"], ["count"], start=1),
                helper.make_node("Slice", ["positions", "zero", "count"], ["begun"]),
                helper.make_node("Cast", ["text"], ["flags"], to=TensorProto.BOOL),
                helper.make_node("Cast", ["flags"], ["words"], to=TensorProto.FLOAT),
                helper.make_node("Unsqueeze", ["words", "last"], ["column of words"]),
                helper.make_node("Mul", ["begun", "column of words"], ["weights"]),
            ]
            weights = "weights"
        nodes += [helper.make_node("Mul", ["tokens", weights], ["weighted"])]
        weighted = "weighted"
        if self.mask:
            inputs.append(helper.make_tensor_value_info("attention_mask", _TYPES[self.ids], shape))
            nodes += [
                helper.make_node("Cast", ["attention_mask"], ["kept"], to=TensorProto.FLOAT),
                helper.make_node("Unsqueeze", ["kept", "last"], ["column"]),
                helper.make_node("Mul", ["weighted", "column"], ["masked"]),
            ]
            weighted = "masked"
        nodes += [
            helper.make_node("ReduceSum", [weighted, "axis"], ["sum"], keepdims=0),
            helper.make_node("Cast", ["sum"], ["embedding"], to=_TYPES[self.floats]),
        ]
        arrays = {
            "vectors": self.vectors,
            "positions": self.positions,
            "zero": np.array([0]),
            "axis": np.array([1]),
            "last": np.array([2]),
        }
        return self._model(nodes, inputs, arrays)

    def _model(
        self, nodes: list[onnx.NodeProto], inputs: list[onnx.ValueInfoProto], arrays: dict[str, Any]
    ) -> onnx.ModelProto:
        output = helper.make_tensor_value_info("embedding", _TYPES[self.floats], [self.batch, self.dim])
        weights = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
        graph = helper.make_graph(nodes, "tower", inputs, [output], initializer=weights)
        opset = helper.make_opsetid("", 17)
        return helper.make_model(graph, opset_imports=[opset], ir_version=8)


def tokenizer() -> Tokenizer:
    """CLIP's manners on a dozen words: lower case, a start and an end token, the end token last of all."""
    cut = Tokenizer(models.WordLevel(VOCABULARY, unk_token="<unk>"))
    cut.normalizer = normalizers.Lowercase()
    cut.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    cut.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}",
        special_tokens=[(START, VOCABULARY[START]), (END, VOCABULARY[END])],
    )
    return cut


def ids(text: str, *, pad: str = "!", length: int = 7) -> list[int]:
    """The token ids of words that are written as they shall be found."""
    words = [START, *text.split(), END]
    return [VOCABULARY[word] for word in words + [pad] * (length - len(words))]


def unit(rows: FloatArray) -> FloatArray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def write_json(path: Path, values: Any) -> None:
    path.write_text(json.dumps(values), encoding="utf-8")
