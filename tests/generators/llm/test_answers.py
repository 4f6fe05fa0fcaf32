"""Answers on the disk: found again, whole, and only by the question that they answer."""

from __future__ import annotations

import json
import os
import shutil
from collections import namedtuple
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clipcoder.errors import LanguageModelError
from clipcoder.generators.llm.answers import Answer, Answers, Asked, answer_files
from clipcoder.generators.llm.completion import Completion

ASKED = Asked("https://ai.test/v1", "tiny", "What does an owl look like?", None, 2000)
ANSWER = Answer(Completion('{"texts": ["größe, \\ud83e\\udd89"]}', "stop", 12, 5), "2026-11-25")


@pytest.fixture
def answers(cache: Path) -> Answers:
    answers = Answers()
    answers.prepare(1)
    return answers


@pytest.fixture
def kept(answers: Answers) -> Path:
    answers.keep(ASKED, ANSWER)
    (path,) = answer_files()
    return path


def test_an_answer_is_found_again_by_another_process(answers: Answers, kept: Path) -> None:
    assert Answers().find(ASKED) == ANSWER
    assert kept.parent.name == "answers"


def test_what_the_endpoint_did_not_count_stays_uncounted(answers: Answers) -> None:
    answer = Answer(Completion("- a", "length"), "2026-11-25")
    answers.keep(ASKED, answer)
    assert answers.find(ASKED) == answer


def test_an_answer_can_be_read_by_a_person(kept: Path) -> None:
    lines = kept.read_text(encoding="utf-8").splitlines()
    assert '  "prompt": "What does an owl look like?",' in lines
    assert '  "date": "2026-11-25",' in lines
    document = json.loads(kept.read_text(encoding="utf-8"))
    assert (document["format"], document["version"]) == ("clipcoder/answer", 1)
    assert (document["prompt_tokens"], document["answer_tokens"]) == (12, 5)


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "https://ai.test/v2"},
        {"model": "Tiny"},
        {"prompt": "What does an owl look like? "},
        {"temperature": 0.0},
        {"max_answer_tokens": 2001},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_question_has_no_answer_yet(answers: Answers, kept: Path, change: dict[str, Any]) -> None:
    assert answers.find(replace(ASKED, **change)) is None


def test_where_a_thing_stands_matters(answers: Answers) -> None:
    assert replace(ASKED, model="ab", prompt="c").digest != replace(ASKED, model="a", prompt="bc").digest


def damaged(document: dict[str, Any], **change: Any) -> bytes:
    return json.dumps(document | change).encode()


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: b"",
        lambda d: json.dumps(d).encode()[:-20],
        lambda d: b"\x00" * 100,
        lambda d: b"[" * 100_000,
        lambda d: b"[]",
        lambda d: b"null",
        lambda d: b"{}",
        lambda d: damaged(d, answer="another"),
        lambda d: damaged(d, version=2),
        lambda d: damaged(d, format="clipcoder/text-bank"),
        lambda d: damaged(d, digest="0" * 64),
        lambda d: damaged({k: v for k, v in d.items() if k != "finish"}),
    ],
)
def test_a_damaged_answer_is_asked_for_anew(
    answers: Answers, kept: Path, damage: Any, caplog: pytest.LogCaptureFixture
) -> None:
    kept.write_bytes(damage(json.loads(kept.read_bytes())))
    assert answers.find(ASKED) is None
    assert caplog.messages == [f"the answer in {kept} cannot be used (it is damaged) and is asked for anew"]
    answers.keep(ASKED, ANSWER)
    assert answers.find(ASKED) == ANSWER


@pytest.mark.parametrize("wrong", [{"text": 3}, {"finish": "bored"}])
def test_a_sound_file_with_an_impossible_answer_is_none(answers: Answers, wrong: dict[str, Any]) -> None:
    answers.keep(ASKED, Answer(replace(ANSWER.completion, **wrong), "2026-11-25"))
    assert answers.find(ASKED) is None


def test_an_answer_under_another_s_name_is_not_used(answers: Answers, kept: Path) -> None:
    other = replace(ASKED, prompt="What does a cat look like?")
    kept.rename(kept.with_name(f"{other.digest}.json"))
    assert answers.find(other) is None


def test_an_answer_that_cannot_be_opened_is_asked_for_anew(
    answers: Answers, kept: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept.unlink()
    kept.mkdir()
    assert answers.find(ASKED) is None
    assert "(is a directory) and is asked for anew" in caplog.messages[0]


def test_a_folder_that_cannot_be_made_is_found_out_beforehand(unwritable_cache: Path) -> None:
    with pytest.raises(
        LanguageModelError, match=r"answers cannot be kept in '.*' \(.*\), so nothing more is asked; make"
    ):
        Answers().prepare(1)


def test_a_full_disk_is_found_out_beforehand(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "free")(10_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    Answers().prepare(1)
    with pytest.raises(LanguageModelError, match=r"\(2 answers need 16,384 bytes and 10,000 are free\)"):
        Answers().prepare(2)


def test_a_disk_that_takes_no_bytes_is_found_out_beforehand(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LanguageModelError, match=r"\(no space left on device\)"):
        Answers().prepare(1)
    assert not list(Answers().folder.iterdir())


def test_getting_ready_leaves_nothing_behind(answers: Answers) -> None:
    assert not list(answers.folder.iterdir())


def test_what_killed_processes_have_left_goes(answers: Answers) -> None:
    draft = answers.folder / ".abc.json.01234567.tmp"
    draft.write_bytes(b"{")
    os.utime(draft, (0, 0))
    answers.prepare(1)
    assert not draft.exists()


def test_an_answer_that_cannot_be_written_leaves_no_half_of_it(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LanguageModelError, match="cannot be kept"):
        answers.keep(ASKED, ANSWER)
    assert not list(answers.folder.iterdir())
