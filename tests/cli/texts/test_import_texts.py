"""``clipcoder texts import``: banks on the disk, and on standard error what matched and what did not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from clipcoder import PairBank, TextBank
from clipcoder.cli import commands
from clipcoder.cli.texts.import_texts import _CALLED
from clipcoder.importers import FORMATS

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(commands.main, ["texts", "import", *map(str, arguments)])

    return invoke


def save(path: str, content: Any) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def sentence(result: Result) -> str:
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    return line


def test_a_file_becomes_a_bank_and_what_did_not_match_is_told(run: Run) -> None:
    birds = save(
        "birds.json",
        {"emus": ["long legs", "long legs", ""], "owl, barn": ["eyes"], "owl, snowy": [], "jay": []},
    )
    result = run(birds, "--classes", "emu,owl", "--out", "bank.json", "--domain", "a type of bird")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines() == [
        "clipcoder: birds.json: phrases by class with 1 of 2 classes; 3 texts, made of its phrases",
        "clipcoder: birds.json: found in another spelling: 'emu' as 'emus'",
        "clipcoder: birds.json: 'owl' is left out, for it could be any of 'owl, barn', 'owl, snowy'",
        "clipcoder: birds.json: lacks 'owl'",
        "clipcoder: birds.json: has besides 'owl, barn', 'owl, snowy', 'jay'",
        "clipcoder: birds.json: texts left out: 1 given twice, 1 blank",
        "clipcoder: wrote 3 texts to bank.json; classes: 2",
    ]
    assert [text.text for text in TextBank.load("bank.json").texts] == [
        "a photo of an emu, a type of bird",
        "a photo of an emu, which has long legs",
        "a photo of an owl, a type of bird",
    ]
    assert sorted(path.name for path in Path().iterdir()) == ["bank.json", "birds.json"]


def test_several_files_are_merged_for_the_classes_of_the_first(run: Run) -> None:
    first = save("first.json", {"emu": ["An emu runs."], "owl": ["An owl hoots."]})
    second = save("second.csv", "class,snippet,kind,other\nOwl,eyes,,\nemus,legs,,owl\ncrow,black,,\n")
    third = save("third.json", {"owl": {"emu": ["hoots"]}, "emu": {"owl": ["legs"]}})
    result = run(first, second, third, "--out", "bank.json")
    assert result.exit_code == 0, result.stderr
    bank, pairs = TextBank.load("bank.json"), PairBank.load("bank.pairs.json")
    assert [(text.class_name, text.source.generator) for text in bank.texts] == [
        ("emu", "template"),
        ("emu", "cupl"),
        ("owl", "template"),
        ("owl", "cupl"),
        ("owl", "csv"),
    ]
    assert pairs.class_names == bank.class_names
    assert {(text.class_name, text.other) for text in pairs.texts} == {("emu", "owl"), ("owl", "emu")}
    assert len({text.key for text in pairs.texts}) == len(pairs.texts)
    assert f"clipcoder: wrote {len(pairs)} texts on pairs of classes to bank.pairs.json" in result.stderr


def test_pairs_go_where_they_are_told(run: Run) -> None:
    pairs = save("pairs.json", {"emu": {"owl": ["long legs"]}})
    assert run(pairs, "--out", "bank.json", "--pairs-out", "told.json").exit_code == 0
    assert PairBank.load("told.json").class_names == ("emu", "owl")
    assert not Path("bank.pairs.json").exists()


def test_a_place_for_pairs_stays_empty_where_there_are_none(run: Run) -> None:
    result = run(save("birds.json", {"emu": ["legs"]}), "--out", "bank.json", "--pairs-out", "told.json")
    assert result.exit_code == 0
    assert "found no texts on pairs of classes to write to told.json" in result.stderr
    assert not Path("told.json").exists()


def test_expert_knowledge_of_one_data_set(run: Run) -> None:
    save("know/synonym/zoo.json", [{"syno": ["Dromaius"]}])
    save("know/synonym/farm.json", [{"syno": ["Bos"]}, {"syno": []}])
    save("names.txt", "emu\n")
    save("mine.txt", "Emu\n")
    arguments = ["know", "--dataset", "zoo", "--names-file", "names.txt", "--classes-file", "mine.txt"]
    assert run(*arguments, "--out", "bank.json").exit_code == 0
    assert TextBank.load("bank.json").class_names == ("Emu",)
    birds = save("birds.json", {"emu": ["legs"]})
    assert run(birds, *arguments, "--out", "both.json").exit_code == 0
    assert [text.kind for text in TextBank.load("both.json").texts] == ["name", "attribute", "synonym"]


def test_wordings_of_ones_own(run: Run) -> None:
    save("own.toml", 'domain = "a bird"\n[templates]\nname = "{}{domain}"\nattribute = "{}: {snippet}"\n')
    birds = save("birds.json", {"emu": ["legs"]})
    assert run(birds, "--prompts", "own.toml", "--out", "bank.json").exit_code == 0
    assert [text.text for text in TextBank.load("bank.json").texts] == ["emu, a bird", "emu: legs"]
    assert run(birds, "--prompts", "own.toml", "--domain", "", "--out", "bank.json").exit_code == 0
    assert TextBank.load("bank.json").texts[0].text == "emu"


def test_formats_and_partial_files(run: Run) -> None:
    birds = save("birds.json", {"emu": ["legs"]})
    arguments = [birds, "--classes", "emu,owl,crow", "--out", "bank.json", "--format", "cupl"]
    assert "it lacks 'owl', 'crow'; take it all the same as partial (--partial)" in sentence(run(*arguments))
    result = run(*arguments, "--partial")
    assert result.exit_code == 0
    assert "sentences by class with 1 of 3 classes; 4 texts, taken as they stand" in result.stderr


def test_a_file_of_ours_may_be_read_and_replaced(run: Run) -> None:
    TextBank.from_names(["emu", "owl"]).save("bank.json")
    assert run("bank.json", "--classes", "owl", "--out", "bank.json").exit_code == 0
    assert TextBank.load("bank.json") == TextBank.from_names(["owl"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.json", "--out", "bank.json"], "cannot read 'none.json': no such file"),
        (["birds.json", "--out", "bank.txt"], "--out must name a file that ends in .json, got 'bank.txt'"),
        (["birds.json", "--out", "none/bank.json"], "--out cannot write 'none/bank.json'"),
        (
            ["pairs.json", "--out", "bank.json", "--pairs-out", "p.txt"],
            "--pairs-out must name a file that ends",
        ),
        (
            ["pairs.json", "--out", "bank.json", "--pairs-out", "bank.json"],
            "must name two files, but both name",
        ),
        (
            ["pairs.json", "--out", "bank.json", "--pairs-out", "linked/bank.json"],
            "must name two files, but both name",
        ),
        (
            ["pairs.json", "birds.json", "--out", "linked/birds.json"],
            "--out must not replace a file that was read and is no bank, but it names 'linked/birds.json'",
        ),
        (
            ["pairs.json", "--out", "bank.json", "--pairs-out", "pairs.json"],
            "--pairs-out must not replace a file that was read and is no bank",
        ),
        (
            ["birds.json", "--dataset", "zoo", "--out", "bank.json"],
            "--dataset and --names-file go with expert",
        ),
        (
            ["birds.json", "--names-file", "n.txt", "--out", "bank.json"],
            "--dataset and --names-file go with expert",
        ),
        (["birds.json", "--classes", "a", "--classes-file", "b", "--out", "bank.json"], "not as both"),
        (["birds.json", "--classes", ",", "--out", "bank.json"], "at least one class name is needed"),
        (["birds.json", "--prompts", "nothing", "--out", "bank.json"], "nothing"),
        (["birds.json"], "--out"),
        (["--out", "bank.json"], "PATH"),
        (["birds.json", "--format", "xml", "--out", "bank.json"], "xml"),
    ],
)
def test_a_command_that_makes_no_sense_writes_nothing(run: Run, arguments: list[str], said: str) -> None:
    save("birds.json", {"emu": ["legs"]})
    save("pairs.json", {"emu": {"owl": ["legs"]}})
    Path("linked").symlink_to(Path.cwd())
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr.splitlines()[-1]
    assert sorted(path.name for path in Path().iterdir()) == ["birds.json", "linked", "pairs.json"]
    assert json.loads(Path("birds.json").read_text()) == {"emu": ["legs"]}


def test_a_bad_file_among_good_ones_leaves_nothing_half_written(run: Run) -> None:
    good, bad = save("good.json", {"emu": ["legs"]}), save("bad.json", "{")
    assert run(good, bad, "--out", "bank.json").exit_code == 2
    assert not Path("bank.json").exists()


def test_every_format_can_be_named_and_has_a_name() -> None:
    assert tuple(_CALLED) == FORMATS
