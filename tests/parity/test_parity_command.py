from __future__ import annotations

from pathlib import Path

import fake_checkout
import pytest
from small_case import LikeOurs, small

from parity import __main__ as command
from parity import page


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text(f"{page.BEGIN}\n{page.END}\n")
    return path


def run(*arguments: object) -> int:
    return command.main([str(argument) for argument in arguments])


def stand_in(monkeypatch: pytest.MonkeyPatch, like: LikeOurs) -> None:
    monkeypatch.setattr(command, "Published", lambda *_: like)
    monkeypatch.setattr(command, "cases", lambda _: iter([small()]))


@pytest.mark.usefixtures("short_search")
def test_what_agrees_is_written_and_told(
    made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in(monkeypatch, LikeOurs())
    assert run("checkout", "--page", made) == 0
    said = capsys.readouterr()
    assert said.err == "made up as caltech-101, seed 1: agrees\n"
    assert said.out.strip() in made.read_text()


@pytest.mark.usefixtures("short_search")
def test_what_does_not_agree_ends_with_status_1(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, LikeOurs(lambda answers: answers["zero-shot-double"]["coder"].fill(0)))
    assert run("checkout", "--page", made) == 1
    assert "APART" in made.read_text()


def test_bad_input_ends_with_one_sentence_and_nothing_written(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = made.read_text()
    checkout = fake_checkout.write(tmp_path / "checkout")
    for arguments, said in (
        ([tmp_path / "nowhere", "--page", made], "must be a checkout"),
        ([checkout, "--page", tmp_path / "none.md"], "must be a page"),
        ([checkout, "--page", made, "--data", tmp_path], "must have the folder caltech-101"),
        ([checkout, "--page", made, "--made-up", "--python", "nowhere/python"], "must be an interpreter"),
    ):
        assert run(*arguments) == 2
        errors = capsys.readouterr().err
        assert errors.startswith("error: ") and said in errors and errors.count("\n") == 1
    assert made.read_text() == before


def test_the_cases_without_photos() -> None:
    assert [case.dataset for case in command.cases(None)] == ["caltech-101", "DTD"]
