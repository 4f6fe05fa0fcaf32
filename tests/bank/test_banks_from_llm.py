"""Banks that a language model of this machine writes: sifted, paid for once, never silently short."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from clipcoder.bank import PairBank, TextBank
from clipcoder.errors import InvalidInputError, LanguageModelError, UnknownNameError
from clipcoder.generators.catalog import load_prompts
from clipcoder.generators.llm import LanguageModel
from clipcoder.generators.prompts import PromptSet
from loopback_model import LoopbackModel, Reaction, Request, says, serving
from toy_encoder import ColourEncoder

BIRDS = ["snowy_owl", "crane"]
FRUIT = ["tomato", "sky"]


class Apart:
    """Encodes every text in a direction of its own, so that no analogue is near a class."""

    def encode_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        rows = np.stack([np.random.default_rng(list(t.encode())).standard_normal(64) for t in texts])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def server() -> Iterator[LoopbackModel]:
    with serving() as endpoint:
        yield endpoint


@pytest.fixture
def tiny(server: LoopbackModel) -> LanguageModel:
    return LanguageModel("tiny", base_url=server.base_url, concurrency=1)


def answers(*texts: str) -> str:
    return json.dumps({"texts": texts})


def snippets(bank: TextBank, kind: str) -> list[str]:
    return [t.text for t in bank.texts if t.kind == kind]


def test_what_is_no_help_stays_out(tiny: LanguageModel, server: LoopbackModel) -> None:
    server.act = says(answers("1. round shape", "I cannot help with that", "Round shape"))
    bank = TextBank.from_llm(["tomato", "sky"], tiny, ColourEncoder(), kinds="attribute")
    told = ["a photo of a tomato, which has round shape", "a photo of a sky, which has round shape"]
    assert snippets(bank, "attribute") == told


def test_twice_as_many_as_were_asked_for_are_kept(tiny: LanguageModel, server: LoopbackModel) -> None:
    server.act = says(answers(*(f"part {letter * 4}" for letter in "abcdefghijklmnopqrst")))
    assert len(TextBank.from_llm(["sky"], tiny, ColourEncoder(), kinds="attribute").keep("attribute")) == 16


def test_an_analogue_that_is_near_another_class_is_asked_for_again(
    tiny: LanguageModel, server: LoopbackModel
) -> None:
    server.script = [says(answers("red blue thing", "blue thing")), says(answers("red thing"))]
    bank = TextBank.from_llm(["tomato", "sky"], tiny, ColourEncoder(), kinds="analogue")
    assert '"blue thing"' in server.prompts[2], "what was unwanted is named"
    assert not [text for text in snippets(bank, "analogue") if "of a blue thing" in text]


def test_the_starter_judges_where_no_encoder_is_given(
    tiny: LanguageModel, server: LoopbackModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = ColourEncoder()
    monkeypatch.setattr("clipcoder.encoders.load_encoder", {"starter": encoder}.__getitem__)
    TextBank.from_llm(FRUIT, tiny, kinds="analogue")
    assert encoder.text_calls


def test_a_second_bank_costs_nothing_and_has_the_same_bytes(
    tiny: LanguageModel, server: LoopbackModel, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        TextBank.from_llm(FRUIT, tiny, ColourEncoder(), kinds="attribute").save(tmp_path / name)
        PairBank.from_llm(FRUIT, tiny, ColourEncoder()).save(tmp_path / f"{name} pairs")
    assert len(server.requests) == 4
    for suffix in ("", " pairs"):
        first, second = ((tmp_path / f"{name}{suffix}").read_bytes() for name in ("first", "second"))
        assert first == second
    assert TextBank.load(tmp_path / "first").texts[1].source.generator == "llm"


def test_questions_without_an_answer_are_logged(
    tiny: LanguageModel, server: LoopbackModel, caplog: pytest.LogCaptureFixture
) -> None:
    server.script = [says("", refusal="No."), says("", refusal="No.")]
    with caplog.at_level(logging.WARNING, logger="clipcoder"):
        bank = TextBank.from_llm(FRUIT, tiny, ColourEncoder(), kinds=["synonym", "attribute"])
    assert caplog.messages[-1] == (
        "2 questions have no answer, the first one for the kind synonym of 'tomato': "
        "the model declines to answer"
    )
    assert {t.class_name for t in bank.texts if t.kind == "attribute"} == {"sky"}


def test_where_all_is_well_nothing_is_logged(tiny: LanguageModel, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="clipcoder"):
        TextBank.from_llm(FRUIT, tiny, ColourEncoder(), kinds="attribute")
    assert not caplog.messages


def test_a_budget_that_is_too_small_is_refused_before_anything_is_paid(server: LoopbackModel) -> None:
    poor = LanguageModel("tiny", base_url=server.base_url, max_requests=1)
    with pytest.raises(LanguageModelError, match="2 requests are needed"):
        TextBank.from_llm(FRUIT, poor, ColourEncoder(), kinds="attribute")
    with pytest.raises(LanguageModelError, match="2 requests are needed"):
        PairBank.from_llm(FRUIT, poor, ColourEncoder())
    assert not server.requests


def test_all_pairs_are_taken_of_few_classes_only(tiny: LanguageModel, server: LoopbackModel) -> None:
    with pytest.raises(InvalidInputError, match="for at most 50 classes, but there are 51"):
        PairBank.from_llm([f"kind {n}" for n in range(51)], tiny, ColourEncoder())
    assert not server.requests


def test_a_name_alone_is_a_model_of_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(LanguageModelError, match=r"api.openai.com/v1 must be in .* OPENAI_API_KEY"):
        PairBank.from_llm(FRUIT, "gpt-5-mini", ColourEncoder())


def test_each_direction_of_a_pair_has_its_own_texts(tiny: LanguageModel, server: LoopbackModel) -> None:
    def by_class(request: Request) -> Reaction:
        about = "red" if "one sees on the tomato" in request.prompt else "blue"
        return says(answers(f"{about} surface"))(request)

    server.act = by_class
    bank = PairBank.from_llm(FRUIT, tiny, ColourEncoder(), domain="a thing")
    assert {("red" in t.text, "blue" in t.text, t.class_name) for t in bank.texts} == {
        (True, False, "tomato"),
        (False, True, "sky"),
    }
    assert all(", a thing" in prompt for prompt in server.prompts)


# Wordings


def test_a_text_bank_holds_names_and_what_the_model_says_of_each_kind(
    tiny: LanguageModel, server: LoopbackModel
) -> None:
    bank = TextBank.from_llm(BIRDS, tiny, Apart(), prompts="cub200")
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
    tiny: LanguageModel, server: LoopbackModel, prompts: PromptSet | str
) -> None:
    machines = load_prompts("cub200").with_domain("a machine")
    texts = TextBank.from_llm(
        ["crane"], tiny, Apart(), kinds="attribute", prompts=prompts, domain="a machine"
    )
    assert [t.text for t in texts.texts if t.kind == "name"] == ["a photo of a crane, a machine."]
    pairs = PairBank.from_llm(["crane", "digger"], tiny, Apart(), prompts=prompts, domain="a machine")
    assert all("the crane, a machine" in p or "the digger, a machine" in p for p in server.prompts)
    versions = {t.source.prompt for t in (*texts.texts, *pairs.texts)} - {""}
    assert versions == {machines.version("attribute"), machines.version("one_to_one")}


def test_a_file_of_one_s_own_may_be_named(tiny: LanguageModel, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('domain = "a bird"\n')
    for path in (tmp_path / "own.toml", str(tmp_path / "own.toml")):
        bank = TextBank.from_llm(["crane"], tiny, Apart(), kinds="attribute", prompts=path)
        assert bank.texts[0].text == "a photo of a crane, a bird"


def test_only_the_wordings_that_are_asked_need_a_place_for_a_domain(tiny: LanguageModel) -> None:
    generic = load_prompts()
    prompts = PromptSet(
        name="own",
        domain="",
        templates=generic.templates,
        questions={**generic.questions, "synonym": "What else is the {name} called?"},
        again=generic.again,
        counts=generic.counts,
    )
    TextBank.from_llm(BIRDS, tiny, Apart(), kinds="attribute", prompts=prompts, domain="a bird")
    PairBank.from_llm(BIRDS, tiny, Apart(), prompts=prompts, domain="a bird")
    with pytest.raises(InvalidInputError, match=r"'own' have no place for .* 'a bird'.* kind synonym"):
        TextBank.from_llm(BIRDS, tiny, Apart(), prompts=prompts, domain="a bird")


def test_a_pair_bank_is_asked_about_its_pairs_in_both_directions(
    tiny: LanguageModel, server: LoopbackModel
) -> None:
    bank = PairBank.from_llm([*BIRDS, "emu"], tiny, Apart(), pairs=[("emu", "crane")])
    assert len(server.requests) == 2
    assert {(t.class_name, t.other) for t in bank.texts} == {("emu", "crane"), ("crane", "emu")}


def test_what_cannot_be_asked_is_refused_before_anybody_is(
    tiny: LanguageModel, server: LoopbackModel
) -> None:
    with pytest.raises(UnknownNameError, match="unknown kind"):
        TextBank.from_llm(BIRDS, tiny, Apart(), kinds="colour")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="unknown set of prompts"):
        TextBank.from_llm(BIRDS, tiny, Apart(), prompts="birds")
    with pytest.raises(UnknownNameError, match="class of a pair"):
        PairBank.from_llm(BIRDS, tiny, Apart(), pairs=[("crane", "emu")])
    assert not server.requests
