"""A cell under the reference's protocol: which of its rules is asked (``reference``), with which texts."""

from __future__ import annotations

from typing import Final

from clipcoder.benchmark.answers import Answers
from clipcoder.benchmark.cells import Cell
from clipcoder.benchmark.features import Labelled
from clipcoder.benchmark.knowledge import Knowledge
from clipcoder.benchmark.reference import Voting, answers_by_gated_rerank, better_answers, stated
from clipcoder.benchmark.spec import BenchSpec
from clipcoder.kinds import DESCRIBING_KINDS

KINDS: Final = ("name", *DESCRIBING_KINDS)
"""The texts of the published CODER-Adapter, which leaves synonyms out."""


def reranked(
    known: Knowledge, cell: Cell, evaluated: Labelled, spec: BenchSpec, dataset: str
) -> tuple[Answers, dict[str, float]]:
    """Return the answers of a rerank that the labels of the evaluated images switch on, and its gap.

    Args:
        known: the texts.
        cell: of the method ``coder*``.
        evaluated: the images, labels and all.
        spec: has the gap of a data set that the reference states none for.
        dataset: the name of the data set.
    """
    given = stated(dataset).max_gap
    gap = spec.max_gap if given is None else given
    texts = known.texts(cell)
    answers = answers_by_gated_rerank(
        evaluated.features,
        evaluated.labels,
        texts,
        known.banks.differences(known.pairs(cell), texts.bank),
        known.banks.temperature(texts.method),
        top_k=spec.top_k,
        max_gap=gap,
    )
    return answers, {"max_gap": gap}


def voted(
    known: Knowledge, cell: Cell, evaluated: Labelled, drawn: Labelled, tuned: Labelled, dataset: str
) -> tuple[Answers, dict[str, float]]:
    """Return the better answers of two settings of a few-shot method, and that setting.

    Args:
        known: the texts.
        cell: of ``tip-adapter`` or ``coder-adapter``.
        evaluated: the images, labels and all.
        drawn: the labelled images of the draw.
        tuned: the images that a setting is searched for on.
        dataset: the name of the data set.
    """
    clip = known.texts(Cell("clip"))
    temperature = known.banks.temperature("clip")
    if cell.method == "tip-adapter":
        voting = Voting.tip_adapter(clip, drawn, temperature)
    else:
        texts = known.banks.texts(known.bank(cell).keep(KINDS), "coder").features
        voting = Voting.coder_adapter(clip, drawn, temperature, texts)
    return better_answers(voting, tuned, stated(dataset), evaluated.features, evaluated.labels)
