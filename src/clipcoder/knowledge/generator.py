"""The pack as a writer of neighbour texts, with another writer for what it does not know."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Final

from clipcoder.generators.base import Generator, Question, Reply, SnippetKind, ask, check_question
from clipcoder.generators.mentions import ClassNames, same_name
from clipcoder.generators.quality import distinct_key
from clipcoder.knowledge.pack import Pack, load_pack
from clipcoder.knowledge.resolving import Taken, resolve
from clipcoder.source import Source

WORDNET: Final = Source("wordnet")
_MOST_DIFFERENCES: Final = 4


class KnowledgeGenerator:
    """Snippets about the classes of one set: from the pack where it knows them, from elsewhere where not.

    Args:
        class_names: all classes, because names decide together what each means, and because analogues and
            synonyms must be no other class.
        elsewhere: makes the writer for classes that the pack does not know; it is called when there is one.
        pack: another pack than the one in the package.
        lead: the data set of the pack to ask first; see ``resolve``.
        domain: what all classes are, such as ``"a type of bird"``: a hint at what names mean.

    >>> generator = KnowledgeGenerator(["forest", "river", "xyzzy"], lead="eurosat")
    >>> generator.generate("attribute", "forest")[0], generator.generate("attribute", "xyzzy")
    ('solid dark green cover', [])
    >>> [str(source) for source in generator.sources.values()]
    ['knowledge eurosat', 'knowledge eurosat', 'wordnet']
    """

    def __init__(
        self,
        class_names: Sequence[str],
        elsewhere: Callable[[], Generator] | None = None,
        *,
        pack: Pack | None = None,
        lead: str = "",
        domain: str = "",
    ) -> None:
        self._elsewhere = elsewhere
        taken = resolve(class_names, pack or load_pack(), lead=lead, hint=domain)
        self._taken: Mapping[str, Taken] = {one.name: one for one in taken}

    @property
    def taken(self) -> tuple[Taken, ...]:
        """What the pack gives for each class, in the order of the classes."""
        return tuple(self._taken.values())

    @property
    def sources(self) -> dict[str, Source]:
        """Who writes about each class."""
        return {name: _source(one) for name, one in self._taken.items()}

    @property
    def prompts(self) -> str:
        """The entry of the prompt catalogue for these classes: that of the data set that all are from."""
        shelves = {one.shelf for one in self._taken.values()}
        shelf = shelves.pop() if len(shelves) == 1 else None
        return shelf.prompts if shelf else "generic"

    def notes(self) -> Iterator[str]:
        """Yield in a sentence each what the pack does not know, and which names it cannot tell."""
        unknown = [name for name, one in self._taken.items() if one.entry is None]
        if unknown:
            yield (
                f"{len(unknown)} of {len(self._taken)} classes are not in the knowledge pack and have what "
                f"WordNet knows of them: {', '.join(unknown[:8])}{', ...' * (len(unknown) > 8)}"
            )
        for name in unknown:
            if rivals := self._taken[name].rivals:
                choice = " or ".join(map(repr, rivals))
                yield f"{name!r} may be {choice}; write one of these, or what it is, as in 'crane (bird)'"

    def generate(self, kind: SnippetKind, class_name: str, *, other: str | None = None) -> list[str]:
        """Return the snippets of one kind, best first; see ``Generator``.

        Raises:
            UnknownNameError: ``kind`` is none of the four.
            InvalidInputError: ``other`` is missing for ``"one_to_one"``.
        """
        check_question(kind, class_name, other)
        return list(next(self.replies([Question(kind, class_name, other or "")])).snippets)

    def replies(self, questions: Sequence[Question]) -> Iterator[Reply]:
        """Yield one reply a question, in their order, each with who wrote it."""
        for question in questions:
            one = self._taken.get(question.class_name, Taken(question.class_name))
            if one.entry is None:
                yield from ask(self._writer, [question], WORDNET)
            else:
                yield Reply(question, tuple(self._snippets(question, one)), _source(one))

    @cached_property
    def _writer(self) -> Generator:
        return self._elsewhere() if self._elsewhere else _Silent()

    @cached_property
    def _names(self) -> ClassNames:
        return ClassNames(tuple(self._taken))

    def _snippets(self, question: Question, one: Taken) -> Iterator[str]:
        assert one.entry is not None
        if question.kind == "attribute":
            yield from one.entry.attributes
        elif question.kind == "one_to_one":
            yield from self._differences(one, self._taken.get(question.other, Taken(question.other)))
        else:
            own_name = (one.entry.class_name,) if question.kind == "synonym" else ()
            listed = one.entry.synonyms if question.kind == "synonym" else one.entry.analogues
            yield from (name for name in (*own_name, *listed) if not self._is_class(name, one.name))

    def _is_class(self, text: str, class_name: str) -> bool:
        """Tell whether a text is the name of a class of the user's, its own included."""
        return same_name(text, class_name) or bool(self._names.named_by(text))

    def _differences(self, one: Taken, other: Taken) -> Iterator[str]:
        """Yield what the pack says of just this pair, or else what one class has and the other has not."""
        assert one.entry is not None
        if one.shelf and other.entry and one.shelf is other.shelf:
            told = one.shelf.differences(one.entry.class_name, other.entry.class_name)
        else:
            told = ()
        yield from told
        if told:
            return
        theirs = {distinct_key(text) for text in other.entry.attributes} if other.entry else set()
        own = (text for text in one.entry.attributes if distinct_key(text) not in theirs)
        yield from islice(own, _MOST_DIFFERENCES)

    def pairs(self) -> list[tuple[str, str]]:
        """Return the pairs of classes, each once, that the pack tells apart."""
        named = {(one.shelf, one.entry.class_name): one.name for one in self.taken if one.entry}
        shelves = dict.fromkeys(one.shelf for one in self.taken if one.shelf)
        return [
            (named[shelf, first], named[shelf, second])
            for shelf in shelves
            for first, second in shelf.pairs
            if (shelf, first) in named and (shelf, second) in named
        ]


class _Silent:
    """Knows nothing."""

    def generate(self, kind: SnippetKind, class_name: str, *, other: str | None = None) -> list[str]:
        return []


def _source(one: Taken) -> Source:
    return Source("knowledge", prompt=one.shelf.name) if one.shelf else WORDNET
