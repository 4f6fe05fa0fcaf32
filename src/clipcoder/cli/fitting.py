"""From labelled images on the disk to features, and from a fitted classifier to a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clipcoder.arrays import FloatArray, batches
from clipcoder.cli.inputs import tell
from clipcoder.cli.labelled import LabelledImages
from clipcoder.cli.progress import progress
from clipcoder.errors import InvalidInputError, UnreadableImageError

if TYPE_CHECKING:
    from clipcoder.adapters.names import FewShotMethod
    from clipcoder.bank import TextBank
    from clipcoder.encoders.base import Encoder
    from clipcoder.pipeline.few_shot import FewShotClassifier
    from clipcoder.pipeline.metrics import Quality

_NOTHING: Final = "judges nothing: fewer than half of the images have another one of their class"
_IMAGES: Final = 16  # whose views are made at a time, so that a progress bar moves


@dataclass(frozen=True)
class EncodedImages:
    """Labelled images that could be read.

    Attributes:
        features: unit rows, float32 of shape (n, d).
        labels: the class of each.
        failures: how many images could not be read.
    """

    features: FloatArray
    labels: Sequence[str]
    failures: int


def encode(
    encoder: Encoder, images: LabelledImages, doing: str, *, views: int = 0, seed: int = 0
) -> EncodedImages:
    """Encode images, naming those that cannot be read and going on past them.

    Args:
        encoder: with a feature cache before it, a run that was stopped goes on where it was.
        images: n of them.
        doing: what a progress bar says.
        views: as in ``pipeline.views.encode_views``.
        seed: which views.
    """
    from clipcoder.encoders.ahead import encode_ahead

    rows, kept = [], []
    with closing(encode_ahead(encoder, images.paths)) as outcomes:
        for i, (_, row) in enumerate(progress(outcomes, len(images.paths), doing)):
            if isinstance(row, UnreadableImageError):
                tell(str(row))
            else:
                rows.append(row)
                kept.append(i)
    if views and kept:
        paths = [images.paths[i] for i in kept]
        rows = list(
            progress(_mean_views(encoder, paths, views, seed), len(paths), f"{doing}, {views} views each")
        )
    features = np.stack(rows) if rows else np.empty((0, encoder.dim), np.float32)
    return EncodedImages(features, [images.labels[i] for i in kept], len(images.paths) - len(kept))


def _mean_views(encoder: Encoder, paths: Sequence[str], views: int, seed: int) -> Iterator[FloatArray]:
    from clipcoder.pipeline.views import encode_views

    for batch in batches(len(paths), _IMAGES):
        yield from encode_views(encoder, paths[batch], views, seed=seed)


@dataclass(frozen=True)
class Learned:
    """A fitted classifier, and how many of the images that it was to see could not be read."""

    classifier: FewShotClassifier
    failures: int


def learn(
    encoder: Encoder,
    bank: TextBank,
    images: LabelledImages,
    others: LabelledImages | None,
    *,
    method: FewShotMethod,
    views: int,
) -> Learned:
    """Fit a classifier to labelled images, and evaluate it on others if there are any.

    Raises:
        InvalidInputError: no image can be read, or the method cannot learn from these.
    """
    from clipcoder.pipeline.few_shot import FewShotClassifier
    from clipcoder.pipeline.metrics import Quality

    known = encode(encoder, images, "encoding", views=views)
    if not known.labels:
        raise InvalidInputError(
            f"none of the {len(images.paths):,} images can be read, so nothing is learned"
        )
    classifier = FewShotClassifier(encoder, bank, method=method, views=views)
    classifier.fit(known.features, known.labels)
    if others is None:
        return Learned(classifier, known.failures)
    asked = encode(encoder, others, "encoding what is held out")
    if asked.labels:
        positions = np.searchsorted(classifier.classes_, np.array(asked.labels))
        probabilities = classifier.predict_proba(asked.features)  # type: ignore[arg-type]  # features do too
        quality = Quality.of(probabilities, positions)
        classifier.metrics_ = replace(classifier.metrics_, evaluation=quality)
    return Learned(classifier, known.failures + asked.failures)


@dataclass(frozen=True)
class Report:
    """What is said of a classifier that was fitted and saved.

    Attributes:
        classifier: the classifier.
        out: the folder in which it is.
        seconds: how long it took to encode and to fit.
    """

    classifier: FewShotClassifier
    out: Path
    seconds: float

    def record(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        metrics = self.classifier.metrics_
        return {
            "out": str(self.out),
            "images": dict(zip(self.classifier.classes_.tolist(), metrics.shots, strict=True)),
            "method": self.classifier.method,
            "settings": dict(self.classifier.fitted_.settings),
            "leave_one_out": _quality_record(metrics.leave_one_out),
            "evaluation": _quality_record(metrics.evaluation),
            "seconds": round(self.seconds, 3),
        }

    def __str__(self) -> str:
        """Return it as lines of a heading and what there is to say."""
        metrics = self.classifier.metrics_
        settings = self.classifier.fitted_.settings.items()
        lines = {
            "saved": str(self.out),
            "images": _images_a_class(metrics.shots),
            "method": self.classifier.method,
            "settings": ", ".join(f"{name} {value:.4g}" for name, value in settings),
            "leave-one-out": _percent(metrics.leave_one_out) if metrics.leave_one_out else _NOTHING,
            "held out": _percent(metrics.evaluation) if metrics.evaluation else "",
            "took": f"{self.seconds:.1f} s",
        }
        return "\n".join(f"{heading:<15}{line}" for heading, line in lines.items() if line)


def _images_a_class(shots: Sequence[int]) -> str:
    some = [count for count in shots if count]
    each = f"{min(some)}" if min(some) == max(some) else f"{min(some)} to {max(some)}"
    line = f"{sum(some):,} of {len(some):,} {'class' if len(some) == 1 else 'classes'}, {each} each"
    bare = len(shots) - len(some)
    return line + (f"; {bare:,} more known by texts alone" if bare else "")


def _percent(quality: Quality) -> str:
    low, high = quality.interval
    return (
        f"{quality.accuracy:.1%} of {quality.images:,} images right (95 % interval {100 * low:.1f} to "
        f"{100 * high:.1f}), calibration error {quality.calibration_error:.3f}"
    )


def _quality_record(quality: Quality | None) -> dict[str, Any] | None:
    if quality is None:
        return None
    return {**asdict(quality), "accuracy": quality.accuracy, "interval": quality.interval}
