"""Where the texts of a data set's classes come from, and which of them a method takes."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from clipcoder.bank import PairBank, TextBank
from clipcoder.bank.confusable import nearest_pairs
from clipcoder.bank.control import random_words
from clipcoder.benchmark.methods import ZERO_SHOT, ZeroShotMethod
from clipcoder.benchmark.spec import DATASET_FIELD, KNOWLEDGE, SHIPPED, WORDNET, BenchSpec, named_source
from clipcoder.data.dataset import Dataset
from clipcoder.encoders.base import Encoder
from clipcoder.errors import InvalidInputError
from clipcoder.generators.catalog import load_prompts
from clipcoder.generators.prompts import PromptSet
from clipcoder.importers.importing import import_texts
from clipcoder.kinds import DESCRIBING_KINDS

NEIGHBOURS: Final = 3
"""How many others WordNet tells each class apart from, for a rerank."""

_PUBLISHED: Final = ("dclip", "cupl")


@dataclass(frozen=True, eq=False)
class TextSource:
    """What one source says of the classes of a data set.

    Attributes:
        name: ``"wordnet"``, ``"knowledge"``, the name that was given to a file, or what it turned out to be.
        bank: the texts, for the classes of the data set in their order.
        pairs: its one-to-one texts, if it has some.
        wrote: whose texts they are, such as ``"cupl"``, whatever their name.
    """

    name: str
    bank: TextBank
    pairs: PairBank | None = None
    wrote: str = ""


def open_files(spec: BenchSpec, dataset: Dataset) -> list[TextSource]:
    """Read the sources that are files, and check that there is what each method needs.

    Raises:
        InvalidInputError: a file that cannot be read or is about other classes, two sources of one name, or a
            method without the texts that it takes.
    """
    pairs = PairBank.load(spec.pairs).select(dataset.class_names) if spec.pairs else None
    if pairs is not None and not pairs.texts:
        raise InvalidInputError(
            f"'{spec.pairs}' has no text that tells two of the {len(dataset.class_names)} classes of "
            f"{dataset.title} apart; name another file"
        )
    opened = [
        _from_file(name, path, dataset) for name, path in map(named_source, spec.texts) if name not in SHIPPED
    ]
    sources = [replace(source, pairs=pairs or source.pairs) for source in opened]
    _check_sources(spec, sources)
    return sources


def all_sources(
    spec: BenchSpec, dataset: Dataset, files: Sequence[TextSource], encoder: Encoder
) -> list[TextSource]:
    """Return the sources in the order of the specification, with those that ship, which an encoder reads."""
    ours = {WORDNET: _from_wordnet, KNOWLEDGE: _from_knowledge}
    read = iter(files)
    return [ours[text](spec, dataset, encoder) if text in ours else next(read) for text in spec.texts]


def texts_for(
    method: ZeroShotMethod, bank: TextBank | None, class_names: Sequence[str], prompts: PromptSet, seed: int
) -> TextBank:
    """Return the texts that a method scores by.

    Args:
        method: the method.
        bank: the texts of the source that it takes; None where it brings its own.
        class_names: the classes.
        prompts: the wordings of the data set.
        seed: of random words.
    """
    if bank is None:
        wordings = prompts.templates.of("name")[0] if method.takes == "prompt" else ensemble(prompts.name)
        return TextBank.from_names(class_names, wordings, domain=prompts.domain)
    if method.takes == "random":
        return random_words(bank, seed)
    if method.takes == "all":
        return bank
    described = _described(bank)
    return described if method.takes == "descriptors" else _as_names(described)


def ensemble(prompts: str) -> tuple[str, ...]:
    """Return the sentences that CLIP's authors average for a data set (``assets/ensembles.toml``).

    Args:
        prompts: an entry of the prompt catalogue; any other name gets those of ImageNet.

    >>> len(ensemble("caltech101")), len(ensemble("my own photos"))
    (34, 80)
    """
    lists = _ensembles()
    name = lists["same_as"].get(prompts, prompts)
    wordings = lists["templates"].get(name) or lists["templates"][lists["same_as"]["generic"]]
    return (wordings,) if isinstance(wordings, str) else tuple(wordings)


def text_hash(bank: TextBank, pairs: PairBank | None = None) -> str:
    """Return 16 hexadecimal digits that classes and texts decide, not where the texts came from.

    >>> text_hash(TextBank.from_names(["cat"])) == text_hash(TextBank.from_names(["dog"]))
    False
    """
    said: list[Any] = [bank.class_names, [(t.class_name, t.kind, t.text) for t in bank.texts]]
    if pairs is not None:
        said.append([(t.class_name, t.other, t.text) for t in pairs.texts])
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _from_file(name: str, path: str, dataset: Dataset) -> TextSource:
    prompts = load_prompts(dataset.prompts)
    place = Path(path.replace(DATASET_FIELD, dataset.name))
    found = import_texts(
        place,
        dataset.class_names,
        dataset=dataset.name if place.is_dir() else None,
        templates=prompts.templates,
        domain=prompts.domain,
    )
    wrote = found.format if found.format != "bank" else _author(found.texts)
    return TextSource(name or (wrote if wrote in _PUBLISHED else place.stem), found.texts, found.pairs, wrote)


def _author(bank: TextBank) -> str:
    """Return what wrote the describing texts of a bank, where it is one author's."""
    authors = {text.source.generator for text in bank.texts if text.kind in DESCRIBING_KINDS}
    return authors.pop() if len(authors) == 1 else ""


def _from_wordnet(spec: BenchSpec, dataset: Dataset, encoder: Encoder) -> TextSource:
    prompts, names = load_prompts(dataset.prompts), dataset.class_names
    wording = {"templates": prompts.templates, "domain": prompts.domain}
    bank = TextBank.from_wordnet(names, encoder, **wording)  # type: ignore[arg-type]
    if spec.pairs:
        return TextSource(WORDNET, bank, PairBank.load(spec.pairs).select(names))
    if not any(method in ZERO_SHOT and ZERO_SHOT[method].reranks for method in spec.wanted):
        return TextSource(WORDNET, bank)
    near = nearest_pairs(bank, encoder, neighbours=NEIGHBOURS)
    pairs = PairBank.from_wordnet(names, encoder, near, **wording)  # type: ignore[arg-type]
    return TextSource(WORDNET, bank, pairs if pairs.texts else None)


def _from_knowledge(spec: BenchSpec, dataset: Dataset, encoder: Encoder) -> TextSource:
    names, prompts = dataset.class_names, dataset.prompts
    bank = TextBank.for_classes(names, encoder, prompts=prompts)
    pairs = (
        PairBank.load(spec.pairs).select(names)
        if spec.pairs
        else PairBank.for_classes(names, encoder, prompts=prompts)
    )
    return TextSource(KNOWLEDGE, bank, pairs if pairs.texts else None)


def _check_sources(spec: BenchSpec, files: Sequence[TextSource]) -> None:
    names = [source.name for source in files] + [text for text in spec.texts if text in SHIPPED]
    for name in names:
        if names.count(name) > 1:
            raise InvalidInputError(
                f"each source of texts needs a name of its own, but {name!r} is there twice; "
                "name them as in --texts mine=FILE"
            )
    for name in filter(ZERO_SHOT.__contains__, spec.named):
        method = ZERO_SHOT[name]
        if method.source and not any(method.takes_from(source.name, source.wrote) for source in files):
            raise InvalidInputError(
                f"{name!r} scores by the texts that its authors published, but none of the sources is that; "
                f"add {name}=FILE to the texts"
            )
        without_pairs = [source.name for source in files if source.pairs is None]
        if method.reranks and without_pairs:
            raise InvalidInputError(
                f"{name!r} reranks by one-to-one texts, but {without_pairs[0]!r} has none; name a file of "
                "pairs, or leave that method or that source out"
            )


def _described(bank: TextBank) -> TextBank:
    """Return the describing texts, and of a class without any its names."""
    described = {text.class_name for text in bank.texts if text.kind in DESCRIBING_KINDS}
    kept = (t for t in bank.texts if t.kind in DESCRIBING_KINDS or t.class_name not in described)
    return replace(bank, texts=tuple(kept))


def _as_names(bank: TextBank) -> TextBank:
    """Return the same texts as names, of which the rule ``clip`` takes the mean."""
    return replace(bank, texts=tuple(replace(text, kind="name") for text in bank.texts))


@cache
def _ensembles() -> dict[str, Any]:
    text = resources.files("clipcoder").joinpath("assets/ensembles.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
