"""One case on both sides: the published answers, ours, and what is to be said of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, unit_rows
from parity import differences, protocol, search
from parity.agreement import HALF_TIE, TIE, Agreement, agreement, by_scores, by_votes
from parity.cases import Case
from parity.differences import Difference
from parity.ours import AS_PUBLISHED, TOP, Features, FewShot, pair_differences, zero_shot
from parity.running import Published, exact
from parity.search import SearchAgreement
from parity.wordings import Wordings

PRECISIONS: Final = ("double", "single", "half")
STEPS: Final = (*(f"zero-shot-{precision}" for precision in PRECISIONS), "few-shot-searched", "stops")
Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Comparison:
    """What a case shows.

    Attributes:
        title: the case.
        images: the number of images that are classified.
        agreements: the methods, on both sides.
        search: the search for alpha and beta, on both sides.
        stops: the errors with which the published code stops, by what makes it.
        zero_shot: what the mistakes of the zero-shot script change.
        few_shot: what those of the few-shot script change.
    """

    title: str
    images: int
    agreements: tuple[Agreement, ...]
    search: SearchAgreement
    stops: Mapping[str, str | None]
    zero_shot: tuple[Difference, ...]
    few_shot: tuple[Difference, ...]

    @property
    def holds(self) -> bool:
        """Whether both sides agree in everything."""
        return self.search.holds and all(one.holds for one in self.agreements)


def compare(case: Case, published: Published) -> Comparison:
    """Run a case on both sides.

    Raises:
        InvalidInputError: the published code stops where it should not.
    """
    wordings = published.wordings(case)
    sentences = wordings.all()
    rows = unit_rows(case.encoder.encode_texts(sentences))
    features = Features(rows, {sentence: i for i, sentence in enumerate(sentences)})
    *zero, few, stops = published.answers(case, sentences, rows, STEPS)
    judge = FewShot.of(case, wordings, features, case.few.val[0], AS_PUBLISHED.wording)
    return Comparison(
        case.title,
        len(case.images[1]),
        (*_zero_shot(case, wordings, features, zero), *_few_shot(case, wordings, features, few)),
        search.compared(judge, case.few.val[1], few),
        stops,
        tuple(differences.of_zero_shot(case, wordings, features)),
        tuple(differences.of_few_shot(case, wordings, features)),
    )


def _zero_shot(
    case: Case, wordings: Wordings, features: Features, answers: list[Arrays]
) -> Iterator[Agreement]:
    for precision, found in zip(PRECISIONS, answers, strict=True):
        same, seen, tie = case, features, TIE
        if precision == "half":
            same = replace(case, images=(_halved(case.images[0]), case.images[1]))
            seen, tie = replace(features, rows=_halved(features.rows)), HALF_TIE
        habits = replace(AS_PUBLISHED, never_reranks=precision == "single")
        made = zero_shot(same, wordings, seen, habits)
        images, labels = same.images
        pairs = pair_differences(same, wordings, seen, habits.wording)
        margins = by_scores(made.scores), by_votes(images, made.scores, pairs, case.max_gap, TOP)
        counted = np.rint(found["accuracies"] * len(labels)).astype(int).tolist()
        for what, ours, margin, right in zip(
            ("CODER", "CODER*"), (made.coder, made.reranked), margins, counted, strict=True
        ):
            yield agreement(
                f"{what}, {precision} precision",
                *(found[what.lower()], ours, labels, margin),
                counted=right,
                tie=tie,
            )
        if precision == "double":
            ours = protocol.reranked(case, wordings, features)
            yield agreement("CODER* of `--protocol reference`", found["coder*"], ours, labels, margins[1])


def _few_shot(case: Case, wordings: Wordings, features: Features, found: Arrays) -> Iterator[Agreement]:
    images, labels = case.images
    judged = FewShot.of(case, wordings, features, images, AS_PUBLISHED.wording)
    by_hand = case.few.alpha, case.few.beta
    alpha, beta = found["found"].tolist()
    logits = {
        "clip": ("CLIP of the few-shot script", judged.base),
        "coder-adapter": ("CODER-Adapter, set by hand", judged.logits(judged.coder, *by_hand)),
        "searched": ("CODER-Adapter, searched", judged.logits(judged.coder, alpha, beta)),
        "tip-adapter": ("Tip-Adapter of the checkout", judged.logits(judged.stretched, *by_hand)),
        "tip-adapter, cosines": ("Tip-Adapter, not stretched", judged.logits(judged.cosines, *by_hand)),
    }
    for key, (what, ours) in logits.items():
        yield agreement(what, found[key], ours.argmax(axis=1), labels, by_scores(ours))
    for key, voted in zip(
        ("coder-adapter", "searched"),
        protocol.voted(case, wordings, features, by_hand, (alpha, beta)),
        strict=True,
    ):
        what, ours = logits[key]
        yield agreement(f"{what}, `--protocol reference`", found[key], voted, labels, by_scores(ours))


def _halved(features: FloatArray) -> FloatArray:
    """Return features as half precision keeps them."""
    rows: FloatArray = exact(features).astype(np.float16).astype(np.float32)
    return rows
