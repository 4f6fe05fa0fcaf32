"""Who votes, and what the votes come to when an image is left out.

Its class then has a vote less than all the others, which an image to come does not meet; so the votes of its
class-mates count for it, n / (n - 1) times. (Without that, leave-one-out at two shots finds votes half as
good as they are.) Stand-ins are made of all images once: what they know of one that is left out is an n-th of
their place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from clipcoder.adapters.cache import cache_logits, leave_one_out
from clipcoder.adapters.heads import CacheHead, projected
from clipcoder.adapters.stand_ins import StandIns
from clipcoder.adapters.support import Support
from clipcoder.arrays import FloatArray, IntArray, batches

_AFFINITIES_AT_ONCE: Final = 1 << 22


@dataclass(frozen=True, eq=False)
class Voters:
    """How support images vote, up to alpha and beta; see ``heads.CacheHead`` for the fields.

    Attributes:
        projection: float32 of shape (d, k); of shape (0, 0) for the identity.
        stretch: whether affinities are stretched to [0, 1].
        vote_weight: what the vote of each image counts, float32 of shape (s,).
        settings: how the method names what it varied.
    """

    projection: FloatArray
    stretch: bool
    vote_weight: FloatArray
    settings: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Electorate:
    """All who vote: the labelled images, and stand-ins for those of the classes without any.

    Attributes:
        support: the support set, of s images.
        stand_ins: those of its m classes without images.
    """

    support: Support
    stand_ins: StandIns

    @classmethod
    def of(cls, support: Support) -> Self:
        """Take the images of a support set, and stand-ins where they are needed."""
        return cls(support, StandIns.of(support))

    @property
    def labels(self) -> IntArray:
        """The class of each voter, of shape (s + m,)."""
        return np.append(self.support.labels, self.stand_ins.classes)

    def keys(self, voters: Voters) -> FloatArray:
        """Return what the voters are compared by, float32 unit rows of shape (s + m, k)."""
        images = projected(self.support.images, voters.projection)
        if not len(self.stand_ins.classes):
            return images
        return np.concatenate([images, self.stand_ins.keys(images, voters.projection)])

    def vote_weight(self, voters: Voters) -> FloatArray:
        """Return what each vote counts, float32 of shape (s + m,)."""
        return np.append(voters.vote_weight, self.stand_ins.vote_weight(voters.vote_weight))

    def head(self, voters: Voters, alpha: float, beta: float) -> CacheHead:
        """Return the head in which they vote."""
        return CacheHead(
            self.support.prototypes,
            self.keys(voters),
            self.labels,
            self.vote_weight(voters),
            voters.projection,
            alpha,
            beta,
            voters.stretch,
        )

    def held_out_affinity(self, voters: Voters, judged: IntArray) -> FloatArray:
        """Return the affinities of images to all, without their own votes, float32 of shape (j, s + m).

        Args:
            voters: how all vote.
            judged: the positions of the images, of shape (j,).
        """
        keys = self.keys(voters)
        affinity = np.empty((len(judged), len(keys)), np.float32)
        for batch in batches(len(judged), max(1, _AFFINITIES_AT_ONCE // len(keys))):
            cosines = (keys[judged[batch]] @ keys.T).clip(-1, 1)
            affinity[batch] = leave_one_out(cosines, judged[batch], stretch=voters.stretch)
        return affinity

    def held_out_votes(
        self, voters: Voters, affinity: FloatArray, judged: IntArray, beta: float
    ) -> FloatArray:
        """Return the votes for images of the support set without their own, float32 of shape (j, C).

        Args:
            voters: how all vote.
            affinity: what ``held_out_affinity`` returns for these voters and images.
            judged: the positions of the images, of shape (j,).
            beta: how fast a vote fades with distance.
        """
        support, weight = self.support, self.vote_weight(voters)
        votes = cache_logits(affinity, self.labels, support.n_classes, beta, sample_weight=weight)
        own = support.labels[judged]
        whole = np.bincount(support.labels, support.weight, support.n_classes)[own]
        company = support.has_company[judged]
        left = np.where(company, whole - support.weight[judged], whole)
        votes[np.arange(len(own)), own] *= whole / left
        return votes
