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
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from clipcoder.arrays import FloatArray
from clipcoder.encoders.onnx.graph import Array, Feeds, fixed_rows, reason_of
from clipcoder.encoders.onnx.onnxruntime_graph import OnnxGraph, open_session, port_of
from clipcoder.encoders.probe import LEAST_COSINE, least_cosine
from clipcoder.errors import InvalidInputError, MissingExtraError

if TYPE_CHECKING:
    import onnx

Derived = Literal["float16", "int8"]
"""The precisions that need a file of their own."""

RECIPE: Final = 2
"""To be raised whenever ``converted`` makes another file of the same one, as it does for another probe."""

_SHARES: Final = (0, 1 / 8, 1 / 4, 1 / 2)  # of the products that stay in float32, one after the other
_WATCHED: Final = 8  # rows of the probe on which the products are judged
_BATCH: Final = 64  # all at once: the more rows, the wider the range that 8 bits must cover
_LARGE: Final = 1_900_000_000  # bytes of weights, beyond which they need a file beside the graph


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
    reference = OnnxGraph(model, dim=dim, batch_size=_BATCH).run(probe)
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


def data_file(model: Path) -> Path:
    """Return where the weights of a large graph lie.

    >>> data_file(Path("model.onnx")).name
    'model.onnx.data'
    """
    return model.with_name(f"{model.name}.data")


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
        features = OnnxGraph(written, dim=reference.shape[1], batch_size=_BATCH).run(probe)
        best = max(best, least_cosine(features, reference))
        if best >= LEAST_COSINE:
            break
    return best


def _in_float16(model: Path, written: Path) -> Iterator[None]:
    from onnxruntime.transformers.float16 import convert_float_to_float16

    plain = _with_plain_products(model, written.with_name("plain.onnx"))
    with warnings.catch_warnings(action="ignore"):  # about weights below its range, which become 0
        _save(convert_float_to_float16(str(plain.path), keep_io_types=True), written)
    yield


def _in_int8(model: Path, written: Path, probe: Feeds) -> Iterator[None]:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    plain = _with_plain_products(model, written.with_name("plain.onnx"))
    by_damage: list[str] = []
    for share in _SHARES:
        if share and not by_damage:
            by_damage = _most_damaged_first(plain, probe)
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


@dataclass(frozen=True)
class _Plain:
    """A graph whose products of activations with weights are all of one kind and have names.

    Attributes:
        path: its file.
        products: the name of each product, with the names of its activations and of its weights.
        is_large: whether its weights lie in a file beside it.
    """

    path: Path
    products: dict[str, tuple[str, str]]
    is_large: bool


def _with_plain_products(model: Path, path: Path) -> _Plain:
    """Fold what is constant, and name the products."""
    from onnxruntime.quantization.onnx_model import ONNXModel
    from onnxruntime.quantization.quant_utils import add_pre_process_metadata

    import onnx

    folded = path.with_name("folded.onnx")
    open_session(model, folded_to=folded)
    editor = ONNXModel(onnx.load(folded))
    editor.replace_gemm_with_matmul()
    editor.clean_initializers()  # it leaves the weights of each Gemm beside their transposed copies
    weights = {weight.name for weight in editor.model.graph.initializer}
    products = {}
    for i, node in enumerate(editor.model.graph.node):
        if node.op_type == "MatMul" and node.input[1] in weights:
            node.name = f"product {i}"
            products[node.name] = (node.input[0], node.input[1])
    add_pre_process_metadata(editor.model)
    _save(editor.model, path)
    return _Plain(path, products, data_file(path).exists())


def _most_damaged_first(plain: _Plain, probe: Feeds) -> list[str]:
    """Return the names of the products, those first whose results suffer most from 8-bit activations."""
    import onnx
    from onnx import numpy_helper

    weights = {w.name: numpy_helper.to_array(w) for w in onnx.load(plain.path).graph.initializer}
    ranges: dict[str, tuple[float, float]] = {}
    for seen in _activations(plain, probe):
        for name, values in seen.items():
            low, high = ranges.get(name, (0.0, 0.0))
            ranges[name] = min(low, float(values.min())), max(high, float(values.max()))
    damage = dict.fromkeys(plain.products, 0.0)
    for seen in _activations(plain, probe):
        for product, (name, weight) in plain.products.items():
            low, high = ranges[name]
            damage[product] += _damage(seen[name], weights[weight], (high - low) / 255 or 1.0)
    return sorted(damage, key=lambda product: -damage[product])


def _activations(plain: _Plain, probe: Feeds) -> Iterator[dict[str, Array]]:
    """Yield what goes into the products, by name, for one row of the probe after the other."""
    import onnx

    model = onnx.load(plain.path)
    given = {node.name for node in model.graph.input}
    names = {name for name, _ in plain.products.values()}
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names - given)
    _save(model, path := plain.path.with_name("watched.onnx"))
    session = open_session(path)
    ports = [port_of(path, node) for node in session.get_inputs()]
    outputs = [node.name for node in session.get_outputs()]
    at_once = fixed_rows(ports) or 1
    for rows in np.arange(_WATCHED * at_once).reshape(_WATCHED, at_once):
        feeds = {port.name: probe[port.name].take(rows, 0, mode="wrap").astype(port.dtype) for port in ports}
        seen = feeds | dict(zip(outputs, session.run(outputs, feeds), strict=True))
        yield {name: seen[name] for name in names}


def _damage(activations: Array, weights: Array, step: float) -> float:
    """Return the error of a product from rounding its activations to steps, relative to its result."""
    error = np.rint(activations / step) * step - activations
    return float(np.linalg.norm(error @ weights) / (np.linalg.norm(activations @ weights) or 1.0))


def _save(model: onnx.ModelProto, path: Path) -> None:
    import onnx

    large = _weight_bytes(model) > _LARGE
    onnx.save(model, path, save_as_external_data=large, location=data_file(path).name if large else None)


def _weight_bytes(model: onnx.ModelProto) -> int:
    return sum(weight.ByteSize() for weight in model.graph.initializer)
