"""The classifier that learns from a few labelled images, with texts for what they do not show."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Final, Literal, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from clipcoder.adapters import methods
from clipcoder.adapters.fitted import Fitted
from clipcoder.adapters.names import FewShotMethod
from clipcoder.adapters.support import Support
from clipcoder.arrays import FloatArray, unit_rows
from clipcoder.bank import TextBank
from clipcoder.calibration import Calibration
from clipcoder.encoded import EncodedTexts, Method
from clipcoder.encoders.base import Encoder, ImageInput
from clipcoder.encoders.inputs import listed_images
from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.explanation import Explanation
from clipcoder.pipeline import explaining
from clipcoder.pipeline.class_labels import class_positions
from clipcoder.pipeline.confusions import Knowledge
from clipcoder.pipeline.fit_calibration import calibration_of_fit, temperature_of_texts
from clipcoder.pipeline.image_classifier import ImageClassifier
from clipcoder.pipeline.metrics import Metrics
from clipcoder.pipeline.outcomes import Failure, Judgement, Prediction
from clipcoder.pipeline.starting_texts import check_texts, class_prototypes, encoded_texts
from clipcoder.pipeline.support_inputs import Counted, are_images, are_rows
from clipcoder.pipeline.views import encode_views

_NO_ENCODER: Final = "images need an encoder, but this classifier has none; give it one, or hand in features"


class FewShotClassifier(ClassifierMixin, ImageClassifier, BaseEstimator):  # type: ignore[misc]
    """Classify images by a few labelled ones and by the texts of their classes, in scikit-learn's manners.

    Wherever images go in, but for ``stream``, their features may: a matrix of numbers of shape (n, d) counts
    as features. So the classifier stands at the end of a ``Pipeline`` and goes through ``cross_val_score``,
    where images are encoded once, before.

    Args:
        encoder: puts images and texts into one space; without one, features go in.
        bank: the texts of each class; without one, images alone count. A class of the bank without a labelled
            image is known by its texts. ``EncodedTexts`` need no encoder, and clones share them.
        method: ``"auto"``, a Gaussian discriminant and a linear probe, which both start from the texts;
            ``"tip-adapter"``, ``"coder-adapter"`` (paper, section 3.5), ``"gda"``, ``"linear-probe"`` or
            ``"ape"``. Each chooses its settings on the labelled images alone, leaving out one or, for the
            probe, a quarter of each class.
        texts: how the texts of a class make its prototype: a ``method`` of ``ZeroShotClassifier``.
        views: random crops and flips whose features are averaged with those of each labelled image; 0 leaves
            images as they are. Features have none.
        random_state: the seed of the views, a whole number, 0 or more.
        calibration: ``"temperature"`` learns from the labelled images, each judged by the others, how sure to
            be; None takes scores for log-probabilities as they are. ``calibrate`` learns it from others.
        unknown_below: an image whose best probability is below this is ``"unknown"``; None answers always,
            until ``calibrate`` learns a threshold from an error rate.
        batch_size: images that are encoded at a time, by default as many as suit the encoder.

    Attributes:
        classes_: the sorted class names: those of the bank, or those of the labels; array of shape (C,).
        fitted_: the head, its settings and the evidence for them (``adapters.fitted.Fitted``).
        calibration_: what makes probabilities of scores.
        temperature_: the calibration's: what scores are divided by before the softmax, where their spread is
            typical.
        metrics_: images a class, and how good leave-one-out says it is (``pipeline.metrics.Metrics``).
        n_features_in_: the width d of the features.

    Note:
        An encoder belongs to its process. For several (``n_jobs=2``) encode first: features go in, and
        ``FewShotClassifier(bank=EncodedTexts.encode(encoder, bank))`` holds nothing but arrays.

    References:
        Chao Yi, Lu Ren, De-Chuan Zhan, Han-Jia Ye: Leveraging Cross-Modal Neighbor Representation for
        Improved CLIP Classification, CVPR 2024, arXiv 2404.17753.

    Example:
        >>> from PIL import Image
        >>> from clipcoder import FewShotClassifier, TextBank, load_encoder
        >>> red, blue = (Image.new("RGB", (64, 64), colour) for colour in ("red", "blue"))
        >>> bank = TextBank.from_names(["tomato", "sky"])
        >>> clf = FewShotClassifier(load_encoder("starter"), bank).fit([red, blue], ["tomato", "sky"])
        >>> clf.predict([Image.new("RGB", (64, 64), "navy")])
        array(['sky'], dtype='<U6')
    """

    def __init__(
        self,
        encoder: Encoder | None = None,
        bank: TextBank | EncodedTexts | None = None,
        *,
        method: FewShotMethod = "auto",
        texts: Method = "equidistant",
        views: int = 0,
        random_state: int = 0,
        calibration: Literal["temperature"] | None = "temperature",
        unknown_below: float | None = None,
        batch_size: int | None = None,
    ) -> None:
        self.encoder = encoder  # type: ignore[assignment]  # without one, features go in
        self.bank = bank
        self.method = method
        self.texts = texts
        self.views = views
        self.random_state = random_state
        self.calibration = calibration
        self.unknown_below = unknown_below
        self.batch_size = batch_size

    def fit(self, X: Any, y: Any, sample_weight: npt.ArrayLike | None = None) -> Self:
        """Learn from labelled images.

        Args:
            X: images (paths, bytes of image files or PIL images), or their features, of shape (n, d).
            y: the class of each, of shape (n,): names of the bank's classes, or without a bank any labels.
            sample_weight: how much each image counts, of shape (n,), 0 or more. With the same settings, an
                image of weight 2 is that image twice; when settings are chosen, it is left out with all its
                weight. An image of weight 0 is not looked at.

        Returns:
            The classifier itself.

        Raises:
            InvalidInputError: arrays that do not fit together, a label that the bank does not have, a bank
                without an encoder, or what the method cannot learn from.
            UnreadableImageError: an image cannot be decoded.
            UnknownNameError: an unknown method or calibration.
        """
        if self.calibration not in ("temperature", None):
            raise UnknownNameError("calibration", str(self.calibration), ["temperature"])
        check_texts(self.encoder, self.bank, self.texts)
        self.__dict__.pop("_texts", None)  # of a fit before
        images, y = self._handed_in(X, y)
        counted = Counted.of(y, sample_weight, len(images))
        texts = self._texts
        self.classes_ = np.unique(counted.labels if texts is None else np.array(texts.bank.class_names))
        positions = class_positions(counted.labels, self.classes_, len(counted.labels))
        rows = self._encoded(counted.among(images))
        self.n_features_in_ = rows.shape[1]
        support = Support.of(
            rows,
            positions,
            class_prototypes(texts, self.classes_, self.n_features_in_),
            texts=None if texts is None else texts.features,
            sample_weight=counted.weight,
        )
        self.fitted_: Fitted = methods.fit(support, self.method)
        self._judged_labels = support.labels[self.fitted_.judged]
        self._examples: Sequence[str | None] | None = explaining.example_names(images, counted.positions)
        self.calibration_ = self._calibration(support)
        self.abstain_below(self.unknown_below)
        self.metrics_ = Metrics.of_fit(self.fitted_, support.labels, support.n_classes, self.calibration_)
        return self

    def decision_function(self, images: Any) -> FloatArray:
        """Return the scores of each class, of shape (n, C); of two, by how much the second leads, (n,).

        Arguments and errors are those of ``predict``.
        """
        scores = super().decision_function(images)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def save(self, path: str | os.PathLike[str], *, example_names: bool = False) -> None:
        """Write the classifier into a folder, from which ``load_classifier`` reads it (``pipeline.saved``).

        Args:
            path: the folder.
            example_names: keep what ``explain`` calls the labelled images that vote, which are their paths as
                they were handed in. Otherwise nobody learns them from the folder.

        Raises:
            InvalidInputError: the place cannot be written to or holds something else than a classifier.
        """
        from clipcoder.pipeline.saved import save

        save(self, path, example_names=example_names)

    def stream(
        self, images: Iterable[ImageInput], *, top: int = 5, independent: bool = False
    ) -> Iterator[Prediction | Failure]:
        """Classify any number of images in bounded memory; as ``ZeroShotClassifier.stream``."""
        check_is_fitted(self)
        if self.encoder is None:
            raise InvalidInputError(_NO_ENCODER)
        return super().stream(images, top=top, independent=independent)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "fitted_")

    def __sklearn_clone__(self) -> Self:
        return type(self)(**self.get_params(deep=False))  # encoder and bank are shared, not copied

    def __getstate__(self) -> dict[str, Any]:
        try:
            self.encoder.__reduce_ex__(2)
        except InvalidInputError as error:
            raise InvalidInputError(
                f"a classifier with the encoder {self.encoder.name!r} cannot be pickled or copied, for the "
                "encoder belongs to this process; save it, or for several processes hand features to a "
                "FewShotClassifier(bank=EncodedTexts.encode(encoder, bank))"
            ) from error
        state: dict[str, Any] = super().__getstate__()
        return state

    @cached_property
    def _texts(self) -> EncodedTexts | None:
        return encoded_texts(self.encoder, self.bank, self.texts)

    def _judge(self, features: FloatArray) -> Judgement:
        scores = self.fitted_.head.scores(features)
        return Judgement(scores, scores.argmax(axis=1))

    def _features(self, images: Any) -> FloatArray:
        check_is_fitted(self)
        if self._are_features(images):
            return unit_rows(validate_data(self, images, reset=False), "features", dim=self.n_features_in_)
        return super()._features(images)

    def _are_features(self, images: Any) -> bool:
        """Whether these are features, and not images; without an encoder nothing else can be meant."""
        if self.encoder is None and are_images(images):
            raise InvalidInputError(_NO_ENCODER)
        return self.encoder is None or are_rows(images)

    def _handed_in(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Return features of shape (n, d) or a list of n images, and their labels."""
        if self._are_features(X):
            features, labels = validate_data(self, X, y)
            return features, labels
        self.__dict__.pop("feature_names_in_", None)  # of a fit before
        return listed_images(X), y

    def _encoded(self, images: Any) -> FloatArray:
        """Return unit rows of images or features."""
        if isinstance(images, np.ndarray):
            dim = None if self._texts is None else self._texts.features.shape[1]
            return unit_rows(images, "features", dim=dim if self.encoder is None else self.encoder.dim)
        return encode_views(
            self.encoder, images, self.views, seed=self.random_state, batch_size=self.batch_size
        )

    def _calibration(self, support: Support) -> Calibration:
        """Return what the support set says of probabilities, beside what is known without it."""
        if self.calibration is None:
            return Calibration(1.0)
        by_texts = temperature_of_texts(self.encoder, self._texts)
        return calibration_of_fit(support, self.fitted_, self.method, by_texts)

    def _explain(self, feature: FloatArray, scores: FloatArray, label: int, top: int) -> Explanation:
        examples = getattr(self, "_examples", None)
        parts = explaining.FewShotParts(self.fitted_.head, self._texts, self.classes_.tolist(), examples)
        return parts.explain(feature, scores, label, top)

    def _knowledge(self) -> Knowledge:
        check_is_fitted(self)
        held_out = None
        if len(self.fitted_.judged):
            held_out = self.calibration_.probabilities(self.fitted_.held_out), self._judged_labels
        return Knowledge(self.classes_.tolist(), self.encoder, self._texts, held_out=held_out)
