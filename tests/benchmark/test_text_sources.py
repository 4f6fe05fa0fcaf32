"""Texts of a benchmark: where they come from, which methods take them, and what those make of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.colour_sets import garden
from clipcoder import PairBank, TextBank
from clipcoder.benchmark.cells import Cell, cells
from clipcoder.benchmark.methods import ZERO_SHOT
from clipcoder.benchmark.spec import BenchSpec
from clipcoder.benchmark.texts import TextSource, all_sources, ensemble, open_files, text_hash, texts_for
from clipcoder.benchmark.zero_shot import EncodedBanks
from clipcoder.data.dataset import Dataset
from clipcoder.errors import ClipcoderError, InvalidInputError
from clipcoder.generators.catalog import catalogue_names, load_prompts
from toy_encoder import ColourEncoder

NAMES = ("tomato", "grass", "sky")
DESCRIPTORS = {"tomato": ["red skin"], "grass": ["green blades", "thin leaves"], "sky": ["blue colour"]}
SENTENCES = {name: [f"A {name} has {texts[0]}."] for name, texts in DESCRIPTORS.items()}
PAIRS = {"tomato": {"sky": ["red, not blue"]}, "sky": {"tomato": ["blue, not red"]}}


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return garden(tmp_path / "garden")


@pytest.fixture
def dclip(tmp_path: Path) -> str:
    path = tmp_path / "descriptors_garden.json"
    path.write_text(json.dumps(DESCRIPTORS))
    return str(path)


@pytest.fixture
def cupl(tmp_path: Path) -> str:
    path = tmp_path / "cupl_garden.json"
    path.write_text(json.dumps(SENTENCES))
    return str(path)


def opened(dataset: Dataset, **values: Any) -> list[TextSource]:
    return open_files(BenchSpec.of({"datasets": "garden", "methods": "coder", **values}), dataset)


def test_files_are_named_after_their_authors_or_themselves(
    dataset: Dataset, dclip: str, cupl: str, tmp_path: Path
) -> None:
    bank = tmp_path / "mine.json"
    TextBank.from_names(NAMES).save(bank)
    sources = opened(dataset, texts=[dclip, cupl, str(bank), f"ours={bank}"])
    assert [source.name for source in sources] == ["dclip", "cupl", "mine", "ours"]
    assert all(source.bank.class_names == NAMES for source in sources)


def test_a_bank_of_imported_texts_is_still_their_author_s(
    dataset: Dataset, cupl: str, tmp_path: Path
) -> None:
    imported = tmp_path / "taken_over.json"
    opened(dataset, texts=cupl)[0].bank.save(imported)
    (source,) = opened(dataset, texts=f"mine={imported}", methods="cupl")
    assert (source.name, source.wrote) == ("mine", "cupl")


def test_the_name_of_the_data_set_finds_its_file(dataset: Dataset, dclip: str, tmp_path: Path) -> None:
    (source,) = opened(dataset, texts=str(tmp_path / "descriptors_{dataset}.json"))
    assert source.bank.by_class["sky"][-1].text.endswith("blue colour")


def test_two_sources_of_one_name_are_refused(dataset: Dataset, dclip: str) -> None:
    with pytest.raises(InvalidInputError, match="'dclip' is there twice; name them as in --texts mine=FILE"):
        opened(dataset, texts=[dclip, f"{dclip[:-5]}.json", f"dclip={dclip}"][1:])


@pytest.mark.parametrize("method", ["coder*", "equidistant*"])
def test_a_rerank_needs_pairs(dataset: Dataset, dclip: str, method: str) -> None:
    with pytest.raises(InvalidInputError, match=r"reranks by one-to-one texts, but 'dclip' has none"):
        opened(dataset, texts=dclip, methods=method)


def test_pairs_of_a_file_are_every_source_s(dataset: Dataset, dclip: str, tmp_path: Path) -> None:
    path = tmp_path / "pairs.json"
    PairBank.from_texts(PAIRS, ["sky", "tomato"]).save(path)
    spec = BenchSpec.of(
        {"datasets": "garden", "texts": ["wordnet", dclip], "pairs": str(path), "methods": "coder*"}
    )
    sources = all_sources(spec, dataset, open_files(spec, dataset), ColourEncoder())
    assert [source.name for source in sources] == ["wordnet", "dclip"]
    for source in sources:
        assert source.pairs is not None
        assert source.pairs.class_names == NAMES
        assert len(source.pairs.texts) == 2


def test_pairs_about_other_classes_are_refused(dataset: Dataset, dclip: str, tmp_path: Path) -> None:
    path = tmp_path / "pairs.json"
    PairBank.from_texts({"cat": {"dog": ["purrs"]}}, ["cat", "dog"]).save(path)
    with pytest.raises(
        InvalidInputError, match="no text that tells two of the 3 classes of The garden apart"
    ):
        opened(dataset, texts=dclip, pairs=str(path))


def test_wordnet_stands_where_it_was_named_and_brings_pairs_to_a_rerank(dataset: Dataset, dclip: str) -> None:
    spec = BenchSpec.of({"datasets": "garden", "texts": [dclip, "wordnet"], "methods": "zero-shot"})
    _, wordnet = all_sources(spec, dataset, open_files(spec, dataset), ColourEncoder())
    assert wordnet.name == "wordnet"
    assert set(wordnet.bank.text_kind.tolist()) > {"name"}
    assert wordnet.pairs is not None
    plain = BenchSpec.of({"datasets": "garden", "texts": "wordnet", "methods": "coder"})
    (without,) = all_sources(plain, dataset, [], ColourEncoder())
    assert without.pairs is None


def test_the_knowledge_pack_is_a_source_with_pairs_of_its_own(dataset: Dataset) -> None:
    known = replace(dataset, class_names=("strawberry", "sunflower", "lotus"), prompts="caltech101")
    spec = BenchSpec.of({"datasets": "garden", "texts": ["knowledge", "wordnet"], "methods": "zero-shot"})
    knowledge, wordnet = all_sources(spec, known, [], ColourEncoder())
    assert (knowledge.name, wordnet.name) == ("knowledge", "wordnet")
    assert {str(t.source) for t in knowledge.bank.texts if t.kind != "name"} == {"knowledge caltech101"}
    assert knowledge.pairs is not None


def test_every_set_of_the_catalogue_has_an_ensemble() -> None:
    counts = {name: len(ensemble(name)) for name in catalogue_names()}
    assert counts["imagenet"] == counts["imagenet_v2"] == counts["generic"] == 80
    assert (counts["caltech101"], counts["ucf101"], counts["food101"], counts["places365"]) == (34, 48, 1, 2)
    for name in catalogue_names():
        assert len(set(ensemble(name))) == counts[name]
        assert all(wording.count("{}") == 1 for wording in ensemble(name))


def test_what_methods_make_of_texts() -> None:
    prompts = load_prompts("caltech101")
    bank = TextBank.from_names(["owl"]).merge(TextBank.from_texts({"owl": ["an owl, large eyes"]}))

    def texts(method: str, source: TextBank | None) -> list[tuple[str, str]]:
        made = texts_for(ZERO_SHOT[method], source, ["owl"], prompts, seed=1)
        return [(text.kind, text.text) for text in made.texts]

    assert texts("clip", None) == [("name", "a photo of an owl.")]
    assert len(texts("ensemble", None)) == 34
    assert texts("dclip", bank) == [("attribute", "an owl, large eyes")]
    assert texts("cupl", bank) == [("name", "an owl, large eyes")]
    assert texts("coder", bank) == [(text.kind, text.text) for text in bank.texts]
    (name, control) = texts("waffle", bank)
    assert name == ("name", "a photo of an owl")
    assert control[0] == "attribute"
    assert "large" not in control[1]


def test_a_class_without_descriptions_keeps_its_name() -> None:
    bank = TextBank.from_names(["owl", "emu"]).merge(TextBank.from_texts({"owl": ["large eyes"]}))
    made = texts_for(ZERO_SHOT["dclip"], bank, ["owl", "emu"], load_prompts("generic"), seed=1)
    assert [text.text for text in made.texts] == ["large eyes", "a photo of an emu"]


def test_the_rules_of_dclip_and_cupl_are_mean_cosine_and_cosine_of_the_mean() -> None:
    bank = TextBank.from_names(["a", "b"]).merge(
        TextBank.from_texts({"a": ["red", "green"], "b": ["blue", "red blue"]})
    )
    image = np.float32([[0.6, 0.8, 0.0]])
    banks = EncodedBanks(ColourEncoder())
    scores = {}
    for name in ("dclip", "cupl"):
        method = ZERO_SHOT[name]
        made = texts_for(method, bank, ["a", "b"], load_prompts("generic"), seed=1)
        scores[name] = banks.texts(made, method.rule).head.scores(image)[0, 0]
    assert scores["dclip"] == pytest.approx(100 * (0.6 + 0.8) / 2, abs=1e-4)
    assert scores["cupl"] == pytest.approx(100 * (0.6 + 0.8) / np.sqrt(2), abs=1e-4)


def test_digests_tell_texts_apart_and_not_their_sources() -> None:
    first = TextBank.from_texts({"cat": ["purrs"]}, source="a")
    assert text_hash(first) == text_hash(TextBank.from_texts({"cat": ["purrs"]}, source="b"))
    assert text_hash(first) != text_hash(TextBank.from_texts({"cat": {"name": ["purrs"]}}))
    pairs = PairBank.from_texts({"cat": {"dog": ["purrs"]}}, ["cat", "dog"])
    assert text_hash(first, pairs) != text_hash(first)


class TestCells:
    """From a specification to its cells."""

    @pytest.fixture
    def sources(self) -> list[TextSource]:
        bank = TextBank.from_names(NAMES)
        pairs = PairBank.from_texts(PAIRS, NAMES)
        return [TextSource("wordnet", bank, pairs), TextSource("dclip", bank, wrote="dclip")]

    def made(self, sources: list[TextSource], **values: Any) -> list[Cell]:
        return cells(BenchSpec.of({"datasets": "garden", **values}), sources)

    def test_methods_meet_the_sources_that_they_take(self, sources: list[TextSource]) -> None:
        found = self.made(sources, methods=["clip", "dclip", "cupl", "coder", "coder*"])
        assert found == [
            Cell("clip"),
            Cell("dclip", "dclip"),
            Cell("coder", "wordnet"),
            Cell("coder", "dclip"),
            Cell("coder*", "wordnet"),
        ]

    def test_controls_have_seeds(self, sources: list[TextSource]) -> None:
        found = self.made(sources[:1], methods="waffle", seeds=[3, 5])
        assert found == [Cell("waffle", "wordnet", seed=3), Cell("waffle", "wordnet", seed=5)]

    def test_few_shot_methods_go_draw_by_draw(self, sources: list[TextSource]) -> None:
        found = self.made(sources[:1], methods=["gda", "ape"], shots=[1, 2], seeds=[1, 2])
        assert [(cell.method, cell.shots, cell.seed) for cell in found][:3] == [
            ("gda", 1, 1),
            ("ape", 1, 1),
            ("gda", 1, 2),
        ]
        assert len(found) == 8

    def test_options_are_those_that_have_a_say(self, sources: list[TextSource]) -> None:
        strict = BenchSpec.of({"datasets": "garden", "top_k": 3})
        reference = BenchSpec.of({"datasets": "garden", "protocol": "reference"})
        assert Cell("coder").options(strict) == Cell("gda", shots=1).options(strict) == {}
        assert Cell("coder*").options(strict) == {"top_k": 3, "max_gap": 0.05}
        assert Cell("coder*").options(reference) == {"top_k": 5}

    def test_a_digest_depends_on_the_cell_and_on_every_fact(self) -> None:
        digests = {
            cell.digest(facts)
            for cell in (Cell("a"), Cell("b"), Cell("a", shots=1), Cell("a", seed=1))
            for facts in ({"encoder": "x"}, {"encoder": "y"})
        }
        assert len(digests) == 8
        assert Cell("a", "one").digest({}) == Cell("a", "two").digest({})  # the texts' own digest is a fact

    def test_no_method_that_has_texts_is_an_error(self, dataset: Dataset, cupl: str) -> None:
        with pytest.raises(ClipcoderError, match="'dclip' scores by the texts that its authors published"):
            opened(dataset, texts=cupl, methods="dclip")
