"""Write the starter's files: the image graph, the text weights, the tokenizer and the configuration."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from clipcoder.encoders.starter.text_space import TextSpace
from clipcoder.encoders.starter.word_table import WordTable
from training.alignment import ImageSpace
from training.image_tower import SIZE, Graph


def write(
    folder: Path,
    tower: tuple[Graph, str],
    image: ImageSpace,
    text: TextSpace,
    words: WordTable,
    logit_scale: float,
) -> None:
    """Write the four files that ``StarterEncoder.load`` reads; each replaces its predecessor whole."""
    folder.mkdir(parents=True, exist_ok=True)
    graph, features = tower
    embedding = append_image_space(graph, features, image)
    model = graph.model(embedding, image.relative_basis.shape[1] + image.directions.shape[1])
    config = {"image_size": SIZE, "logit_scale": round(logit_scale, 2), "text_space": text.settings()}
    _replace(folder / "image.onnx", model.SerializeToString(deterministic=True))
    table = {"packed": words.packed, "scales": words.scales, "pairs": words.pairs}
    _replace(folder / "text.safetensors", save(text.stored() | table))
    # Compact: the vocabulary is most of it.
    tokenizer = json.dumps(json.loads(words.tokenizer.to_str()), ensure_ascii=False, separators=(",", ":"))
    _replace(folder / "tokenizer.json", tokenizer.encode())
    _replace(folder / "config.json", (json.dumps(config, indent=2) + "\n").encode())


def append_image_space(graph: Graph, features: str, image: ImageSpace) -> str:
    """Write ``ImageSpace.__call__`` into the graph and return the name of the embedding."""
    classifier = image.classifier
    logits = graph.add(
        "Gemm", features, graph.weights(classifier.weights / image.temperature),
        graph.constant(classifier.bias / image.temperature), transB=1,
    )  # fmt: skip
    probabilities = _normalised(graph, graph.add("Softmax", logits, axis=1))
    # The basis is stored by columns, so that each has a scale of its own.
    relative = graph.add("Gemm", probabilities, graph.weights(image.relative_basis.T), transB=1)
    centred = graph.add("Sub", features, graph.constant(image.centre))
    directed = graph.add("Gemm", centred, graph.weights(image.directions.T), transB=1)
    parts = (
        graph.add("Mul", _normalised(graph, part), graph.constant(np.sqrt(weight)))
        for part, weight in ((relative, image.mix), (directed, 1 - image.mix))
    )
    return graph.add("Concat", *parts, axis=1)


def _normalised(graph: Graph, rows: str) -> str:
    return graph.add("LpNormalization", rows, axis=1, p=2)


def _replace(path: Path, content: bytes) -> None:
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.replace(path)
