from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from parity.cases import MadeUpEncoder, caltech, made_up
from staged_encoder import CountingEncoder

NAMES = ["ant", "ibis", "car_side"]


def test_a_made_up_case_is_the_same_again_and_another_with_another_seed() -> None:
    one, same, other = (made_up("DTD", 0.6, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.images[0], same.images[0])
    assert one.knowledge == same.knowledge
    assert not np.array_equal(one.images[0], other.images[0])
    assert np.bincount(one.images[1]).tolist() == [25] * one.n_classes


def test_a_made_up_sentence_lies_near_the_class_that_it_names_first() -> None:
    centres = np.eye(8, dtype=np.float32)[:2]
    encoder = MadeUpEncoder(centres, ["kind_00", "kind_01"])
    named, turned = encoder.encode_texts(["kind_00 is not kind 01", "kind 01 is not kind_00"]) @ centres.T
    assert named[0] > named[1]
    assert turned[1] > turned[0]
    again, same = encoder.encode_texts(["kind_00 is not kind 01"] * 2)
    np.testing.assert_array_equal(again, same)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Caltech-101's folders with three classes of plain photos, in the layout of the shared data."""
    folder = tmp_path / "caltech-101"
    rows = []
    for label, name in enumerate(NAMES):
        for number in range(4):
            path = folder / "101_ObjectCategories" / name / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8), (40 * label, 60 * number, 90)).save(path)
            rows.append([f"{name}/{number}.png", label, name])
    train, draw_val, rest = ([row for row in rows if row[0][-5] in numbers] for numbers in ("0", "1", "23"))
    (folder / "few_shot").mkdir()
    (folder / "few_shot" / "shot_1-seed_1.json").write_text(json.dumps({"train": train, "val": draw_val}))
    split = {"train": train, "val": [*draw_val, *rest], "test": [["not there.png", 0, "ant"]]}
    (folder / "split_zhou_Caltech101.json").write_text(json.dumps(split))
    return tmp_path


def test_of_caltech_only_train_and_validation_photos_are_opened(data: Path) -> None:
    encoder = CountingEncoder()
    case = caltech(data, encoder, shots=1)  # the test photo does not exist, and nobody misses it
    assert case.title == "Caltech-101, counting, WordNet, 1 shot"
    assert case.images[1].tolist() == [0, 0, 1, 1, 2, 2]  # without the validation photos of the draw
    assert case.few.support[1].tolist() == case.few.val[1].tolist() == [0, 1, 2]
    assert encoder.prepared == 12


def test_what_wordnet_knows_of_the_classes_is_there(data: Path) -> None:
    knowledge = caltech(data, CountingEncoder(), shots=1).knowledge
    assert knowledge.class_names == tuple(NAMES)
    assert all(knowledge.attributes[:2])
    assert knowledge.one_to_one["ant"]["ibis"]
