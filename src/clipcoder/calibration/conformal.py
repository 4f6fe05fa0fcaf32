"""Sets of classes that hold the right one as often as was asked for: split conformal prediction.

From n labelled images that the classifier has not learned from, a threshold q on probabilities is taken, and
the set of an image x is { c : p(c | x) >= q } (Sadinle, Lei, Wasserman: Least Ambiguous Set-Valued
Classifiers with Bounded Error Levels, JASA 2019; the smallest sets on average). With a coverage 1 - a wanted,
q is the k-th largest probability of a right class, k = ceil((n + 1)(1 - a)). If the images to come are drawn
as the labelled ones were, whatever the classifier is worth (Vovk, Gammerman, Shafer: Algorithmic Learning in
a Random World, 2005),

    1 - a  <=  P( the set holds the right class )  <  1 - a + 1 / (n + 1)      (the latter without ties),

on average over the draws of the n images. With fewer than 1 / a - 1 of them, no such k is left, q is 0, and
every set holds all classes. Class-conditional (Mondrian) sets have a q of their own for each class, from its
images alone, and so hold the right class equally often whichever it is; a class with too few images is in
every set, and ``Conformal.always`` names it.

A set may be empty: no class is likely enough for how sure the classifier usually is of the right one. If
the best class were always put in, sets would cover more than was asked for.

The p-values are those of crepes (Boström: crepes: a Python package for generating conformal regressors and
predictive systems, COPA 2022). What is kept are the thresholds they imply, plain numbers, which need no
library to be used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray
from clipcoder.calibration.inputs import labelled, probability_rows, share
from clipcoder.errors import InvalidInputError, MissingExtraError

_ROUNDING: Final = 1e-9  # of k / (n + 1), beside 1 - coverage


@dataclass(frozen=True)
class Conformal:
    """The thresholds that make sets out of probabilities.

    Attributes:
        coverage: how often the sets hold the right class, in (0, 1).
        thresholds: the least probability with which a class is in the set: one number for all classes, or
            one a class, in [0, 1]; at 0 a class is in every set.
        class_conditional: whether the coverage holds for each class by itself.

    Raises:
        InvalidInputError: a coverage that is none, or another number of thresholds.
    """

    coverage: float
    thresholds: tuple[float, ...]
    class_conditional: bool = False

    def __post_init__(self) -> None:
        share(self.coverage, "coverage")
        if not self.thresholds or (len(self.thresholds) > 1 and not self.class_conditional):
            raise InvalidInputError(
                "conformal sets have one threshold for all classes, or class-conditional ones one a class, "
                f"but there are {len(self.thresholds)}"
            )

    def sets(self, probabilities: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Return which classes are in the set of each image, of shape (n, C).

        Args:
            probabilities: of shape (n, C), made as those that the thresholds come from.

        Raises:
            InvalidInputError: no probabilities, or of another number of classes.

        >>> Conformal(0.9, (0.25,)).sets([[0.5, 0.25, 0.25], [0.8, 0.1, 0.1]])
        array([[ True,  True,  True],
               [ True, False, False]])
        """
        rows = probability_rows(probabilities)
        self.check_classes(rows.shape[1])
        inside: npt.NDArray[np.bool_] = rows >= np.array(self.thresholds, dtype=np.float32)
        return inside

    def check_classes(self, n_classes: int) -> None:
        """Refuse another number of classes than the thresholds are for.

        Raises:
            InvalidInputError: see above.
        """
        if len(self.thresholds) != (n_classes if self.class_conditional else 1):
            raise InvalidInputError(
                f"these conformal sets are of {len(self.thresholds)} classes, but the probabilities are of "
                f"{n_classes}; calibrate again with these classes"
            )

    @property
    def always(self) -> tuple[int, ...]:
        """The classes that are in every set, for they had too few labelled images: positions in 0 ... C - 1.

        >>> Conformal(0.9, (0.25, 0.0), class_conditional=True).always
        (1,)
        """
        if not self.class_conditional:
            return ()
        return tuple(c for c, threshold in enumerate(self.thresholds) if threshold == 0)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "coverage": self.coverage,
            "class_conditional": self.class_conditional,
            "thresholds": list(self.thresholds),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Return what ``to_json`` made values of."""
        return cls(
            content["coverage"],
            tuple(_threshold(value) for value in content["thresholds"]),
            bool(content["class_conditional"]),
        )


def fit_conformal(
    probabilities: npt.ArrayLike, labels: npt.ArrayLike, coverage: float, *, class_conditional: bool = False
) -> Conformal:
    """Find the thresholds from labelled images that the classifier has not learned from.

    Args:
        probabilities: of shape (n, C), n at least 1, rows that sum to 1.
        labels: the class of each image, integers of shape (n,).
        coverage: how often the sets shall hold the right class, in (0, 1).
        class_conditional: whether they shall do so for each class by itself.

    Raises:
        InvalidInputError: arrays that do not fit together, no image, or a coverage that is none.
        MissingExtraError: crepes is not installed.
    """
    wanted = share(coverage, "coverage")
    rows, index = labelled(probability_rows(probabilities), labels, "probabilities", at_least=1)
    right = rows[np.arange(len(rows)), index]
    if not class_conditional:
        return Conformal(wanted, (_least_inside(right, wanted),))
    thresholds = tuple(_least_inside(right[index == c], wanted) for c in range(rows.shape[1]))
    return Conformal(wanted, thresholds, class_conditional=True)


def _least_inside(right: FloatArray, coverage: float) -> float:
    """Return the least probability whose p-value among those of right classes, (n,), is above 1 - coverage.

    Strangeness is the probability with its sign changed; p-values change at those of labelled images only.
    So the library is asked about these, and about the strangest there can be.
    """
    if not len(right):
        return 0.0
    strangeness = np.append(-right, np.inf)
    p_values = _p_values(-right, strangeness)
    inside = p_values > 1 - coverage + _ROUNDING
    return 0.0 if inside[-1] else float(right[inside[:-1]].min(initial=right.max()))


def _p_values(known: FloatArray, asked: FloatArray) -> FloatArray:
    """Return (the number of known that are as strange or stranger, plus 1) / (n + 1), by crepes."""
    try:
        from crepes import ConformalClassifier
    except ImportError as error:
        raise MissingExtraError("calibrating conformal sets", "conformal") from error
    p_values: FloatArray = ConformalClassifier().fit(known).predict_p(asked, smoothing=False)
    return p_values


def _threshold(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise InvalidInputError(f"a threshold of conformal sets must be a number in [0, 1], not {value!r}")
    return float(value)
