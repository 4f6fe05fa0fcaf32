"""Labelled images as voters: what all cache adapters have in common, and the choice of their settings.

    logits(x) = 100 x.T + alpha exp( -beta (1 - a(x)) ) @ (vote weights * one-hot)

Alpha and beta are those with which most support images are right when each is left out (``electorate``).
Where nothing can be judged, beta is the default and votes have an equal say with the texts
(``sweep.even_alpha``). For a class without labelled images its text votes (``stand_ins``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

import numpy as np

from clipcoder.adapters.electorate import Electorate, Voters
from clipcoder.adapters.fitted import Fitted, judged_images
from clipcoder.adapters.support import Support
from clipcoder.adapters.sweep import LOUDEST, AlphaChoice, best_alpha, even_alpha
from clipcoder.arrays import FloatArray, IntArray

__all__ = ["BETAS", "DEFAULT_BETA", "Voters", "fit", "some_of"]

BETAS: Final = (0.5, 1.0, 2.0, 3.0, 5.5, 8.0, 12.0, 20.0, 40.0)
"""What is tried for beta; 5.5 is Tip-Adapter's own."""

DEFAULT_BETA: Final = 5.5
"""Beta where nothing can be judged."""

_AFFINITIES: Final = 1 << 24  # 64 MB: with 10,000 support images 1,677 of them are judged, which is enough
_SEED: Final = 0  # of the choice of those


def fit(support: Support, tried: Iterable[Voters], default: Voters) -> Fitted:
    """Choose among voters, betas and alphas by leave-one-out.

    Args:
        support: the support set.
        tried: what to choose from, at least one; those with one projection follow each other.
        default: what stands where nothing can be judged.
    """
    electorate = Electorate.of(support)
    judged = judged_images(support)
    if not judged.size:
        return _by_default(electorate, default)
    judged = some_of(judged, len(electorate.labels))
    base = support.zero_shot(support.images[judged])
    best: tuple[AlphaChoice, float, Voters, FloatArray] | None = None
    for voters, beta, votes in _elections(electorate, tried, judged):
        choice = _best_alpha(support, base, votes, judged)
        if best is None or (choice.accuracy, choice.width) > (best[0].accuracy, best[0].width):
            best = choice, beta, voters, votes
    assert best is not None
    choice, beta, voters, votes = best
    return Fitted(
        electorate.head(voters, choice.alpha, beta),
        {"alpha": choice.alpha, "beta": beta, **voters.settings},
        judged,
        base + np.float32(choice.alpha) * votes,
    )


def some_of(judged: IntArray, n_voters: int) -> IntArray:
    """Return as many of the judged images as keep their affinities to all voters within bounds, in order.

    >>> some_of(np.arange(10_000), 10_000).shape
    (1677,)
    """
    most = max(1, _AFFINITIES // n_voters)
    if len(judged) <= most:
        return judged
    return np.sort(np.random.default_rng(_SEED).choice(judged, most, replace=False))


def _elections(
    electorate: Electorate, tried: Iterable[Voters], judged: IntArray
) -> Iterator[tuple[Voters, float, FloatArray]]:
    """Yield voters, beta and the votes for judged images."""
    for _, alike in groupby(tried, key=lambda voters: id(voters.projection)):
        affinity: FloatArray | None = None
        for voters in alike:
            if affinity is None:
                affinity = electorate.held_out_affinity(voters, judged)
            for beta in BETAS:
                yield voters, beta, electorate.held_out_votes(voters, affinity, judged, beta)


def _best_alpha(support: Support, base: FloatArray, votes: FloatArray, judged: IntArray) -> AlphaChoice:
    labels = support.labels[judged]
    most = LOUDEST * even_alpha(base, votes, labels)
    return best_alpha(base, votes, labels, image_weight=support.weight[judged], max_alpha=most)


def _by_default(electorate: Electorate, voters: Voters) -> Fitted:
    """Return the head with the default beta, its votes and texts with an equal say."""
    support = electorate.support
    some = some_of(np.arange(len(support.images)), len(electorate.labels))
    affinity = electorate.held_out_affinity(voters, some)
    votes = electorate.held_out_votes(voters, affinity, some, DEFAULT_BETA)
    alpha = even_alpha(support.zero_shot(support.images[some]), votes, support.labels[some])
    return Fitted(
        electorate.head(voters, alpha, DEFAULT_BETA),
        {"alpha": alpha, "beta": DEFAULT_BETA, **voters.settings},
    )
