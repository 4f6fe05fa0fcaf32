"""The one-to-one rerank, stage 2 of CODER* (paper, section 3.4): one gather and one product for a batch.

With T(c, o) the texts that say how class c differs from class o, a class is voted for by

    vote(x, c) = mean over the other top classes o of x.D(c, o),    D(c, o) = mean T(c, o) - mean T(o, c).

D is antisymmetric, so k classes need k (k - 1) / 2 products of length d, however many texts a pair has.
A pair exists where both directions have texts; one that does not casts no vote, rather than a vote of 0, and
is told with the result (``differences``, ``voting``). An image is reranked where it is a close call, by the
gap between its two best classes (``close_calls``). Nothing here ever sees a label.
"""

from __future__ import annotations

from clipcoder.rerank.close_calls import CLOSE_SHARE, checked_gap, gap_of_share, softmax_gaps
from clipcoder.rerank.differences import PairDifferences
from clipcoder.rerank.voting import Reranking, places, rerank, rerank_as_published, reranking

__all__ = [
    "CLOSE_SHARE",
    "PairDifferences",
    "Reranking",
    "checked_gap",
    "gap_of_share",
    "places",
    "rerank",
    "rerank_as_published",
    "reranking",
    "softmax_gaps",
]
