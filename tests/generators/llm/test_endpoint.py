"""Addresses that may be written down, and where a key may go."""

from __future__ import annotations

import logging
import traceback

import pytest

from clipcoder.errors import InvalidInputError, LanguageModelError
from clipcoder.generators.llm.endpoint import Key, check_way, checked_url, is_loopback, read_key


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("https://api.openai.com/v1/", "https://api.openai.com/v1"),
        (" HTTPS://API.example.com:443 ", "https://api.example.com"),
        ("http://localhost:11434/v1", "http://localhost:11434/v1"),
        ("http://localhost:80/V1", "http://localhost/V1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
    ],
)
def test_an_address_has_one_spelling(given: str, written: str) -> None:
    assert checked_url(given, "base_url") == written


@pytest.mark.parametrize(
    "secretive",
    [
        "https://user:hush@example.com/v1",
        "https://hush@example.com/v1",
        "https://example.com/v1?api_key=hush",
        "https://example.com/v1#hush",
    ],
)
def test_an_address_that_holds_a_secret_is_refused_without_repeating_it(secretive: str) -> None:
    with pytest.raises(InvalidInputError, match=r"name that one as key_from \(--key-from\)") as caught:
        checked_url(secretive, "base_url")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "localhost:11434",
        "ftp://example.com",
        "http://",
        "http://a:b:c",
        "http://a:0",
        "http://[::1",
        "http://a b/",
    ],
)
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidInputError, match="base_url must be an address such as"):
        checked_url(wrong, "base_url")


@pytest.mark.parametrize(
    "broken",
    [
        "user:hush@example.com/v1?key=hush",
        "http://user:hush#ed@example.com",
        "http://user:hush?ed@example.com",
    ],
)
def test_half_an_address_does_not_give_its_secret_away_either(broken: str) -> None:
    with pytest.raises(
        InvalidInputError, match=r"must be an address such as .* but it is another thing"
    ) as caught:
        checked_url(broken, "base_url")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("local", ["localhost", "127.0.0.1", "127.8.9.10", "[::1]", "my.localhost"])
def test_this_machine_is_known(local: str) -> None:
    assert is_loopback(f"http://{local}:1/v1")


def test_a_name_that_only_begins_like_this_machine_is_another() -> None:
    assert not is_loopback("http://localhost.example.com/v1")
    assert not is_loopback("http://127.0.0.1.example.com/v1")


KEY = Key("MY_KEY", "sk-hush-hush")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/v1",
        "http://8.8.8.8/v1",
        "http://[::ffff:8.8.8.8]/v1",
        "http://134744072/v1",
        "http://0x08080808/v1",
        "http://example\u3002com/v1",
        "http://local.example/v1",
    ],
)
def test_a_key_does_not_cross_the_internet_in_the_clear(url: str) -> None:
    with pytest.raises(
        LanguageModelError, match=r"the key in MY_KEY is not sent to http://.*begins with https$"
    ):
        check_way(url, KEY)


@pytest.mark.parametrize(
    "url",
    [
        "http://192.168.1.7:8000",
        "http://gpu-box/v1",
        "http://gpu.lan",
        "http://100.64.0.9",
        "http://[fe80::1]",
        "http://[::ffff:10.0.0.1]",
        "http://7b-server_2/v1",
    ],
)
def test_a_key_in_the_clear_on_one_s_own_network_is_remarked_on(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    check_way(url, KEY)
    assert caplog.messages == [f"the key in MY_KEY goes to {url} unencrypted; https would keep it secret"]


@pytest.mark.parametrize(
    ("url", "key"),
    [("https://example.com", KEY), ("http://127.0.0.1:1/v1", KEY), ("http://example.com/v1", None)],
)
def test_nothing_is_said_where_there_is_no_danger(
    url: str, key: Key | None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        check_way(url, key)
    assert not caplog.messages


@pytest.mark.parametrize("value", ["", "  \n"])
def test_a_blank_variable_holds_no_key(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", value)
    assert read_key("MY_KEY") is None


def test_space_around_a_key_is_not_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", " sk-1\n")
    assert read_key("MY_KEY") == Key("MY_KEY", "sk-1")


@pytest.mark.parametrize("value", ["sk-hush\nX-Other: 1", "sk-hüsh", "two words", "sk-\x00"])
def test_a_key_that_no_header_can_hold_is_not_repeated(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {"MY_KEY": value})
    with pytest.raises(LanguageModelError, match="the environment variable MY_KEY must be letters") as caught:
        read_key("MY_KEY")
    frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True).stack
    assert value not in str(caught.value) + str(
        [frame.locals for frame in frames if frame.name == "read_key"]
    )
