"""What classifiers make of scores: probabilities, sets of classes that hold the right one, or "unknown".

All of it hangs on a few numbers, the ``Calibration``: stated defaults, or learned once there are labels.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray
from clipcoder.calibration import (
    Calibration,
    Conformal,
    Platt,
    checked_threshold,
    fit_conformal,
    fit_platt,
    fit_spread,
    threshold_for_error,
)
from clipcoder.encoders.base import Encoder, ImageInput
from clipcoder.errors import InvalidInputError
from clipcoder.pipeline.class_labels import class_positions, shown_classes
from clipcoder.pipeline.outcomes import UNKNOWN, Judgement

Images = Sequence[ImageInput]
"""Paths, bytes of image files or PIL images, n of them."""

log = logging.getLogger(__name__)


class Calibrated(ABC):
    """Predict names, probabilities and sets.

    Attributes:
        encoder: puts images and texts into one space.
        classes_: the class names, array of shape (C,).
        calibration_: what makes probabilities of scores, and sets and silence of probabilities.
    """

    encoder: Encoder
    classes_: npt.NDArray[Any]
    calibration_: Calibration

    @abstractmethod
    def _features(self, images: Any) -> FloatArray:
        """Return unit rows of shape (n, d)."""

    @abstractmethod
    def _judge(self, features: FloatArray) -> Judgement:
        """Score unit rows of shape (n, d) and choose a class for each."""

    @property
    def temperature_(self) -> float:
        """What the scores of an image are divided by, for their softmax to be probabilities.

        Where ``calibration_.spread`` says that it goes with the spread of an image's scores, it is that of a
        typical one.
        """
        return self.calibration_.temperature

    def predict(self, images: Images) -> npt.NDArray[Any]:
        """Return the class name of each image, array of shape (n,); ``"unknown"`` where it is too unsure.

        Args:
            images: paths, bytes of image files or PIL images, n of them.

        Raises:
            UnreadableImageError: an image cannot be decoded; ``stream`` goes on instead.
            InvalidInputError: a single image instead of a list of them, or a classifier that has to learn
                something first.
        """
        judgement = self._judge(self._features(images))
        names = self.classes_[judgement.chosen]
        if self.calibration_.unknown_below is None:
            return names
        return np.where(self._unknown(self._probabilities(judgement)), UNKNOWN, names)

    def predict_proba(self, images: Images, *, independent: bool = False) -> FloatArray:
        """Return probabilities of shape (n, C), classes as in ``classes_``.

        They are the softmax of the scores divided by a temperature (``calibration_``). Where a rerank
        overrules the scores, its class and the one it overrules exchange their scores, so that the largest
        probability is always the prediction's.

        Args:
            images: as in ``predict``.
            independent: an image may show several classes or none: instead of the softmax the sigmoid of
                scores, with the scale and bias of an encoder that was trained so (SigLIP), or with those that
                ``calibrate`` or a few-shot ``fit`` learned; ``calibration.defaults`` has some as well.

        Raises:
            InvalidInputError: independent probabilities of an encoder that has no sigmoid, before anything
                was learned, or what ``predict`` raises.
        """
        platt = self._platt() if independent else None
        judgement = self._judge(self._features(images))
        return self._probabilities(judgement) if platt is None else platt.probabilities(judgement.ranked)

    def predict_sets(self, images: Images) -> list[tuple[Any, ...]]:
        """Return the classes that each image may show, the likeliest first.

        The right class is among them as often as ``calibrate`` was asked for (``calibration.conformal``). A
        set may be empty: then no class is likely enough.

        Raises:
            InvalidInputError: no coverage was asked for yet, or what ``predict`` raises.
        """
        conformal = self.calibration_.conformal
        if conformal is None:
            raise InvalidInputError(
                "sets have a coverage that is learned from labelled images: "
                "call calibrate(images, labels, coverage=0.9) first"
            )
        probabilities = self._probabilities(self._judge(self._features(images)))
        inside = conformal.sets(probabilities)
        order = np.argsort(-probabilities, axis=1, kind="stable")
        names = self.classes_.tolist()
        return [
            tuple(names[c] for c in ranked.tolist() if row[c])
            for ranked, row in zip(order, inside, strict=True)
        ]

    def calibrate(
        self,
        images: Images,
        labels: Sequence[Any],
        *,
        coverage: float | None = None,
        class_conditional: bool = False,
        error_rate: float | None = None,
        confidence: float | None = None,
        independent: bool = False,
    ) -> Self:
        """Learn from labelled images how sure to be; what is predicted stays, but for "unknown".

        The images must not be those that a few-shot classifier was fitted to, and should be of the kind that
        will be classified: as hard, and each class as often. The temperature so far counts as two of them.

        Args:
            images: as in ``predict``.
            labels: the class of each, of shape (n,); with ``independent``, all classes that each shows.
            coverage: how often the sets of ``predict_sets`` shall hold the right class, in (0, 1).
            class_conditional: whether they shall do so for each class by itself. A class with fewer than
                about 1 / (1 - coverage) images is then in every set, and a warning is logged.
            error_rate: how many of the answers may be wrong, in (0, 1); images that the classifier is less
                sure of are ``"unknown"`` from now on. All of them are, if no threshold keeps the rate.
            confidence: how sure it shall be that other images of the kind keep the error rate, in (0, 1);
                None is content with these images.
            independent: images may show several classes or none, and only independent probabilities are
                learned. Labels are then a list of classes for each image, or a matrix of 0 and 1 of shape
                (n, C), columns as in ``classes_`` (scikit-learn's ``MultiLabelBinarizer`` makes one). Without
                it they are learned as well, as if an image showed its class and no other: the last call
                holds.

        Returns:
            The classifier itself, with a new ``calibration_``; sets that were learned before are dropped,
            unless it is about independent probabilities alone.

        Raises:
            InvalidInputError: a label that is no class, no image, a share that is none, a coverage or error
                rate of independent labels, or what ``predict`` raises.
            MissingExtraError: a coverage needs crepes.
        """
        if independent and not (coverage is None and error_rate is None):
            raise InvalidInputError(
                "coverage and error_rate are about images of one class each; learn them by a call without "
                "independent=True"
            )
        scores = self._judge(self._features(images)).ranked
        if independent:
            platt = fit_platt(scores, shown_classes(labels, self.classes_, len(scores)))
            self.calibration_ = replace(self.calibration_, platt=platt)
            return self
        index = class_positions(labels, self.classes_, len(scores))
        temperature, spread = fit_spread(scores, index, default=self.temperature_)
        learned = Calibration(temperature, platt=fit_platt(scores, index), images=len(index), spread=spread)
        probabilities = learned.probabilities(scores)
        conformal, below = None, self.calibration_.unknown_below
        if coverage is not None:
            conformal = fit_conformal(probabilities, index, coverage, class_conditional=class_conditional)
            _tell_always(conformal, self.classes_)
        if error_rate is not None:
            below = threshold_for_error(probabilities, index, error_rate, confidence=confidence)
            check_unknown(below, self.classes_)
        self.calibration_ = replace(learned, unknown_below=below, conformal=conformal)
        return self

    def abstain_below(self, threshold: float | None) -> Self:
        """Answer ``"unknown"`` from now on where the best probability is below a threshold; None answers all.

        Raises:
            InvalidInputError: no threshold, or classes among which ``"unknown"`` has no place.
        """
        check_unknown(threshold, self.classes_)
        self.calibration_ = replace(self.calibration_, unknown_below=threshold)
        return self

    def _probabilities(self, judgement: Judgement) -> FloatArray:
        return self.calibration_.probabilities(judgement.ranked)

    def _unknown(self, probabilities: FloatArray) -> npt.NDArray[np.bool_]:
        """Return which images are unknown, of shape (n,)."""
        below = self.calibration_.unknown_below
        unsure: npt.NDArray[np.bool_] = probabilities.max(axis=1) < np.float32(below or 0)
        return unsure

    def _platt(self) -> Platt:
        """Return what makes independent probabilities."""
        if self.calibration_.platt is None:
            name = "a classifier of features" if self.encoder is None else repr(self.encoder.name)
            raise InvalidInputError(
                "independent probabilities need an encoder that was trained with a sigmoid, such as SigLIP, "
                f"or labelled images, but {name} has no logit_bias; call calibrate(images, labels) first"
            )
        return self.calibration_.platt


def check_unknown(threshold: float | None, classes: npt.NDArray[Any]) -> None:
    """Refuse a threshold that is none, and classes among which ``"unknown"`` would be mistaken.

    Raises:
        InvalidInputError: see above.

    >>> check_unknown(0.5, np.array(["cat", "dog"]))
    """
    if threshold is None:
        return
    checked_threshold(threshold)
    if classes.dtype.kind not in "UO":
        raise InvalidInputError(
            f"'{UNKNOWN}' can be answered beside class names, but the classes are {classes.dtype}; "
            "name them, or leave out unknown_below"
        )
    if UNKNOWN in classes.tolist():
        raise InvalidInputError(
            f"a class is called '{UNKNOWN}', which is what unsure images are called; rename the class"
        )


def _tell_always(conformal: Conformal, classes: npt.NDArray[Any]) -> None:
    if conformal.always:
        names = ", ".join(map(str, classes[list(conformal.always[:5])].tolist()))
        more = ", ..." if len(conformal.always) > 5 else ""
        log.warning(
            "%d of %d classes have too few labelled images for a coverage of %g and are in every set: %s%s",
            len(conformal.always),
            len(classes),
            conformal.coverage,
            names,
            more,
        )
