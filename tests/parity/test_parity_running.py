"""The way to another interpreter and back, with a program in place of the published code."""

from __future__ import annotations

import sys
from pathlib import Path

import fake_checkout
import numpy as np
import pytest
from small_case import small

from clipcoder.errors import InvalidInputError
from parity.running import Published, exact


def interpreter(folder: Path, body: str) -> str:
    """Write a program that is started like an interpreter and runs ``body``."""
    path = folder / "python"
    start = "import json, sys\nimport numpy as np\n*_, folder, step = sys.argv\n"
    path.write_text(f"#!{sys.executable}\n{start}{body}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return fake_checkout.write(tmp_path / "checkout")


def test_arrays_go_there_and_come_back(checkout: Path, tmp_path: Path) -> None:
    body = "given = np.load(folder + '/arrays.npz'); np.savez(folder + '/' + step + '.npz', **given)"
    case = small()
    published = Published(checkout, interpreter(tmp_path, body))
    [found] = published.answers(case, ["a", "b"], np.float32([[3, 4], [1, 0]]), ["anything"])
    np.testing.assert_allclose(found["texts"], [[0.6, 0.8], [1, 0]], rtol=0, atol=1e-7)
    np.testing.assert_array_equal(found["labels"], case.images[1])
    np.testing.assert_allclose(np.linalg.norm(found["support"], axis=1), 1, rtol=0, atol=1e-15)
    assert {name for name in found if "val" in name} == {"val", "val_labels"}


def test_other_results_come_back_too(checkout: Path, tmp_path: Path) -> None:
    body = "json.dump(json.load(open(folder + '/job.json')), open(folder + '/' + step + '.json', 'w'))"
    published = Published(checkout, interpreter(tmp_path, body))
    [job] = published.answers(small(), ["a"], np.eye(1, dtype=np.float32), ["stops"])
    few_shot = {"alpha": 20, "beta": 5.5, "template": "a photo of a {}."}
    assert job == {"dataset": "caltech-101", "few_shot": few_shot, "sentences": ["a"]}


def test_a_program_that_stops_is_told_in_one_sentence(checkout: Path, tmp_path: Path) -> None:
    published = Published(checkout, interpreter(tmp_path, "raise KeyError('torch')"))
    with pytest.raises(InvalidInputError, match=r"stops in sentences of 'made up .*': KeyError: 'torch'; it"):
        published.wordings(small())


def test_an_interpreter_that_is_not_there_is_told(checkout: Path) -> None:
    with pytest.raises(InvalidInputError, match="'nowhere/python' must be an interpreter with torch, but"):
        Published(checkout, "nowhere/python").wordings(small())


def test_a_folder_that_is_no_checkout_is_refused(checkout: Path) -> None:
    (checkout / "utils.py").unlink()
    with pytest.raises(InvalidInputError, match=r"must be a checkout of .* but it has no utils.py"):
        Published(checkout, sys.executable)


def test_features_are_unit_rows_in_double_precision() -> None:
    rows = exact(np.float32(np.random.default_rng(0).standard_normal((50, 7))))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=0, atol=3e-16)
