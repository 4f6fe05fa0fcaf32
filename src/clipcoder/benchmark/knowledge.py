"""What the methods of a benchmark may know of a data set: all but the images that are evaluated.

No evaluated image and no label of one can be reached from here, so that nothing can leak from them into what
is learned, whatever a method does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from clipcoder.bank import PairBank, TextBank
from clipcoder.benchmark.cells import Cell
from clipcoder.benchmark.features import Labelled
from clipcoder.benchmark.few_shot import Learned, learn
from clipcoder.benchmark.methods import FEW_SHOT_RULE, ZERO_SHOT
from clipcoder.benchmark.texts import TextSource, text_hash, texts_for
from clipcoder.benchmark.zero_shot import EncodedBanks, by_rerank, by_scores
from clipcoder.encoded import EncodedTexts
from clipcoder.encoders.base import Encoder
from clipcoder.generators.prompts import PromptSet


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What there is to go by.

    Attributes:
        encoder: encodes texts; images come as features.
        class_names: the C classes in the order of the labels.
        prompts: the wordings of the data set.
        sources: the texts by the name of their source.
        banks: the texts as the encoder sees them.
        hashes: digests of texts that were asked for before.
    """

    encoder: Encoder
    class_names: tuple[str, ...]
    prompts: PromptSet
    sources: Mapping[str, TextSource]
    banks: EncodedBanks
    hashes: dict[tuple[str, bool], str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, encoder: Encoder, class_names: tuple[str, ...], prompts: PromptSet, sources: Sequence[TextSource]
    ) -> Knowledge:
        """Begin with texts that are not encoded yet."""
        by_name = {source.name: source for source in sources}
        return cls(encoder, class_names, prompts, by_name, EncodedBanks(encoder))

    def text_hash(self, cell: Cell) -> str:
        """Return the digest of the texts that a cell goes by; random words by those they replace."""
        source = self.sources.get(cell.source)
        reranks = cell.method in ZERO_SHOT and ZERO_SHOT[cell.method].reranks
        key = cell.source or cell.method, reranks
        if key not in self.hashes:
            bank, pairs = (self.bank(cell), None) if source is None else (source.bank, source.pairs)
            self.hashes[key] = text_hash(bank, pairs if reranks else None)
        return self.hashes[key]

    def bank(self, cell: Cell) -> TextBank:
        """Return the texts that a cell goes by."""
        source = self.sources.get(cell.source)
        if cell.method not in ZERO_SHOT:
            assert source is not None
            return source.bank
        bank = None if source is None else source.bank
        return texts_for(ZERO_SHOT[cell.method], bank, self.class_names, self.prompts, cell.seed or 0)

    def pairs(self, cell: Cell) -> PairBank:
        """Return the one-to-one texts of a cell whose method reranks."""
        pairs = self.sources[cell.source].pairs
        assert pairs is not None
        return pairs

    def texts(self, cell: Cell) -> EncodedTexts:
        """Return the texts of a cell, encoded, under the rule of its method."""
        rule = ZERO_SHOT[cell.method].rule if cell.method in ZERO_SHOT else FEW_SHOT_RULE
        return self.banks.texts(self.bank(cell), rule)

    def learned(self, cell: Cell, drawn: Labelled | None, *, top_k: int, max_gap: float) -> Learned:
        """Return what judges images by a method.

        Args:
            cell: the method, its texts, shots and seed.
            drawn: the labelled images of its draw, for a few-shot method.
            top_k: how many of the best classes a rerank compares.
            max_gap: where a call is close.

        Raises:
            InvalidInputError: texts or images that the method cannot go by.
        """
        texts = self.texts(cell)
        if cell.method not in ZERO_SHOT:
            assert drawn is not None
            return learn(self.encoder, texts, drawn, cell.method)  # type: ignore[arg-type]
        temperature = self.banks.temperature(texts.method)
        if not ZERO_SHOT[cell.method].reranks:
            return Learned(by_scores(texts, temperature), {})
        differences = self.banks.differences(self.pairs(cell), texts.bank)
        judge = by_rerank(texts, differences, temperature, top_k=top_k, max_gap=max_gap)
        return Learned(judge, {})
