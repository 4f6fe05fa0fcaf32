"""Finding keys by their first digits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stored_rows import keys_of

from clipcoder.errors import InvalidInputError
from clipcoder.store.digests import DigestIndex, key_heads


@given(st.lists(st.integers(0, 50), unique=True), st.lists(st.integers(0, 50)))
def test_an_index_finds_what_a_dictionary_finds(held: list[int], wanted: list[int]) -> None:
    rows = {number: row for row, number in enumerate(held)}
    found = DigestIndex(key_heads(keys_of(held))).find(key_heads(keys_of(wanted)))
    assert found.tolist() == [rows.get(number, -1) for number in wanted]


def test_heads_keep_the_order_and_the_value_of_the_digits() -> None:
    keys = [digits + 48 * "0" for digits in ("0123456789abcdef", 16 * "f", 16 * "0")]
    assert [hex(head) for head in key_heads(keys).tolist()] == ["0x123456789abcdef", hex(2**64 - 1), "0x0"]


def test_an_index_takes_twelve_bytes_a_key() -> None:
    index = DigestIndex(np.arange(1000, dtype=np.uint64))
    assert sum(array.nbytes for array in vars(index).values()) == 12_000


@pytest.mark.parametrize(
    "keys", [["abc"], [64 * "g"], [64 * "A"], [64 * "é"], [7], [63 * "0", 65 * "0"]], ids=str
)
def test_what_is_no_digest_is_refused(keys: list[str]) -> None:
    with pytest.raises(InvalidInputError, match="64 hexadecimal digits"):
        key_heads(keys)
