"""Labelled images as voters: what all cache adapters have in common, and the choice of their settings.

    logits(x) = 100 x.T + alpha exp( -beta (1 - a(x)) ) @ (vote weights * one-hot)

Alpha and beta are those with which most support images are right when each is left out. Its class then has a
vote less than all the others, which an image to come does not meet; so the votes of its class-mates count for
it, n / (n - 1) times. (Without that, leave-one-out at two shots finds votes half as good as they are.)

Where nothing can be judged, beta is the default and votes have an equal say with the texts
(``sweep.even_alpha``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np

from clipcoder.adapters.cache import cache_logits, leave_one_out
from clipcoder.adapters.fitted import Fitted, judged_images
from clipcoder.adapters.heads import CacheHead, projected
from clipcoder.adapters.support import Support
from clipcoder.adapters.sweep import LOUDEST, AlphaChoice, best_alpha, even_alpha
from clipcoder.arrays import FloatArray, IntArray, batches

BETAS: Final = (0.5, 1.0, 2.0, 3.0, 5.5, 8.0, 12.0, 20.0, 40.0)
"""What is tried for beta; 5.5 is Tip-Adapter's own."""

DEFAULT_BETA: Final = 5.5
"""Beta where nothing can be judged."""

_AFFINITIES: Final = 1 << 24  # 64 MB: with 10,000 support images 1,677 of them are judged, which is enough
_AFFINITIES_AT_ONCE: Final = 1 << 22
_SEED: Final = 0  # of the choice of those


@dataclass(frozen=True, eq=False)
class Voters:
    """How support images vote, up to alpha and beta; see ``heads.CacheHead`` for the fields.

    Attributes:
        projection: float32 of shape (d, k); of shape (0, 0) for the identity.
        stretch: whether affinities are stretched to [0, 1].
        vote_weight: what each vote counts, float32 of shape (s,).
        settings: how the method names what it varied.
    """

    projection: FloatArray
    stretch: bool
    vote_weight: FloatArray
    settings: Mapping[str, float]

    def head(self, support: Support, alpha: float, beta: float) -> CacheHead:
        """Return the head with these voters."""
        keys = projected(support.images, self.projection)
        return CacheHead(
            support.prototypes,
            keys,
            support.labels,
            self.vote_weight,
            self.projection,
            alpha,
            beta,
            self.stretch,
        )


def fit(support: Support, tried: Iterable[Voters], default: Voters) -> Fitted:
    """Choose among voters, betas and alphas by leave-one-out.

    Args:
        support: the support set.
        tried: what to choose from, at least one; those with one projection follow each other.
        default: what stands where nothing can be judged.
    """
    judged = judged_images(support)
    if not judged.size:
        return _by_default(support, default)
    judged = some_of(judged, len(support.images))
    base = support.zero_shot(support.images[judged])
    best: tuple[AlphaChoice, float, Voters, FloatArray] | None = None
    for voters, beta, votes in _elections(support, tried, judged):
        choice = _best_alpha(support, base, votes, judged)
        if best is None or (choice.accuracy, choice.width) > (best[0].accuracy, best[0].width):
            best = choice, beta, voters, votes
    assert best is not None
    choice, beta, voters, votes = best
    return Fitted(
        voters.head(support, choice.alpha, beta),
        {"alpha": choice.alpha, "beta": beta, **voters.settings},
        judged,
        base + np.float32(choice.alpha) * votes,
    )


def some_of(judged: IntArray, n_images: int) -> IntArray:
    """Return as many of the judged images as keep their affinities to all within bounds, in order.

    >>> some_of(np.arange(10_000), 10_000).shape
    (1677,)
    """
    most = max(1, _AFFINITIES // n_images)
    if len(judged) <= most:
        return judged
    return np.sort(np.random.default_rng(_SEED).choice(judged, most, replace=False))


def held_out_votes(
    support: Support, voters: Voters, affinity: FloatArray, judged: IntArray, beta: float
) -> FloatArray:
    """Return the votes for images of the support set without their own, float32 of shape (j, C).

    Args:
        support: the support set.
        voters: how it votes.
        affinity: what ``held_out_affinity`` returns for these voters and images.
        judged: the positions of the images, of shape (j,).
        beta: how fast a vote fades with distance.
    """
    votes = cache_logits(affinity, support.labels, support.n_classes, beta, sample_weight=voters.vote_weight)
    own = support.labels[judged]
    whole = np.bincount(support.labels, support.weight, support.n_classes)[own]
    company = support.has_company[judged]
    left = np.where(company, whole - support.weight[judged], whole)
    votes[np.arange(len(own)), own] *= whole / left
    return votes


def held_out_affinity(support: Support, voters: Voters, judged: IntArray) -> FloatArray:
    """Return the affinities of judged images to all, without their own votes, float32 of shape (j, s)."""
    keys = projected(support.images, voters.projection)
    affinity = np.empty((len(judged), len(keys)), np.float32)
    for batch in batches(len(judged), max(1, _AFFINITIES_AT_ONCE // len(keys))):
        cosines = (keys[judged[batch]] @ keys.T).clip(-1, 1)
        affinity[batch] = leave_one_out(cosines, judged[batch], stretch=voters.stretch)
    return affinity


def _elections(
    support: Support, tried: Iterable[Voters], judged: IntArray
) -> Iterator[tuple[Voters, float, FloatArray]]:
    """Yield voters, beta and the votes for judged images."""
    for _, alike in groupby(tried, key=lambda voters: id(voters.projection)):
        affinity: FloatArray | None = None
        for voters in alike:
            if affinity is None:
                affinity = held_out_affinity(support, voters, judged)
            for beta in BETAS:
                yield voters, beta, held_out_votes(support, voters, affinity, judged, beta)


def _best_alpha(support: Support, base: FloatArray, votes: FloatArray, judged: IntArray) -> AlphaChoice:
    labels = support.labels[judged]
    most = LOUDEST * even_alpha(base, votes, labels)
    return best_alpha(base, votes, labels, image_weight=support.weight[judged], max_alpha=most)


def _by_default(support: Support, voters: Voters) -> Fitted:
    """Return the head with the default beta, its votes and texts with an equal say."""
    some = some_of(np.arange(len(support.images)), len(support.images))
    affinity = held_out_affinity(support, voters, some)
    votes = held_out_votes(support, voters, affinity, some, DEFAULT_BETA)
    alpha = even_alpha(support.zero_shot(support.images[some]), votes, support.labels[some])
    return Fitted(
        voters.head(support, alpha, DEFAULT_BETA),
        {"alpha": alpha, "beta": DEFAULT_BETA, **voters.settings},
    )
