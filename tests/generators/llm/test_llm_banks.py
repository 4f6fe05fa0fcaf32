"""Banks that a language model writes, from Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from clipcoder import PairBank, TextBank
from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.generators.catalog import load_prompts
from clipcoder.generators.llm import LanguageModel
from clipcoder.generators.prompts import PromptSet
from loopback_model import LoopbackModel

BIRDS = ["snowy_owl", "crane"]


class Apart:
    """Encodes every text in a direction of its own, so that no analogue is near a class."""

    def encode_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        rows = np.stack([np.random.default_rng(list(t.encode())).standard_normal(64) for t in texts])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def model(server: LoopbackModel) -> LanguageModel:
    return LanguageModel("tiny", base_url=server.base_url)


def test_a_text_bank_holds_names_and_what_the_model_says_of_each_kind(
    model: LanguageModel, server: LoopbackModel
) -> None:
    bank = TextBank.from_llm(BIRDS, model, Apart(), prompts="cub200")
    assert len(server.requests) == 6
    assert bank.class_names == tuple(BIRDS)
    assert [t.text for t in bank.texts if t.kind == "name"] == [
        "a photo of a snowy owl, a type of bird.", "a photo of a crane, a type of bird."
    ]  # fmt: skip
    prompts = load_prompts("cub200")
    for kind in ("attribute", "analogue", "synonym"):
        sources = {t.source for t in bank.texts if t.kind == kind}
        assert {(s.generator, s.model, s.prompt) for s in sources} == {("llm", "tiny", prompts.version(kind))}


@pytest.mark.parametrize("prompts", ["cub200", load_prompts("cub200")])
def test_a_domain_goes_into_questions_sentences_and_versions(
    model: LanguageModel, server: LoopbackModel, prompts: PromptSet | str
) -> None:
    machines = load_prompts("cub200").with_domain("a machine")
    texts = TextBank.from_llm(
        ["crane"], model, Apart(), kinds="attribute", prompts=prompts, domain="a machine"
    )
    assert [t.text for t in texts.texts if t.kind == "name"] == ["a photo of a crane, a machine."]
    pairs = PairBank.from_llm(["crane", "digger"], model, Apart(), prompts=prompts, domain="a machine")
    assert all("the crane, a machine" in p or "the digger, a machine" in p for p in server.prompts)
    versions = {t.source.prompt for t in (*texts.texts, *pairs.texts)} - {""}
    assert versions == {machines.version("attribute"), machines.version("one_to_one")}


def test_a_file_of_one_s_own_may_be_named(model: LanguageModel, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('domain = "a bird"\n')
    for path in (tmp_path / "own.toml", str(tmp_path / "own.toml")):
        bank = TextBank.from_llm(["crane"], model, Apart(), kinds="attribute", prompts=path)
        assert bank.texts[0].text == "a photo of a crane, a bird"


def test_only_the_wordings_that_are_asked_need_a_place_for_a_domain(model: LanguageModel) -> None:
    generic = load_prompts()
    prompts = PromptSet(
        name="own",
        domain="",
        templates=generic.templates,
        questions={**generic.questions, "synonym": "What else is the {name} called?"},
        again=generic.again,
        counts=generic.counts,
    )
    TextBank.from_llm(BIRDS, model, Apart(), kinds="attribute", prompts=prompts, domain="a bird")
    PairBank.from_llm(BIRDS, model, Apart(), prompts=prompts, domain="a bird")
    with pytest.raises(InvalidInputError, match=r"'own' have no place for .* 'a bird'.* kind synonym"):
        TextBank.from_llm(BIRDS, model, Apart(), prompts=prompts, domain="a bird")


def test_a_pair_bank_is_asked_about_its_pairs_in_both_directions(
    model: LanguageModel, server: LoopbackModel
) -> None:
    bank = PairBank.from_llm([*BIRDS, "emu"], model, Apart(), pairs=[("emu", "crane")])
    assert len(server.requests) == 2
    assert {(t.class_name, t.other) for t in bank.texts} == {("emu", "crane"), ("crane", "emu")}


def test_what_cannot_be_asked_is_refused_before_anybody_is(
    model: LanguageModel, server: LoopbackModel
) -> None:
    with pytest.raises(UnknownNameError, match="unknown kind"):
        TextBank.from_llm(BIRDS, model, Apart(), kinds="colour")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="unknown set of prompts"):
        TextBank.from_llm(BIRDS, model, Apart(), prompts="birds")
    with pytest.raises(UnknownNameError, match="class of a pair"):
        PairBank.from_llm(BIRDS, model, Apart(), pairs=[("crane", "emu")])
    assert not server.requests
