"""What classifiers of images have in common: features in, scores, a choice, probabilities and reasons out.

A subclass says how features are judged and why a class won; everything that a user calls is here.
"""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, IntArray
from clipcoder.calibration import Platt
from clipcoder.encoders.ahead import batch_size_of, encode_ahead, encode_listed
from clipcoder.encoders.base import ImageInput
from clipcoder.errors import InvalidInputError, UnreadableImageError
from clipcoder.explanation import TOP, Explanation
from clipcoder.pipeline.calibrated import Calibrated, Images
from clipcoder.pipeline.class_labels import class_positions
from clipcoder.pipeline.confusions import Confusion, Knowledge, Sample, confusions
from clipcoder.pipeline.metrics import Metrics
from clipcoder.pipeline.outcomes import Failure, Prediction

__all__ = ["ImageClassifier", "Images"]


class ImageClassifier(Calibrated):
    """Classify images by their features.

    Attributes:
        encoder: puts images and texts into one space.
        batch_size: images that are encoded at a time; None leaves it to the encoder.
        classes_: the class names, array of shape (C,).
        calibration_: what makes probabilities of scores, and sets and silence of probabilities.
        metrics_: how good it is on labelled images, as far as that is known.
    """

    batch_size: int | None
    metrics_: Metrics

    @abstractmethod
    def _explain(self, feature: FloatArray, scores: FloatArray, label: int, top: int) -> Explanation:
        """Say why an image, a unit row of shape (d,) with scores of shape (C,), got its label."""

    @abstractmethod
    def _knowledge(self) -> Knowledge:
        """Return what is known of the classes before images come, for ``confusions``."""

    def decision_function(self, images: Images) -> FloatArray:
        """Return the scores of each class, of shape (n, C), before a rerank.

        Arguments and errors are those of ``predict``.
        """
        return self._judge(self._features(images)).scores

    def score(
        self, images: Images, labels: Sequence[Any], sample_weight: npt.ArrayLike | None = None
    ) -> float:
        """Return the accuracy: the share of images, each counted by its weight, whose label is predicted."""
        right = self.predict(images) == np.asarray(labels)
        return float(np.average(right, weights=None if sample_weight is None else np.asarray(sample_weight)))

    def explain(self, image: ImageInput, *, top: int = TOP) -> Explanation:
        """Return what decided for the label of an image: what makes up the scores of the best classes.

        Args:
            image: a path, the bytes of an image file or a PIL image.
            top: how many classes are explained, the label first; at least two.

        Raises:
            UnreadableImageError: the image cannot be decoded.
        """
        features = self._features([image])
        judgement = self._judge(features)
        return self._explain(features[0], judgement.scores[0], int(judgement.chosen[0]), max(top, 2))

    def confusions(
        self,
        images: Images | None = None,
        *,
        labels: Sequence[Any] | None = None,
        count: int = 10,
        candidates: int = 3,
    ) -> list[Confusion]:
        """Return the pairs of classes that are not told apart, and which texts would help; the worst first.

        Args:
            images: a sample of what will be classified. Without any, leave-one-out on the labelled images of
                a few-shot classifier says what is confused, and where there is none, the texts do.
            labels: the class of each image, of shape (n,), for images that nothing was learned from; without
                labels, the probabilities say what is confused.
            count: at most so many pairs.
            candidates: at most so many texts of WordNet for each, looked up offline; 0, or no encoder,
                looks nothing up.

        Raises:
            InvalidInputError: labels that do not fit, no image, or neither images nor texts to go by.
            UnreadableImageError: an image cannot be decoded.
        """
        sample = None
        if images is not None:
            features = self._features(images)
            judgement = self._judge(features)
            owner = None if labels is None else class_positions(labels, self.classes_, len(features))
            sample = Sample.of(features, self._probabilities(judgement), owner)
        elif labels is not None:
            raise InvalidInputError("labels say what images show, but there are no images; hand them in")
        return confusions(self._knowledge(), sample, count=count, candidates=candidates)

    def stream(
        self, images: Iterable[ImageInput], *, top: int = 5, independent: bool = False
    ) -> Iterator[Prediction | Failure]:
        """Classify any number of images in bounded memory; threads decode ahead of the encoder.

        Args:
            images: paths, bytes of image files or PIL images; read only as fast as the results are taken.
            top: how many classes each prediction ranks, at least two.
            independent: rank with independent probabilities, as in ``predict_proba``; what is unknown, the
                softmax says all the same.

        Yields:
            A prediction for each image, in their order, or a failure where it cannot be decoded; the rest
            goes on.

        Raises:
            InvalidInputError: a single image instead of a collection of them, or independent probabilities
                that there are none of.
        """
        platt = self._platt() if independent else None
        outcomes = encode_ahead(self.encoder, images, batch_size=self.batch_size)
        size = self.batch_size or batch_size_of(self.encoder)
        with closing(outcomes):
            while batch := list(islice(outcomes, size)):
                features = [row for _, row in batch if not isinstance(row, UnreadableImageError)]
                found = self._predictions(np.stack(features), max(top, 2), platt) if features else iter(())
                for source, outcome in batch:
                    if isinstance(outcome, UnreadableImageError):
                        yield Failure(source, outcome)
                    else:
                        yield Prediction(source, *next(found))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the classifier into a folder, from which ``load_classifier`` reads it (``pipeline.saved``).

        Raises:
            InvalidInputError: the place cannot be written to or holds something else than a classifier.
        """
        from clipcoder.pipeline.saved import save

        save(self, path)

    def _features(self, images: Any) -> FloatArray:
        """Return unit rows of shape (n, d)."""
        return encode_listed(self.encoder, images, batch_size=self.batch_size)

    def _predictions(self, features: FloatArray, top: int, platt: Platt | None) -> Iterator[tuple[Any, ...]]:
        """Yield what the ``Prediction`` of each image holds beside its source."""
        judgement = self._judge(features)
        exclusive = self._probabilities(judgement)
        unknown = self._unknown(exclusive).tolist()
        probabilities = exclusive if platt is None else platt.probabilities(judgement.ranked)
        order: IntArray = np.argsort(-exclusive, axis=1, kind="stable")[:, :top]
        names = self.classes_.tolist()
        for i in range(len(features)):
            yield (
                tuple((names[c], float(probabilities[i, c])) for c in order[i]),
                self._explain(features[i], judgement.scores[i], int(judgement.chosen[i]), TOP),
                judgement.close_call(i, names),
                unknown[i],
            )
