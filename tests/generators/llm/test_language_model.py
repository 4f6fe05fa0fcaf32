"""The settings of a language model, and which key belongs to which endpoint."""

from __future__ import annotations

from typing import Any

import pytest

from clipcoder.errors import InvalidInputError, LanguageModelError
from clipcoder.generators.llm import LanguageModel
from clipcoder.generators.llm.endpoint import Key

LOCAL = "http://localhost:11434/v1"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("name", " "),
        ("name", "tiny\udcff"),
        ("concurrency", 0),
        ("concurrency", 1.5),
        ("retries", -1),
        ("retries", True),
        ("timeout", 0),
        ("timeout", float("inf")),
        ("temperature", 2.1),
        ("temperature", -0.1),
        ("max_answer_tokens", 0),
        ("max_requests", -1),
        ("max_tokens", -1),
    ],
)
def test_a_setting_that_cannot_be_is_named(setting: str, value: object) -> None:
    settings: dict[str, Any] = {"name": "tiny", setting: value}
    with pytest.raises(InvalidInputError, match=rf"^{setting} \(--[a-z-]+\) must .*but it is"):
        LanguageModel(**settings)


def test_the_same_temperature_is_the_same_setting() -> None:
    """Whole numbers of Python and those of the command line name one answer on the disk."""
    assert repr(LanguageModel("tiny", temperature=1).temperature) == "1.0"


def test_openai_is_asked_where_nothing_else_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    model = LanguageModel("gpt-5-mini")
    assert model.endpoint == "https://api.openai.com/v1"
    assert model.read_key() == Key("OPENAI_API_KEY", "sk-1")


def test_the_environment_may_name_another_endpoint_for_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://gateway.example/v1/")
    model = LanguageModel("gpt-5-mini")
    assert model.endpoint == "https://gateway.example/v1"
    assert model.read_key() == Key("OPENAI_API_KEY", "sk-1")


def test_an_endpoint_of_the_environment_is_checked_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://me:hush@gateway.example/v1")
    with pytest.raises(InvalidInputError, match=r"^OPENAI_BASE_URL must hold no user name"):
        _ = LanguageModel("tiny").endpoint


def test_openai_s_key_is_not_for_an_endpoint_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert LanguageModel("tiny", base_url=LOCAL).read_key() is None
    assert LanguageModel("tiny", base_url="https://api.openai.com/v1").read_key() is None


def test_an_endpoint_that_is_named_gets_the_key_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSTED_KEY", "hk-1")
    model = LanguageModel("tiny", base_url="https://hosted.example/v1", key_from="HOSTED_KEY")
    assert model.read_key() == Key("HOSTED_KEY", "hk-1")


@pytest.mark.parametrize(
    ("settings", "variable"),
    [
        ({}, "OPENAI_API_KEY"),
        ({"key_from": "MINE"}, "MINE"),
        ({"base_url": LOCAL, "key_from": "MINE"}, "MINE"),
    ],
)
def test_a_key_that_is_needed_and_not_there_is_asked_for(settings: dict[str, str], variable: str) -> None:
    with pytest.raises(LanguageModelError, match=f"must be in the environment variable {variable}"):
        LanguageModel("tiny", **settings).read_key()  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["sk-proj-hush", "gsk_hush0123", "hush hush"])
def test_a_key_in_place_of_its_variable_is_not_repeated(key: str) -> None:
    with pytest.raises(
        InvalidInputError, match=r"must name an environment variable .*, not be the key"
    ) as caught:
        LanguageModel("tiny", key_from=key).read_key()
    assert "hush" not in str(caught.value)


def test_a_variable_may_be_written_in_small_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("my_key", "sk-1")
    assert LanguageModel("tiny", key_from="my_key").read_key() == Key("my_key", "sk-1")


def test_an_endpoint_of_the_environment_may_need_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", LOCAL)
    assert LanguageModel("tiny").read_key() is None


def test_a_key_does_not_leave_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE", "sk-hush")
    model = LanguageModel("tiny", base_url="http://hosted.example/v1", key_from="MINE")
    with pytest.raises(LanguageModelError, match="the key in MINE is not sent to http://hosted"):
        model.read_key()


def test_no_representation_shows_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE", "sk-hush")
    model = LanguageModel("tiny", base_url=LOCAL, key_from="MINE")
    assert "hush" not in repr(model) + repr(model.read_key()) + str(model.read_key())


def test_two_spellings_of_an_endpoint_make_one_model() -> None:
    assert LanguageModel("tiny", base_url=LOCAL) == LanguageModel("tiny", base_url=f"{LOCAL}/")
