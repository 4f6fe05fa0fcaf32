"""The Auto Text Generator (paper, section 3.3): questions in, replies out that can be relied on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.generators.analogues import keep_far
from clipcoder.generators.base import (
    BatchGenerator,
    Generator,
    Question,
    Remark,
    Reply,
    SnippetKind,
    TextEncoder,
    ask,
)
from clipcoder.generators.quality import sift, untangle
from clipcoder.source import Source, as_source

Progress = Callable[[Iterator[Reply], int], Iterator[Reply]]
"""Passes replies on while they come, of which there will be so many."""

_SURPLUS = 2
"""Times the answers that were asked for are taken at most: models like to give more."""


class AutoTextGenerator:
    """CODER's Auto Text Generator (section 3.3): the snippets of any generator, sifted.

    What is no help is left out (``quality.sift``). Analogues that the encoder finds too near another class
    are asked for again (``analogues.keep_far``), if the generator can be told what was unwanted; WordNet
    cannot, so there they are dropped. So is an analogue that is a synonym of a class (``quality.untangle``).

    Args:
        generator: the source of knowledge.
        class_names: all classes of the set.
        encoder: measures how near analogues are; None does without.
        source: what to note as the origin of a plain generator's snippets.
        nearest: the highest cosine of an analogue to another class that does no harm, in [-1, 1].
        rounds: how many times to ask again at most.
        limits: of each kind, how many snippets were asked for; up to twice as many are kept.

    Attributes:
        remarks: what was left out of the last replies, and what somebody should look at, in the order of the
            questions.
        failures: the replies among them that brought nothing usable, those to questions asked again included.

    Raises:
        InvalidInputError: ``nearest`` or ``rounds`` is out of range.

    Example:
        >>> from clipcoder.generators.wordnet.generator import WordNetGenerator
        >>> names = ["gerenuk", "impala"]
        >>> auto = AutoTextGenerator(WordNetGenerator(names), names, None, source="wordnet")
        >>> replies = auto.replies([Question("attribute", "gerenuk"), Question("synonym", "gerenuk")])
        >>> [len(reply.snippets) for reply in replies], replies[0].source.generator
        ([3, 0], 'wordnet')
    """

    def __init__(
        self,
        generator: Generator,
        class_names: Sequence[str],
        encoder: TextEncoder | None,
        *,
        source: str | Source = "generated",
        nearest: float = 0.9,
        rounds: int = 3,
        limits: Mapping[SnippetKind, int] | None = None,
    ) -> None:
        if not -1 <= nearest <= 1:
            raise InvalidInputError(f"nearest must be a cosine between -1 and 1, but it is {nearest}")
        if rounds < 0:
            raise InvalidInputError(f"rounds must be 0 or more, but it is {rounds}")
        self.remarks: list[Remark] = []
        self.failures: list[Reply] = []
        self._generator = generator
        self._class_names = tuple(class_names)
        self._encoder = encoder
        self._source = as_source(source)
        self._nearest = nearest
        self._rounds = rounds
        self._limits = limits or {}

    def replies(self, questions: Sequence[Question], progress: Progress | None = None) -> list[Reply]:
        """Return the replies to questions, in their order, with the snippets that are a help.

        There is one a question, and another one behind it where analogues came in place of others on another
        day, or else from another source.

        Args:
            questions: what to ask.
            progress: is handed the replies as they come, with their number, for each round; passes them on.

        Raises:
            UnknownNameError: a question about a class that is not in the set.
            ClipcoderError: what the generator raises.
        """
        self._check(questions)
        self.remarks, self.failures = [], []
        sifted = self._ask(questions, progress)
        replies, remarks = untangle(self._far(sifted, progress))
        self.remarks = _in_order(self.remarks + remarks, questions, replies)
        return replies

    def _check(self, questions: Sequence[Question]) -> None:
        known = set(self._class_names)
        for question in questions:
            for name in filter(None, (question.class_name, question.other)):
                if name not in known:
                    raise UnknownNameError("class of a question", name, self._class_names)

    def _ask(self, questions: Sequence[Question], progress: Progress | None) -> list[Reply]:
        said = ask(self._generator, questions, self._source)
        return [self._sifted(reply) for reply in (progress(said, len(questions)) if progress else said)]

    def _sifted(self, reply: Reply) -> Reply:
        if reply.failure:
            self.failures.append(reply)
        limit = self._limits.get(reply.question.kind)
        sifted, remarks = sift(reply, self._class_names, limit and _SURPLUS * limit)
        self.remarks += remarks
        return sifted

    def _far(self, replies: list[Reply], progress: Progress | None) -> list[Reply]:
        """Replace analogues that are too near another class."""
        analogues = [
            i for i, reply in enumerate(replies) if reply.question.kind == "analogue" and reply.snippets
        ]
        if self._encoder is None or not analogues:
            return replies
        takes_batches = isinstance(self._generator, BatchGenerator)
        far, remarks = keep_far(
            [replies[i] for i in analogues],
            self._class_names,
            self._encoder,
            (lambda questions: self._ask(questions, progress)) if takes_batches else None,
            nearest=self._nearest,
            rounds=self._rounds,
        )
        self.remarks += remarks
        parts = [[reply] for reply in replies]
        for i, kept in zip(analogues, far, strict=True):
            parts[i] = kept
        return [reply for part in parts for reply in part]


def _in_order(
    remarks: Sequence[Remark], questions: Sequence[Question], replies: Sequence[Reply]
) -> list[Remark]:
    """Sort remarks by question, without those on snippets that are said to be kept and were dropped later."""
    kept = {(*_subject(reply.question), snippet) for reply in replies for snippet in reply.snippets}
    place = {_subject(question): i for i, question in reversed(list(enumerate(questions)))}
    valid = (said for said in remarks if said.dropped or (*_subject(said.question), said.snippet) in kept)
    return sorted(valid, key=lambda said: place[_subject(said.question)])


def _subject(question: Question) -> tuple[str, str, str]:
    """Return what a question shares with the same one asked again."""
    return question.kind, question.class_name, question.other
