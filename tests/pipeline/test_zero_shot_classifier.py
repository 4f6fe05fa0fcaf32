"""The classifier, on colours whose scores can be worked out by hand."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder import Failure, PairBank, TextBank, ZeroShotClassifier
from clipcoder.errors import InvalidInputError, UnknownNameError, UnreadableImageError
from clipcoder.pipeline import CloseCall, Prediction
from toy_encoder import ColourEncoder, StagedColourEncoder, plain, png

RED, BLUE, GREEN = (255, 0, 0), (0, 0, 255), (0, 255, 0)
BANK = TextBank.from_texts(
    {
        "tomato": {"name": ["a tomato"], "attribute": ["red and yellow"]},
        "sky": {"name": ["the sky"]},
    }
)
RED_AND_YELLOW = 1.6 / np.hypot(1.6, 0.8)  # cosine of (1, 0, 0) + (0.6, 0.8, 0) with red

colours = st.tuples(*[st.integers(0, 255)] * 3).filter(any)


def classifier(bank: TextBank = BANK, **settings: object) -> ZeroShotClassifier:
    return ZeroShotClassifier(ColourEncoder(), bank, **settings)


def test_scores_are_the_papers_formula() -> None:
    scores = classifier().decision_function([plain(RED), plain(BLUE)])
    assert scores == pytest.approx(np.array([[50 * (1 + RED_AND_YELLOW), 0], [0, 100]]), abs=1e-4)


def test_the_best_score_is_the_label() -> None:
    assert classifier().predict([plain(RED), plain(BLUE), plain(RED)]).tolist() == ["tomato", "sky", "tomato"]


def test_paths_bytes_and_pil_images_are_images(tmp_path: Path) -> None:
    file = tmp_path / "blue.png"
    file.write_bytes(png(plain(BLUE)))
    assert classifier().predict([str(file), file, png(plain(BLUE)), plain(BLUE)]).tolist() == ["sky"] * 4


def test_probabilities_are_the_softmax_of_scores_at_the_encoders_scale() -> None:
    encoder = ColourEncoder()
    encoder.logit_scale = 2.0
    clf = ZeroShotClassifier(encoder, BANK)
    image = plain((200, 0, 100))
    logits = 2.0 * clf.decision_function([image])[0] / 100
    assert clf.predict_proba([image])[0] == pytest.approx(np.exp(logits) / np.exp(logits).sum(), abs=1e-6)


class SigmoidEncoder(ColourEncoder):
    """Trained as SigLIP is, or so it says."""

    logit_scale = 4.0
    logit_bias = -2.0


def test_independent_probabilities_are_the_sigmoid_of_scaled_and_shifted_cosines() -> None:
    clf = ZeroShotClassifier(SigmoidEncoder(), NAMES)
    images = [plain(RED), plain((255, 0, 255)), plain(GREEN)]
    root = np.sqrt(0.5)
    cosines = np.array([[1, 0], [root, root], [0, 0]])
    expected = 1 / (1 + np.exp(-(4 * cosines - 2)))
    np.testing.assert_allclose(clf.predict_proba(images, independent=True), expected, atol=1e-6)


def test_independent_probabilities_may_be_sure_of_all_or_of_nothing() -> None:
    encoder = SigmoidEncoder()
    encoder.logit_scale, encoder.logit_bias = 1000.0, -500.0
    probabilities = ZeroShotClassifier(encoder, NAMES).predict_proba(
        [plain((255, 0, 255)), plain(GREEN)], independent=True
    )
    np.testing.assert_allclose(probabilities, [[1, 1], [0, 0]], atol=1e-6)


@pytest.mark.filterwarnings("error")
def test_scales_of_any_size_overflow_nothing() -> None:
    encoder = SigmoidEncoder()
    encoder.logit_scale, encoder.logit_bias = 1e6, -1e5
    clf = ZeroShotClassifier(encoder, NAMES)
    np.testing.assert_allclose(clf.predict_proba([plain(RED)], independent=True), [[1, 0]])


def test_an_encoder_without_a_bias_has_no_independent_probabilities() -> None:
    with pytest.raises(InvalidInputError, match="'colours' has no logit_bias; call calibrate"):
        classifier().predict_proba([plain(RED)], independent=True)


def test_clip_listens_to_names_only() -> None:
    assert classifier(method="clip").decision_function([plain(RED)]) == pytest.approx(
        np.array([[100, 0]]), abs=1e-4
    )


def test_no_images_give_no_predictions() -> None:
    clf = classifier()
    assert clf.predict([]).tolist() == []
    assert clf.predict_proba([]).shape == clf.decision_function([]).shape == (0, 2)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 16])
def test_the_batch_size_changes_nothing_but_the_calls(batch_size: int) -> None:
    images = [plain((40 * i, 10, 255 - 40 * i)) for i in range(5)]
    clf = classifier(batch_size=batch_size)
    np.testing.assert_array_equal(clf.decision_function(images), classifier().decision_function(images))
    assert max(clf.encoder.batch_sizes) <= batch_size


def test_texts_are_encoded_once_and_not_before_the_first_image() -> None:
    clf = classifier()
    assert clf.encoder.text_calls == []
    clf.predict([plain(RED)])
    clf.predict_proba([plain(BLUE)])
    clf.explain(plain(BLUE))
    assert clf.encoder.text_calls == [["a tomato", "red and yellow", "the sky"]]


def test_classes_come_in_the_order_of_the_bank() -> None:
    swapped = TextBank(("sky", "tomato"), BANK.texts)
    image = plain((90, 20, 160))
    assert classifier(swapped).classes_.tolist() == ["sky", "tomato"]
    np.testing.assert_allclose(
        classifier(swapped).decision_function([image])[:, ::-1],
        classifier().decision_function([image]),
        rtol=1e-6,
    )


# Explanations


def test_an_explanation_by_hand() -> None:
    explanation = classifier().explain(plain(RED))
    lead = 50 * (1 + RED_AND_YELLOW)
    assert (explanation.label, explanation.runner_up, explanation.reranked) == ("tomato", "sky", False)
    assert explanation.margin == pytest.approx(lead, abs=1e-4)
    assert [(n.text, n.kind) for n in explanation.neighbours] == [
        ("the sky", "name"),
        ("a tomato", "name"),
        ("red and yellow", "attribute"),
    ]
    common = lead / 2  # the mean of both classes is at half of the way from 0 to the score
    expected = [common, (100 - common) / 2, (100 * RED_AND_YELLOW - common) / 2]
    assert [n.contribution for n in explanation.neighbours] == pytest.approx(expected, abs=1e-4)


def test_only_the_nearest_name_of_a_class_counts() -> None:
    bank = TextBank.from_texts({"fruit": {"name": ["green", "red"]}, "sky": {"name": ["blue"]}})
    texts = [n.text for n in classifier(bank).explain(plain(RED)).supporting()]
    assert texts == ["red"]


def test_clip_is_explained_by_names_alone() -> None:
    other_names = TextBank.from_texts({"tomato": {"synonym": ["red"]}, "sky": {"analogue": ["blue"]}})
    explanation = classifier(BANK.merge(other_names), method="clip").explain(plain(RED))
    assert [n.text for n in explanation.supporting()] == ["a tomato"]
    assert {n.kind for n in explanation.neighbours} == {"name"}


@given(colour=colours, method=st.sampled_from(["equidistant", "coder", "clip"]))
def test_contributions_add_up_to_the_lead(colour: tuple[int, int, int], method: str) -> None:
    bank = BANK.merge(TextBank.from_texts({"tomato": {"name": ["a yellow one"]}, "sky": ["blue", "grey"]}))
    clf = classifier(bank, method=method)
    explanation = clf.explain(plain(colour))
    best, second = np.sort(clf.decision_function([plain(colour)])[0])[::-1]
    assert explanation.margin == pytest.approx(best - second, abs=1e-3)
    assert sum(n.contribution for n in explanation.reasons) == pytest.approx(explanation.margin, abs=1e-3)


# The rerank

NAMES = TextBank.from_texts({"tomato": {"name": ["red"]}, "sky": {"name": ["blue"]}})
PAIRS = PairBank.from_texts(
    {"tomato": {"sky": ["green"]}, "sky": {"tomato": ["blue, not red, but sky blue"]}}, ["sky", "tomato"]
)
CLOSE = (128, 0, 127)  # 0.6 points nearer to red: a softmax gap of 0.27


def test_one_to_one_texts_decide_a_close_call() -> None:
    assert classifier(NAMES).predict([plain(CLOSE)]).tolist() == ["tomato"]
    assert classifier(NAMES, pairs=PAIRS, max_gap=0.5).predict([plain(CLOSE)]).tolist() == ["sky"]


def test_a_clear_call_is_left_alone() -> None:
    assert classifier(NAMES, pairs=PAIRS, max_gap=0.2).predict([plain(CLOSE)]).tolist() == ["tomato"]


def test_probabilities_agree_with_a_reranked_prediction() -> None:
    before = classifier(NAMES).predict_proba([plain(CLOSE)])
    after = classifier(NAMES, pairs=PAIRS, max_gap=0.5).predict_proba([plain(CLOSE)])
    np.testing.assert_array_equal(after, before[:, ::-1])


def test_independent_probabilities_agree_with_a_reranked_prediction() -> None:
    before, after = (
        ZeroShotClassifier(SigmoidEncoder(), NAMES, **settings).predict_proba(
            [plain(CLOSE)], independent=True
        )
        for settings in ({}, {"pairs": PAIRS, "max_gap": 0.5})
    )
    np.testing.assert_array_equal(after, before[:, ::-1])


def test_a_rerank_is_explained_by_one_to_one_texts() -> None:
    explanation = classifier(NAMES, pairs=PAIRS, max_gap=0.5).explain(plain(CLOSE))
    assert (explanation.label, explanation.runner_up, explanation.reranked) == ("sky", "tomato", True)
    assert {n.kind for n in explanation.neighbours} == {"one_to_one"}
    assert sum(n.contribution for n in explanation.neighbours) == pytest.approx(explanation.margin)
    assert explanation.margin > 0


def test_a_rerank_by_way_of_third_classes_is_explained_by_the_scores() -> None:
    bank = TextBank.from_texts(
        {n: {"name": [t]} for n, t in [("tomato", "red"), ("sky", "blue"), ("grass", "green")]}
    )
    pairs = PairBank.from_texts(
        {
            "tomato": {"grass": ["green"]},
            "sky": {"grass": ["blue"]},
            "grass": {"tomato": ["red"], "sky": ["green"]},
        },
        bank.class_names,
    )
    clf = classifier(bank, pairs=pairs, max_gap=0.5)
    explanation = clf.explain(plain(CLOSE))
    assert (explanation.label, explanation.runner_up, explanation.reranked) == ("sky", "tomato", True)
    assert explanation.margin < 0
    assert {n.kind for n in explanation.neighbours} == {"name"}


# Close calls

THREE = TextBank.from_texts(
    {n: {"name": [t]} for n, t in [("tomato", "red"), ("sky", "blue"), ("grass", "green")]}
)
SHADES = [plain((255, 0, i)) for i in range(227, 255)]  # ever nearer to the middle of tomato and sky


def test_an_automatic_gap_reranks_a_share_of_a_sample() -> None:
    clf = classifier(NAMES, pairs=PAIRS, max_gap="auto")
    assert clf.max_gap_ is None
    assert clf.fit_gap(SHADES[:20]) is clf
    assert clf.max_gap_ == pytest.approx(gap_of(SHADES[17]), abs=1e-4)  # 2 of 20 lie below it
    assert clf.predict(SHADES).tolist() == ["tomato"] * 18 + ["sky"] * 10
    assert clf.fit_gap(SHADES[:20], share=0.5).predict(SHADES[:20]).tolist() == ["tomato"] * 10 + ["sky"] * 10


def gap_of(image: object) -> float:
    best, second = np.sort(np.exp(classifier(NAMES).decision_function([image])[0]))[::-1]
    return float((best - second) / (best + second))


def test_an_automatic_gap_does_not_depend_on_batches_or_on_what_cannot_be_read(tmp_path: Path) -> None:
    gaps = [
        classifier(NAMES, pairs=PAIRS, max_gap="auto", batch_size=size).fit_gap(images).max_gap_
        for size, images in [(None, SHADES), (3, [tmp_path / "absent.png", *SHADES]), (1, iter(SHADES))]
    ]
    assert gaps == [gaps[0]] * 3


def test_a_gap_that_is_not_learned_yet_is_asked_for() -> None:
    clf = classifier(NAMES, pairs=PAIRS, max_gap="auto")
    for ask in (clf.predict, clf.predict_proba, lambda images: list(clf.stream(images))):
        with pytest.raises(InvalidInputError, match=r"call fit_gap\(images\) first"):
            ask([plain(CLOSE)])
    assert classifier(NAMES, max_gap="auto").predict([plain(CLOSE)]).tolist() == [
        "tomato"
    ]  # nothing to rerank by


def test_a_stated_gap_is_not_learned() -> None:
    clf = classifier(NAMES, pairs=PAIRS, max_gap=0.2)
    assert clf.max_gap_ == 0.2
    with pytest.raises(InvalidInputError, match=r"max_gap=0\.2 was stated"):
        clf.fit_gap(SHADES)


def test_a_gap_takes_ten_images() -> None:
    clf = classifier(NAMES, pairs=PAIRS, max_gap="auto")
    with pytest.raises(InvalidInputError, match="at least 10 unlabelled images, but there are 9"):
        clf.fit_gap(SHADES[:9])
    assert clf.max_gap_ is None


def sure_by(logit_scale: float, **settings: Any) -> ZeroShotClassifier:
    encoder = ColourEncoder()
    encoder.logit_scale = logit_scale
    return ZeroShotClassifier(encoder, NAMES, pairs=PAIRS, **settings)


def test_a_gap_is_one_of_probabilities_at_the_temperature_of_the_encoder() -> None:
    image = [plain(CLOSE)]
    best, second = np.sort(sure_by(50, max_gap=0.0).predict_proba(image)[0])[::-1]
    gap = float(best - second)
    assert sure_by(50, max_gap=gap + 1e-4).predict(image).tolist() == ["sky"]
    assert sure_by(50, max_gap=gap - 1e-4).predict(image).tolist() == ["tomato"]
    published = {"max_gap": gap + 1e-4, "method": "coder", "protocol": "reference"}
    assert sure_by(50, **published).predict(image).tolist() == ["tomato"]  # by scores as they are
    learned = sure_by(50, max_gap="auto").fit_gap(image * 5, share=0.2).max_gap_
    assert learned == pytest.approx(gap, abs=1e-6)


def test_what_is_learned_of_probabilities_changes_no_close_call() -> None:
    image = [plain(CLOSE)]
    clf = sure_by(100, max_gap=gap_of(image[0]) - 1e-4)
    clf.calibrate([plain(CLOSE), plain(RED)] * 10, ["sky", "tomato"] * 10)
    assert clf.temperature_ > 1
    assert clf.predict(image).tolist() == ["tomato"]


def test_a_stream_tells_what_close_calls_lacked() -> None:
    pairs = PairBank.from_texts(
        {"tomato": {"sky": ["red"], "grass": ["red"]}, "sky": {"tomato": ["blue"]}}, THREE.class_names
    )
    outcomes = list(classifier(THREE, pairs=pairs, max_gap=0.5).stream([plain(CLOSE), plain(RED)]))
    compared = ("tomato", "sky", "grass")
    missing = (("tomato", "grass"), ("sky", "grass"))  # the one has texts in one direction only
    assert [o.close_call for o in outcomes] == [CloseCall(compared, missing), None]
    assert not CloseCall(compared, missing).undecided


def test_a_close_call_without_any_texts_is_undecided() -> None:
    pairs = PairBank.from_texts(
        {"tomato": {"grass": ["red"]}, "grass": {"tomato": ["green"]}}, THREE.class_names
    )
    clf = classifier(THREE, pairs=pairs, max_gap=0.5, top_k=2)
    [outcome] = clf.stream([plain(CLOSE)])
    assert outcome.close_call == CloseCall(("tomato", "sky"), (("tomato", "sky"),))
    assert (outcome.close_call.undecided, outcome.label) == (True, "tomato")


def test_without_pairs_no_call_is_close() -> None:
    assert [o.close_call for o in classifier(NAMES, max_gap=2).stream([plain(CLOSE)])] == [None]


def test_the_reference_lets_a_missing_pair_vote_0() -> None:
    pairs = PairBank.from_texts(
        {"sky": {"grass": ["red"]}, "grass": {"sky": ["blue, blue and red"]}}, THREE.class_names
    )
    image = [plain((128, 20, 127))]  # tomato, which has no pair, is the best by its score

    def label(**rule: object) -> list[str]:
        return classifier(THREE, pairs=pairs, max_gap=0.5, method="coder", **rule).predict(image)

    assert label() == ["tomato"]
    assert label(protocol="reference") == ["grass"]


@pytest.mark.parametrize(
    ("settings", "error", "expected"),
    [
        ({"max_gap": "automatic"}, InvalidInputError, "0 or more, or 'auto', not 'automatic'"),
        ({"max_gap": -1}, InvalidInputError, "max_gap must be a difference of probabilities"),
        ({"protocol": "referense"}, UnknownNameError, "did you mean 'reference'"),
        ({"protocol": "reference"}, InvalidInputError, "but got method='equidistant' and max_gap=0.05"),
        (
            {"protocol": "reference", "method": "coder", "max_gap": "auto"},
            InvalidInputError,
            "has its gap stated, but got method='coder' and max_gap='auto'",
        ),
    ],
)
def test_rules_that_cannot_be_are_refused(
    settings: dict[str, object], error: type[Exception], expected: str
) -> None:
    with pytest.raises(error, match=expected):
        classifier(**settings)


# Streams


def test_a_stream_goes_on_past_what_it_cannot_read(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(png(plain(RED, (64, 64)))[:60])
    sources = [png(plain(RED)), broken, tmp_path / "absent.png", png(plain(BLUE))]
    outcomes = list(classifier(batch_size=2).stream(sources))
    assert [o.source for o in outcomes] == sources
    assert [o.label if isinstance(o, Prediction) else None for o in outcomes] == ["tomato", None, None, "sky"]
    assert isinstance(outcomes[2], Failure)
    assert "no such file" in str(outcomes[2].error)


def test_a_stream_says_what_the_other_methods_say() -> None:
    image = plain((180, 60, 90))
    clf = classifier()
    [outcome] = clf.stream([image])
    probabilities = clf.predict_proba([image])[0]
    assert isinstance(outcome, Prediction)
    assert dict(outcome.ranking) == pytest.approx(
        dict(zip(clf.classes_, probabilities, strict=True)), abs=1e-6
    )
    assert (outcome.label, outcome.probability) == outcome.ranking[0]
    assert outcome.explanation == clf.explain(image)
    assert [len(o.ranking) for top in (1, 2) for o in clf.stream([image], top=top)] == [2, 2]


def test_a_stream_reads_a_bounded_number_of_images_ahead() -> None:
    taken: list[int] = []
    many = (taken.append(i) or plain(RED) for i in range(200))
    assert len(list(islice(classifier(batch_size=2).stream(many), 3))) == 3
    assert len(taken) < 20


@pytest.mark.parametrize(("batch_size", "batches"), [(None, [4, 3]), (3, [3, 3, 1])])
def test_a_staged_encoder_says_how_many_images_it_takes_at_a_time(
    batch_size: int | None, batches: list[int]
) -> None:
    images = [plain(colour) for colour in (RED, GREEN, BLUE, RED, BLUE, BLUE, RED)]
    for method in (ZeroShotClassifier.predict, lambda clf, images: list(clf.stream(images))):
        encoder = StagedColourEncoder()
        method(ZeroShotClassifier(encoder, BANK, batch_size=batch_size), images)
        assert encoder.batches == batches


def test_staged_and_foreign_encoders_are_classified_with_alike() -> None:
    images = [plain(colour) for colour in (RED, BLUE, GREEN)]
    staged, foreign = ZeroShotClassifier(StagedColourEncoder(), BANK), classifier()
    np.testing.assert_array_equal(staged.decision_function(images), foreign.decision_function(images))
    assert [o.label for o in staged.stream(images)] == foreign.predict(images).tolist()


# Bad input


def test_one_class_leaves_nothing_to_choose() -> None:
    with pytest.raises(InvalidInputError, match=r"at least 2 classes .* has 1 \('cat'\)"):
        classifier(TextBank.from_names(["cat"]))


@pytest.mark.parametrize(("method", "needed"), [("coder", "text,"), ("clip", "text of kind 'name'")])
def test_a_class_without_a_text_is_named(method: str, needed: str) -> None:
    bank = TextBank(("tomato", "sky", "sea"), BANK.texts)
    with pytest.raises(InvalidInputError, match=f"at least one {needed}.* 'sea' has none"):
        classifier(bank, method=method)


def test_an_encoder_that_lacks_members_is_told_which() -> None:
    half = SimpleNamespace(name="half", dim=3, encode_texts=len)
    with pytest.raises(InvalidInputError, match="SimpleNamespace lacks logit_scale and encode_images"):
        ZeroShotClassifier(half, BANK)


def test_an_unknown_method_is_answered_with_the_known() -> None:
    with pytest.raises(UnknownNameError, match="unknown method 'codre': did you mean 'coder'"):
        classifier(method="codre")


def test_pairs_of_other_classes_are_refused() -> None:
    pairs = PairBank.from_texts({"sky": {"sea": ["blue"]}}, ["sky", "sea"])
    with pytest.raises(InvalidInputError, match="'sea', which the bank does not have"):
        classifier(pairs=pairs)


@pytest.mark.parametrize("image", ["cat.png", b"bytes", plain(RED), None])
def test_a_single_image_is_no_list(image: object) -> None:
    with pytest.raises(InvalidInputError, match=r"put it into a list: \[image\]"):
        classifier().predict(image)


def test_a_stream_of_a_single_path_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="got a single str"):
        next(classifier().stream("photo.png"))


def test_images_may_come_from_a_generator() -> None:
    assert classifier().predict(plain(colour) for colour in (RED, BLUE)).tolist() == ["tomato", "sky"]


def test_names_are_no_bank() -> None:
    with pytest.raises(InvalidInputError, match=r"takes a TextBank, not a list; TextBank.from_names"):
        ZeroShotClassifier(ColourEncoder(), ["tomato", "sky"])


def test_an_unreadable_image_stops_a_prediction(tmp_path: Path) -> None:
    class Opening(ColourEncoder):
        def encode_images(self, images):
            from clipcoder.encoders.images import open_image

            return super().encode_images([open_image(image) for image in images])

    with pytest.raises(UnreadableImageError, match="no such file"):
        ZeroShotClassifier(Opening(), BANK).predict([tmp_path / "absent.png"])


def test_batches_of_nothing_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="batch_size must be a whole number of at least 1, got 0"):
        classifier(batch_size=0)
    with pytest.raises(InvalidInputError, match=r"batch_size must be .* got 1\.5"):
        classifier(batch_size=1.5)


def test_rows_that_are_missing_are_refused() -> None:
    class Forgetful(ColourEncoder):
        def encode_images(self, images):
            return super().encode_images(images)[1:]

    class Deaf(ColourEncoder):
        def encode_texts(self, texts):
            return super().encode_texts(texts)[1:]

    images = [plain(RED), plain(BLUE)]
    with pytest.raises(
        InvalidInputError, match="encode_images must return a row for each image, but it made 1"
    ):
        ZeroShotClassifier(Forgetful(), BANK).predict(images)
    with pytest.raises(
        InvalidInputError, match="encode_texts must return a row for each text, but it made 2"
    ):
        ZeroShotClassifier(Deaf(), BANK).predict(images)


def test_features_of_another_width_are_refused() -> None:
    class Narrow(ColourEncoder):
        dim = 2

    with pytest.raises(InvalidInputError, match="must have 2 columns"):
        ZeroShotClassifier(Narrow(), BANK).predict([plain(GREEN)])
