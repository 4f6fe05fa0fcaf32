"""FewShotClassifier: scikit-learn's conventions, and what texts add to a few labelled images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer
from sklearn.utils.estimator_checks import parametrize_with_checks

from clipcoder import FewShotClassifier, TextBank
from clipcoder.errors import InvalidInputError
from clipcoder.pipeline.few_shot import FEW_SHOT_METHODS
from toy_encoder import ColourEncoder, plain

NOT_FOR_US = {
    "check_estimators_dtypes": "has a row of zeros, which has no direction and is refused",
    "check_sample_weight_equivalence_on_dense_data": "chooses by leave-one-out: weight 2 cannot vouch for itself",
}
BANK = TextBank.from_texts({"tomato": ["red"], "sky": ["blue"], "grass": ["green"]})  # not in sorted order
REDS, BLUES, GREENS = (
    [plain(tuple(np.roll((250 - 9 * i, 10 * i, 5 * i), turn))) for i in range(4)] for turn in (0, 2, 1)
)
IMAGES, LABELS = [*REDS, *BLUES, *GREENS], ["tomato"] * 4 + ["sky"] * 4 + ["grass"] * 4
every_method = pytest.mark.parametrize("method", FEW_SHOT_METHODS)


def few_shot(**settings: Any) -> FewShotClassifier:
    return FewShotClassifier(ColourEncoder(), BANK, **settings)


@parametrize_with_checks([FewShotClassifier()], expected_failed_checks=lambda _: NOT_FOR_US)
def test_the_estimator_keeps_to_the_conventions(estimator: Any, check: Any) -> None:
    check(estimator)


@every_method
def test_images_like_the_labelled_ones_are_told(method: str) -> None:
    clf = few_shot(method=method).fit(IMAGES, LABELS)
    new = [plain((180, 30, 20)), plain((10, 30, 160)), plain((30, 160, 10))]
    assert clf.predict(new).tolist() == ["tomato", "sky", "grass"]
    assert clf.score(new, ["tomato", "sky", "sky"]) == pytest.approx(2 / 3)


@every_method
def test_columns_are_the_sorted_classes_whatever_the_order_of_the_bank(method: str) -> None:
    clf = few_shot(method=method).fit(IMAGES, LABELS)
    assert clf.classes_.tolist() == ["grass", "sky", "tomato"]
    probabilities = clf.predict_proba(IMAGES)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(clf.classes_[probabilities.argmax(axis=1)], clf.predict(IMAGES))
    assert clf.predict(IMAGES).tolist() == LABELS


@every_method
def test_features_and_their_images_are_one(method: str) -> None:
    features = ColourEncoder().encode_images(IMAGES)
    by_images, by_features = few_shot(method=method), few_shot(method=method)
    expected = by_images.fit(IMAGES, LABELS).decision_function(IMAGES)
    found = by_features.fit(features, LABELS).decision_function(features)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-4)


@every_method
def test_a_class_without_an_image_is_known_by_its_text(method: str) -> None:
    clf = few_shot(method=method).fit(IMAGES[:8], LABELS[:8])
    assert clf.predict([plain((0, 255, 0))]).tolist() == ["grass"]


def test_an_image_of_weight_0_is_not_there() -> None:
    weights = [1.0] * 12 + [0.0]
    expected = few_shot().fit(IMAGES, LABELS).decision_function(IMAGES)
    found = few_shot().fit([*IMAGES, plain((255, 0, 0))], [*LABELS, "sky"], weights)
    np.testing.assert_allclose(found.decision_function(IMAGES), expected, rtol=1e-5)


def test_cloning_shares_the_encoder_and_the_bank() -> None:
    clf = few_shot(method="gda")
    copy = clone(clf)
    assert copy is not clf
    assert copy.encoder is clf.encoder
    assert copy.bank is clf.bank
    assert copy.method == "gda"


def test_features_go_through_a_pipeline_and_cross_validation() -> None:
    features = 7 * ColourEncoder().encode_images(IMAGES)
    chain = make_pipeline(Normalizer(), few_shot())
    assert cross_val_score(chain, features, LABELS, cv=2).mean() == 1
    search = GridSearchCV(few_shot(), {"method": ["gda", "tip-adapter"]}, cv=2).fit(features, LABELS)
    assert search.best_score_ == 1


def test_random_views_are_averaged_and_the_same_every_time() -> None:
    first, again = (few_shot(views=3).fit(IMAGES, LABELS).decision_function(IMAGES) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    encoder = ColourEncoder()
    FewShotClassifier(encoder, BANK, views=3).fit(IMAGES, LABELS)
    assert sum(encoder.batch_sizes) == 4 * len(IMAGES)


def test_another_fit_forgets_the_first() -> None:
    clf = few_shot().fit(IMAGES, LABELS)
    clf.set_params(bank=TextBank.from_texts({"a": ["red"], "b": ["blue"]}))
    assert clf.fit(REDS + BLUES, ["a"] * 4 + ["b"] * 4).predict([plain((0, 0, 255))]).tolist() == ["b"]


@pytest.mark.parametrize(
    ("clf", "images", "labels", "sentence"),
    [
        (few_shot(), IMAGES[:2], ["tomato", "cherry"], "'cherry' is none"),
        (few_shot(), IMAGES[:2], ["tomato"], "one class for each of the 2 images"),
        (few_shot(views=-1), IMAGES, LABELS, "views must be a whole number"),
        (FewShotClassifier(bank=BANK), np.eye(3), LABELS[:3], "needs an encoder"),
        (few_shot(), np.eye(4)[:3], LABELS[3:6], "3 columns"),
    ],
)
def test_bad_input_is_one_sentence(clf: Any, images: Any, labels: Any, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        clf.fit(images, labels)


def test_an_unfitted_classifier_says_so() -> None:
    with pytest.raises(NotFittedError):
        few_shot().predict(IMAGES)
