"""The fitted adapters under the published alpha and beta: the reference's logits and accuracies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from clipcoder.adapters.heads import CacheHead
from clipcoder.adapters.methods import fit
from clipcoder.adapters.support import Support

Golden = Mapping[str, np.ndarray[Any, Any]]
CLASSES = 12


def head_of(golden: Golden, method: str) -> CacheHead:
    """What a method makes of the published support set, whatever alpha and beta it chose."""
    support = Support.of(
        golden["support_images"], golden["support_labels"], golden["clip_weights"], texts=golden["texts"]
    )
    head = fit(support, method).head
    assert isinstance(head, CacheHead)
    return head


def by_definition(golden: Golden, affinity: np.ndarray[Any, Any], alpha: float, beta: float) -> Any:
    one_hot = np.eye(CLASSES)[golden["support_labels"]]
    return golden["clip_logits"] + alpha * np.exp(-beta * (1 - affinity.astype(float))) @ one_hot


def test_the_coder_adapter_scores_as_published(golden: Golden) -> None:
    head = head_of(golden, "coder-adapter")
    for alpha, beta, accuracy in golden["adapter_grid_alpha_beta_accuracy"].tolist():
        scores = replace(head, alpha=alpha, beta=beta).scores(golden["images"])
        expected = by_definition(golden, golden["coder_affinity_minmax"], alpha, beta)
        np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-3)
        assert 100 * (scores.argmax(axis=1) == golden["labels"]).mean() == pytest.approx(accuracy)


def test_tip_adapter_is_the_same_with_the_cosines_of_images(golden: Golden) -> None:
    head = head_of(golden, "tip-adapter")
    cosines = golden["images"] @ golden["support_images"].T
    for alpha, beta, _ in golden["adapter_grid_alpha_beta_accuracy"].tolist():
        scores = replace(head, alpha=alpha, beta=beta).scores(golden["images"])
        expected = by_definition(golden, cosines, alpha, beta)
        np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("method", ["coder-adapter", "tip-adapter"])
def test_the_texts_own_part_is_the_published_zero_shot_score(golden: Golden, method: str) -> None:
    head = head_of(golden, method)
    np.testing.assert_allclose(head.from_texts(golden["images"]), golden["clip_logits"], atol=1e-3)
    np.testing.assert_allclose(
        replace(head, alpha=0.0).scores(golden["images"]), golden["clip_logits"], atol=1e-3
    )


def test_what_the_coder_adapter_chose_by_the_support_set_is_as_good_as_the_published_grid(
    golden: Golden,
) -> None:
    right = head_of(golden, "coder-adapter").scores(golden["images"]).argmax(axis=1) == golden["labels"]
    assert 100 * right.mean() >= golden["adapter_grid_alpha_beta_accuracy"][:, 2].max()
