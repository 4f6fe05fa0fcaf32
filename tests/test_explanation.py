"""Reasons add up to the scores, whatever the rule, the head and the order of classes; worked by hand too."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clipcoder import FewShotClassifier, PairBank, TextBank, ZeroShotClassifier
from clipcoder.adapters.heads import CacheHead, Head, LinearHead
from clipcoder.arrays import unit_rows
from clipcoder.bank import BankText
from clipcoder.encoded import METHODS, EncodedTexts
from clipcoder.explanation import ClassScore, Explanation, Reason, mean_of_texts
from clipcoder.pipeline.explaining import FewShotParts, example_names, zero_shot
from neighbourhoods import Neighbourhood, neighbourhoods
from toy_encoder import ColourEncoder, plain

ROUNDING = 1e-3
"""Points; what the module promises."""

RED, BLUE, GREEN, PURPLE = (255, 0, 0), (0, 0, 255), (0, 255, 0), (140, 0, 120)


def encoded(problem: Neighbourhood, method: str) -> EncodedTexts:
    """The texts of a random problem, encoded as a bank; for plain CLIP every class has a name."""
    order = np.argsort(problem.text_class, kind="stable")
    names = tuple(f"class {c}" for c in range(problem.n_classes))
    classes, kinds = problem.text_class[order], problem.text_kind[order].copy()
    if method == "clip":
        kinds[np.unique(classes, return_index=True)[1]] = "name"
    texts = tuple(
        BankText(f"text {i}", names[c], str(kind))
        for i, (c, kind) in enumerate(zip(classes, kinds, strict=True))
    )
    return EncodedTexts.of(TextBank(names, texts), method, unit_rows(problem.texts[order]))


def total(reasons: tuple[Reason, ...]) -> float:
    return sum(r.contribution for r in reasons)


def check_sums(explanation: Explanation, scores: np.ndarray, names: list[str]) -> None:
    """Every class is explained, the label first; its reasons are its own and add up to its score."""
    assert explanation.classes[0].score == max(scores)
    assert [c.score for c in explanation.classes] == sorted(scores.tolist(), reverse=True)
    for scored in explanation.classes:
        assert scored.score == scores[names.index(scored.class_name)]
        assert total(scored.reasons) == pytest.approx(scored.score, abs=ROUNDING, rel=1e-5)
        assert {r.class_name for r in scored.reasons} <= {scored.class_name}
    assert total(explanation.reasons) == pytest.approx(explanation.margin, abs=2 * ROUNDING, rel=1e-5)


# Texts alone


@given(problem=neighbourhoods(min_classes=2), method=st.sampled_from(METHODS))
def test_the_texts_of_a_class_add_up_to_its_score(problem: Neighbourhood, method: str) -> None:
    texts = encoded(problem, method)
    images = unit_rows(problem.images)
    for image, scores in zip(images, texts.head.scores(images), strict=True):
        found = zero_shot(texts, None, image, scores, int(scores.argmax()), top=problem.n_classes)
        check_sums(found, scores, list(texts.bank.class_names))


@given(problem=neighbourhoods(min_classes=2), method=st.sampled_from(METHODS))
def test_the_texts_of_a_prototype_count_alike(problem: Neighbourhood, method: str) -> None:
    """By definition, in float64: w_t (s_t - x.q) of the texts of the best prototype, one name each."""
    texts = encoded(problem, method)
    image = unit_rows(problem.images)[0]
    for c in range(problem.n_classes):
        shares = texts.composition.shares(image, c)
        kinds = texts.bank.text_kind[shares.rows]
        assert np.isin(kinds, ("name", "synonym")).sum() <= 1 or method == "clip"
        cosines = texts.features[shares.rows].astype(float) @ image
        np.testing.assert_allclose(shares.similarities, cosines, atol=1e-6)
        above = cosines - shares.common / 100
        weights = shares.points[np.abs(above) > 1e-3] / above[np.abs(above) > 1e-3]
        np.testing.assert_allclose(weights, weights[:1].repeat(len(weights)), rtol=1e-2)  # all alike
        if method == "coder":
            assert weights == pytest.approx(100 / len(shares.rows), rel=1e-2)


@given(problem=neighbourhoods(min_classes=2))
def test_what_is_common_is_the_same_for_every_class(problem: Neighbourhood) -> None:
    texts = encoded(problem, "equidistant")
    image = unit_rows(problem.images)[0]
    published = EncodedTexts.of(texts.bank, "coder", texts.features).head.class_prototypes().astype(float)
    mean = published.mean(axis=0)
    assume(np.linalg.norm(published - mean, axis=1).min() > 0.05)  # else a stretch enlarges rounding
    scores = texts.head.scores(image[None])[0]
    for c in range(problem.n_classes):
        [common] = [r for r in texts.reasons(image, c, float(scores[c])) if r.kind == "common"]
        assert common.contribution == pytest.approx(100 * float(image @ mean), abs=0.01)
        assert common.similarity is None


@given(problem=neighbourhoods(min_classes=2), method=st.sampled_from(METHODS))
def test_averaged_shares_add_up_to_the_prototype_of_a_class(problem: Neighbourhood, method: str) -> None:
    texts = encoded(problem, method)
    image = unit_rows(problem.images)[0]
    expected = 100 * texts.head.class_prototypes() @ image
    for c in range(problem.n_classes):
        shares = texts.composition.shares(image, c, averaged=True)
        assert shares.points.sum() + shares.common == pytest.approx(expected[c], abs=0.01)
        assert len(shares.rows) == (texts.composition.used & (texts.bank.text_class == c)).sum()


def test_a_class_at_the_mean_of_all_is_explained_too() -> None:
    bank = TextBank.from_texts({"tomato": ["red"], "sky": ["blue"], "plum": ["red and blue"]})
    features = np.float32([[1, 0, 0], [0, 0, 1], [0.5**0.5, 0, 0.5**0.5]])
    for method in ("equidistant", "coder"):
        texts = EncodedTexts.of(bank, method, features)
        image = features[2]
        scores = texts.head.scores(image[None])[0]
        check_sums(zero_shot(texts, None, image, scores, 2, top=3), scores, list(bank.class_names))


# Few-shot heads


def linear_head(rng: np.random.Generator, prototypes: np.ndarray) -> LinearHead:
    weight = float(rng.uniform(0, 2))
    learned = rng.normal(size=prototypes.shape) * 30
    weights = (learned + 100 * weight * prototypes).astype(np.float32)
    return LinearHead(weights, rng.normal(size=len(prototypes)).astype(np.float32), prototypes, weight)


def cache_head(rng: np.random.Generator, prototypes: np.ndarray) -> CacheHead:
    n_classes, dim = prototypes.shape
    shots, width = int(rng.integers(1, 30)), int(rng.integers(1, dim + 1))
    projection = rng.normal(size=(dim, width)).astype(np.float32)
    return CacheHead(
        prototypes,
        unit_rows(rng.normal(size=(shots, width))),
        rng.integers(0, n_classes, shots),
        rng.uniform(0.5, 2, shots).astype(np.float32),
        projection,
        alpha=float(rng.uniform(0, 5)),
        beta=float(rng.uniform(0.5, 8)),
        stretch=bool(rng.integers(2)),
    )


@given(
    problem=neighbourhoods(min_classes=2),
    method=st.sampled_from(METHODS),
    make=st.sampled_from([linear_head, cache_head]),
    seed=st.integers(0, 99),
)
def test_texts_and_examples_add_up_to_the_score(problem: Neighbourhood, method: str, make, seed: int) -> None:
    rng = np.random.default_rng(seed)
    texts = encoded(problem, method)
    order = rng.permutation(problem.n_classes)  # the classes of a head are sorted, those of a bank are not
    head: Head = make(rng, texts.head.class_prototypes()[order])
    names = [texts.bank.class_names[c] for c in order]
    image = unit_rows(problem.images)[0]
    scores = head.scores(image[None])[0]
    found = FewShotParts(head, texts, names).explain(image, scores, int(scores.argmax()), problem.n_classes)
    check_sums(found, scores, names)
    by_texts = head.from_texts(image[None])[0]
    for scored in found.classes:
        spoken = [r for r in scored.reasons if r.kind not in ("example", "examples")]
        assert total(spoken) == pytest.approx(by_texts[names.index(scored.class_name)], abs=ROUNDING)
        assert {r.text for r in spoken if r.kind != "common"} == {
            t.text
            for row, t in enumerate(texts.bank.texts)
            if t.class_name == scored.class_name and texts.composition.used[row]
        }


def test_the_loudest_examples_are_named_and_the_others_added_up() -> None:
    prototypes = np.zeros((2, 2), np.float32)
    keys = unit_rows([[1, 0.1 * i] for i in range(7)] + [[0, 1]])
    head = CacheHead(
        prototypes, keys, np.array([0] * 7 + [1]), np.ones(8, np.float32), np.empty((0, 0), np.float32),
        alpha=2.0, beta=5.0, stretch=False,
    )  # fmt: skip
    image = np.float32([1, 0])
    scores = head.scores(image[None])[0]
    names = [f"{i}.jpg" for i in range(8)]
    first, second = FewShotParts(head, None, ["a", "b"], names).explain(image, scores, 0, top=2).classes
    votes = 2 * np.exp(-5 * (1 - keys.astype(float) @ image))
    assert {r.text: r.contribution for r in first.neighbours} == pytest.approx(
        dict(zip(names[:5], votes[:5].tolist(), strict=True)), abs=1e-5
    )
    assert [r.similarity for r in first.neighbours] == pytest.approx((keys[:5] @ image).tolist())
    [rest] = [r for r in first.reasons if r.kind == "examples"]
    assert (rest.text, rest.similarity) == ("2 other examples", None)
    assert rest.contribution == pytest.approx(votes[5] + votes[6], abs=1e-5)
    assert [r.text for r in second.reasons] == ["7.jpg"]


def test_a_class_without_examples_is_explained_by_its_texts() -> None:
    bank = TextBank.from_texts({"tomato": ["red"], "grass": ["green"], "sky": ["blue"]})
    clf = FewShotClassifier(ColourEncoder(), bank).fit([plain(RED), plain(BLUE)], ["tomato", "sky"])
    found = clf.explain(plain(GREEN))
    assert found.label == "grass"
    assert [r.text for r in found.supporting()] == ["green"]


@pytest.mark.parametrize("method", ["tip-adapter", "coder-adapter", "ape"])
def test_the_vote_of_a_text_for_a_class_without_examples_is_told_from_those_of_examples(method: str) -> None:
    bank = TextBank.from_texts({"tomato": ["red"], "grass": ["green"], "sky": ["blue"]})
    clf = FewShotClassifier(ColourEncoder(), bank, method=method)
    clf.fit([plain(RED), plain(PURPLE), plain(BLUE)], ["tomato", "tomato", "sky"])
    found = clf.explain(plain(GREEN))
    votes = {c.class_name: [r for r in c.reasons if r.kind in ("example", "stand_in")] for c in found.classes}
    assert [r.kind for r in votes["grass"]] == ["stand_in"]
    assert votes["grass"][0].contribution > 0
    assert {r.kind for name in ("tomato", "sky") for r in votes[name]} == {"example"}
    check_sums(found, clf._judge(clf._features([plain(GREEN)])).scores[0], clf.classes_.tolist())


def test_without_a_bank_the_examples_are_the_reasons() -> None:
    features = np.eye(4, dtype=np.float32)[[0, 1, 2, 0]]
    clf = FewShotClassifier(method="auto").fit(features, [7, 8, 9, 7])
    found = clf.explain(features[1])
    assert (found.label, len(found.classes)) == (8, 3)
    assert [r.text for c in found.classes for r in c.reasons] == ["what the examples taught"] * 3
    check_sums(found, clf._judge(features[1:2]).scores[0], [7, 8, 9])
    assert found.supporting() == found.neighbours == ()


def test_a_single_class_has_no_runner_up() -> None:
    clf = FewShotClassifier().fit(np.eye(2, 3), ["cat", "cat"])
    found = clf.explain(np.float32([1, 0, 0]))
    assert (found.label, found.runner_up) == ("cat", None)
    assert found.margin == found.classes[0].score
    assert str(found).startswith("cat is the only class\ncat: ")


@given(order=st.permutations(["tomato", "sky", "grass"]))
def test_the_order_of_the_bank_does_not_matter(order: list[str]) -> None:
    texts = {"tomato": ["red", "red and yellow"], "sky": ["blue"], "grass": ["green", "yellow grass"]}
    bank = TextBank.from_texts({name: texts[name] for name in order})
    images, labels = [plain(RED), plain(BLUE), plain(GREEN), plain(PURPLE)], ["tomato", "sky", "grass", "sky"]
    clf = FewShotClassifier(ColourEncoder(), bank).fit(images, labels)
    found = clf.explain(plain((200, 90, 30)))
    assert {c.class_name: {r.text for r in c.neighbours} for c in found.classes} == {
        name: set(said) for name, said in texts.items()
    }
    check_sums(found, clf._judge(clf._features([plain((200, 90, 30))])).scores[0], clf.classes_.tolist())


def test_examples_are_called_by_their_paths_and_else_by_their_numbers(tmp_path) -> None:
    path = tmp_path / "a.png"
    plain(RED).save(path)
    images = [path, str(path), plain(RED), path.read_bytes()]
    assert example_names(images, np.arange(4)) == [str(path), str(path), "example 2", "example 3"]
    assert example_names(images, np.array([1, 3])) == [str(path), "example 3"]
    assert example_names(iter(images), np.array([1])) == ["example 1"]
    assert example_names(np.eye(3), np.array([0, 2])) == ["example 0", "example 2"]


def test_an_image_without_weight_does_not_shift_the_names_of_the_others(monkeypatch) -> None:
    def votes(support, method):
        from clipcoder.adapters.fitted import Fitted

        keys, nothing = support.images, np.empty((0, 0), np.float32)
        ones = np.ones(len(keys), np.float32)
        head = CacheHead(support.prototypes, keys, support.labels, ones, nothing, 1.0, 5.0, stretch=False)
        return Fitted(head, {})

    monkeypatch.setattr("clipcoder.adapters.methods.fit", votes)
    clf = FewShotClassifier().fit(np.eye(3), ["a", "a", "b"], sample_weight=[0, 1, 1])
    assert [r.text for r in clf.explain(np.float32([0, 1, 0])).supporting()] == ["example 1"]


# Reranks


NAMES = TextBank.from_texts({"tomato": {"name": ["red"]}, "sky": {"name": ["blue"]}, "grass": ["green"]})
PAIRS = PairBank.from_texts(
    {"tomato": {"sky": ["green", "grass"]}, "sky": {"tomato": ["blue and blue and red"]}}, NAMES.class_names
)


@pytest.mark.parametrize("method", METHODS[:2])
def test_a_rerank_is_a_duel_of_one_to_one_texts_beside_the_scores(method: str) -> None:
    clf = ZeroShotClassifier(ColourEncoder(), NAMES, pairs=PAIRS, max_gap=2, method=method)
    found = clf.explain(plain(PURPLE))
    scores = clf.decision_function([plain(PURPLE)])[0]
    assert (found.label, found.runner_up, found.reranked) == ("sky", "tomato", True)
    assert [c.class_name for c in found.classes] == ["sky", "tomato", "grass"]
    for scored in found.classes:  # these stay what they were
        assert total(scored.reasons) == pytest.approx(scored.score, abs=ROUNDING)
        assert scored.score == scores[clf.classes_.tolist().index(scored.class_name)]
    own, other = found.duel
    assert own.score == pytest.approx(100 * (2 * 120 + 140) / 5**0.5 / np.hypot(140, 120), abs=ROUNDING)
    assert other.score == pytest.approx(0, abs=ROUNDING)
    assert found.margin == pytest.approx(own.score - other.score)
    assert total(found.reasons) == pytest.approx(found.margin)
    assert [r.text for r in found.supporting()] == ["blue and blue and red"]
    assert "which overrule scores\nsky: " in str(found)


def test_a_rerank_that_confirms_the_best_score_is_none() -> None:
    pairs = PairBank.from_texts({"tomato": {"sky": ["red"]}, "sky": {"tomato": ["green"]}}, NAMES.class_names)
    clf = ZeroShotClassifier(ColourEncoder(), NAMES, pairs=pairs, max_gap=2)
    found = clf.explain(plain(PURPLE))
    assert (found.label, found.reranked, found.duel) == ("tomato", False, None)


def test_third_classes_may_decide_a_rerank() -> None:
    pairs = PairBank.from_texts(
        {"sky": {"grass": ["blue"]}, "grass": {"sky": ["green"]}, "tomato": {"grass": ["green"]}},
        NAMES.class_names,
    )
    pairs = pairs.merge(PairBank.from_texts({"grass": {"tomato": ["red"]}}, NAMES.class_names))
    found = ZeroShotClassifier(ColourEncoder(), NAMES, pairs=pairs, max_gap=2).explain(plain(PURPLE))
    assert (found.label, found.runner_up, found.reranked, found.duel) == ("sky", "tomato", True, None)
    assert found.margin < 0
    assert "sky is preferred to tomato by one-to-one texts on other classes, though its score is" in str(
        found
    )


# Ties, the number of classes, and what is printed


def test_equal_scores_come_in_the_order_of_classes() -> None:
    bank = TextBank.from_texts({n: ["red", "blue"] for n in ("plum", "fig", "date")})
    found = ZeroShotClassifier(ColourEncoder(), bank, method="coder").explain(plain(PURPLE))
    assert [c.class_name for c in found.classes] == ["plum", "fig", "date"]
    assert found.margin == 0
    assert total(found.reasons) == pytest.approx(0)
    assert [r.text for r in found.classes[0].reasons] == ["red", "blue"]


def test_as_many_classes_are_explained_as_are_asked_for() -> None:
    clf = ZeroShotClassifier(ColourEncoder(), NAMES)
    sizes = [len(clf.explain(plain(RED), top=top).classes) for top in (0, 1, 2, 3, 99)]
    assert sizes == [2, 2, 2, 3, 3]
    assert len(clf.explain(plain(RED)).classes) == 3


def test_an_explanation_is_readable() -> None:
    bank = TextBank.from_texts({"tomato": {"name": ["red"]}, "sky": {"name": ["blue"]}})
    assert str(ZeroShotClassifier(ColourEncoder(), bank).explain(plain(RED))).splitlines() == [
        "tomato leads sky by 100.00 points",
        "tomato: 100.00 points",
        " +50.00  1.000  red",
        " +50.00         in common with all classes",
        "sky: 0.00 points",
        " -50.00  0.000  blue",
        " +50.00         in common with all classes",
    ]


def test_a_class_of_many_texts_is_printed_in_short() -> None:
    scored = mean_of_texts(
        "cat", [(f"text {i}", "name") for i in range(8)], np.float32([0.1] * 6 + [0.9, 0.5])
    )
    lines = str(scored).splitlines()
    assert lines[1:3] == [" +11.25  0.900  text 6", "  +6.25  0.500  text 7"]
    assert len(lines) == 8
    assert lines[-1] == "  +2.50         2 more"


def test_the_lead_takes_what_speaks_for_the_runner_up_away() -> None:
    label = ClassScore.of("a", 3.0, [Reason("x", "name", "a", 0.1, 1.0), Reason("y", "name", "a", 0.2, 2.0)])
    other = ClassScore.of("b", 1.5, [Reason("z", "name", "b", 0.3, 1.5)])
    found = Explanation((label, other))
    assert [(r.text, r.contribution) for r in found.reasons] == [("y", 2.0), ("x", 1.0), ("z", -1.5)]
    assert found.margin == 1.5
    assert [r.text for r in found.supporting(1)] == ["y"]
