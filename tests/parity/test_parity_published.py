"""The stand-ins and what is noted, on a checkout that the test writes, in torch: ``make test-torch``."""

from __future__ import annotations

import sys
from pathlib import Path

import fake_checkout
import pytest
from small_case import small

from parity.comparing import Comparison, compare
from parity.running import Published

pytest.importorskip("torch", reason="the published code runs in torch: `make test-torch`")

pytestmark = pytest.mark.usefixtures("short_search")


def compared(folder: Path, **other: str) -> Comparison:
    return compare(small(), Published(fake_checkout.write(folder, **other), sys.executable))


def test_a_checkout_that_computes_the_same_agrees_to_the_last_image(tmp_path: Path) -> None:
    comparison = compared(tmp_path)
    assert comparison.holds
    assert [one.what for one in comparison.agreements if one.apart] == []
    assert {one.published for one in comparison.agreements} != {0}
    assert comparison.search.points == 3
    assert comparison.search.published == (1.0, 8.0)
    assert comparison.stops == {"no threshold": "KeyError", "lone image": "IndexError"}
    double, single = (
        next(one for one in comparison.agreements if one.what == f"CODER*, {precision} precision")
        for precision in ("double", "single")
    )
    assert double.published != single.published  # the rerank is not left out on both sides


def test_a_checkout_that_computes_something_else_does_not_agree(tmp_path: Path) -> None:
    rule = fake_checkout.FILES["classify_zero_shot.py"].replace(".max(dim=0)", ".min(dim=0)")
    comparison = compared(tmp_path, classify_zero_shot=rule)
    assert not comparison.holds
    assert {one.what.split(",")[0] for one in comparison.agreements if not one.holds} >= {"CODER"}
    assert all(one.holds for one in comparison.agreements if "Tip-Adapter" in one.what)


def test_predictions_that_are_compared_with_labels_are_noted() -> None:
    import torch

    from parity.published.answer_sheet import AnswerSheet, as_numbers, noted

    labels = torch.tensor([0, 1, 2]).as_subclass(AnswerSheet)
    predicted = torch.tensor([[0, 2, 2]])
    noted(3)
    assert predicted.eq(labels.view(1, -1).expand_as(predicted)).tolist() == [[True, False, True]]
    assert (predicted[0] == labels).tolist() == [True, False, True]  # a gate, which is no result
    numpy = as_numbers(torch.Tensor.numpy)
    assert (numpy(predicted[0]) == numpy(labels.cpu())).tolist() == [True, False, True]
    assert noted(3).tolist() == [[0, 2, 2], [0, 2, 2]]
    assert noted(3).tolist() == []
    assert float(numpy(torch.tensor([2.5]))) == 2.5


def test_no_loader_ends_with_a_lone_image() -> None:
    import torch

    from parity.published.stand_ins import loader

    for count, sizes in ((64, [64]), (65, [65]), (66, [64, 2]), (129, [64, 65]), (1, [1])):
        labels = torch.arange(count)
        batches = loader(labels[:, None], labels)
        assert [len(batch) for _, batch in batches] == sizes
        assert torch.equal(torch.cat([batch for _, batch in batches]), labels)


def test_a_table_gives_copies_of_rows_in_any_precision() -> None:
    import torch

    from parity.published.stand_ins import TableModel

    model = TableModel(["a", "b"], torch.eye(2, dtype=torch.float64)).in_precision(torch.float16)
    rows = model.encode_text(model.tokenize(["b", "a"]))
    assert rows.dtype == torch.float16
    rows += 1
    assert model.encode_text(model.tokenize("b")).tolist() == [[0, 1]]
    with pytest.raises(KeyError):
        model.tokenize("a sentence that nobody encoded")
