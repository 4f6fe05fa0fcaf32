"""From a model of open_clip to a folder of ONNX files, which ``OnnxEncoder`` runs without torch.

The folder is written beside its place and moved there when it is whole. What it makes of images and texts is
compared with the original, and the agreement is part of the export.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np

from clipcoder.arrays import FloatArray
from clipcoder.encoders.export.files import EXPORT_PRECISIONS, ExportPrecision, write_folder, write_json
from clipcoder.encoders.export.place import clear_abandoned, put_in_place
from clipcoder.encoders.onnx.encoder import OnnxEncoder
from clipcoder.encoders.probe import LEAST_COSINE, PROBE_TEXTS, probe_images
from clipcoder.encoders.pytorch.device import need
from clipcoder.errors import InvalidInputError, UnknownNameError

if TYPE_CHECKING:
    from clipcoder.encoders.pytorch.open_clip import OpenClipEncoder

REPORT: Final = "export.json"
"""What marks a folder as an export of ours."""

LEAST_EXACT_COSINE: Final = 0.9999
"""What an export in float32 must keep to the original on every image and text of the probe."""

_SCHEME: Final = "open_clip:"
_OTHERS: Final = ("starter", "onnx", "hub", "hf")  # of the schemes that ``load_encoder`` knows


@dataclass(frozen=True)
class Agreement:
    """How near features of an export are to those of the original: cosines over the probe."""

    least: float
    mean: float

    @classmethod
    def of(cls, features: FloatArray, reference: FloatArray) -> Agreement:
        """Compare unit rows of shape (n, d).

        Example:
            >>> Agreement.of(np.float32([[1, 0], [0.6, 0.8]]), np.float32([[1, 0], [0, 1]]))
            Agreement(least=0.8, mean=0.9)
        """
        cosines = np.einsum("nd,nd->n", features, reference, dtype=np.float64)
        return cls(round(float(cosines.min()), 7), round(float(cosines.mean()), 7))


@dataclass(frozen=True)
class ExportReport:
    """What was exported, and how near it is to the original.

    Attributes:
        model: the original.
        folder: where the export lies.
        precision: in which its graphs are written.
        dynamic_length: whether its text graph takes texts of any length.
        images: agreement on the probe's images.
        texts: agreement on the probe's texts.
        n_bytes: size of the folder.
        seconds: that the export took, comparison included.
    """

    model: str
    folder: str
    precision: ExportPrecision
    dynamic_length: bool
    images: Agreement
    texts: Agreement
    n_bytes: int
    seconds: float

    @property
    def asked(self) -> float:
        """The least cosine that an export in this precision must keep."""
        return LEAST_EXACT_COSINE if self.precision == "float32" else LEAST_COSINE

    @property
    def agrees(self) -> bool:
        """Whether every image and text of the probe keeps it."""
        return min(self.images.least, self.texts.least) >= self.asked


def export_folder(
    model: str | OpenClipEncoder,
    folder: str | Path,
    *,
    precision: ExportPrecision = "float32",
    opset: int | None = None,
    force: bool = False,
) -> ExportReport:
    """Write a model of open_clip as a folder that ``load_encoder("onnx:FOLDER")`` opens without torch.

    Args:
        model: what ``OpenClipEncoder`` takes, with or without ``open_clip:`` before it; or such an encoder
            in float32 on the processor.
        folder: where the export goes. There must be nothing, or with ``force`` an earlier export.
        precision: ``"float32"``; ``"float16"``, half the size; ``"int8"``, faster on most processors.
        opset: of ONNX; by default the one that the installed torch writes best.
        force: replace an earlier export.

    Returns:
        The report, which also lies in the folder as ``export.json``. Whether the export agrees with the
        original as it should is for the caller to see; the folder is kept either way.

    Raises:
        InvalidInputError: something else is at the place, there is too little room, the model is none of
            open_clip's, or it cannot be written in this form or precision.
        OSError: the disk is full, or fails.
        UnknownNameError: there is no such precision, architecture, or published weights.
        ModelUnavailableError: the model cannot be fetched.
        MissingExtraError: the extra ``export`` is not installed.

    Example:
        >>> export_folder("ViT-B-32/openai", "exported", precision="int4")
        Traceback (most recent call last):
            ...
        clipcoder.errors.UnknownNameError: unknown precision of an export 'int4': did you mean 'int8'?
    """
    started, folder = perf_counter(), Path(folder)
    clear_abandoned(folder)
    _check(model, precision, folder, force=force)
    original = _opened(model)
    with put_in_place(folder) as work:
        dynamic = write_folder(original, work, precision, opset=opset)
        images, texts = _compared(OnnxEncoder(work), original)
        report = ExportReport(
            model=original.name,
            folder=str(folder),
            precision=precision,
            dynamic_length=dynamic,
            images=images,
            texts=texts,
            n_bytes=sum(file.stat().st_size for file in work.rglob("*") if file.is_file()),
            seconds=round(perf_counter() - started, 1),
        )
        write_json(work / REPORT, asdict(report))
    return report


def _check(model: object, precision: str, folder: Path, *, force: bool) -> None:
    """Refuse what cannot be done before any model is loaded."""
    if isinstance(model, str) and model.partition(":")[0] in _OTHERS:
        raise InvalidInputError(
            f"only models of open_clip can be exported, not {model!r}; name one as in ViT-B-32/openai"
        )
    if precision not in EXPORT_PRECISIONS:
        raise UnknownNameError("precision of an export", precision, EXPORT_PRECISIONS)
    if folder.exists() and not (folder / REPORT).is_file():
        raise InvalidInputError(
            f"'{folder}' is there already and holds no export; name a folder that is not there yet"
        )
    if folder.exists() and not force:
        raise InvalidInputError(f"'{folder}' holds an export already; --force replaces it")
    for package in ("open_clip", "onnx", "onnxscript"):
        need(package, "exporting a model", "export")


def _opened(model: str | OpenClipEncoder) -> OpenClipEncoder:
    from clipcoder.encoders.pytorch.open_clip import OpenClipEncoder

    if isinstance(model, str):
        return OpenClipEncoder(model.removeprefix(_SCHEME), device="cpu")
    if not isinstance(model, OpenClipEncoder):
        raise InvalidInputError(f"only models of open_clip can be exported, not {model!r}")
    if model.precision != "float32" or model.device != "cpu":
        raise InvalidInputError(
            f"a model is exported from float32 on the processor, but {model.name!r} computes in "
            f"{model.precision} on {model.device}; open it with device='cpu'"
        )
    return model


def _compared(export: OnnxEncoder, original: OpenClipEncoder) -> tuple[Agreement, Agreement]:
    """Return how near an export is to its original on the images and on the texts of the probe."""
    images, texts = probe_images(), list(PROBE_TEXTS)
    return (
        Agreement.of(export.encode_images(images), original.encode_images(images)),
        Agreement.of(export.encode_texts(texts), original.encode_texts(texts)),
    )
