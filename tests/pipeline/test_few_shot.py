"""FewShotClassifier: scikit-learn's conventions, and what texts add to a few labelled images."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from clipcoder import CachedEncoder, EncodedTexts, FewShotClassifier, TextBank
from clipcoder.adapters.names import FEW_SHOT_METHODS
from clipcoder.arrays import unit_rows
from clipcoder.errors import InvalidInputError, UnknownNameError, UnreadableImageError
from toy_encoder import ColourEncoder, StagedColourEncoder, plain

NOT_FOR_US = {
    "check_estimators_dtypes": "has a row of zeros, which has no direction and is refused",
    "check_sample_weight_equivalence_on_dense_data": "leaves an image out with all of its weight",
}
BANK = TextBank.from_texts({"tomato": ["red"], "sky": ["blue"], "grass": ["green"]})  # not in sorted order
REDS, BLUES, GREENS = (
    [plain(tuple(np.roll((250 - 9 * i, 10 * i, 5 * i), turn))) for i in range(4)] for turn in (0, 2, 1)
)
IMAGES, LABELS = [*REDS, *BLUES, *GREENS], ["tomato"] * 4 + ["sky"] * 4 + ["grass"] * 4
ENCODED = EncodedTexts.encode(ColourEncoder(), BANK)
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


# What is learned from


def clouds(n_classes: int, shots: int, *, dim: int = 16, seed: int = 0) -> tuple[Any, Any]:
    """Features about a centre a class, and numbers for classes."""
    dice = np.random.default_rng(seed)
    labels = np.repeat(np.arange(n_classes), shots)
    return dice.normal(size=(n_classes, dim))[labels] + 0.2 * dice.normal(size=(len(labels), dim)), labels


@every_method
@pytest.mark.parametrize("shots", [(1, 1, 1), (4, 1, 2), (1, 0, 0), (4, 0, 4)])
def test_shots_may_be_unequal(method: str, shots: tuple[int, ...]) -> None:
    rows = [i for turn, count in enumerate(shots) for i in range(4 * turn, 4 * turn + count)]
    clf = few_shot(method=method).fit([IMAGES[i] for i in rows], [LABELS[i] for i in rows])
    assert clf.predict([REDS[0], BLUES[0], GREENS[0]]).tolist() == ["tomato", "sky", "grass"]


@every_method
@given(seed=st.integers(0, 100))
def test_neither_the_order_of_images_nor_that_of_classes_counts(method: str, seed: int) -> None:
    dice = np.random.default_rng(seed)
    order, names = dice.permutation(12), dice.permutation(BANK.class_names).tolist()
    features, labels = ColourEncoder().encode_images(IMAGES), np.array(LABELS)
    expected = few_shot(method=method).fit(features, labels).decision_function(features)
    other = FewShotClassifier(ColourEncoder(), TextBank(tuple(names), BANK.texts), method=method)
    found = other.fit(features[order], labels[order]).decision_function(features)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-2)


def test_names_that_are_renamed_into_another_order_move_their_columns() -> None:
    other = {"tomato": "a", "sky": "z", "grass": "m"}
    bank = TextBank.from_texts({other[t.class_name]: [t.text] for t in BANK.texts})
    expected = few_shot().fit(IMAGES[:8], LABELS[:8])
    found = FewShotClassifier(ColourEncoder(), bank).fit(IMAGES[:8], [other[label] for label in LABELS[:8]])
    place = [found.classes_.tolist().index(other[name]) for name in expected.classes_]
    assert place == [1, 2, 0]
    np.testing.assert_allclose(
        found.predict_proba(IMAGES)[:, place], expected.predict_proba(IMAGES), rtol=1e-3, atol=1e-6
    )


def test_an_image_of_weight_0_is_not_there() -> None:
    weights = [1.0] * 12 + [0.0]
    expected = few_shot().fit(IMAGES, LABELS).decision_function(IMAGES)
    found = few_shot().fit([*IMAGES, plain((255, 0, 0))], [*LABELS, "sky"], weights)
    np.testing.assert_allclose(found.decision_function(IMAGES), expected, rtol=1e-5)


def test_an_image_of_weight_0_is_not_even_opened_and_its_class_is_none() -> None:
    clf = FewShotClassifier(StagedColourEncoder())
    clf.fit([*IMAGES, "absent.png"], [*LABELS, "cherry"], [1] * 12 + [0])
    assert clf.classes_.tolist() == ["grass", "sky", "tomato"]
    with pytest.raises(UnreadableImageError, match=r"absent\.png"):
        clf.fit([*IMAGES, "absent.png"], [*LABELS, "cherry"])


@every_method
def test_weights_pull(method: str) -> None:
    sides = [[1, 0.1, 0], [1, 0.2, 0], [1, 0.1, 0.1], [0.1, 1, 0], [0.2, 1, 0], [0.1, 1, 0.1]]
    features = unit_rows([*sides, [1, 1, 0.1], [1, 1, 0.1]])
    middle, labels = unit_rows([[1, 1, 0.05]]), ["tomato"] * 3 + ["grass"] * 3 + ["tomato", "grass"]
    vague = TextBank.from_texts({"tomato": ["a"], "grass": ["a"]})  # so that images must decide
    clf = FewShotClassifier(ColourEncoder(), vague, method=method)
    red, green = (
        clf.fit(features, labels, [1] * 6 + weights).predict_proba(middle)[0]
        for weights in ([20, 1], [1, 20])
    )
    assert red[1] > green[1] + 1e-3


def test_weights_may_be_of_any_scale_where_they_are_equal() -> None:
    images, labels = clouds(4, 3)
    plainly = FewShotClassifier(method="tip-adapter").fit(images, labels)
    weighed = FewShotClassifier(method="tip-adapter").fit(images, labels, np.ones(12))
    np.testing.assert_array_equal(weighed.decision_function(images), plainly.decision_function(images))


def test_a_single_image_is_enough() -> None:
    clf = few_shot().fit(REDS[:1], ["tomato"])
    assert clf.predict([REDS[1], BLUES[1], GREENS[1]]).tolist() == ["tomato", "sky", "grass"]
    assert FewShotClassifier().fit([[1.0, 0.0]], [7]).predict([[0.0, 1.0]]).tolist() == [7]


@pytest.mark.parametrize("method", ["auto", "gda", "tip-adapter", "ape"])
def test_images_alone_will_do(method: str) -> None:
    images, labels = clouds(5, 6)
    names = np.array(["e", "d", "c", "b", "a"])[labels]
    clf = FewShotClassifier(method=method).fit(images[::2], names[::2])
    assert clf.classes_.tolist() == ["a", "b", "c", "d", "e"]
    assert clf.score(images[1::2], names[1::2]) == 1


def test_of_two_classes_the_decision_is_the_lead_of_the_second() -> None:
    images, labels = clouds(2, 5)
    clf = FewShotClassifier().fit(images, labels)
    lead = clf.decision_function(images)
    assert lead.shape == (10,)
    np.testing.assert_array_equal(clf.predict(images), (lead > 0).astype(int))
    assert clf.predict_proba(images).shape == (10, 2)


@every_method
def test_a_thousand_classes(method: str) -> None:
    dice = np.random.default_rng(0)
    names = [f"class {i}" for i in range(1000)]
    centres = unit_rows(dice.normal(size=(1000, 32)))
    texts = EncodedTexts.of(
        TextBank.from_names(names), "clip", unit_rows(centres + 0.1 * dice.normal(size=(1000, 32)))
    )
    images = centres + 0.05 * dice.normal(size=(1000, 32))
    clf = FewShotClassifier(bank=texts, texts="clip", method=method).fit(images[:600], names[:600])
    known = 600 if method == "linear-probe" else 1000
    assert clf.score(images[:known], names[:known]) > 0.99
    assert clf.predict_proba(images).shape == (1000, 1000)


# Among scikit-learn's own


def test_cloning_shares_the_encoder_and_the_bank() -> None:
    clf = few_shot(method="gda").fit(IMAGES, LABELS)
    copied = clone(clf)
    assert copied is not clf
    assert copied.encoder is clf.encoder
    assert copied.bank is clf.bank
    assert copied.get_params() == clf.get_params()
    with pytest.raises(NotFittedError):
        copied.predict(IMAGES)


def test_features_go_through_pipelines_and_cross_validation() -> None:
    features = 7 * ColourEncoder().encode_images(IMAGES)
    assert cross_val_score(make_pipeline(Normalizer(), few_shot()), features, LABELS, cv=2).mean() == 1
    images, labels = clouds(4, 8)
    chain = make_pipeline(StandardScaler(), PCA(6), FewShotClassifier())
    assert cross_val_score(chain, images, np.array(list("abcd"))[labels], cv=4).mean() == 1


def test_a_search_goes_over_methods_and_texts() -> None:
    features = ColourEncoder().encode_images(IMAGES)
    grid = {"method": list(FEW_SHOT_METHODS), "texts": ["equidistant", "clip"]}
    bank = BANK.merge(TextBank.from_texts({n: {"name": [f"a {n}"]} for n in BANK.class_names}))
    search = GridSearchCV(FewShotClassifier(ColourEncoder(), bank), grid, cv=2, error_score="raise")
    search.fit(features, LABELS)
    assert search.best_score_ == 1
    assert len(search.cv_results_["params"]) == 2 * len(FEW_SHOT_METHODS)
    assert search.predict(features).tolist() == LABELS


def test_data_frames_are_features_and_their_columns_have_names() -> None:
    class Frame:  # as much of one as scikit-learn asks for
        def __init__(self, rows: Any) -> None:
            self.shape, self.rows, self.columns = rows.shape, rows, ["r", "g", "b"]

        def __array__(self, *_: Any, **__: Any) -> Any:
            return np.asarray(self.rows)

    features = ColourEncoder().encode_images(IMAGES)
    assert few_shot().fit(Frame(features), LABELS).predict(Frame(features)).tolist() == LABELS


def test_lists_of_numbers_are_features() -> None:
    features = ColourEncoder().encode_images(IMAGES)
    clf = few_shot().fit(features.tolist(), LABELS)
    np.testing.assert_array_equal(clf.predict(list(features)), clf.predict(features))
    assert clf.explain(features[0]) == clf.explain(features[0].tolist())


# Texts that are encoded already


@every_method
def test_encoded_texts_need_no_encoder(method: str) -> None:
    features = ColourEncoder().encode_images(IMAGES)
    expected = few_shot(method=method, calibration=None).fit(features, LABELS)
    texts = EncodedTexts.encode(ColourEncoder(), BANK)
    found = FewShotClassifier(bank=texts, method=method, calibration=None).fit(features, LABELS)
    np.testing.assert_array_equal(found.predict_proba(features), expected.predict_proba(features))
    assert found.explain(features[0]).classes == expected.explain(features[0]).classes
    assert found.confusions(count=1)[0].candidates == ()


def test_encoded_texts_serve_any_method_of_texts() -> None:
    bank = BANK.merge(TextBank.from_texts({n: {"name": [f"a {n}"]} for n in BANK.class_names}))
    encoder = ColourEncoder()
    texts = EncodedTexts.encode(encoder, bank, "clip")
    for method in ("clip", "equidistant", "coder"):
        expected = FewShotClassifier(ColourEncoder(), bank, texts=method).fit(IMAGES, LABELS)
        found = FewShotClassifier(encoder, texts, texts=method).fit(IMAGES, LABELS)
        np.testing.assert_array_equal(found.decision_function(IMAGES), expected.decision_function(IMAGES))
    assert len(encoder.text_calls) == 1


def test_a_bank_is_encoded_once_a_fit_and_encoded_texts_never_again() -> None:
    encoder = ColourEncoder()
    features = encoder.encode_images(IMAGES)
    cross_val_score(FewShotClassifier(encoder, BANK), features, LABELS, cv=2)
    assert len(encoder.text_calls) == 2
    texts = EncodedTexts.encode(encoder, BANK)
    cross_val_score(FewShotClassifier(encoder, texts), features, LABELS, cv=2)
    assert len(encoder.text_calls) == 3


def test_what_holds_arrays_alone_goes_to_other_processes() -> None:
    features = ColourEncoder().encode_images(IMAGES)
    clf = FewShotClassifier(bank=EncodedTexts.encode(ColourEncoder(), BANK)).fit(features, LABELS)
    for other in (pickle.loads(pickle.dumps(clf)), copy.deepcopy(clf)):
        np.testing.assert_array_equal(other.predict_proba(features), clf.predict_proba(features))
    pickle.loads(pickle.dumps(few_shot()))  # an encoder that can be pickled may go with it


def test_an_encoder_that_belongs_to_its_process_does_not_and_says_what_to_do() -> None:
    clf = FewShotClassifier(CachedEncoder(StagedColourEncoder()), BANK)
    for send in (pickle.dumps, copy.deepcopy):
        with pytest.raises(
            InvalidInputError, match=r"'colours' cannot be .*\(bank=EncodedTexts\.encode\(encoder"
        ):
            send(clf)


# Fits, one after the other


def test_another_fit_forgets_the_first() -> None:
    clf = few_shot().fit(IMAGES, LABELS)
    clf.set_params(bank=TextBank.from_texts({"a": ["red"], "b": ["blue"]}))
    assert clf.fit(REDS + BLUES, ["a"] * 4 + ["b"] * 4).predict([plain((0, 0, 255))]).tolist() == ["b"]


def test_features_after_a_data_frame_need_no_names() -> None:
    clf = few_shot().fit(IMAGES, LABELS)
    clf.feature_names_in_ = np.array(["r", "g", "b"])
    clf.fit(IMAGES, LABELS)
    assert not hasattr(clf, "feature_names_in_")


def test_examples_are_called_by_their_paths(tmp_path: Any) -> None:
    paths = [tmp_path / f"{i}.png" for i in range(12)]
    for image, path in zip(IMAGES, paths, strict=True):
        image.save(path)
    clf = few_shot(method="tip-adapter")
    clf.fit([*paths[:6], *IMAGES[6:]], LABELS, [0.0] + [1.0] * 11)
    voters = {r.text for one in clf.explain(IMAGES[0]).classes for r in one.reasons if r.kind == "example"}
    assert voters == {*map(str, paths[1:6]), *(f"example {i}" for i in range(6, 12))}


# Bad input


@pytest.mark.parametrize(
    ("clf", "images", "labels", "sentence"),
    [
        (few_shot(), IMAGES[:2], ["tomato", "cherry"], "'cherry' is none"),
        (few_shot(), IMAGES[:2], ["tomato"], "one class for each of the 2 images"),
        (few_shot(views=-1), IMAGES, LABELS, "views must be a whole number"),
        (FewShotClassifier(bank=BANK), np.eye(3), LABELS[:3], "needs an encoder"),
        (few_shot(), np.eye(4)[:3], LABELS[3:6], "3 columns"),
        (FewShotClassifier(bank=ENCODED), np.eye(4)[:3], LABELS[3:6], "3 columns"),
        (
            FewShotClassifier(bank=ENCODED),
            IMAGES,
            LABELS,
            "this classifier has none; give it one, or hand in",
        ),
        (FewShotClassifier(), "photo.png", ["tomato"], "images need an encoder"),
        (few_shot(), "photo.png", ["tomato"], r"put it into a list: \[image\]"),
        (few_shot(), [], [], "needs at least one image, but there is none"),
        (few_shot(), IMAGES, [3] * 12, "every label must be a class, such as 'grass', but 3 is none"),
        (few_shot(), IMAGES, [LABELS], r"one class for each of the 12 images .* shape is \(1, 12\)"),
        (few_shot(), [None], ["sky"], "an image must be a path"),
        (few_shot(random_state=None), IMAGES, LABELS, "the seed of views must be a whole number"),
        (few_shot(batch_size=0), IMAGES, LABELS, "batch_size must be a whole number of at least 1, got 0"),
        (FewShotClassifier(ColourEncoder(), ["sky"]), IMAGES, LABELS, "takes a TextBank, not a list"),
        (
            FewShotClassifier(ColourEncoder(), TextBank.from_names(["sky"])),
            IMAGES,
            LABELS,
            "at least 2 classes",
        ),
        (FewShotClassifier("starter", BANK), IMAGES, LABELS, "this str lacks"),
        (few_shot(texts="clip"), IMAGES, LABELS, "needs at least one text of kind 'name'"),
        (FewShotClassifier(method="coder-adapter"), np.eye(3), LABELS[3:6], "texts"),
    ],
)
def test_bad_input_is_one_sentence(clf: Any, images: Any, labels: Any, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        clf.fit(images, labels)


def test_an_unfitted_classifier_says_so() -> None:
    for ask in ("predict", "predict_proba", "decision_function", "stream", "explain"):
        with pytest.raises(NotFittedError):
            getattr(few_shot(), ask)(IMAGES)


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ([1.0] * 11, "one number, 0 or more, for each of the 12 images"),
        ([-1.0] + [1.0] * 11, "one number, 0 or more"),
        ([np.nan] + [1.0] * 11, "one number, 0 or more"),
        (["heavy"] * 12, "one number, 0 or more"),
        ([[1.0] * 12], "one number, 0 or more"),
        ([0.0] * 12, "above 0 for an image at least, but every weight is zero"),
    ],
)
def test_weights_that_are_none_are_refused(weights: Any, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        few_shot().fit(IMAGES, LABELS, weights)


@pytest.mark.parametrize("settings", [{"method": "tip"}, {"texts": "coders"}, {"calibration": "isotonic"}])
def test_unknown_names_are_refused(settings: dict[str, str]) -> None:
    with pytest.raises(UnknownNameError, match="did you mean"):
        few_shot(**settings).fit(IMAGES, LABELS)


def test_labels_that_are_measurements_are_refused() -> None:
    with pytest.raises(ValueError, match="Unknown label type"):
        FewShotClassifier(ColourEncoder()).fit(IMAGES, np.linspace(0, 1, 12))


def test_a_classifier_of_features_streams_no_images() -> None:
    clf = FewShotClassifier().fit(*clouds(3, 4))
    for ask in (clf.stream, clf.predict, clf.predict_proba):
        with pytest.raises(InvalidInputError, match="images need an encoder, but this classifier has none"):
            ask(IMAGES)


def test_features_of_another_width_are_refused() -> None:
    clf = few_shot().fit(IMAGES, LABELS)
    with pytest.raises(ValueError, match="4 features, but FewShotClassifier is expecting 3"):
        clf.predict(np.eye(4))
    with pytest.raises(ValueError, match="Expected 2D array, got 1D array"):
        clf.predict(np.eye(3)[0])
