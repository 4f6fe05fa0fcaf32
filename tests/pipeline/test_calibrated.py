"""Classifiers that know how sure they are: temperature, sets, "unknown" and independent labels."""

from __future__ import annotations

import json
import logging
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.preprocessing import MultiLabelBinarizer

from clipcoder import EncodedTexts, FewShotClassifier, PairBank, TextBank, ZeroShotClassifier, load_classifier
from clipcoder.adapters.names import FEW_SHOT_METHODS
from clipcoder.arrays import softmax
from clipcoder.calibration import (
    Calibration,
    Conformal,
    Platt,
    default_calibration,
    expected_calibration_error,
    fit_conformal,
    fit_platt,
    fit_spread,
    threshold_for_error,
)
from clipcoder.calibration.defaults import few_shot_temperature, rival_spread
from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.pipeline import UNKNOWN
from toy_encoder import ColourEncoder, plain

NAMES = ["tomato", "grass", "sky"]
BANK = TextBank.from_names(NAMES)
PRIMARIES = [plain((255, 9, 9)), plain((9, 255, 9)), plain((9, 9, 255))]


def photos(seed: int, n: int) -> tuple[list, list[str]]:
    """Return mixed colours, and labels of which the nearest colour is the likeliest, not the only one."""
    rng = np.random.default_rng(seed)
    colours = rng.integers(1, 256, size=(n, 3))
    shares = (colours / colours.sum(axis=1, keepdims=True)) ** 2
    shares /= shares.sum(axis=1, keepdims=True)
    labels = [NAMES[rng.choice(3, p=row)] for row in shares]
    return [plain(tuple(map(int, colour))) for colour in colours], labels


def zero_shot(**settings: object) -> ZeroShotClassifier:
    return ZeroShotClassifier(ColourEncoder(), BANK, **settings)


def few_shot(seed: int = 5, **settings: object) -> FewShotClassifier:
    return FewShotClassifier(ColourEncoder(), BANK, **settings).fit(*photos(seed, 30))


def positions(clf: ZeroShotClassifier | FewShotClassifier, labels: list[str]) -> list[int]:
    return [clf.classes_.tolist().index(label) for label in labels]


@pytest.fixture(params=["zero-shot", "few-shot"])
def clf(request: pytest.FixtureRequest) -> ZeroShotClassifier | FewShotClassifier:
    return zero_shot() if request.param == "zero-shot" else few_shot()


def test_calibrating_learns_what_the_array_functions_find(clf) -> None:
    images, labels = photos(0, 60)
    scores, index, before = clf.decision_function(images), positions(clf, labels), clf.temperature_
    fitted = clf.calibrate(images, labels, coverage=0.8, error_rate=0.4)
    temperature, spread = fit_spread(scores, index, default=before)
    probabilities = Calibration(temperature, spread=spread).probabilities(scores)
    assert fitted is clf
    assert clf.calibration_ == Calibration(
        temperature,
        threshold_for_error(probabilities, index, 0.4),
        fit_conformal(probabilities, index, 0.8),
        fit_platt(scores, index),
        images=60,
        spread=spread,
    )
    assert (clf.predict_proba(images) == probabilities).all()


def test_calibrating_makes_probabilities_truer_and_changes_no_label(clf) -> None:
    images, labels = photos(1, 300)
    others, truth = photos(2, 300)
    before, names = clf.predict_proba(others), clf.predict(others)
    clf.calibrate(images, labels)
    index = positions(clf, truth)
    after = expected_calibration_error(clf.predict_proba(others), index)
    assert after < expected_calibration_error(before, index)
    assert after < 0.12  # perfect ones have 0.06 on so few
    assert (clf.predict(others) == names).all()


def test_labels_in_another_order_than_the_classes_mean_the_same(clf) -> None:
    images, labels = photos(3, 40)
    first = clf.calibrate(images, labels).calibration_
    order = np.random.default_rng(0).permutation(40)
    again = (zero_shot() if isinstance(clf, ZeroShotClassifier) else few_shot()).calibrate(
        [images[i] for i in order], np.array(labels)[order]
    )
    assert again.temperature_ == pytest.approx(first.temperature, rel=1e-6)


def test_sets_hold_the_label_as_often_as_asked(clf) -> None:
    clf.calibrate(*photos(4, 400), coverage=0.9)
    images, labels = photos(6, 400)
    sets = clf.predict_sets(images)
    held = np.mean([label in found for label, found in zip(labels, sets, strict=True)])
    assert held == pytest.approx(0.9, abs=0.05)


def test_sets_are_names_the_likeliest_first(clf) -> None:
    images, labels = photos(4, 60)
    clf.calibrate(images, labels, coverage=0.9)
    probabilities = clf.predict_proba(images)
    for row, found in zip(probabilities, clf.predict_sets(images), strict=True):
        by_hand = [c for c in np.argsort(-row) if row[c] >= clf.calibration_.conformal.thresholds[0]]
        assert found == tuple(clf.classes_[by_hand].tolist())


def test_sets_need_a_coverage_first(clf) -> None:
    with pytest.raises(InvalidInputError, match=r"call calibrate\(images, labels, coverage=0.9\) first"):
        clf.predict_sets([plain((255, 0, 0))])
    clf.calibrate(*photos(0, 30), coverage=0.9).calibrate(*photos(0, 30))
    with pytest.raises(InvalidInputError, match="sets have a coverage"):
        clf.predict_sets([plain((255, 0, 0))])


def test_a_class_without_labelled_images_is_in_every_set_and_a_warning_says_so(
    clf, caplog: pytest.LogCaptureFixture
) -> None:
    images, labels = photos(0, 60)
    kept = [i for i, label in enumerate(labels) if label != "sky"]
    with caplog.at_level(logging.WARNING, logger="clipcoder"):
        clf.calibrate(
            [images[i] for i in kept],
            [labels[i] for i in kept],
            coverage=0.8,
            class_conditional=True,
        )
    assert "1 of 3 classes have too few labelled images for a coverage of 0.8" in caplog.text
    assert caplog.text.rstrip().endswith("sky")
    assert all("sky" in found for found in clf.predict_sets(images))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["tomato"], r"one class for each of the 2 images, but their shape is \(1,\)"),
        (["tomato", "sea"], "every label must be a class, such as '(grass|tomato)', but 'sea' is none"),
    ],
)
def test_calibrating_refuses_labels_that_do_not_fit(clf, labels: list[str], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        clf.calibrate([plain((255, 0, 0)), plain((0, 0, 255))], labels)


def test_calibrating_refuses_no_image_and_a_refused_call_changes_nothing(clf) -> None:
    before = clf.calibration_
    for settings in ({}, {"coverage": 1.0}, {"error_rate": 0.0}):
        with pytest.raises(InvalidInputError):
            clf.calibrate(*(photos(0, 9) if settings else ([], [])), **settings)
        assert clf.calibration_ is before


def test_unsure_images_are_unknown_everywhere_alike(clf) -> None:
    images, _ = photos(7, 40)
    best = clf.predict_proba(images).max(axis=1)
    threshold = float(np.median(best))
    sure = clf.predict(images)
    clf.abstain_below(threshold)
    expected = np.where(best >= np.float32(threshold), sure, UNKNOWN)
    assert (clf.predict(images) == expected).all()
    streamed = list(clf.stream(images))
    assert [found.label for found in streamed] == expected.tolist()
    assert [found.best for found in streamed] == sure.tolist()
    assert {found.unknown for found in streamed} == {True, False}
    for found in streamed:
        assert found.probability == found.ranking[0][1]
        assert found.others == (found.ranking if found.unknown else found.ranking[1:])
    assert (clf.abstain_below(None).predict(images) == sure).all()


def test_an_image_at_the_threshold_is_answered(clf) -> None:
    images, _ = photos(7, 5)
    best = clf.predict_proba(images).max(axis=1)
    assert clf.abstain_below(float(best[2])).predict(images)[2] != UNKNOWN


def test_a_threshold_of_the_constructor_holds() -> None:
    images, _ = photos(7, 40)
    for made in (zero_shot(unknown_below=math.inf), few_shot(unknown_below=math.inf)):
        assert set(made.predict(images)) == {UNKNOWN}
        assert clone_of(made).calibration_.unknown_below == math.inf


def clone_of(clf: ZeroShotClassifier | FewShotClassifier) -> ZeroShotClassifier | FewShotClassifier:
    return clone(clf).fit(*photos(5, 30)) if isinstance(clf, FewShotClassifier) else clf


def test_an_error_rate_silences_until_the_answers_keep_it(clf) -> None:
    images, labels = photos(8, 200)
    clf.calibrate(images, labels, error_rate=0.25)
    found = clf.predict(images)
    answered = found != UNKNOWN
    assert 0 < answered.sum() < 200
    assert np.mean(found[answered] != np.array(labels)[answered]) <= 0.25


def test_an_error_rate_that_cannot_be_kept_silences_all(clf) -> None:
    images, labels = photos(8, 50)
    clf.calibrate(
        images, [NAMES[(NAMES.index(label) + 1) % 3] for label in clf.predict(images)], error_rate=0.1
    )
    assert set(clf.predict(images)) == {UNKNOWN}
    assert labels


def test_calibrating_again_keeps_a_threshold_that_it_is_not_asked_about(clf) -> None:
    clf.abstain_below(0.4).calibrate(*photos(0, 30))
    assert clf.calibration_.unknown_below == 0.4


def test_a_class_called_unknown_is_refused_where_images_may_be_unknown() -> None:
    bank = TextBank.from_names(["unknown", "sky"])
    images, labels = [plain((0, 0, 255)), plain((9, 9, 9))], ["sky", "unknown"]
    plainly = ZeroShotClassifier(ColourEncoder(), bank)
    with pytest.raises(InvalidInputError, match="a class is called 'unknown'"):
        ZeroShotClassifier(ColourEncoder(), bank, unknown_below=0.5)
    with pytest.raises(InvalidInputError, match="a class is called 'unknown'"):
        plainly.calibrate(images, labels, error_rate=0.5)
    with pytest.raises(InvalidInputError, match="a class is called 'unknown'"):
        FewShotClassifier(ColourEncoder(), bank, unknown_below=0.5).fit(images, labels)
    assert plainly.calibrate(images, labels).calibration_.unknown_below is None


@pytest.mark.parametrize("threshold", [-0.1, float("nan"), "0.5", True])
def test_refuses_a_threshold_that_is_none(threshold: object) -> None:
    with pytest.raises(InvalidInputError, match="unknown_below must be a probability, 0 or more"):
        zero_shot(unknown_below=threshold)


def test_numbers_for_classes_cannot_be_unknown() -> None:
    rows = np.eye(4)[[0, 1, 2, 3, 0, 1]]
    with pytest.raises(InvalidInputError, match="the classes are int64"):
        FewShotClassifier(unknown_below=0.5).fit(rows, [0, 1, 0, 1, 0, 1])


def test_independent_probabilities_are_learned_where_the_encoder_has_no_sigmoid() -> None:
    made = zero_shot()
    images, labels = photos(9, 100)
    with pytest.raises(InvalidInputError, match="'colours' has no logit_bias"):
        made.predict_proba(images, independent=True)
    with pytest.raises(InvalidInputError, match="'colours' has no logit_bias"):
        next(made.stream(images, independent=True))
    made.calibrate(images, labels)
    probabilities = made.predict_proba(images, independent=True)
    expected = made.calibration_.platt.probabilities(made.decision_function(images))
    assert (probabilities == expected).all()
    assert probabilities.mean() == pytest.approx(1 / 3, abs=0.02)
    streamed = list(made.stream(images, independent=True))
    assert [found.probability for found in streamed] == pytest.approx(probabilities.max(axis=1).tolist())
    assert [found.label for found in streamed] == made.predict(images).tolist()


def several(seed: int, n: int) -> tuple[list, list[list[str]]]:
    """Return mixed colours, and all classes of which they have much; some show none, some more than one."""
    colours = np.random.default_rng(seed).integers(1, 256, size=(n, 3))
    shown = [[NAMES[c] for c in np.flatnonzero(row > 140)] for row in colours]
    return [plain(tuple(map(int, colour))) for colour in colours], shown


def test_images_of_several_classes_teach_independent_probabilities_and_nothing_else(clf) -> None:
    clf.calibrate(*photos(0, 60), coverage=0.8)
    before = clf.calibration_
    images, shown = several(1, 200)
    fitted = clf.calibrate(images, shown, independent=True)
    matrix = np.array([[name in names for name in clf.classes_] for names in shown])
    assert matrix.sum(axis=1).max() > 1
    assert fitted is clf
    assert clf.calibration_ == replace(before, platt=fit_platt(clf.decision_function(images), matrix))
    others, truth = several(2, 300)
    probabilities = clf.predict_proba(others, independent=True)
    held = np.array([[name in names for name in clf.classes_] for names in truth])
    assert probabilities.mean() == pytest.approx(held.mean(), abs=0.05)
    assert probabilities[held].mean() > probabilities[~held].mean() + 0.1


def test_a_matrix_and_lists_of_names_teach_the_same(clf) -> None:
    images, shown = several(1, 40)
    by_lists = clf.calibrate(images, shown, independent=True).calibration_
    matrix = MultiLabelBinarizer(classes=clf.classes_.tolist()).fit_transform(shown)
    assert clf.calibrate(images, matrix, independent=True).calibration_ == by_lists


def test_several_classes_are_learned_for_a_saved_classifier_too(clf, tmp_path: Path) -> None:
    clf.calibrate(*several(1, 40), independent=True).save(tmp_path / "a")
    assert load_classifier(tmp_path / "a", ColourEncoder()).calibration_ == clf.calibration_


@pytest.mark.parametrize("asked", [{"coverage": 0.9}, {"error_rate": 0.1}])
def test_sets_and_error_rates_are_not_of_several_classes(clf, asked: dict[str, float]) -> None:
    with pytest.raises(
        InvalidInputError, match="about images of one class each; learn them by a call without"
    ):
        clf.calibrate(*several(1, 9), independent=True, **asked)
    images, shown = several(1, 9)
    with pytest.raises(
        InvalidInputError, match=r"several of an image; calibrate\(images, labels, independent"
    ):
        clf.calibrate(images, shown)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([["sky"]], "labels must hold a list of classes for each of the 2 images"),
        ([["sky"], ["sea"]], "every label must be a class, .* but 'sea' is none"),
        (np.ones((2, 2)), "labels of several classes must be 0 or 1"),
        (np.full((2, 3), 0.5), "labels of several classes must be 0 or 1"),
    ],
)
def test_refuses_several_labels_that_do_not_fit_and_changes_nothing(clf, labels, message: str) -> None:
    before = clf.calibration_
    with pytest.raises(InvalidInputError, match=message):
        clf.calibrate([plain((255, 0, 0)), plain((0, 0, 255))], labels, independent=True)
    assert clf.calibration_ is before


def test_a_sigmoid_is_that_of_the_text_scores_alone_and_few_shot_learns_its_own() -> None:
    encoder = ColourEncoder()
    encoder.logit_bias = -3.0
    made = FewShotClassifier(encoder, BANK).fit(*photos(5, 30))
    assert made.calibration_.platt != Platt(1.0, -3.0)
    images, _ = photos(1, 5)
    expected = made.calibration_.platt.probabilities(made.decision_function(images))
    assert (made.predict_proba(images, independent=True) == expected).all()


def test_few_shot_calibrates_itself_by_its_held_out_images() -> None:
    made = few_shot()
    labels = np.array(positions(made, photos(5, 30)[1]))[made.fitted_.judged]
    expected, spread = fit_spread(made.fitted_.held_out, labels, default=few_shot_temperature("auto", 1.0))
    assert made.temperature_ == pytest.approx(expected)
    assert made.calibration_.spread == spread
    assert made.calibration_.images == len(labels)
    probabilities = made.calibration_.probabilities(made.fitted_.held_out)
    error = expected_calibration_error(probabilities, labels)
    assert made.metrics_.leave_one_out.calibration_error == error


@pytest.mark.parametrize("method", FEW_SHOT_METHODS)
def test_few_shot_with_too_few_images_has_a_stated_temperature(method: str) -> None:
    made = FewShotClassifier(ColourEncoder(), BANK, method=method).fit(PRIMARIES, NAMES)
    assert made.calibration_ == Calibration(few_shot_temperature(method, 1.0))


@pytest.mark.parametrize("bank", [None, EncodedTexts.encode(ColourEncoder(), BANK)])
def test_one_shot_whose_texts_have_no_known_temperature_has_the_spread_of_its_scores(bank) -> None:
    rows = ColourEncoder().encode_images([plain((200, 90, 9)), plain((9, 200, 99)), plain((90, 30, 255))])
    made = FewShotClassifier(bank=bank, method="tip-adapter").fit(rows, NAMES)
    spread = rival_spread(made.decision_function(rows), positions(made, NAMES))
    assert made.temperature_ == pytest.approx(spread)
    assert spread != 1.0


def test_independent_probabilities_have_to_be_learned_where_nothing_was_judged() -> None:
    made = FewShotClassifier(ColourEncoder(), BANK).fit(PRIMARIES, NAMES)
    with pytest.raises(InvalidInputError, match="or labelled images"):
        made.predict_proba(PRIMARIES, independent=True)
    with pytest.raises(InvalidInputError, match="but a classifier of features has no logit_bias"):
        FewShotClassifier().fit(np.eye(3), NAMES).predict_proba(np.eye(3), independent=True)


def test_few_shot_may_be_left_uncalibrated() -> None:
    made = few_shot(calibration=None)
    images, _ = photos(0, 4)
    assert made.temperature_ == 1.0
    assert (made.predict_proba(images) == softmax(made.decision_function(images))).all()
    with pytest.raises(UnknownNameError, match="unknown calibration 'isotonic'"):
        few_shot(calibration="isotonic")


def test_fitting_again_forgets_a_calibration() -> None:
    made = few_shot()
    first = made.calibration_
    made.calibrate(*photos(1, 50), coverage=0.9)
    assert made.fit(*photos(5, 30)).calibration_ == first


def test_the_default_is_that_of_encoder_and_method() -> None:
    assert zero_shot(method="clip").calibration_ == default_calibration("colours", "clip", logit_scale=100.0)


def test_a_reranked_label_is_the_likeliest_and_learns_so() -> None:
    """One-to-one texts overrule the scores of a close call, for calibration as for probabilities."""
    pairs = PairBank.from_texts(
        {"tomato": {"sky": ["green"]}, "sky": {"tomato": ["blue, not red, but sky blue"]}}, ["tomato", "sky"]
    )
    bank = TextBank.from_names(["tomato", "sky"])
    made = ZeroShotClassifier(ColourEncoder(), bank, pairs=pairs, max_gap=0.5)
    image = plain((128, 0, 127))  # a little nearer to red
    assert made.decision_function([image])[0].argmax() == 0
    assert made.predict([image]).tolist() == ["sky"]
    made.calibrate([image] * 20, ["sky"] * 20, coverage=0.9)
    assert made.temperature_ < 1.0  # as is right for a classifier that is always right
    assert made.predict_sets([image]) == [("sky",)]


@pytest.mark.parametrize("class_conditional", [False, True])
def test_a_calibration_is_saved_and_loaded_whole(clf, tmp_path: Path, class_conditional: bool) -> None:
    images, labels = photos(0, 90)
    clf.calibrate(images, labels, coverage=0.8, class_conditional=class_conditional, error_rate=0.3)
    clf.save(tmp_path / "colours.clipcoder")
    loaded = load_classifier(tmp_path / "colours.clipcoder", ColourEncoder())
    assert loaded.calibration_ == clf.calibration_
    assert loaded.predict_sets(images) == clf.predict_sets(images)
    assert (loaded.predict(images) == clf.predict(images)).all()
    assert (
        loaded.predict_proba(images, independent=True) == clf.predict_proba(images, independent=True)
    ).all()


def test_an_uncalibrated_classifier_that_answers_nothing_is_saved_as_such(tmp_path: Path) -> None:
    few_shot(calibration=None, unknown_below=math.inf).save(tmp_path / "a")
    loaded = load_classifier(tmp_path / "a", ColourEncoder())
    assert (loaded.calibration, loaded.unknown_below) == (None, math.inf)
    assert set(loaded.predict(photos(0, 3)[0])) == {UNKNOWN}
    document = json.loads((tmp_path / "a" / "classifier.json").read_text())
    assert document["calibration"]["unknown_below"] == "never"


def test_thresholds_of_other_classes_are_not_loaded(tmp_path: Path) -> None:
    made = zero_shot()
    made.calibration_ = Calibration(1.0, conformal=Conformal(0.9, (0.1, 0.1), class_conditional=True))
    made.save(tmp_path / "a")
    with pytest.raises(InvalidInputError, match="of 2 classes, but the probabilities are of 3"):
        load_classifier(tmp_path / "a", ColourEncoder())
