"""The published probes that bench/probes.py compares with: their gradients, and what is published of them."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest

Array = npt.NDArray[np.float64]
N, C, D = 7, 3, 5
LABELS = np.array([0, 0, 0, 1, 1, 2, 2])


@pytest.fixture
def probes(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """bench/published_probes.py."""
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[1] / "bench"))
    return importlib.import_module("published_probes")


@pytest.fixture
def dice() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def images(dice: np.random.Generator, probes: ModuleType) -> Array:
    rows: Array = probes.unit(dice.normal(size=(N, D)))
    return rows


@pytest.fixture
def prototypes(dice: np.random.Generator) -> Array:
    return dice.normal(size=(C, D))


def slope(loss: Callable[[Array], float], at: Array, width: float = 1e-6) -> Array:
    """Return the gradient by central differences."""
    found = np.empty_like(at)
    for place in np.ndindex(at.shape):
        step = np.zeros_like(at)
        step[place] = width
        found[place] = (loss(at + step) - loss(at - step)) / (2 * width)
    return found


def test_the_gradient_of_clap_is_that_of_its_loss(
    probes: ModuleType, dice: np.random.Generator, images: Array, prototypes: Array
) -> None:
    held = (np.eye(C)[LABELS], prototypes, np.array([0.2, 0.7, 1.0]), 3.0)
    weights = prototypes + dice.normal(size=(C, D))
    _, gradient = probes.clap_loss(weights, images, *held)
    np.testing.assert_allclose(
        gradient, slope(lambda w: probes.clap_loss(w, images, *held)[0], weights), rtol=1e-6, atol=1e-8
    )


@pytest.mark.parametrize("block", [0, 1, 2], ids=["weights", "bias", "alpha"])
def test_the_gradients_of_lp_are_those_of_its_loss(
    probes: ModuleType, dice: np.random.Generator, images: Array, prototypes: Array, block: int
) -> None:
    known = (images, np.eye(C)[LABELS], images @ prototypes.T)
    blocks = [dice.normal(size=shape) for shape in ((C, D), (C,), (C,))]

    def loss(values: Array) -> float:
        found: float = probes.lp_loss(*(values if i == block else b for i, b in enumerate(blocks)), *known)[0]
        return found

    gradient = probes.lp_loss(*blocks, *known)[1 + block]
    np.testing.assert_allclose(gradient, slope(loss, blocks[block]), rtol=1e-6, atol=1e-8)


def test_a_class_is_held_by_the_mean_zero_shot_probability_of_its_images(probes: ModuleType) -> None:
    images = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    found = probes.clap_multipliers(images, np.eye(2)[[0, 0, 1]], 3 * np.eye(2), np.log(3))
    np.testing.assert_allclose(found, [(0.75 + 0.25) / 2, 0.75])  # softmax of (log 3, 0)


def test_the_rate_of_clap_warms_up_for_an_epoch_and_falls_by_half_a_cosine(probes: ModuleType) -> None:
    rates = [probes.clap_rate(epoch) for epoch in range(probes.EPOCHS)]
    assert rates[:2] == [1e-5, 0.1]
    assert rates[151] == pytest.approx(0.05)
    assert rates[1:] == sorted(rates[1:], reverse=True)


def test_steps_of_lp_are_bounds_of_curvature(probes: ModuleType) -> None:
    images = np.eye(4)[[0, 0, 0, 1]]  # X^t.X has the eigenvalues 3, 1, 0, 0
    step, alpha_step = probes.lp_steps(images, np.array([[2.0, 0], [0, 1], [0, 1], [1, 0]]))
    assert step == pytest.approx(4 * 4 / 3)
    assert alpha_step == pytest.approx(4 / (4 * 5))


def test_a_step_of_the_multipliers_never_raises_the_loss(
    probes: ModuleType, dice: np.random.Generator, images: Array, prototypes: Array
) -> None:
    known = (images, np.eye(C)[LABELS], images @ prototypes.T)
    weights, bias, alpha = dice.normal(size=(C, D)), dice.normal(size=C), 20 * dice.normal(size=C)
    _, step = probes.lp_steps(images, known[2])
    losses = []
    for _ in range(50):
        loss, _, _, by_alpha = probes.lp_loss(weights, bias, alpha, *known)
        losses.append(loss)
        alpha = alpha - step * by_alpha
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("fit", ["fit_clap", "fit_lp"])
def test_both_learn_what_the_texts_have_wrong(
    probes: ModuleType, dice: np.random.Generator, fit: str
) -> None:
    centres = np.eye(C, D)
    labels = np.tile(np.arange(C), 8)
    images = probes.unit(centres[labels] + 0.1 * dice.normal(size=(len(labels), D)))
    misled = centres[[0, 2, 1]] + 0.1  # the texts take the second class for the third
    weights, bias = getattr(probes, fit)(images.astype(np.float32), labels, misled.astype(np.float32))
    assert weights.dtype == bias.dtype == np.float32
    assert (images @ misled.T).argmax(axis=1).tolist() != labels.tolist()
    assert (images @ weights.T + bias).argmax(axis=1).tolist() == labels.tolist()


def test_clap_draws_whole_batches_anew(
    probes: ModuleType, monkeypatch: pytest.MonkeyPatch, images: Array, prototypes: Array
) -> None:
    sizes, firsts = [], []
    loss = probes.clap_loss

    def watched(weights: Array, batch: Array, *rest: object) -> object:
        sizes.append(len(batch))
        firsts.append(batch[0].tolist())
        return loss(weights, batch, *rest)

    monkeypatch.setattr(probes, "clap_loss", watched)
    monkeypatch.setattr(probes, "CLAP_BATCH", 3)
    probes.fit_clap(images, LABELS, prototypes)
    assert sizes == [3] * 2 * probes.EPOCHS  # the seventh image waits
    assert {tuple(first) for first in firsts} == {tuple(row) for row in images.tolist()}


def test_the_multipliers_of_lp_start_from_the_cosines_and_the_temperature(
    probes: ModuleType, monkeypatch: pytest.MonkeyPatch, images: Array, prototypes: Array
) -> None:
    monkeypatch.setattr(probes, "EPOCHS", 0)
    weights, bias = probes.fit_lp(images, LABELS, prototypes, temperature=5.0)
    sums = np.array([images[label == LABELS].sum(axis=0) for label in range(C)])
    means = [(images[label == LABELS] @ prototypes[label]).mean() for label in range(C)]
    np.testing.assert_allclose(weights, sums + 50 * np.mean(means) * prototypes)
    assert not bias.any()
