"""What is known about the classes of a case, and the files in which the published code looks for it."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clipcoder.generators.base import Reply

Phrases = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Knowledge:
    """Phrases about C classes, in the order of the published files.

    Attributes:
        class_names: the classes; underscores stand for spaces.
        attributes: phrases of each class.
        analogues: what looks like each class.
        synonyms: other names of each class.
        one_to_one: phrases that tell a class from another one, by the names of both; no pair has none.
    """

    class_names: Sequence[str]
    attributes: Phrases
    analogues: Phrases
    synonyms: Phrases
    one_to_one: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)

    @classmethod
    def of(cls, class_names: Sequence[str], replies: Iterable[Reply]) -> Knowledge:
        """Sort what a generator replied."""
        single: dict[str, dict[str, Sequence[str]]] = {"attribute": {}, "analogue": {}, "synonym": {}}
        pairs: dict[str, dict[str, Sequence[str]]] = {}
        for reply in replies:
            question = reply.question
            if question.kind == "one_to_one" and reply.snippets:
                pairs.setdefault(question.class_name, {})[question.other] = reply.snippets
            elif question.kind != "one_to_one":
                single[question.kind][question.class_name] = reply.snippets
        attributes, analogues, synonyms = (
            [of.get(name, ()) for name in class_names] for of in single.values()
        )
        return cls(class_names, attributes, analogues, synonyms, pairs)

    def write(self, folder: Path, dataset: str) -> None:
        """Write the files that the published code reads from its working directory."""
        contents = {
            f"datasets/class_name/{dataset}.txt": "\n".join(self.class_names).encode(),
            f"expert_knowledge/attribute/{dataset}.pkl": pickle.dumps(_lists(self.attributes)),
            f"expert_knowledge/simile_class/{dataset}.pkl": pickle.dumps(_lists(self.analogues)),
            f"expert_knowledge/synonym/{dataset}.json": _json(
                [{"syno": list(given)} for given in self.synonyms]
            ),
            f"expert_knowledge/ovo_attribute/{dataset}.json": _json(self.one_to_one),
        }
        for name, content in contents.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _lists(phrases: Phrases) -> list[list[str]]:
    return [list(given) for given in phrases]


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
