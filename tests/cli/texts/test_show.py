"""``clipcoder texts show``: what it prints, as JSON too, and one sentence for what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from clipcoder.bank import PairBank, TextBank
from clipcoder.cli import commands
from clipcoder.cli.texts.reporting import one_line
from clipcoder.knowledge.pack import Pack
from clipcoder.source import Source
from toy_encoder import ColourEncoder

MODEL = Source("llm", "gpt-5-mini", "attribute-3f2a9c1b", "2026-11-25")


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clipcoder.encoders.load_encoder", lambda name, **_: ColourEncoder())


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    """Three classes: one that repeats itself, one that names another, and one that is poor."""
    said = {
        "lime": ["a lime, green", "green, a lime", "a lime, which is a fruit", "a lime, yellow"],
        "tomato": ["a tomato, red", "a tomato, which is a fruit", "a tomato, no lime", "a tomato, round"],
        "sky": [],
    }
    texts = TextBank.from_names(said).merge(TextBank.from_texts(said, source=MODEL))
    texts.save(tmp_path / "bank.json")
    return tmp_path / "bank.json"


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    texts = {"crow": {"swan": ["black"], "owl": ["loud"]}, "swan": {"crow": ["white", "big"]}}
    PairBank.from_texts(texts, ["crow", "swan", "owl", "emu"], source="me").save(tmp_path / "pairs.json")
    return tmp_path / "pairs.json"


def show(*arguments: object) -> Result:
    return CliRunner().invoke(commands.main, ["texts", "show", *map(str, arguments)])


def lines(result: Result) -> list[str]:
    """The lines that were printed, with one blank where there were several."""
    assert (result.exit_code, result.stderr) == (0, "")
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


def below(heading: str, printed: list[str]) -> list[str]:
    """The lines below a heading up to the next blank one."""
    rest = printed[printed.index(heading) + 1 :]
    return rest[: rest.index("")] if "" in rest else rest


def record(result: Result) -> dict[str, Any]:
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


def test_counts_come_by_source_class_and_kind(bank: Path) -> None:
    printed = lines(show(bank))
    assert printed[0] == f"{bank}: 3 classes, 11 texts"
    assert below("source model prompt date texts", printed) == [
        "template 3",
        "llm gpt-5-mini attribute-3f2a9c1b 2026-11-25 8",
    ]
    assert below("class name synonym attribute analogue texts", printed) == [
        "all classes 3 0 8 0 11",
        "lime 1 0 4 0 5",
        "tomato 1 0 4 0 5",
        "sky 1 0 0 0 1",
    ]


def test_each_kind_and_source_has_an_example(bank: Path) -> None:
    assert below("for example", lines(show(bank))) == [
        "name a photo of a lime (template)",
        "attribute a lime, green (llm gpt-5-mini attribute-3f2a9c1b 2026-11-25)",
    ]


def test_what_is_worth_a_look_is_told(bank: Path) -> None:
    printed = lines(show(bank))
    assert below("poor in texts, the median being 5: 1", printed) == ["sky (1)"]
    assert below("said of several classes: 1", printed) == ["a lime, which is a fruit", "lime, tomato"]
    assert below("saying again what their class has: 1", printed) == [
        "green, a lime",
        "1.00 to: a lime, green",
    ]
    assert below("naming another class: 1", printed) == ["a tomato, no lime", "of tomato, names lime"]
    assert not [line for line in printed if "nearest" in line]


def test_a_model_says_what_lies_near(tmp_path: Path, toy: None) -> None:
    said = {"leaf": ["green", "grass"], "lime": ["yellow"], "sea": ["blue"]}
    TextBank.from_texts(said).save(tmp_path / "bank.json")
    printed = lines(show(tmp_path / "bank.json", "--model", "starter"))
    assert below("nearest classes for colours, with their nearest texts: 3", printed)[:3] == [
        "0.80 leaf and lime",
        "green",
        "0.80 to: yellow",
    ]
    assert below("very near another text of their class for colours: 1", printed) == [
        "grass",
        "1.00 to: green",
    ]


def test_json_says_what_lies_near_for_a_model(tmp_path: Path, toy: None) -> None:
    said = {"leaf": ["green", "grass"], "lime": ["yellow"], "sea": ["blue", "sky"]}
    TextBank.from_texts(said).save(tmp_path / "bank.json")
    facts = record(show(tmp_path / "bank.json", "--model", "starter", "--json", "--class", "lime"))
    assert facts["model"] == "colours"
    assert facts["nearest_classes"] == [
        {"classes": ["leaf", "lime"], "cosine": 0.8, "texts": ["green", "yellow"], "text_cosine": 0.8},
        {"classes": ["lime", "sea"], "cosine": 0.0, "texts": ["yellow", "blue"], "text_cosine": 0.0},
    ]
    assert facts["near_texts"] == []
    everything = record(show(tmp_path / "bank.json", "--model", "starter", "--json"))
    assert everything["near_texts"] == [
        {"class": "leaf", "text": "grass", "earlier": "green", "likeness": 1.0},
        {"class": "sea", "text": "sky", "earlier": "blue", "likeness": 1.0},
    ]


def test_a_class_is_shown_with_its_texts_in_any_spelling(bank: Path) -> None:
    printed = lines(show(bank, "--class", "Tomato"))
    assert below("tomato", printed) == [
        "name a photo of a tomato (template)",
        *(f"attribute a tomato, {said} (llm gpt-5-mini attribute-3f2a9c1b 2026-11-25)"
          for said in ("red", "which is a fruit", "no lime", "round")),
    ]  # fmt: skip
    assert below("class name synonym attribute analogue texts", printed) == ["tomato 1 0 4 0 5"]
    assert "naming another class: 1" in printed
    assert not [line for line in printed if line.startswith(("poor", "saying again", "for example"))]


def test_long_lists_are_cut_unless_all_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "bank.json"
    names = [f"class {i}" for i in range(1, 13)]
    TextBank.from_texts({name: ["it has fur"] for name in names}).save(path)
    printed = lines(show(path))
    assert below("class name synonym attribute analogue texts", printed)[-2:] == [
        "class 10 0 0 1 0 1",
        "and 2 more; --all shows them",
    ]
    assert "class 1, class 2, class 3 and 9 more" in printed
    everything = lines(show(path, "--all"))
    assert not [line for line in everything if line.endswith("--all shows them")]
    assert ", ".join(names) in everything
    assert below("class 12", everything) == ["attribute it has fur (given)"]


def test_the_poorest_classes_are_named_first_and_cut_later_than_findings(tmp_path: Path) -> None:
    path = tmp_path / "bank.json"
    said = {f"rich {i}": ["red", "blue", "green"] for i in range(20)}
    TextBank.from_texts({**{f"poor {i}": ["red"] for i in range(11)}, **said, "none": []}).save(path)
    (names,) = below("poor in texts, the median being 3: 12", lines(show(path)))
    assert names.startswith("none (0), poor 0 (1), ")
    assert names.endswith("poor 8 (1) and 2 more")
    of_one = lines(show(path, "--class", "poor 10"))
    assert below("poor in texts, the median being 3: 1", of_one) == ["poor 10 (1)"]


def test_texts_that_answer_nothing_are_told(tmp_path: Path) -> None:
    path = tmp_path / "bank.json"
    nothing = "There is no definitive answer to this question, for owls vary."
    TextBank.from_texts({"owl": ["round eyes", nothing], "emu": ["I cannot see the photo."]}).save(path)
    assert below("saying nothing of their class: 2", lines(show(path))) == [
        nothing, "of owl", "I cannot see the photo.", "of emu"
    ]  # fmt: skip
    assert "saying nothing of their class: 1" in lines(show(path, "--class", "owl"))
    assert record(show(path, "--json"))["unanswered"] == [
        {"class": "owl", "text": nothing},
        {"class": "emu", "text": "I cannot see the photo."},
    ]


def test_json_holds_the_same_facts(bank: Path) -> None:
    facts = record(show(bank, "--json"))
    assert (facts["format"], facts["classes"], facts["texts"], facts["median"]) == ("text-bank", 3, 11, 5)
    assert facts["kinds"] == {"name": 3, "synonym": 0, "attribute": 8, "analogue": 0}
    assert facts["sources"][1] == {
        "generator": "llm",
        "model": "gpt-5-mini",
        "prompt": "attribute-3f2a9c1b",
        "date": "2026-11-25",
        "texts": 8,
    }
    assert facts["by_class"][2] == {
        "class": "sky",
        "texts": 1,
        "kinds": {**facts["kinds"], "name": 1, "attribute": 0},
    }
    assert (facts["poor"], facts["unanswered"]) == (["sky"], [])
    assert facts["examples"][0] == {
        "class": "lime", "text": "a photo of a lime", "kind": "name", "source": "template"
    }  # fmt: skip
    assert facts["alike"] == [
        {"class": "lime", "text": "green, a lime", "earlier": "a lime, green", "likeness": 1.0}
    ]
    assert facts["shared"] == [{"text": "a lime, which is a fruit", "classes": ["lime", "tomato"]}]
    assert facts["mentions"] == [{"class": "tomato", "text": "a tomato, no lime", "names": "lime"}]
    assert "nearest_classes" not in facts


def test_json_has_the_texts_of_classes_that_are_asked_for(bank: Path) -> None:
    facts = record(show(bank, "--json", "--class", "sky"))
    assert [of_class["class"] for of_class in facts["by_class"]] == ["sky"]
    assert facts["by_class"][0]["listed"] == [
        {"text": "a photo of a sky", "kind": "name", "source": "template"}
    ]
    everything = record(show(bank, "--json", "--all"))
    assert [len(of_class["listed"]) for of_class in everything["by_class"]] == [5, 5, 1]


def test_a_bank_without_texts_is_shown(tmp_path: Path, toy: None) -> None:
    TextBank(("cat", "dog"), ()).save(tmp_path / "bank.json")
    printed = lines(show(tmp_path / "bank.json", "--model", "starter"))
    assert below("poor in texts, the median being 0: 2", printed) == ["cat (0), dog (0)"]


def test_a_text_cannot_move_the_cursor(tmp_path: Path) -> None:
    TextBank.from_texts({"[bold]cat": ["soft\x1b[2J\nfur"]}).save(tmp_path / "bank.json")
    shown = show(tmp_path / "bank.json", "--all").stdout
    assert "soft [2J fur" in shown
    assert "\x1b" not in shown
    assert "[bold]cat" in shown
    assert one_line("\u202ea\tb") == "a b"


# Pairs


def test_pairs_are_counted_in_both_directions(pairs: Path) -> None:
    printed = lines(show(pairs))
    assert printed[0] == f"{pairs}: 4 classes, 2 pairs, 4 texts"
    assert below("source texts", printed) == ["me 4"]
    assert below("class other forth back", printed) == ["crow swan 1 2", "crow owl 1 0"]
    assert below("without a say, for a direction is missing: 1", printed) == [
        "nothing says how owl differs from crow"
    ]
    assert below("classes without pairs: 1", printed) == ["emu"]


def test_the_pairs_of_a_class_are_shown_with_their_texts(pairs: Path) -> None:
    printed = lines(show(pairs, "--class", "SWAN"))
    assert below("class other forth back", printed) == ["crow swan 1 2"]
    assert below("crow, not swan", printed) == ["black (me)"]
    assert below("swan, not crow", printed) == ["white (me)", "big (me)"]
    assert not [line for line in printed if "emu" in line or "owl" in line]


def test_long_lists_of_pairs_are_cut_unless_all_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "pairs.json"
    others = [f"bird {i}" for i in range(12)]
    PairBank.from_texts({"crow": {o: ["black"] for o in others}}, ["crow", *others]).save(path)
    printed = lines(show(path))
    assert [line for line in printed if line.endswith("--all shows them")] == [
        "and 2 more; --all shows them",
        "and 9 more; --all shows them",
    ]
    assert below("crow, not bird 11", lines(show(path, "--all"))) == ["black (given)"]


def test_json_of_pairs_holds_the_same_facts(pairs: Path) -> None:
    facts = record(show(pairs, "--json"))
    assert facts == {
        "format": "pair-bank",
        "classes": 4,
        "texts": 4,
        "sources": [{"generator": "me", "texts": 4}],
        "pairs": [
            {"classes": ["crow", "swan"], "forth": 1, "back": 2},
            {"classes": ["crow", "owl"], "forth": 1, "back": 0},
        ],
        "one_sided": [["owl", "crow"]],
        "without_pairs": ["emu"],
    }
    assert record(show(pairs, "--json", "--class", "owl"))["listed"] == [
        {"text": "loud", "class": "crow", "other": "owl", "source": "me"}
    ]


# What is refused


def test_an_unknown_class_is_answered_in_a_sentence(bank: Path) -> None:
    result = show(bank, "--class", "tomatoe")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "unknown class of the bank 'tomatoe': did you mean 'tomato'?" in result.stderr


def test_a_model_has_nothing_to_say_of_pairs(pairs: Path) -> None:
    result = show(pairs, "--model", "starter")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--model looks at a bank of texts" in result.stderr


@pytest.mark.parametrize("content", ["{}", "no json", '{"format": "clipcoder/text-bank", "version": 9}'])
def test_what_is_no_bank_is_answered_in_a_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "bank.json").write_text(content)
    result = show(tmp_path / "bank.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "bank.json must" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    bank = TextBank.from_texts({f"class {i}": ["it has fur " * 40] for i in range(500)})
    bank.save(tmp_path / "bank.json")
    command = [sys.executable, "-m", "clipcoder", "texts", "show", str(tmp_path / "bank.json"), "--all"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


def test_the_pack_is_counted_by_data_set() -> None:
    printed = lines(show("--pack"))
    assert printed[0].startswith("knowledge pack: ")
    assert "eurosat 10 10 64 42 29 18" in printed
    sets = {facts["set"]: facts for facts in record(show("--pack", "--json"))["sets"]}
    assert sets["eurosat"] == {
        "set": "eurosat",
        "classes": 10,
        "known": 10,
        "attributes": 64,
        "analogues": 42,
        "synonyms": 29,
        "pairs": 18,
    }


def test_the_pack_says_what_it_gives_for_a_class() -> None:
    printed = lines(show("--pack", "eurosat", "--class", "Rivers", "--class", "xyzzy"))
    known = below("Rivers: river of eurosat, large natural stream", printed)
    assert known[0] == "attribute winding dark blue band"
    assert "synonym waterway" in known
    assert known[-1] == "not sea or lake: land on both sides of a band of water"
    assert "xyzzy: not in the pack" in printed


def test_a_data_set_of_the_pack_is_shown_whole() -> None:
    classes = record(show("--pack", "eurosat", "--json"))["classes"]
    assert [known["class"] for known in classes][:2] == ["annual crop land", "forest"]
    assert classes[1]["sense"] == "land covered with trees"
    assert classes[1]["differences"]["river"] == ["trees from edge to edge", "mottled dark green crowns"]
    unknown = record(show("--pack", "--json", "--class", "xyzzy"))["classes"]
    assert unknown == [{"name": "xyzzy"}]


def test_a_name_that_may_mean_several_classes_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for folder in ("class_names", "knowledge"):
        (tmp_path / folder).mkdir()
    (tmp_path / "class_names" / "cranes.txt").write_text("tower crane\ncrane bird\n")
    said = {"sense": "s", "attributes": [], "analogues": [], "synonyms": ["crane"]}
    known = [json.dumps({"class": name, **said}) for name in ("tower crane", "crane bird")]
    (tmp_path / "knowledge" / "cranes.jsonl").write_text("\n".join(known))
    monkeypatch.setattr("clipcoder.knowledge.pack.load_pack", lambda: Pack(tmp_path))
    told = "crane: may be tower crane or crane bird; name one of these, or say what it is in brackets"
    assert told in lines(show("--pack", "--class", "crane"))
    rivals = record(show("--pack", "--json", "--class", "crane"))["classes"][0]["rivals"]
    assert rivals == ["tower crane", "crane bird"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "texts show needs the file of a bank, or --pack for the texts that ship; name one"),
        (["--pack", "eurosta"], "unknown set of the knowledge pack 'eurosta': did you mean 'eurosat'"),
        (["--pack", "--model", "starter"], "--model looks at a bank of texts, not at the pack"),
    ],
)
def test_what_the_pack_cannot_show_is_refused(arguments: list[str], complaint: str) -> None:
    result = show(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert complaint in result.stderr
