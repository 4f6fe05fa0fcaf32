"""Pickles of plain data come back as they were, from every protocol; damage and monsters are refused."""

from __future__ import annotations

import io
import pickle
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.errors import InvalidInputError
from clipcoder.importers import pickle_code, plain_pickle
from clipcoder.importers.plain_pickle import read_pickle

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
JSON_LIKE = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


def refused(content: bytes) -> str:
    """The one sentence with which a pickle is refused."""
    with pytest.raises(InvalidInputError) as caught:
        read_pickle(content)
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestWhatComesBack:
    @given(JSON_LIKE, st.sampled_from(PROTOCOLS))
    def test_what_json_could_say_comes_back_equal(self, value: Any, protocol: int) -> None:
        assert read_pickle(pickle.dumps(value, protocol)) == value

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_types_come_back_too(self, protocol: int) -> None:
        values = [True, 1, 1.0, False, 0, None, "1", 2**31, -(2**70), "two\nlines\\", "名", float("inf")]
        read = read_pickle(pickle.dumps(values, protocol))
        assert [(type(value), value) for value in read] == [(type(value), value) for value in values]

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_long_lists_texts_and_dictionaries_are_put_together(self, protocol: int) -> None:
        value = {
            "list": [f"text {i}" for i in range(2500)],
            "text": "long " * 20_000,
            **{key: [] for key in "abc"},
        }
        assert read_pickle(pickle.dumps(value, protocol)) == value

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_a_list_and_a_text_may_be_shared(self, protocol: int) -> None:
        shared = ["long neck"]
        assert read_pickle(pickle.dumps([shared, shared, shared[0]], protocol)) == [
            shared,
            shared,
            "long neck",
        ]

    def test_the_unoptimised_pickler_writes_what_can_be_read(self) -> None:
        file = io.BytesIO()
        pickle._Pickler(file, 4).dump([{"cat": ["fur"]}])  # type: ignore[attr-defined]
        assert read_pickle(file.getvalue()) == [{"cat": ["fur"]}]


class TestPython2:
    """As Python 2.7 wrote the lists, byte by byte."""

    def test_protocol_0(self) -> None:
        content = b"(lp0\n(lp1\nS'long neck'\np2\naS\"a bird's bill\"\np3\naa(lp4\nVcaf\\u00e9\np5\naa."
        assert read_pickle(content) == [["long neck", "a bird's bill"], ["café"]]

    def test_protocol_2(self) -> None:
        content = b"\x80\x02]q\x00(]q\x01U\tlong neckq\x02a]q\x03X\x05\x00\x00\x00caf\xc3\xa9q\x04ae."
        assert read_pickle(content) == [["long neck"], ["café"]]

    def test_bytes_are_utf_8_or_else_latin_1(self) -> None:
        assert read_pickle(b"U\x05caf\xc3\xa9.") == "café"
        assert read_pickle(b"T\x04\x00\x00\x00caf\xe9.") == "café"
        assert read_pickle(b"S'caf\\xc3\\xa9'\np0\n.") == "café"
        assert read_pickle(b"S'caf\\xe9'\np0\n.") == "café"

    def test_quoted_texts_keep_their_escapes(self) -> None:
        assert read_pickle(rb"S'it\'s \\ \"a\" \t\n\r'" + b"\n.") == 'it\'s \\ "a" \t\n\r'

    @pytest.mark.parametrize("line", [b"", b"'", b"cat", b"'cat\"", rb"'\q'", b"'cat\\'", rb"'\xg0'"])
    def test_a_badly_quoted_text_is_damage(self, line: bytes) -> None:
        assert "is damaged" in refused(b"S" + line + b"\n.")

    def test_numbers_and_dictionaries(self) -> None:
        assert read_pickle(b"(dS'a'\nI1\nsS'b'\nL12345678901L\nsS'c'\nI01\nsS'd'\nF0.5\ns.") == {
            "a": 1,
            "b": 12345678901,
            "c": True,
            "d": 0.5,
        }


class TestDamage:
    CONTENT = pickle.dumps([{"cat": ["fur", 3, 0.5, None]}, ["claws"]], 4)

    @pytest.mark.parametrize("end", range(len(CONTENT)))
    def test_a_pickle_cut_anywhere_is_refused(self, end: int) -> None:
        refused(self.CONTENT[:end])

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b".",
            b"NN.",
            b"(.",
            b"N(.",
            b"e.",
            b"a.",
            b"]a.",
            b"](a.",
            b"]](ae.",  # what stands before a mark is out of reach
            b"N(Ne.",
            b"}(X\x01\x00\x00\x00ae.",
            b"}(X\x01\x00\x00\x00au.",
            b"]X\x01\x00\x00\x00aNs.",
            b"h\x00.",
            b"q\x00.",
            b"l.",
            b"d.",
            b"I12x\n.",
            b"X\x01\x00\x00\x00\xff.",
            b"\x8b\xff\xff\xff\xff.",
        ],
    )
    def test_instructions_that_do_not_fit_are_damage(self, content: bytes) -> None:
        assert "is damaged" in refused(content)

    @given(st.binary(max_size=60))
    def test_random_bytes_raise_nothing_else(self, content: bytes) -> None:
        outcome(content)

    @given(
        JSON_LIKE,
        st.sampled_from(PROTOCOLS),
        st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=4),
    )
    def test_mutated_pickles_raise_nothing_else(
        self, value: Any, protocol: int, changes: list[tuple[int, int]]
    ) -> None:
        content = bytearray(pickle.dumps(value, protocol))
        for position, byte in changes:
            content[position % len(content)] = byte
        outcome(bytes(content))

    @given(st.lists(st.sampled_from([op.code for op in pickle_code._BY_CODE.values()]), max_size=40))
    def test_random_programs_raise_nothing_else(self, codes: list[str]) -> None:
        outcome("".join(codes).encode("latin-1"))


def outcome(content: bytes) -> None:
    """Read a pickle; it is plain data or refused."""
    try:
        value = read_pickle(content)
    except InvalidInputError:
        return
    assert_plain(value)


def assert_plain(value: Any) -> None:
    assert type(value) in (type(None), bool, int, float, str, list, dict)
    for inner in (
        [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    ):
        assert_plain(inner)


class TestMeasure:
    @pytest.mark.parametrize(
        "head",
        [
            b"\x8a\xff",  # LONG1
            b"\x8b\xff\xff\xff\x7f",  # LONG4
            b"X\xff\xff\xff\xff",  # BINUNICODE
            b"\x8d\xff\xff\xff\xff\xff\xff\xff\x7f",  # BINUNICODE8
            b"T\xff\xff\xff\x7f",  # BINSTRING
        ],
    )
    def test_a_length_beyond_the_end_is_damage_and_reserves_nothing(self, head: bytes) -> None:
        assert "is damaged" in refused(b"\x80\x04" + head + b"text.")

    @pytest.mark.parametrize("number", [-1, pickle_code.MOST_STEPS, 2**61 - 1, 2**64])
    def test_numbers_in_the_memo_that_no_pickle_needs_are_refused(self, number: int) -> None:
        assert "under a number beyond" in refused(b"]p%d\n." % number)
        assert read_pickle(b"]p%d\n." % (pickle_code.MOST_STEPS - 1)) == []
        assert "under a number beyond" in refused(b"]r\xff\xff\xff\xff.")

    def test_as_many_levels_as_allowed_and_no_more(self) -> None:
        most = plain_pickle.MOST_DEPTH
        assert read_pickle(b"]" * most + b"a" * (most - 1) + b".")
        assert "levels" in refused(b"]" * (most + 1) + b"a" * most + b".")

    def test_nesting_without_end_raises_no_recursion_error(self) -> None:
        assert "levels" in refused(b"]" * 100_000 + b"a" * 99_999 + b".")
        assert "levels" in refused(b"(" * 100_000 + b"l" * 100_000 + b".")

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_a_list_that_contains_itself_is_refused(self, protocol: int) -> None:
        endless: list[Any] = ["text"]
        endless.append(endless)
        assert "contains itself" in refused(pickle.dumps(endless, protocol))

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_a_dictionary_that_contains_itself_is_refused(self, protocol: int) -> None:
        endless: dict[str, Any] = {}
        endless["self"] = endless
        assert "contains itself" in refused(pickle.dumps(endless, protocol))

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_lists_that_grow_when_they_are_walked_are_refused(
        self, protocol: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(plain_pickle, "MOST_WALKED", 1 << 16)
        laughs: list[Any] = ["lol"]
        for _ in range(9):
            laughs = [laughs] * 10
        assert "repeats its parts" in refused(pickle.dumps(laughs, protocol))

    def test_a_long_text_that_is_shared_a_thousand_times_is_refused(self) -> None:
        text = "long " * 20_000
        assert "repeats its parts" in refused(pickle.dumps([text] * 1000))
        assert "repeats its parts" in refused(pickle.dumps([{text: None} for _ in range(1000)]))

    def test_a_pickle_has_a_largest_number_of_instructions(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pickle_code, "MOST_STEPS", 100)
        assert len(read_pickle(b"](" + b"N" * 96 + b"e.")) == 96
        assert "more than 100 instructions" in refused(b"](" + b"N" * 97 + b"e.")

    def test_an_unknown_protocol_is_refused(self) -> None:
        assert "protocol 6" in refused(b"\x80\x06].")

    def test_keys_must_be_texts(self) -> None:
        assert "key that is no text" in refused(pickle.dumps({1: ["fur"]}))
        assert "key that is no text" in refused(b"}]Ns.")

    def test_what_is_behind_the_end_is_refused(self) -> None:
        assert "goes on behind its end" in refused(pickle.dumps([]) + b"\n")
        assert "goes on behind its end" in refused(pickle.dumps([]) + pickle.dumps(["more"]))

    def test_frames_are_no_promise(self) -> None:
        assert read_pickle(b"\x80\x04\x95" + struct.pack("<Q", 2**63) + b"].") == []
