"""Zero-shot methods of a benchmark: texts are encoded once, and what comes out judges features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clipcoder.arrays import FloatArray, softmax, unit_rows
from clipcoder.bank import PairBank, TextBank
from clipcoder.benchmark.answers import Judge
from clipcoder.benchmark.methods import Rule
from clipcoder.calibration import default_calibration
from clipcoder.encoded import EncodedPairs, EncodedTexts, check_bank, check_pairs
from clipcoder.encoders.base import Encoder
from clipcoder.pipeline.outcomes import Judgement
from clipcoder.rerank import PairDifferences, reranking


class EncodedBanks:
    """The texts of a benchmark as one encoder sees them: no text is encoded twice, no bank folded twice."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self._rows: dict[str, FloatArray] = {}
        self._texts: dict[tuple[TextBank, Rule], EncodedTexts] = {}
        self._pairs: dict[PairBank, PairDifferences] = {}

    def texts(self, bank: TextBank, rule: Rule) -> EncodedTexts:
        """Return a bank under a rule.

        Raises:
            InvalidInputError: a class has no text for the rule.
        """
        if (bank, rule) not in self._texts:
            check_bank(bank, rule)
            features = self._features([text.text for text in bank.texts])
            self._texts[bank, rule] = EncodedTexts.of(bank, rule, features)
        return self._texts[bank, rule]

    def differences(self, pairs: PairBank, bank: TextBank) -> PairDifferences:
        """Return what one-to-one texts come down to.

        Raises:
            InvalidInputError: they speak of a class that the bank does not have.
        """
        if pairs not in self._pairs:
            check_pairs(pairs, bank)
            features = self._features([text.text for text in pairs.texts])
            self._pairs[pairs] = EncodedPairs.of(pairs, bank, features).differences
        return self._pairs[pairs]

    def _features(self, texts: Sequence[str]) -> FloatArray:
        """Return unit rows of shape (m, d), of which only new texts are encoded."""
        new = [text for text in dict.fromkeys(texts) if text not in self._rows]
        if new:
            rows = unit_rows(self.encoder.encode_texts(new), "text features", dim=self.encoder.dim)
            self._rows |= zip(new, rows, strict=True)
        return np.stack([self._rows[text] for text in texts])

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
        result = reranking(features, scores, pairs, top_k=top_k, max_gap=max_gap, temperature=temperature)
        return softmax(Judgement(scores, result.chosen, result).ranked, temperature=temperature)

    return judge
