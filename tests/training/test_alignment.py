"""The fit of the shared space on toy anchors; it needs no torch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from training.alignment import Anchors, Classifier, class_probabilities, fit
from training.measures import Queries, held_out_logit_scale, validate
from training.settings import Settings

from clipcoder.encoders.starter.text_space import unit

SETTINGS = Settings(relative_dim=20, feature_dim=12, keep=5)


def toy_anchors(n: int = 40, noise: float = 0.05) -> tuple[Anchors, Queries]:
    """Return anchors whose images are a rotation of their texts, so that what is unknown can be found."""
    random = np.random.default_rng(0)
    rotation = np.linalg.qr(random.normal(size=(12, 12)))[0].astype(np.float32)
    texts = unit(random.normal(size=(2 * n, 12)).astype(np.float32))
    features = texts @ rotation + noise * random.normal(size=texts.shape).astype(np.float32)
    weights = 8 * texts[:n] @ rotation
    members = np.repeat(np.eye(4, dtype=bool), n // 4, axis=1)
    anchors = Anchors(
        texts[:n],
        features[:n],
        Classifier(weights, np.zeros(n, np.float32)),
        unit(members.astype(np.float32) @ texts[:n]),
        members,
        texts[n:],
        features[n:],
    )
    queries = Queries(texts[:n], texts[:n], texts[:n], texts[n:], np.arange(n), anchors.group_texts, members)
    return anchors, queries


def test_texts_meet_the_images_of_their_own_class() -> None:
    anchors, _ = toy_anchors()
    image, text = fit(anchors, SETTINGS)
    cosines = image(anchors.class_features) @ text(anchors.class_texts).T
    assert (cosines.argmax(axis=1) == np.arange(40)).mean() > 0.9


def test_both_sides_are_unit_rows_of_one_width() -> None:
    anchors, _ = toy_anchors()
    image, text = fit(anchors, SETTINGS)
    images, texts = image(anchors.photo_features), text(anchors.photo_texts)
    assert images.shape == texts.shape == (40, 32)
    np.testing.assert_allclose(np.linalg.norm(images, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(texts, axis=1), 1, atol=1e-5)


def test_validation_sees_what_generalises_and_not_what_is_shuffled() -> None:
    anchors, queries = toy_anchors()
    chance = 1 / 4  # folds of four
    found = validate(anchors, queries, SETTINGS)
    order = np.random.default_rng(1).permutation(40)
    shuffled = replace(queries, names=queries.names[order], definitions=queries.definitions[order])
    lost = validate(anchors, shuffled, SETTINGS)
    assert found["held-out"] > 2 * chance
    assert lost["held-out"] < 1.7 * chance
    assert found["caption"] > 2 * chance


def test_what_is_held_out_is_gone() -> None:
    anchors, _ = toy_anchors()
    rest = anchors.without(np.array([0, 3]), np.array([1]))
    assert len(rest.class_texts) == len(rest.classifier.weights) == len(rest.classifier.bias) == 38
    assert len(rest.photo_texts) == len(rest.photo_features) == 39
    assert not (rest.class_texts == anchors.class_texts[3]).all(axis=1).any()


def test_a_fit_does_not_depend_on_held_out_photos() -> None:
    anchors, _ = toy_anchors()
    held = np.array([5, 6])
    spoiled = replace(anchors, class_features=anchors.class_features.copy())
    spoiled.class_features[held] = 99
    left, right = (fit(a.without(held, held), SETTINGS)[1].regression for a in (anchors, spoiled))
    np.testing.assert_array_equal(left, right)


def test_noise_asks_for_a_smaller_logit_scale() -> None:
    clear, noisy = (held_out_logit_scale(*toy_anchors(noise=noise), SETTINGS) for noise in (0.01, 0.5))
    assert clear > noisy


def test_probabilities_by_hand() -> None:
    classifier = Classifier(np.array([[1.0], [0.0]], np.float32), np.array([0.0, 1.0], np.float32))
    np.testing.assert_allclose(
        class_probabilities(np.array([[1.0]], np.float32), classifier, 2.0), [[0.5, 0.5]]
    )


@pytest.mark.parametrize("mix", [0.0, 1.0])
def test_either_part_can_stand_alone(mix: float) -> None:
    anchors, _ = toy_anchors()
    image, text = fit(anchors, replace(SETTINGS, mix=mix))
    cosines = image(anchors.class_features) @ text(anchors.class_texts).T
    assert (cosines.argmax(axis=1) == np.arange(40)).mean() > 0.8
