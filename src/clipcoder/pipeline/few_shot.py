"""The classifier that learns from a few labelled images, with texts for what they do not show."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final, Literal, Self, get_args

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from clipcoder.adapters import methods
from clipcoder.adapters.fitted import Fitted
from clipcoder.adapters.support import Support
from clipcoder.arrays import FloatArray, IntArray, softmax, unit_rows
from clipcoder.bank import TextBank
from clipcoder.calibration import Calibration, default_calibration
from clipcoder.calibration.defaults import few_shot_temperature
from clipcoder.encoded import EncodedTexts, Method, check_bank, check_encoder
from clipcoder.encoders.base import Encoder
from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.explanation import Explanation
from clipcoder.pipeline import explaining
from clipcoder.pipeline.calibrated import calibration_of_fit
from clipcoder.pipeline.confusions import Knowledge
from clipcoder.pipeline.image_classifier import ImageClassifier
from clipcoder.pipeline.metrics import Metrics
from clipcoder.pipeline.outcomes import Judgement
from clipcoder.pipeline.views import encode_views

FewShotMethod = Literal["auto", "gda", "tip-adapter", "coder-adapter", "ape"]
"""The keys of ``adapters.methods.METHODS``."""

FEW_SHOT_METHODS: Final[tuple[FewShotMethod, ...]] = get_args(FewShotMethod)


class FewShotClassifier(ClassifierMixin, ImageClassifier, BaseEstimator):  # type: ignore[misc]
    """Classify images by a few labelled ones and by the texts of their classes, in scikit-learn's manners.

    Wherever images go in, their features may: a matrix of numbers of shape (n, d) counts as features. So the
    classifier stands at the end of a ``Pipeline`` and goes through ``cross_val_score``, where images are
    encoded once, before.

    Args:
        encoder: puts images and texts into one space; without one, features go in.
        bank: the texts of each class; without one, images alone count. A class of the bank without a labelled
            image is known by its texts.
        method: ``"auto"``, a Gaussian discriminant that starts from the texts (``adapters.gaussian``);
            ``"tip-adapter"``, ``"coder-adapter"`` (paper, section 3.5), ``"gda"`` or ``"ape"``.
            Each chooses its settings by leave-one-out on the labelled images alone.
        texts: how the texts of a class make its prototype: a ``method`` of ``ZeroShotClassifier``.
        views: random crops and flips whose features are averaged with those of each labelled image; 0 leaves
            images as they are. Features have none.
        random_state: the seed of the views.
        calibration: ``"temperature"`` learns from the labelled images, each judged by the others, how sure to
            be; None takes scores for log-probabilities as they are. ``calibrate`` learns it from others.
        unknown_below: an image whose best probability is below this is ``"unknown"``; None answers always,
            until ``calibrate`` learns a threshold from an error rate.
        batch_size: images that are encoded at a time, by default as many as suit the encoder.

    Attributes:
        classes_: the sorted class names: those of the bank, or those of the labels; array of shape (C,).
        fitted_: the head, its settings and the evidence for them (``adapters.fitted.Fitted``).
        calibration_: what makes probabilities of scores.
        temperature_: the calibration's: what scores are divided by before the softmax.
        metrics_: images a class, and how good leave-one-out says it is (``pipeline.metrics.Metrics``).
        n_features_in_: the width d of the features.

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
        bank: TextBank | None = None,
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
            sample_weight: how much each image counts, of shape (n,), 0 or more; an image of weight 2 is that
                image twice.

        Returns:
            The classifier itself.

        Raises:
            InvalidInputError: arrays that do not fit together, a label that the bank does not have, a bank
                without an encoder, or what the method cannot learn from.
            UnreadableImageError: an image cannot be decoded.
            UnknownNameError: an unknown method or calibration.
        """
        self._check_parts()
        rows, labels = self._support_features(X, y)
        counted, weight = _counted(sample_weight, len(rows))
        self.classes_ = np.unique(labels if self.bank is None else np.array(self.bank.class_names))
        index = self._class_indices(labels)
        self.n_features_in_ = rows.shape[1]
        self.__dict__.pop("_texts", None)  # of a fit before
        support = Support.of(
            rows[counted],
            index[counted],
            self._prototypes(),
            texts=None if self._texts is None else self._texts.features,
            sample_weight=weight,
        )
        self.fitted_: Fitted = methods.fit(support, self.method)
        self._judged_labels = support.labels[self.fitted_.judged]
        self._examples = explaining.example_names(X, np.flatnonzero(counted))
        self.calibration_ = self._calibration(support)
        self.abstain_below(self.unknown_below)
        self.metrics_ = Metrics.of_fit(self.fitted_, support.labels, support.n_classes, self.temperature_)
        return self

    def decision_function(self, images: Any) -> FloatArray:
        """Return the scores of each class, of shape (n, C); of two, by how much the second leads, (n,).

        Arguments and errors are those of ``predict``.
        """
        scores = super().decision_function(images)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "fitted_")

    def __sklearn_clone__(self) -> Self:
        return type(self)(**self.get_params(deep=False))  # encoder and bank are shared, not copied

    @cached_property
    def _texts(self) -> EncodedTexts | None:
        if self.bank is None:
            return None
        return EncodedTexts.encode(self.encoder, self.bank, self.texts)

    def _judge(self, features: FloatArray) -> Judgement:
        scores = self.fitted_.head.scores(features)
        return Judgement(scores, scores.argmax(axis=1))

    def _features(self, images: Any) -> FloatArray:
        check_is_fitted(self)
        if self._are_features(images):
            return unit_rows(validate_data(self, images, reset=False), "features", dim=self.n_features_in_)
        return super()._features(images)

    def _are_features(self, images: Any) -> bool:
        """Whether these are features; without an encoder everything is taken for features."""
        return self.encoder is None or (hasattr(images, "shape") and getattr(images, "ndim", 0) == 2)

    def _support_features(self, X: Any, y: Any) -> tuple[FloatArray, npt.NDArray[Any]]:
        """Return unit rows of shape (n, d) and labels of shape (n,)."""
        if self._are_features(X):
            rows, labels = validate_data(self, X, y)
            dim = None if self.encoder is None else self.encoder.dim
            features = unit_rows(rows, "features", dim=dim)
        else:
            features = encode_views(
                self.encoder, X, self.views, seed=self.random_state, batch_size=self.batch_size
            )
            labels = np.asarray(y)
            if labels.shape != (len(features),):
                raise InvalidInputError(
                    f"y must hold one class name for each of the {len(features)} images, "
                    f"but its shape is {labels.shape}"
                )
        check_classification_targets(labels)
        return features, labels

    def _class_indices(self, labels: npt.NDArray[Any]) -> IntArray:
        known = np.isin(labels, self.classes_)
        if not known.all():
            raise InvalidInputError(
                f"every label must be a class of the bank, but {labels[~known].tolist()[0]!r} is none "
                f"({(~known).sum()} of {len(labels)} labels); the bank has {self.classes_.tolist()[0]!r} and others"
            )
        index: IntArray = np.searchsorted(self.classes_, labels)
        return index

    def _prototypes(self) -> FloatArray:
        """Return a text prototype a class, in the order of ``classes_``; zeros without texts."""
        if self._texts is None:
            return np.zeros((len(self.classes_), self.n_features_in_), dtype=np.float32)
        order = np.argsort(np.array(self._texts.bank.class_names))
        return self._texts.head.class_prototypes()[order]

    def _calibration(self, support: Support) -> Calibration:
        """Return what the support set says of probabilities, beside what is known without it."""
        if self.calibration is None:
            return Calibration(1.0)
        encoder = self.encoder
        texts = (
            Calibration(1.0)
            if encoder is None or self.bank is None
            else default_calibration(encoder.name, self.texts, logit_scale=encoder.logit_scale)
        )
        default = Calibration(few_shot_temperature(self.method, texts.temperature))
        return calibration_of_fit(support, self.fitted_, default)

    def _check_parts(self) -> None:
        if self.calibration not in ("temperature", None):
            raise UnknownNameError("calibration", str(self.calibration), ["temperature"])
        if self.encoder is not None:
            check_encoder(self.encoder)
        if self.bank is not None:
            check_bank(self.bank, self.texts)
            if self.encoder is None:
                raise InvalidInputError("a bank of texts needs an encoder to encode it, but there is none")

    def _explain(self, feature: FloatArray, scores: FloatArray, label: int, top: int) -> Explanation:
        examples = getattr(self, "_examples", None)  # a classifier from a file does not know them
        parts = explaining.FewShotParts(self.fitted_.head, self._texts, self.classes_.tolist(), examples)
        return parts.explain(feature, scores, label, top)

    def _knowledge(self) -> Knowledge:
        check_is_fitted(self)
        held_out = None
        if len(self.fitted_.judged):
            held_out = softmax(self.fitted_.held_out, temperature=self.temperature_), self._judged_labels
        return Knowledge(self.classes_.tolist(), self.encoder, self._texts, held_out=held_out)


def _counted(
    sample_weight: npt.ArrayLike | None, length: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64] | None]:
    """Return which images count, of shape (n,), and the weights of those."""
    if sample_weight is None:
        return np.ones(length, dtype=bool), None
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (length,) or not (np.isfinite(weight) & (weight >= 0)).all():
        raise InvalidInputError(
            f"sample_weight must hold one number, 0 or more, for each of the {length} images"
        )
    if not weight.any():
        raise InvalidInputError(
            "sample_weight must be above 0 for an image at least, but every weight is zero"
        )
    return weight > 0, weight[weight > 0]
