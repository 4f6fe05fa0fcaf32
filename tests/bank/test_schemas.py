"""The schemas that the package carries say what the reader takes: no more, and no less."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from strategies import pair_banks, text_banks

from clipcoder.bank import PairBank, TextBank
from clipcoder.errors import InvalidInputError
from clipcoder.kinds import TEXT_KINDS
from clipcoder.source import Source

MODEL = Source("llm", "gpt-5-mini", "attribute-3f2a9c1b", "2026-11-25")
Spot = tuple[str | int, ...]


def schema(bank: type[TextBank | PairBank]) -> dict[str, Any]:
    name = "text-bank" if bank is TextBank else "pair-bank"
    return json.loads((files("clipcoder") / "assets" / "schemas" / f"{name}.json").read_text("utf-8"))


VALIDATORS = {bank: Draft202012Validator(schema(bank)) for bank in (TextBank, PairBank)}


def saved(bank: TextBank | PairBank, folder: Path) -> Any:
    bank.save(folder / "saved.json")
    return json.loads((folder / "saved.json").read_text(encoding="utf-8"))


@pytest.fixture
def documents(tmp_path: Path) -> dict[type, Any]:
    """A saved bank of each sort, with a source that has facts."""
    texts = TextBank.from_texts({"cat": {"name": ["a cat"], "attribute": ["soft"]}, "dog": []}, source=MODEL)
    pairs = {"cat": {"dog": ["purrs"]}, "dog": {"cat": ["barks", "wags"]}}
    return {
        TextBank: saved(texts, tmp_path),
        PairBank: saved(PairBank.from_texts(pairs, ["cat", "dog"], source=MODEL), tmp_path),
    }


def reader_takes(bank: type[TextBank | PairBank], document: Any, folder: Path) -> bool:
    (folder / "bank.json").write_text(json.dumps(document))
    try:
        bank.load(folder / "bank.json")
    except InvalidInputError:
        return False
    return True


def agreed(bank: type[TextBank | PairBank], document: Any, folder: Path) -> bool:
    """Whether the reader takes a document, on which the schema must agree."""
    taken = reader_takes(bank, document, folder)
    assert VALIDATORS[bank].is_valid(document) == taken
    return taken


both = pytest.mark.parametrize("bank", [TextBank, PairBank])


@both
def test_the_schemas_are_schemas(bank: type) -> None:
    Draft202012Validator.check_schema(schema(bank))


@both
def test_every_field_is_described_and_no_other_is_let_in(bank: type) -> None:
    for spot in objects(schema(bank)):
        if spot.get("type") == "object" and "properties" in spot:
            assert spot["additionalProperties"] is False
            described = [name for name, field in spot["properties"].items() if field.get("description")]
            assert described == list(spot["properties"])


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from objects(inner)


def test_the_kinds_are_those_that_a_bank_holds() -> None:
    assert schema(TextBank)["$defs"]["text"]["properties"]["kind"]["enum"] == list(TEXT_KINDS)


def test_sources_look_the_same_in_both() -> None:
    facts = [schema(bank)["$defs"]["source"]["properties"] for bank in (TextBank, PairBank)]
    assert list(facts[0]) == list(facts[1]) == list(Source.__dataclass_fields__)


@given(bank=text_banks() | pair_banks())
def test_what_is_saved_fits_the_schema(bank: TextBank | PairBank, tmp_path_factory) -> None:
    VALIDATORS[type(bank)].validate(saved(bank, tmp_path_factory.mktemp("banks")))


@both
@pytest.mark.parametrize("version", [1, 2, 1.0, 0, 3, True, "1", None, [2]])
def test_versions_are_those_that_the_reader_knows(bank: type, version, documents, tmp_path: Path) -> None:
    taken = agreed(bank, documents[bank] | {"version": version}, tmp_path)
    assert taken == (version in (1, 2) and version is not True)


@both
def test_sources_may_be_left_out(bank: type, documents, tmp_path: Path) -> None:
    document = {name: value for name, value in documents[bank].items() if name != "sources"}
    assert agreed(bank, document | {"version": 1}, tmp_path)


def spots(value: Any, spot: Spot = ()) -> Iterator[Spot]:
    """The way to everything in a document."""
    yield spot
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in inner:
        yield from spots(part, (*spot, step))


def changed(document: Any, spot: Spot, change: Callable[[Any, Any], None]) -> Any:
    """A copy in which what holds the spot was changed there."""
    result = copy.deepcopy(document)
    holder = result
    for step in spot[:-1]:
        holder = holder[step]
    change(holder, spot[-1])
    return result


@both
def test_no_field_may_be_missing_but_facts_and_items_of_lists(bank: type, documents, tmp_path: Path) -> None:
    document = documents[bank]
    for spot in spots(document):
        if spot and isinstance(spot[-1], str) and spot[0] != "sources":
            missing = changed(document, spot, lambda holder, step: holder.pop(step))
            assert not agreed(bank, missing, tmp_path), spot


@both
def test_no_object_may_have_another_field(bank: type, documents, tmp_path: Path) -> None:
    document = documents[bank]
    for spot in spots(document):
        if spot and isinstance(spot[-1], str) and spot != ("sources", "llm-1"):
            more = changed(document, spot, lambda holder, step: holder.update(more="more"))
            assert not agreed(bank, more, tmp_path), spot


@both
@pytest.mark.parametrize("other", [None, 5, True, "", " \n", "_", [], {}, ["cat"], {"text": "a"}], ids=repr)
def test_nothing_may_be_of_another_type_or_blank(bank: type, other, documents, tmp_path: Path) -> None:
    document = documents[bank]
    for spot in filter(None, spots(document)):
        agreed_or_twice(bank, changed(document, spot, lambda h, step: h.__setitem__(step, other)), tmp_path)


def agreed_or_twice(bank: type, document: Any, folder: Path) -> None:
    """The reader alone knows that a class of a pair must be listed, and that nothing may stand twice."""
    if VALIDATORS[bank].is_valid(document):
        (folder / "bank.json").write_text(json.dumps(document))
        try:
            bank.load(folder / "bank.json")
        except InvalidInputError as error:
            assert any(why in str(error) for why in ("unknown class", "are the same", "came twice", "twice;"))
    else:
        assert not reader_takes(bank, document, folder)


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | st.sampled_from(["cat", "name", "", "llm", "x"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["text", "kind", "source", "name", "texts", "more"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@both
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_stands_anywhere_schema_and_reader_agree(
    bank: type, data: st.DataObject, documents, tmp_path: Path
) -> None:
    document = documents[bank]
    for _ in range(data.draw(st.integers(1, 3))):
        spot = data.draw(st.sampled_from([spot for spot in spots(document) if spot]))
        other = data.draw(anything)
        document = changed(document, spot, lambda holder, step, other=other: holder.__setitem__(step, other))
    agreed_or_twice(bank, document, tmp_path)
