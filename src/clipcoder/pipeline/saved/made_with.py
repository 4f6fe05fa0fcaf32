"""Which encoder a classifier was made with, and whether another one is the same.

An encoder of ``load_encoder`` is known by its fingerprint. Of any other one nothing is known but its
features, so those of a few images and texts (``encoders.probe``) are kept, and it has to make them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from clipcoder.arrays import FloatArray, unit_rows
from clipcoder.encoded import check_encoder
from clipcoder.encoders import load_encoder
from clipcoder.encoders.base import PRECISIONS, Encoder, Precision, StagedEncoder
from clipcoder.encoders.json_file import JsonFile, is_count, is_positive
from clipcoder.encoders.probe import PROBE_TEXTS, VERSION, least_cosine, probe_images
from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.pipeline.saved.arrays import Arrays

PROBE: Final[tuple[str, str]] = ("probe.images", "probe.texts")
"""The arrays that hold the features of the probe."""

_PROBES: Final = 4  # images, and as many texts
_SAME: Final = 0.9999  # cosine: more than any other machine's rounding in float32 and less than a precision


@dataclass(frozen=True)
class MadeWith:
    """What is remembered of an encoder.

    Attributes:
        name: what ``load_encoder`` knows it by, or its own name.
        dim: the length of its embeddings.
        logit_scale: what it multiplies cosines with.
        precision: the arithmetic of its model, where it says so.
        fingerprint: the digest of all that its features depend on, where it has one.
        probe: otherwise the version of the probe whose features are kept.
    """

    name: str
    dim: int
    logit_scale: float
    precision: Precision | None
    fingerprint: str | None
    probe: int | None

    @classmethod
    def of(cls, encoder: Encoder) -> Self:
        """Return what is to be remembered of an encoder."""
        known = (str(encoder.name), int(encoder.dim), float(encoder.logit_scale))
        if isinstance(encoder, StagedEncoder):
            return cls(*known, encoder.precision, encoder.fingerprint(), None)
        return cls(*known, None, None, VERSION)

    @classmethod
    def read(cls, facts: JsonFile) -> Self:
        """Return what a document remembers.

        Raises:
            InvalidInputError: a fact that is none.
        """
        return cls(
            facts.value("name", lambda v: isinstance(v, str), "a name"),
            facts.value("dim", is_count, "a whole number, 1 or more"),
            facts.value("logit_scale", is_positive, "a positive number"),
            facts.value("precision", PRECISIONS.__contains__, "a precision", default=None),
            facts.value("fingerprint", lambda v: isinstance(v, str), "a digest", default=None),
            facts.value("probe", is_count, "a version of the probe", default=None),
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)

    def opened(self, path: Path) -> StagedEncoder:
        """Load the encoder by its name.

        Raises:
            InvalidInputError: no encoder is known by that name.
            ClipcoderError: what keeps ``load_encoder`` from opening it.
        """
        try:
            return load_encoder(self.name, precision=self.precision or "float32")
        except UnknownNameError as error:
            raise InvalidInputError(
                f"'{path}' was made with the encoder {self.name!r}, which load_encoder does not know; "
                "hand it in"
            ) from error

    def check(self, encoder: Encoder, arrays: Arrays, path: Path) -> None:
        """Refuse another encoder than the one that a classifier was made with.

        Args:
            encoder: the one that came.
            arrays: the features of the probe by the names of ``PROBE``, where there is no fingerprint.
            path: of the classifier, for the message.

        Raises:
            InvalidInputError: it is another one.
        """
        check_encoder(encoder)
        came = MadeWith.of(encoder)
        if self.fingerprint is not None:
            same = self.fingerprint == came.fingerprint
        else:
            same = (self.dim, self.fingerprint, self.probe) == (came.dim, came.fingerprint, came.probe)
            same = same and _features_agree(probe_features(encoder), arrays)
        if not same:
            raise InvalidInputError(
                f"'{path}' was made with the encoder {self}, but {came} came; "
                "load it with the one that it was made with, or make it anew"
            )

    def __str__(self) -> str:
        """Return it as a part of a sentence."""
        facts: list[str] = [] if self.precision is None else [self.precision]
        facts.append(f"fingerprint {self.fingerprint[:12]}" if self.fingerprint else f"{self.dim} dimensions")
        return f"{self.name!r} ({', '.join(facts)})"


def probe_features(encoder: Encoder) -> dict[str, FloatArray]:
    """Return the features of a few images and texts, float32 unit rows of shape (4, d) each, by name."""
    images = unit_rows(encoder.encode_images(probe_images(_PROBES)), "image features", dim=encoder.dim)
    texts = unit_rows(encoder.encode_texts(PROBE_TEXTS[:_PROBES]), "text features", dim=encoder.dim)
    return dict(zip(PROBE, (images, texts), strict=True))


def _features_agree(came: Mapping[str, FloatArray], known: Arrays) -> bool:
    return all(
        name in known and known[name].shape == rows.shape and least_cosine(rows, known[name]) >= _SAME
        for name, rows in came.items()
    )
