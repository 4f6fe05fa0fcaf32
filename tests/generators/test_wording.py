from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.errors import InvalidInputError
from clipcoder.generators.wording import check_wording, fields_of

NAME = frozenset({"name"})
ALLOWED = frozenset({"name", "other"})


def test_the_fields_of_a_wording_are_found() -> None:
    assert fields_of("{name}, not {other}: {name} {{texts}}") == {"name", "other"}
    assert fields_of("a photo") == frozenset()


@pytest.mark.parametrize(
    ("wording", "message"),
    [
        (
            "{nmae}",
            r"a wording may have the fields \{name\} \{other\}, but '\{nmae\}' has \{nmae\}; write a brace",
        ),
        ("{name} {name!r}", r"has \{name!r\};"),
        ("{name:>9}", r"has \{name:>9\};"),
        ("{name} {other.size}", r"has \{other\.size\};"),
        (
            "{name} {",
            r"a wording must be a text with fields among \{name\} \{other\}, but it is '\{name\} \{'",
        ),
        ("}", "write a brace that is no field twice"),
        (7, "must be a text with fields among .*, but it is 7;"),
        ("{other}", r"a wording must hold \{name\}, but it is '\{other\}'"),
        ("long " * 100 + "{other}", r"but it is 'long .{50,60}\.\.\.$"),
    ],
)
def test_what_is_wrong_with_a_wording_is_said(wording: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        check_wording("a wording", wording, [NAME], ALLOWED)


def test_each_of_several_needed_fields_has_to_be_there() -> None:
    check_wording("a pair", "{name} {other}", [NAME, frozenset({"other", "a_other"})], ALLOWED)
    with pytest.raises(InvalidInputError, match=r"a pair must hold \{a_other\} or \{other\}"):
        check_wording("a pair", "{name}", [NAME, frozenset({"other", "a_other"})], ALLOWED)


@given(
    st.lists(st.sampled_from(["{", "}", "name", "other", "!r", ":", "[0]", ".", "{name}", " "])).map("".join)
)
def test_a_wording_that_passes_can_be_filled_in(wording: str) -> None:
    try:
        check_wording("a wording", wording, [NAME], ALLOWED)
    except InvalidInputError:
        return
    assert "<owl>" in wording.format(name="<owl>", other="<kite>")
