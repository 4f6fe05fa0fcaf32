"""What ``clipcoder bench run --protocol reference`` answers, from the functions that it calls.

It makes the published mistakes of method, not those of wording: given the published sentences it has to give
the published answers.
"""

from __future__ import annotations

from collections.abc import Iterator

from clipcoder.arrays import IntArray
from clipcoder.bank import TextBank
from clipcoder.benchmark.answers import Answers
from clipcoder.benchmark.features import Labelled
from clipcoder.benchmark.reference import Voting, answers_by_gated_rerank
from clipcoder.encoded import EncodedTexts
from clipcoder.zero_shot import ZeroShotHead
from parity.cases import Case
from parity.ours import AS_PUBLISHED, TOP, Features, pair_differences, scoring_texts
from parity.wordings import Wordings


def reranked(case: Case, wordings: Wordings, features: Features) -> IntArray:
    """Return the classes of CODER* by the published sentences, of shape (n,)."""
    texts, own, kinds = scoring_texts(wordings.zero_shot, AS_PUBLISHED.wording)
    head = ZeroShotHead.coder(features.of(texts), own, kinds, n_classes=case.n_classes)
    pairs = pair_differences(case, wordings, features, AS_PUBLISHED.wording)
    answers = answers_by_gated_rerank(
        *case.images, _of_names(case, head), pairs, 1.0, top_k=TOP, max_gap=case.max_gap
    )
    return answers.chosen


def voted(
    case: Case, wordings: Wordings, features: Features, *points: tuple[float, float]
) -> Iterator[IntArray]:
    """Yield the classes of CODER-Adapter by the published sentences at each alpha and beta, of shape (n,)."""
    texts, _, _ = scoring_texts(wordings.few_shot, AS_PUBLISHED.wording)
    names = features.of(wordings.prototypes)
    head = ZeroShotHead.clip(names, range(case.n_classes), ["name"] * case.n_classes)
    support = Labelled(*case.few.support)
    voting = Voting.coder_adapter(_of_names(case, head), support, 1.0, features.of(texts))
    for alpha, beta in points:
        yield Answers.of(voting.judge(alpha, beta), case.images[0]).chosen


def _of_names(case: Case, head: ZeroShotHead) -> EncodedTexts:
    """Return encoded texts of which nothing but the head counts."""
    bank = TextBank.from_names(case.knowledge.class_names)
    return EncodedTexts(bank, "coder", head.rounds[0], head)
