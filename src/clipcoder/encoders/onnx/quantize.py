"""Graphs in fewer bits: float16, which halves the file, and int8, which computes twice as fast.

In int8 the matrix products take 8-bit weights, scaled for each column, and activations that are rounded to 8
bits of their own range as they come (dynamic quantisation; ONNX Runtime carries it out). One activation far
larger than the others coarsens that range for all of them, and CLIP's towers have such outliers, above all
within their MLPs (Dettmers et al., LLM.int8(), 2022, section 3.2). So the products whose results suffer most
stay in float32: first none, then an eighth, a quarter and half of them, until the features of the probe keep
their cosine to float32. Where half does not do, int8 is refused.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from clipcoder.arrays import FloatArray
from clipcoder.encoders.onnx.graph import Feeds, reason_of
from clipcoder.encoders.onnx.model_file import data_file, save
from clipcoder.encoders.onnx.onnxruntime_graph import OnnxGraph
from clipcoder.encoders.onnx.products import most_damaged_first, with_plain_products
from clipcoder.encoders.probe import LEAST_COSINE, least_cosine
from clipcoder.errors import InvalidInputError, MissingExtraError

Derived = Literal["float16", "int8"]
"""The precisions that need a file of their own."""

RECIPE: Final = 2
"""To be raised whenever ``converted`` makes another file of the same one, as it does for another probe."""

_SHARES: Final = (0, 1 / 8, 1 / 4, 1 / 2)  # of the products that stay in float32, one after the other
_BATCHES: Final = (64, 16)  # 8 bits cover the range of all rows of a batch, so it matters which they are


def converted(model: Path, precision: Derived, target: Path, *, dim: int, probe: Feeds) -> float:
    """Write a float32 graph in another precision; inputs and features stay float32.

    Args:
        model: an ONNX file.
        precision: ``"float16"`` or ``"int8"``.
        target: where the new file goes; weights of more than 1.9 GB lie beside it, in ``TARGET.data``.
        dim: width of the features.
        probe: what the tower is compared on: an array of shape (n, ...) for each input, such as the pixels of
            ``probe_images()`` or the tokens of ``PROBE_TEXTS``.

    Returns:
        The smallest cosine between features of the new graph and of the old one.

    Raises:
        MissingExtraError: the package ``onnx`` is not installed.
        InvalidInputError: the features of the new graph would be too far from the old ones, or ONNX Runtime
            cannot make it. Nothing is written.
        OSError: the file cannot be written.
    """
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(f"converting a model to {precision}", "fast") from error
    reference = OnnxGraph(model, dim=dim, batch_size=_BATCHES[0]).run(probe)
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent, prefix=_workshop(target)) as work:
        written = Path(work) / target.name
        try:
            with _quiet():
                cosine = _first_good(model, precision, written, probe, reference)
        except OSError:
            raise
        except Exception as error:  # the converters raise whatever they stumble over
            raise InvalidInputError(
                f"'{model}' cannot be converted to {precision} ({reason_of(error)}); choose float32"
            ) from error
        if cosine < LEAST_COSINE:
            raise InvalidInputError(
                f"'{model}' cannot be had in {precision}: its features keep a cosine of no more than "
                f"{cosine:.6f} to those of float32, and {LEAST_COSINE} is asked for; choose float32"
            )
        for part in (data_file(written), written):  # the graph last: with it the whole is there
            if part.exists():
                part.replace(target.parent / part.name)
    return cosine


def workshops(target: Path) -> Iterator[Path]:
    """Yield the folders in which a graph is being made, or was when a process was killed."""
    yield from target.parent.glob(f"{_workshop(target)}*")


def _workshop(target: Path) -> str:
    return f".converting-{target.name}-"


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the quantiser, which talks on the root logger, from being heard, and from setting that up."""

    def is_others(record: logging.LogRecord) -> bool:
        return "onnxruntime" not in record.pathname

    silent = logging.NullHandler()
    logging.root.addHandler(silent)
    logging.root.addFilter(is_others)
    try:
        yield
    finally:
        logging.root.removeFilter(is_others)
        logging.root.removeHandler(silent)


def _first_good(model: Path, precision: Derived, written: Path, probe: Feeds, reference: FloatArray) -> float:
    """Write one version after the other until one is near enough, and return the best cosine of all."""
    attempts = _in_float16(model, written) if precision == "float16" else _in_int8(model, written, probe)
    best = -1.0
    for _ in attempts:
        best = max(best, _cosine(written, probe, reference))
        if best >= LEAST_COSINE:
            break
    return best


def _cosine(written: Path, probe: Feeds, reference: FloatArray) -> float:
    graphs = (OnnxGraph(written, dim=reference.shape[1], batch_size=size) for size in _BATCHES)
    return min(least_cosine(graph.run(probe), reference) for graph in graphs)


def _in_float16(model: Path, written: Path) -> Iterator[None]:
    from onnxruntime.transformers.float16 import convert_float_to_float16

    plain = with_plain_products(model, written.with_name("plain.onnx"))
    with warnings.catch_warnings(action="ignore"):  # about weights below its range, which become 0
        save(convert_float_to_float16(str(plain.path), keep_io_types=True), written)
    yield


def _in_int8(model: Path, written: Path, probe: Feeds) -> Iterator[None]:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    plain = with_plain_products(model, written.with_name("plain.onnx"))
    by_damage: list[str] = []
    for share in _SHARES:
        if share and not by_damage:
            by_damage = most_damaged_first(plain, probe)
        quantize_dynamic(
            plain.path,
            written,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=by_damage[: ceil(share * len(by_damage))],
            use_external_data_format=plain.is_large,
        )
        yield
