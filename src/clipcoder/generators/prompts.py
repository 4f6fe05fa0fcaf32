"""What is put to a language model about the classes of one set, and the sentences made of its answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from clipcoder.errors import InvalidInputError
from clipcoder.generators.base import SNIPPET_KINDS, Question, SnippetKind, check_kind
from clipcoder.generators.names import parse_name
from clipcoder.generators.sentences import Templates, plain_name, with_article
from clipcoder.generators.wording import check_wording, fields_of

MAX_COUNT: Final = 50
"""Answers to one question; after some tens, language models repeat themselves."""

_UNWANTED_LENGTH: Final = 80  # characters of one unwanted answer; what is longer is no name and no phrase
_NAME: Final = frozenset(("name", "a_name"))
_OTHER: Final = frozenset(("other", "a_other"))
_ANYWHERE: Final = _NAME | {"domain", "count"}
_UNWANTED: Final = frozenset(("unwanted",))


@dataclass(frozen=True)
class PromptSet:
    """The wordings for one set of classes, checked.

    Attributes:
        name: an entry of the catalogue, or the stem of a user's file.
        domain: what all classes are, such as ``"a type of bird"``, or ``""``.
        templates: the sentences that are encoded.
        questions: of each kind, what is put to a language model, with the fields ``{name}``, ``{a_name}``,
            ``{domain}`` (which brings its comma along), ``{count}`` and, of the kind one_to_one, ``{other}``
            and ``{a_other}``.
        again: what is added when a question is asked again; ``{unwanted}`` are the answers before.
        counts: of each kind, how many answers are asked for, 1 to 50.
        title: what the set is, for people.

    Raises:
        InvalidInputError: a question, or ``again``, with other fields or without one that it needs; a kind
            without a question or a count; a count out of range.
    """

    name: str
    domain: str
    templates: Templates
    questions: Mapping[SnippetKind, str] = field(hash=False)
    again: str
    counts: Mapping[SnippetKind, int] = field(hash=False)
    title: str = ""

    def __post_init__(self) -> None:
        for kind in SNIPPET_KINDS:
            pair = kind == "one_to_one"
            needed, allowed = ([_NAME, _OTHER], _ANYWHERE | _OTHER) if pair else ([_NAME], _ANYWHERE)
            check_wording(f"the question for the kind {kind}", self.questions.get(kind, ""), needed, allowed)
            check_count(f"the count for the kind {kind}", self.counts.get(kind))
        check_wording("the wording of again", self.again, [_UNWANTED], _ANYWHERE | _UNWANTED)

    def with_domain(self, domain: str, kinds: Iterable[SnippetKind] = SNIPPET_KINDS) -> PromptSet:
        """Return the same wordings for classes that are all of one domain, in place of the set's own.

        Args:
            domain: what the classes are, such as ``"a type of bird"``; ``""`` says nothing of it.
            kinds: what is going to be asked.

        Raises:
            InvalidInputError: the question for one of the kinds has no place for a domain.

        Example:
            >>> from clipcoder.generators.catalog import load_prompts
            >>> load_prompts("cub200").with_domain(" a type of owl ").domain
            'a type of owl'
        """
        domain = _one_line(domain)
        for kind in kinds if domain else ():
            if "domain" not in fields_of(self.questions[kind]):
                raise InvalidInputError(
                    f"the prompts {self.name!r} have no place for the domain {domain!r} in the question for "
                    f"the kind {kind}; write {{domain}} behind {{name}} in it, or give no domain"
                )
        return replace(self, domain=domain)

    def prompt(self, question: Question) -> str:
        """Return the text that puts a question to a language model.

        A class name goes in as in a sentence, on one line; its other names and its remark stand behind it in
        brackets, since they say which of several things is meant.

        Args:
            question: a class, or two of them; its unwanted answers are named in the text.

        Raises:
            UnknownNameError: there is no such kind of question.
            InvalidInputError: a question of the kind one_to_one without the other class.

        Example:
            >>> from clipcoder.generators.catalog import load_prompts
            >>> text = load_prompts("cub200").prompt(Question("attribute", "crane_(Grus)"))
            >>> text.partition("?")[0]
            'In a photo, by which visible features does one recognise the crane (Grus), a type of bird'
        """
        kind = question.kind
        check_kind(kind)
        if kind == "one_to_one" and not question.other:
            raise InvalidInputError("one_to_one needs the class to tell it apart from; give other=")
        wording = self._wording(kind, again=bool(question.unwanted))
        name, a_name = _as_asked(question.class_name)
        other, a_other = _as_asked(question.other)
        return wording.format(
            name=name,
            a_name=a_name,
            other=other,
            a_other=a_other,
            domain=_apart(self.domain),
            count=self.counts[kind],
            unwanted=_listed(question.unwanted),
        )

    def version(self, kind: SnippetKind) -> str:
        """Return a name for all wording that goes into the prompts of one kind, which changes when that does.

        Raises:
            UnknownNameError: there is no such kind.

        Example:
            >>> from clipcoder.generators.catalog import load_prompts
            >>> kind, digest = load_prompts().version("one_to_one").split("-")
            >>> kind, len(digest)
            ('one_to_one', 8)
        """
        check_kind(kind)
        wording = self._wording(kind, again=True)
        used = fields_of(wording)
        domain = self.domain if "domain" in used else ""
        count = self.counts[kind] if "count" in used else 0
        digest = sha256(json.dumps([wording, domain, count]).encode()).hexdigest()
        return f"{kind}-{digest[:8]}"

    def _wording(self, kind: SnippetKind, *, again: bool) -> str:
        return f"{self.questions[kind]}\n{self.again}" if again else self.questions[kind]


def check_count(what: str, count: object) -> None:
    """Refuse a number of answers that is out of range, or no number.

    Raises:
        InvalidInputError: not a whole number from 1 to 50.

    Example:
        >>> check_count("counts.attribute", 8)
    """
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MAX_COUNT:
        raise InvalidInputError(f"{what} must be a whole number from 1 to {MAX_COUNT}, but it is {count!r}")


def _as_asked(class_name: str) -> tuple[str, str]:
    """Return a class name with its hints in brackets, without and with its article."""
    _, aliases, remark = parse_name(class_name)
    plain = _one_line(plain_name(class_name))
    hints = ", ".join(filter(None, (*aliases, remark)))
    hint = f" ({hints})" if hints and hints not in plain else ""  # all of a name may be in brackets
    return plain + hint, with_article(plain) + hint


def _apart(domain: str) -> str:
    return f", {_one_line(domain)}" if domain else ""


def _listed(unwanted: Iterable[str]) -> str:
    lines = [_one_line(answer)[:_UNWANTED_LENGTH].rstrip() for answer in unwanted]
    return ", ".join(f'"{line}"' for line in lines)


def _one_line(text: str) -> str:
    return " ".join(text.split())
