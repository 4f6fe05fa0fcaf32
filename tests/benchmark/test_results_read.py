"""Folders of results: which rows belong together, which count, and which do not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from results_by_hand import LABELS, NAMES, add, row

from clipcoder.benchmark.reading import read_measured
from clipcoder.benchmark.row import EncoderFacts, TextFacts
from clipcoder.errors import InvalidInputError


def test_seeds_of_one_setting_belong_together_in_their_order(tmp_path: Path) -> None:
    for seed, right in ((3, 18), (1, 14), (2, 16)):
        add(tmp_path, right, row("gda", shots=4, seed=seed))
    (one,) = read_measured(tmp_path)
    assert one.seeds == (1, 2, 3)
    assert one.outcomes.right.sum(axis=1).tolist() == [14, 16, 18]
    assert (one.setting.method, one.setting.shots, one.setting.texts) == ("gda", 4, "wordnet")
    assert (one.title, one.n_classes, one.class_names, one.n_images) == ("Pets", 4, NAMES, 20)
    assert one.confidence.dtype == np.float32


def test_what_differs_in_more_than_the_seed_is_apart(tmp_path: Path) -> None:
    val = replace(row("clip").dataset, evaluated="val")
    rows = [
        row("clip"),
        row("coder"),
        row("clip", texts="cupl"),
        row("clip", shots=1),
        row("clip", protocol="reference"),
        row("clip", encoder=EncoderFacts("RN50/openai", "1" * 16)),
        row("clip", dataset=val),
    ]
    for one in rows:
        add(tmp_path, 10, one)
    assert len(read_measured(tmp_path)) == len(rows)


def test_of_rows_that_were_made_again_the_later_one_counts(tmp_path: Path) -> None:
    add(tmp_path, 10, row("coder"))
    add(tmp_path, 15, row("coder", made="2024-01-02T00:00:00+00:00"))
    (one,) = read_measured(tmp_path)
    assert (one.outcomes.accuracy, one.n_older) == (0.75, 1)


def test_random_words_differ_from_seed_to_seed_and_belong_together(tmp_path: Path) -> None:
    for seed in (1, 2):
        texts = TextFacts("random words", str(seed) * 16)
        add(tmp_path, 10 + seed, replace(row("waffle", seed=seed), texts=texts, id=str(seed) * 16))
    (one,) = read_measured(tmp_path)
    assert (one.seeds, one.n_older) == ((1, 2), 0)


def test_an_encoder_or_a_data_set_of_several_hashes_has_several_names(tmp_path: Path) -> None:
    add(tmp_path, 10, row("clip"))
    add(tmp_path, 11, row("clip", encoder=EncoderFacts("starter", "0123456789abcdef")))
    add(tmp_path, 12, row("clip", dataset=replace(row("clip").dataset, hash="fedcba9876543210")))
    found = [(one.setting.encoder, one.setting.dataset, one.title) for one in read_measured(tmp_path)]
    assert found == [
        ("starter #eeeeee", "pets #dddddd", "Pets #dddddd"),
        ("starter #012345", "pets #dddddd", "Pets #dddddd"),
        ("starter #eeeeee", "pets #fedcba", "Pets #fedcba"),
    ]


def test_options_are_named_where_a_method_ran_with_several(tmp_path: Path) -> None:
    for top_k in (3, 5):
        add(tmp_path, 10 + top_k, row("coder*", options={"top_k": top_k}))
    add(tmp_path, 10, row("coder", options={"scale": 2}))
    assert [one.setting.method for one in read_measured(tmp_path)] == [
        "coder* [top_k 3]",
        "coder* [top_k 5]",
        "coder",
    ]


def test_images_that_could_not_be_read_are_counted(tmp_path: Path) -> None:
    add(tmp_path, 10, row("clip", failed=("a.jpg", "b.jpg")))
    (one,) = read_measured(tmp_path)
    assert one.n_failed == 2


def test_names_may_be_unknown(tmp_path: Path) -> None:
    add(tmp_path, 10, row("clip"), class_names=())
    (one,) = read_measured(tmp_path)
    assert one.class_name(3) == "class 3"


def test_a_folder_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="there are no results in"):
        read_measured(tmp_path)


@pytest.mark.parametrize(
    ("labels", "names"), [(LABELS[:10], NAMES), (LABELS, NAMES[:2])], ids=["images", "classes"]
)
def test_predictions_of_another_size_than_the_row_says_are_refused(
    tmp_path: Path, labels: np.ndarray, names: tuple[str, ...]
) -> None:
    add(tmp_path, 5, row("clip"), labels=labels, class_names=names)
    with pytest.raises(InvalidInputError, match=r"must be of 20 images and 4 classes.*run again"):
        read_measured(tmp_path)


def test_rows_that_disagree_about_labels_are_refused(tmp_path: Path) -> None:
    add(tmp_path, 5, row("clip"))
    add(tmp_path, 5, row("coder"), labels=LABELS[::-1].copy())
    with pytest.raises(InvalidInputError, match="has other labels than earlier rows of Pets"):
        read_measured(tmp_path)
