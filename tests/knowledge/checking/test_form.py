"""A data set as a whole: what can be read, what is there, in which order, with how many pairs."""

from __future__ import annotations

from small_pack import Assets, entry, pair

from clipcoder.knowledge.checking.form import read_set

NAMES = ["ant", "bee", "cat", "dog"]
ALL_PAIRS = [pair(a, b) for i, a in enumerate(NAMES) for b in NAMES[i + 1 :]]


def found(
    assets: Assets, classes: list[object] | None = None, pairs: list[object] | None = None
) -> list[str]:
    assets.names("pets", NAMES)
    if classes is not None:
        assets.lines("pets.jsonl", classes)
    if pairs is not None:
        assets.lines("pets.pairs.jsonl", pairs)
    return [str(finding) for finding in read_set(assets.pack["pets"])[2]]


def test_a_whole_data_set_has_nothing_to_mend(assets: Assets) -> None:
    assert found(assets, [entry(name) for name in NAMES], ALL_PAIRS) == []
    classes, pairs, _ = read_set(assets.pack["pets"])
    assert (len(classes), len(pairs)) == (4, 6)


def test_a_file_that_is_not_there_is_one_finding(assets: Assets) -> None:
    assert found(assets) == [
        "*: pets.jsonl is not written yet",
        "*: pets.pairs.jsonl is not written yet",
    ]


def test_classes_are_all_there_once_and_in_order(assets: Assets) -> None:
    assert found(assets, [entry(name) for name in ("ant", "cat", "bee", "cat")], ALL_PAIRS) == [
        "dog: is missing",
        "cat: is there twice",
        "bee: comes too late: classes stand in the order of the labels",
    ]


def test_strangers_and_bad_lines_are_told_by_line(assets: Assets) -> None:
    classes = [*(entry(name) for name in NAMES), entry("eel"), "[]"]
    assert found(assets, classes, [*ALL_PAIRS, pair("ant", "eel")]) == [
        "eel: no class of the data set",
        "*: pets.jsonl, line 6: a line must have the keys class, sense, attributes, analogues, synonyms in "
        "this order, but has list",
        "eel: no class of the data set",
    ]


def test_pairs_are_there_once_in_order_and_three_of_each_class(assets: Assets) -> None:
    pairs = [*ALL_PAIRS[:-1], ALL_PAIRS[0], pair("dog", "ant"), pair("cat", "cat")]
    assert found(assets, [entry(name) for name in NAMES], pairs) == [
        "ant ~ bee: is there twice",
        "dog ~ ant: the class that comes first in the data set must come first",
        "dog ~ ant: is there twice",
        "cat ~ cat: the class that comes first in the data set must come first",
        "cat: is in 2 pairs, not in 3 or more",
        "dog: is in 2 pairs, not in 3 or more",
    ]
