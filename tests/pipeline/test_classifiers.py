"""What holds of every classifier of images, whatever its rule: one contract for all of them."""

from __future__ import annotations

from collections.abc import Callable
from math import fsum
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clipcoder import EncodedTexts, Failure, FewShotClassifier, PairBank, TextBank, ZeroShotClassifier
from clipcoder.adapters.names import FEW_SHOT_METHODS
from clipcoder.encoded import METHODS
from clipcoder.errors import InvalidInputError, UnreadableImageError
from clipcoder.pipeline.image_classifier import ImageClassifier
from toy_encoder import ColourEncoder, StagedColourEncoder, plain, png

BANK = TextBank.from_texts(
    {  # not in sorted order
        "tomato": {"name": ["a red tomato"], "attribute": ["red and yellow"]},
        "sky": {"name": ["a blue sky", "the sky"], "analogue": ["blue and green"]},
        "grass": {"name": ["green grass"], "synonym": ["a green lawn"]},
    }
)
PAIRS = PairBank.from_texts(
    {
        "tomato": {"sky": ["red"], "grass": ["red"]},
        "sky": {"tomato": ["blue"]},
        "grass": {"tomato": ["green"]},
    },
    BANK.class_names,
)
rng = np.random.default_rng(7)
SHADES = [tuple(np.roll((230, 10, 30), turn) + rng.integers(0, 25, 3)) for turn in (0, 1, 2) * 4]
EXAMPLES, LABELS = [plain(shade) for shade in SHADES], ["tomato", "grass", "sky"] * 4
ASKED = [plain(tuple(shade)) for shade in rng.integers(1, 256, size=(23, 3)).tolist()]


def zero_shot(encoder: ColourEncoder, bank: TextBank = BANK, **settings: Any) -> ImageClassifier:
    return ZeroShotClassifier(encoder, bank, **settings)


def few_shot(encoder: ColourEncoder, bank: TextBank | None = BANK, **settings: Any) -> ImageClassifier:
    return FewShotClassifier(encoder, bank, **settings).fit(EXAMPLES, LABELS)


def with_encoded_texts(encoder: ColourEncoder, bank: TextBank = BANK, **settings: Any) -> ImageClassifier:
    return few_shot(encoder, EncodedTexts.encode(encoder, bank), **settings)


Make = Callable[..., ImageClassifier]
RULES: dict[str, tuple[Make, dict[str, Any]]] = {
    **{f"zero-shot {method}": (zero_shot, {"method": method}) for method in METHODS},
    "zero-shot with pairs": (zero_shot, {"pairs": PAIRS, "max_gap": 0.9}),
    **{f"few-shot {method}": (few_shot, {"method": method}) for method in FEW_SHOT_METHODS},
    "few-shot of names": (few_shot, {"texts": "clip"}),
    "few-shot with encoded texts": (with_encoded_texts, {}),
    "few-shot without texts": (lambda encoder, **settings: few_shot(encoder, None, **settings), {}),
}
HAVE_TEXTS = [rule for rule in RULES if rule != "few-shot without texts"]


def made(rule: str, encoder: ColourEncoder | None = None, **settings: Any) -> ImageClassifier:
    make, given = RULES[rule]
    return make(encoder or ColourEncoder(), **given, **settings)


@pytest.fixture(params=RULES)
def clf(request: pytest.FixtureRequest) -> ImageClassifier:
    return made(request.param)


def all_scores(clf: ImageClassifier, images: Any) -> Any:
    scores = clf.decision_function(images)
    assert scores.shape == (len(images), 3)
    return scores


def test_probabilities_are_a_row_an_image_that_sums_to_1(clf: ImageClassifier) -> None:
    probabilities = clf.predict_proba(ASKED)
    assert probabilities.shape == (len(ASKED), 3)
    assert probabilities.dtype == np.float32
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_the_prediction_is_the_likeliest_class(clf: ImageClassifier) -> None:
    predicted = clf.predict(ASKED)
    assert predicted.tolist() == clf.classes_[clf.predict_proba(ASKED).argmax(axis=1)].tolist()
    assert set(predicted) == set(BANK.class_names)


def test_colours_get_the_names_that_they_have(clf: ImageClassifier) -> None:
    pure = [plain((255, 0, 0)), plain((0, 255, 0)), plain((0, 0, 255))]
    assert clf.predict(pure).tolist() == ["tomato", "grass", "sky"]


def test_a_stream_says_the_same(clf: ImageClassifier) -> None:
    probabilities = clf.predict_proba(ASKED)
    found = list(clf.stream(iter(ASKED)))
    assert [one.label for one in found] == clf.predict(ASKED).tolist()
    for one, row in zip(found, probabilities, strict=True):
        assert dict(one.ranking) == pytest.approx(
            dict(zip(clf.classes_.tolist(), row, strict=True)), abs=1e-5
        )


def test_the_score_is_the_share_that_is_right(clf: ImageClassifier) -> None:
    labels = clf.predict(ASKED).astype(object)
    labels[:3] = "something else"
    assert clf.score(ASKED, labels) == pytest.approx(1 - 3 / len(ASKED))
    assert clf.score(ASKED, labels, [0.0] * 3 + [1.0] * (len(ASKED) - 3)) == 1


def test_an_explanation_adds_up_to_the_scores_of_the_best_classes(clf: ImageClassifier) -> None:
    for image, scores, label in zip(
        ASKED[:8], all_scores(clf, ASKED[:8]), clf.predict(ASKED[:8]), strict=True
    ):
        explanation = clf.explain(image)
        assert explanation.label == label
        assert {one.class_name for one in explanation.classes} == set(BANK.class_names)
        for one in explanation.classes:
            assert one.score == pytest.approx(scores[clf.classes_.tolist().index(one.class_name)], abs=1e-3)
            assert fsum(r.contribution for r in one.reasons) == pytest.approx(one.score, abs=2e-3)
            assert {r.class_name for r in one.reasons} == {one.class_name}


@pytest.mark.parametrize("rule", HAVE_TEXTS)
def test_an_explanation_speaks_of_the_texts_of_its_class(rule: str) -> None:
    texts = {(text.text, text.class_name) for text in BANK.texts}
    for one in made(rule).explain(ASKED[0]).classes:
        spoken = {(r.text, r.class_name) for r in one.reasons if r.kind in {"name", "attribute", "analogue"}}
        assert spoken
        assert spoken <= texts


@pytest.mark.parametrize("rule", HAVE_TEXTS)
def test_the_order_of_the_bank_changes_nothing(rule: str) -> None:
    make, settings = RULES[rule]
    turned = make(ColourEncoder(), TextBank(BANK.class_names[::-1], BANK.texts), **settings)
    clf = made(rule)
    place = [turned.classes_.tolist().index(name) for name in clf.classes_.tolist()]
    np.testing.assert_allclose(
        all_scores(turned, ASKED)[:, place], all_scores(clf, ASKED), rtol=1e-4, atol=1e-3
    )
    assert turned.predict(ASKED).tolist() == clf.predict(ASKED).tolist()


def test_images_are_judged_each_by_itself(clf: ImageClassifier) -> None:
    order = np.random.default_rng(1).permutation(len(ASKED))
    scores = all_scores(clf, ASKED)
    np.testing.assert_allclose(
        all_scores(clf, [ASKED[i] for i in order]), scores[order], rtol=1e-5, atol=1e-4
    )
    np.testing.assert_allclose(all_scores(clf, ASKED[:1]), scores[:1], rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("batch_size", [1, 5, 64])
def test_the_batch_size_changes_the_calls_alone(rule: str, batch_size: int) -> None:
    encoder = ColourEncoder()
    clf = made(rule, encoder, batch_size=batch_size)
    np.testing.assert_allclose(all_scores(clf, ASKED), all_scores(made(rule), ASKED), rtol=1e-5, atol=1e-4)
    assert max(encoder.batch_sizes) <= batch_size


@pytest.mark.parametrize("rule", RULES)
def test_staged_encoders_are_classified_with_alike(rule: str) -> None:
    np.testing.assert_array_equal(
        all_scores(made(rule, StagedColourEncoder()), ASKED), all_scores(made(rule), ASKED)
    )


def test_paths_bytes_and_images_are_one(clf: ImageClassifier, tmp_path: Path) -> None:
    file = tmp_path / "image.png"
    file.write_bytes(png(ASKED[0]))
    scores = all_scores(clf, [file, str(file), file.read_bytes(), ASKED[0]])
    np.testing.assert_allclose(scores, np.repeat(scores[:1], 4, axis=0), rtol=1e-6)


def test_no_images_give_no_predictions(clf: ImageClassifier) -> None:
    assert clf.predict([]).tolist() == []
    assert clf.predict_proba([]).shape == clf.decision_function([]).shape == (0, 3)
    assert list(clf.stream([])) == []


def test_an_unreadable_image_stops_a_prediction_and_is_a_failure_in_a_stream(
    clf: ImageClassifier, tmp_path: Path
) -> None:
    sources = [png(ASKED[0]), tmp_path / "absent.png", b"no image", ASKED[1]]
    with pytest.raises(UnreadableImageError, match=r"absent\.png': there is no such file"):
        clf.predict(sources)
    found = list(clf.stream(sources))
    assert [isinstance(one, Failure) for one in found] == [False, True, True, False]
    assert [one.source for one in found] == sources
    assert [found[0].label, found[3].label] == clf.predict(ASKED[:2]).tolist()


@pytest.mark.parametrize("image", ["cat.png", b"bytes", plain((1, 2, 3)), None])
def test_a_single_image_is_no_list(clf: ImageClassifier, image: Any) -> None:
    for ask in (
        clf.predict,
        clf.predict_proba,
        clf.decision_function,
        lambda images: next(clf.stream(images)),
    ):
        with pytest.raises(InvalidInputError, match=r"put it into a list: \[image\]"):
            ask(image)
