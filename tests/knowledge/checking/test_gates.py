"""All gates together, as ``make check-knowledge`` runs them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from small_pack import Assets, entry, pair

from clipcoder.knowledge.__main__ import main
from clipcoder.knowledge.checking.gates import check_set
from clipcoder.knowledge.checking.spelling import Speller
from clipcoder.knowledge.pack import Pack


@pytest.fixture
def package(assets: Assets, pack: Pack) -> Assets:
    """The small pack, with one set more in which nothing is to be mended."""
    attributes = [f"{colour} bumpy side" for colour in ("red", "blue", "green", "white", "brown", "black")]
    assets.names("good", ["owl"])
    assets.lines("good.jsonl", [entry("owl", attributes=attributes, analogues=["jay", "crow", "hawk"])])
    assets.lines("good.pairs.jsonl", [])
    return assets


def test_all_gates_are_asked(assets: Assets) -> None:
    assets.names("pets", ["cat", "dog"])
    assets.lines("pets.jsonl", [entry("cat", attributes=["red tail"]), entry("dog", attributes=["red tail"])])
    assets.lines("pets.pairs.jsonl", [pair("cat", "dog")])
    told = [str(finding) for finding in check_set(assets.pack["pets"], Speller({"red", "tail", "some"}))]
    assert [line for line in told if line.startswith("cat")] == [
        "cat: has 1 attributes, not 6 to 10",
        "cat: has 1 analogues, not 3 to 5",
        "cat: unknown word 'thing': 'some thing'",
        "cat: also said of 'dog': 'red tail'",
        "cat ~ dog: has 0 differences, not 2 to 4",
        "cat ~ dog: has 0 other differences, not 2 to 4",
    ]


def test_nothing_to_mend_is_success(package: Assets, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--set", "good"], package.folder) == 0
    assert capsys.readouterr().out == "no findings in good\n"


def test_findings_come_one_a_line_behind_their_data_set(
    package: Assets, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([], package.folder) == 1
    *lines, last = capsys.readouterr().out.splitlines()
    assert "birds:crane: has 4 attributes, not 6 to 10" in lines
    assert "machines:bulldozer: is missing" in lines
    assert last == f"{len(lines)} findings in birds, eurosat, good, machines"


def test_one_finding_is_counted_so(package: Assets, capsys: pytest.CaptureFixture[str]) -> None:
    package.lines("good.pairs.jsonl", ["[]"])
    assert main(["--set", "good"], package.folder) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "1 finding in good"


def test_an_unknown_set_is_one_sentence(package: Assets, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--set", "goood"], package.folder) == 2
    assert capsys.readouterr().err == "unknown set of the knowledge pack 'goood': did you mean 'good'?\n"


def test_eurosat_passes_all_gates_as_a_program() -> None:
    """The set that shows how the others are to be."""
    command = [sys.executable, "-m", "clipcoder.knowledge", "--set", "eurosat"]
    assert subprocess.run(command, check=True, capture_output=True).stdout == b"no findings in eurosat\n"
