"""Close calls as a classifier sees them: where they begin, which rule decides, what was missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from clipcoder.encoded import Method
from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.rerank import Reranking, checked_gap, places

MaxGap = float | Literal["auto"]
"""A difference of probabilities, or the one that ``ZeroShotClassifier.fit_gap`` learns."""

GAP: Final = 0.05
"""The gap where none is named.

Measured with the starter encoder and the knowledge pack's texts and pairs, under the rules equidistant and
coder: on Caltech-101's validation photos 0.05 gains 1.5 and 1.1 points, 0.1 gains 1.8 and 0.9; on average
over these and eight other sets of photos 0.05 gains 0.1 and 0.0 points, 0.1 loses 0.5 under both.
"""

Protocol = Literal["strict", "reference"]
"""``"strict"``: a pair without texts casts no vote. ``"reference"``: as published, it votes 0."""

PROTOCOLS: Final[tuple[Protocol, ...]] = get_args(Protocol)


@dataclass(frozen=True)
class CloseCall:
    """An image whose best classes were too near each other for the scores to decide.

    Attributes:
        compared: the classes that were compared, best score first.
        missing: the pairs of them that no one-to-one texts tell apart in both directions, better score first.
            They had no say.
    """

    compared: tuple[str, ...]
    missing: tuple[tuple[str, str], ...]

    @property
    def undecided(self) -> bool:
        """Whether there were texts for none of the pairs, so that the scores decided after all."""
        return len(self.missing) == len(self.compared) * (len(self.compared) - 1) // 2


def close_call(result: Reranking, image: int, class_names: Sequence[str]) -> CloseCall | None:
    """Return what one image of a reranking lacked, by name; None of a clear call."""
    if not result.close[image]:
        return None
    compared = tuple(class_names[c] for c in result.top[image].tolist())
    absent = result.missing[image]
    left, right = places(len(compared))
    pairs = zip(left[absent].tolist(), right[absent].tolist(), strict=True)
    return CloseCall(compared, tuple((compared[a], compared[b]) for a, b in pairs))


def check_rule(max_gap: MaxGap, protocol: Protocol, method: Method) -> None:
    """Refuse a gap that is none, and a comparison with what was never published.

    Raises:
        UnknownNameError: an unknown protocol.
        InvalidInputError: a gap that is neither a difference of probabilities nor ``"auto"``; or
            another method or a learned gap under the protocol of the reference.
    """
    if protocol not in PROTOCOLS:
        raise UnknownNameError("protocol", str(protocol), PROTOCOLS)
    if isinstance(max_gap, str) and max_gap != "auto":
        raise InvalidInputError(
            f"max_gap must be a difference of probabilities, 0 or more, or 'auto', not {max_gap!r}"
        )
    if max_gap != "auto":
        checked_gap(max_gap)
    if protocol == "reference" and (method != "coder" or max_gap == "auto"):
        raise InvalidInputError(
            "protocol='reference' is the published rule, which scores with method='coder' and has its gap "
            f"stated, but got method={method!r} and max_gap={max_gap!r}"
        )
