"""Zero-shot methods of a benchmark: texts are encoded once, and what comes out judges features."""

from __future__ import annotations

from clipcoder.arrays import FloatArray, softmax
from clipcoder.bank import PairBank, TextBank
from clipcoder.benchmark.answers import Judge
from clipcoder.benchmark.methods import Rule
from clipcoder.calibration import default_calibration
from clipcoder.encoded import EncodedPairs, EncodedTexts, check_pairs
from clipcoder.encoders.base import Encoder
from clipcoder.pipeline.outcomes import Judgement
from clipcoder.rerank import PairDifferences, reranking


class EncodedBanks:
    """The texts of a benchmark as one encoder sees them, each bank encoded once and folded once a rule."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self._texts: dict[TextBank, dict[Rule, EncodedTexts]] = {}
        self._pairs: dict[PairBank, PairDifferences] = {}

    def texts(self, bank: TextBank, rule: Rule) -> EncodedTexts:
        """Return a bank under a rule.

        Raises:
            InvalidInputError: a class has no text for the rule.
        """
        known = self._texts.setdefault(bank, {})
        if rule not in known:
            other = next(iter(known.values()), None)
            known[rule] = other.under(rule) if other else EncodedTexts.encode(self.encoder, bank, rule)
        return known[rule]

    def differences(self, pairs: PairBank, bank: TextBank) -> PairDifferences:
        """Return what one-to-one texts come down to.

        Raises:
            InvalidInputError: they speak of a class that the bank does not have.
        """
        if pairs not in self._pairs:
            check_pairs(pairs, bank)
            self._pairs[pairs] = EncodedPairs.encode(self.encoder, pairs, bank).differences
        return self._pairs[pairs]

    def temperature(self, rule: Rule) -> float:
        """Return what the scores of a rule are divided by before the softmax, as it is without any label."""
        scale = self.encoder.logit_scale
        return default_calibration(self.encoder.name, rule, logit_scale=scale).temperature


def by_scores(texts: EncodedTexts, temperature: float) -> Judge:
    """Return what judges by the scores of texts alone."""
    return lambda features: softmax(texts.head.scores(features), temperature=temperature)


def by_rerank(
    texts: EncodedTexts, pairs: PairDifferences, temperature: float, *, top_k: int, max_gap: float
) -> Judge:
    """Return what judges by scores, and close calls by one-to-one texts (``rerank``)."""

    def judge(features: FloatArray) -> FloatArray:
        scores = texts.head.scores(features)
        result = reranking(features, scores, pairs, top_k=top_k, max_gap=max_gap)
        return softmax(Judgement(scores, result.chosen, result).ranked, temperature=temperature)

    return judge
