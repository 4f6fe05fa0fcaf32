"""The exact choice of alpha in base + alpha cache: all alphas at once, none evaluated one by one.

The true class y of an image leads over class c where (base_y - base_c) + alpha (cache_y - cache_c) > 0,
which is a half-line of alphas. The image is classified correctly where y leads over all others: an
interval, or nothing. So accuracy is a step function of alpha, its steps begin and end where those intervals
do, and sorting these ends finds every step: O(n C + n log n). A grid pays O(n C) for each of its points and
misses what lies between them.

Equal logits count as ``np.argmax`` counts them, for the first class, so an interval may hold its end or
not. Alpha being a floating-point number, that only decides whether an interval begins (or is over) at the
crossing or at the next number after it. All are therefore half-open, [start, stop), and none remembers its
kind of end.

Of the steps with the highest accuracy the widest is taken, and of that the middle, which is as far as can
be from where an image changes. Both are measured by the share that base has in the sum, where sigma is the
spread of a row over the classes:

    share(alpha) = sigma_base / ( sigma_base + alpha sigma_cache ),

from 1 (alpha = 0) to 0 (alpha infinite). It does not depend on the units of either, and a step without end
has a width and a middle too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from clipcoder.adapters.cache import cache_logits
from clipcoder.adapters.support import checked_weight
from clipcoder.arrays import FloatArray, IntArray, batches, class_indices, feature_rows
from clipcoder.errors import InvalidInputError

LOUDEST: Final = 99.0
"""Times the even alpha: the most a cache is given, so that texts keep a hundredth of the say."""

_LOGITS_AT_ONCE: Final = 1 << 16  # blocks of 0.5 MB in float64, which the cache of a core holds
_DIGITS: Final = 9  # that sums of the same weights in two orders agree in
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class AlphaChoice:
    """The weight of the cache that classifies most images correctly.

    Attributes:
        alpha: the weight, finite, 0 or more.
        accuracy: the share of images (of their weight) that np.argmax(base + alpha * cache, axis=1) in
            float64 classifies correctly, in [0, 1].
        low: the least alpha that classifies the same images correctly, without a step in between.
        high: the largest such alpha; it may be infinite.
        width: how much of the way from base alone to cache alone lies between low and high, in [0, 1].
    """

    alpha: float
    accuracy: float
    low: float
    high: float
    width: float


def best_alpha(
    base: npt.ArrayLike,
    cache: npt.ArrayLike,
    labels: npt.ArrayLike,
    *,
    image_weight: npt.ArrayLike | None = None,
    max_alpha: float = np.inf,
) -> AlphaChoice:
    """Find the alpha of the highest accuracy of base + alpha * cache, among all alphas in [0, max_alpha].

    Args:
        base: logits of shape (n, C) that do not know the support set, such as zero-shot scores.
        cache: logits of shape (n, C) from the support set, such as those of ``cache.cache_logits``.
        labels: the true class of each row, integers of shape (n,), n at least 1.
        image_weight: how much each row counts, positive numbers of shape (n,); None means 1.
        max_alpha: the largest alpha allowed, 0 or more.

    Returns:
        The middle of the widest step of the highest accuracy (see the module); where two are equally wide,
        that of the smaller alphas. A step so narrow that rounded sums miss its accuracy is passed over.

    Raises:
        InvalidInputError: arrays that do not fit together, no rows, or a negative ``max_alpha``.

    >>> best_alpha([[1, 0], [1, 0]], [[0, 1], [1, 0]], [1, 0])
    AlphaChoice(alpha=3.0, accuracy=1.0, low=1.0000000000000002, high=inf, width=0.5)
    """
    judged = _Judged.of(base, labels, image_weight, max_alpha)
    votes = feature_rows(cache, "cache")
    if votes.shape != judged.base.shape:
        raise InvalidInputError(
            "base and cache must have one shape, (n, C), but theirs are "
            f"{judged.base.shape} and {votes.shape}"
        )
    return judged.best_alpha(votes)


def even_alpha(base: npt.ArrayLike, cache: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Find the alpha at which base and cache have an equal say: a share of 1/2 (see the module).

    No label is confirmed by it: what it looks at is how much logits differ between the classes that an image
    does not belong to. So it is what to take where nothing can be judged, as with one image a class.

    Args:
        base: logits of shape (n, C).
        cache: logits of shape (n, C).
        labels: the true class of each row, integers of shape (n,), n at least 1.

    Returns:
        A positive number; 1 where one of the two has no spread.

    Raises:
        InvalidInputError: arrays that do not fit together.

    >>> even_alpha([[0, 4, 8]], [[0, 1, 2]], [0])
    4.0
    """
    spreads = []
    for logits in (feature_rows(base, "base"), feature_rows(cache, "cache")):
        rivals = logits.copy()
        own, _ = class_indices(labels, "labels", length=len(rivals), n_classes=rivals.shape[1])
        if rivals.shape[1] > 2:  # of two classes one is left, and one has no spread
            at = np.arange(len(own)), own
            rivals[at] = (rivals.sum(axis=1) - rivals[at]) / (rivals.shape[1] - 1)
        spreads.append(float(rivals.var(axis=1, dtype=np.float64).mean()))
    return float(np.sqrt(spreads[0] / spreads[1])) if min(spreads) > 0 else 1.0


def best_alpha_beta(
    base: npt.ArrayLike,
    affinity: npt.ArrayLike,
    support_labels: npt.ArrayLike,
    labels: npt.ArrayLike,
    betas: Iterable[float],
    *,
    sample_weight: npt.ArrayLike | None = None,
    max_alpha: float = np.inf,
) -> tuple[float, AlphaChoice]:
    """Find the best beta of a list, each with the best of all alphas.

    To choose on the support set itself, ``affinity`` has to be that of ``cache.leave_one_out``; otherwise
    each image confirms its own label.

    Args:
        base: logits of shape (n, C) that do not know the support set.
        affinity: affinities to s support images, of shape (n, s), as for ``cache.cache_logits``.
        support_labels: the class of each support image, integers of shape (s,).
        labels: the true class of each row, integers of shape (n,), n at least 1.
        betas: positive numbers to choose from, at least one.
        sample_weight: how much each support image counts, of shape (s,); None means 1.
        max_alpha: the largest alpha allowed, 0 or more.

    Returns:
        Beta and the choice of alpha: those of the highest accuracy, then of the widest step, then the first.

    Raises:
        InvalidInputError: as in ``best_alpha`` and ``cache.cache_logits``, or no beta.

    >>> beta, choice = best_alpha_beta([[1, 0]], [[0.2, 0.6]], [0, 1], [1], betas=[1, 10])
    >>> beta, choice.accuracy
    (10, 1.0)
    """
    judged = _Judged.of(base, labels, None, max_alpha)
    n_classes = judged.base.shape[1]
    choices: dict[float, AlphaChoice] = {}
    for beta in betas:
        votes = cache_logits(affinity, support_labels, n_classes, beta, sample_weight=sample_weight)
        choices[beta] = judged.best_alpha(votes)
    if not choices:
        raise InvalidInputError("betas must hold at least one positive number, but it is empty")
    return max(choices.items(), key=lambda item: (item[1].accuracy, item[1].width))


@dataclass(frozen=True, eq=False)
class _Judged:
    """The images that judge, which are the same for every cache.

    Attributes:
        base: logits that do not know the support set, of shape (n, C).
        labels: the true class of each image, of shape (n,).
        weight: how much each image counts, of shape (n,), 1 on average.
        end: the first alpha that is not allowed.
        spread: that of base.
    """

    base: FloatArray
    labels: IntArray
    weight: _Floats
    end: float
    spread: float

    @classmethod
    def of(
        cls, base: npt.ArrayLike, labels: npt.ArrayLike, image_weight: npt.ArrayLike | None, max_alpha: float
    ) -> Self:
        rows = feature_rows(base, "base")
        truth, _ = class_indices(labels, "labels", length=len(rows), n_classes=rows.shape[1])
        if not len(rows):
            raise InvalidInputError("an alpha is chosen on labelled images, at least one, but there is none")
        if not max_alpha >= 0:
            raise InvalidInputError(f"max_alpha must be 0 or more, not {max_alpha}")
        weight = checked_weight(image_weight, len(rows))
        end = float(np.nextafter(max_alpha, np.inf))
        return cls(rows, truth, weight / weight.mean(), end, _spread(rows))

    def best_alpha(self, cache: FloatArray) -> AlphaChoice:
        """Take the best step, by what is right and then by width, whose promise the rounded sums keep."""
        edges, right = _steps(*self._intervals(cache), self.weight, self.end)
        unit = self.spread / _spread(cache)
        share = unit / (unit + edges)
        width = share[:-1] - share[1:]
        low, high = edges[:-1], np.where(np.isinf(edges[1:]), np.inf, np.nextafter(edges[1:], 0))
        middle = np.clip(2 * unit / (share[:-1] + share[1:]) - unit, low, high)
        best, held = 0, -1.0
        for step in np.lexsort((-width, -right)).tolist():
            found = self._weight_right(cache, middle[step])
            if found >= held:
                best, held = step, found
            if found >= right[step]:  # a promise kept, and none of the others promises more
                break
        accuracy = held / len(self.labels)
        return AlphaChoice(
            float(middle[best]), accuracy, float(low[best]), float(high[best]), float(width[best])
        )

    def _intervals(self, cache: FloatArray) -> tuple[_Floats, _Floats]:
        """Return for each row the alphas, [start, stop), that classify it correctly, each of shape (n,)."""
        starts, stops = np.empty(len(self.base)), np.empty(len(self.base))
        for batch in self._batches():
            own = self.labels[batch, None]
            rival, vote = self.base[batch].astype(np.float64), cache[batch].astype(np.float64)
            behind = rival - np.take_along_axis(rival, own, axis=1)
            pull = np.take_along_axis(vote, own, axis=1) - vote
            wins_ties = own <= np.arange(rival.shape[1])
            with np.errstate(divide="ignore", invalid="ignore"):
                crossing = behind / pull  # infinite where nothing pulls: one of the two leads always
            level = np.isnan(crossing)
            crossing[level] = np.where(wins_ties[level], -np.inf, np.inf)
            rises = pull >= 0
            # The lead begins at its crossing where a tie is won and just behind it where not; it ends so too.
            at, behind_it = (
                np.where(rises & tie, crossing, -np.inf).max(axis=1) for tie in (wins_ties, ~wins_ties)
            )
            starts[batch] = np.maximum(at, np.nextafter(behind_it, np.inf))
            behind_it, at = (
                np.where(rises | ~tie, np.inf, crossing).min(axis=1) for tie in (wins_ties, ~wins_ties)
            )
            stops[batch] = np.minimum(at, np.nextafter(behind_it, np.inf))
        return starts, stops

    def _weight_right(self, cache: FloatArray, alpha: float) -> float:
        """Return the weight of the images that the sums, as they are rounded, classify correctly."""
        right = np.empty(len(self.base), dtype=bool)
        for batch in self._batches():
            logits = self.base[batch] + np.multiply(cache[batch], alpha, dtype=np.float64)
            right[batch] = logits.argmax(axis=1) == self.labels[batch]
        return round(float(self.weight[right].sum()), _DIGITS)

    def _batches(self) -> Iterator[slice]:
        return batches(len(self.base), max(1, _LOGITS_AT_ONCE // self.base.shape[1]))


def _steps(starts: _Floats, stops: _Floats, weight: _Floats, end: float) -> tuple[_Floats, _Floats]:
    """Return the edges (k + 1,) of the k steps that make up [0, end), and how much is right on each."""
    starts, stops = np.maximum(starts, 0), np.minimum(stops, end)
    some = starts < stops
    edges = np.unique(np.concatenate([[0, end], starts[some], stops[some]]))
    begun, over = (_weight_up_to(edges[:-1], ends[some], weight[some]) for ends in (starts, stops))
    return edges, (begun - over).round(_DIGITS)


def _weight_up_to(edges: _Floats, ends: _Floats, weight: _Floats) -> _Floats:
    """Return the weight of the rows whose end is at each edge or before it."""
    order = np.argsort(ends)
    total = np.concatenate([[0], np.cumsum(weight[order])])
    reached: _Floats = total[np.searchsorted(ends[order], edges, side="right")]
    return reached


def _spread(logits: FloatArray) -> float:
    """Return the root mean square of a row's logits about their mean; 1 where no row has any spread."""
    return float(np.sqrt(logits.var(axis=1, dtype=np.float64).mean())) or 1.0
