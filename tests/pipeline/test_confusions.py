"""Which classes are not told apart: by texts, by images and by labels, worked by hand on colours."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder import FewShotClassifier, PairBank, TextBank, ZeroShotClassifier
from clipcoder.bank import BankText
from clipcoder.encoded import EncodedTexts
from clipcoder.errors import InvalidInputError
from clipcoder.pipeline import remedies
from clipcoder.pipeline.mistaken import AlikePair, alike_by_images, alike_by_texts
from clipcoder.pipeline.remedies import Lack, lacks
from clipcoder.pipeline.telling import PairTexts, SharedText
from toy_encoder import ColourEncoder, plain

RED, ORANGE, BLUE, GREEN, PURPLE = (255, 0, 0), (255, 80, 0), (0, 0, 255), (0, 255, 0), (140, 0, 120)
BANK = TextBank.from_texts(
    {
        "tomato": {"name": ["a tomato"]},
        "sky": {"name": ["the sky"], "attribute": ["the sky, blue and green"]},
        "grass": {"name": ["the grass"]},
        "ketchup": {"name": ["red"], "attribute": ["yellow red red"]},
    }
)


class Softened(ColourEncoder):
    """A scale at which colours are in doubt."""

    logit_scale = 5.0


def classifier(bank: TextBank = BANK, **settings: object) -> ZeroShotClassifier:
    return ZeroShotClassifier(Softened(), bank, **settings)


def named(found: list) -> list[tuple[str, str]]:
    return [(c.first, c.second) for c in found]


# Which pairs: arrays


def test_mistakes_are_expected_by_hand() -> None:
    probabilities = np.float32([[0.5, 0.25, 0.25], [0.125, 0.75, 0.125], [0, 0.5, 0.5]])
    found = alike_by_images(probabilities, np.array([0, 1, 2]), 3)
    assert found == [
        AlikePair(1, 2, (0.125 + 0.5) / 2),
        AlikePair(0, 1, (0.25 + 0.125) / 2),
        AlikePair(0, 2, 0.25 / 2),
    ]


def test_with_labels_what_was_mistaken_goes_before_what_was_expected() -> None:
    probabilities = np.float32([[0.48, 0.52, 0], [0.5, 0, 0.5], [0.5, 0, 0.5], [0.5, 0, 0.5]])
    found = alike_by_images(probabilities, np.array([0, 0, 0, 0]), 2, labelled=True)
    assert [(p.first, p.second, p.mistaken) for p in found] == [(0, 1, 1), (0, 2, 0)]
    assert [(p.first, p.second) for p in alike_by_images(probabilities, np.zeros(4, int), 1)] == [(0, 2)]


@given(n=st.integers(1, 12), n_classes=st.integers(1, 14), labelled=st.booleans(), seed=st.integers(0, 999))
def test_likeness_is_the_share_that_is_expected_to_be_mistaken(
    n: int, n_classes: int, labelled: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(n_classes), n).astype(np.float32)
    owner = rng.integers(0, n_classes, n) if labelled else probabilities.argmax(axis=1)
    images = np.bincount(owner, minlength=n_classes)
    found = alike_by_images(probabilities, owner, 10**6, labelled=labelled)
    assert len({(p.first, p.second) for p in found}) == len(found)
    for pair in found:
        a, b = pair.first, pair.second
        assert a < b
        given_away = probabilities[owner == a, b].sum() + probabilities[owner == b, a].sum()
        share = given_away / (images[a] + images[b])
        assert 0 <= pair.likeness <= 1
        assert pair.likeness <= share + 1e-5  # beyond an image's ten best other classes nothing counts
        if n_classes <= 11:
            assert pair.likeness == pytest.approx(share, abs=1e-5)
        wrong = ((owner == a) & (probabilities.argmax(1) == b)).sum()
        wrong += ((owner == b) & (probabilities.argmax(1) == a)).sum()
        assert pair.mistaken == (wrong if labelled else None)
    if labelled:  # no mistake is lost
        assert sum(p.mistaken for p in found) == (probabilities.argmax(axis=1) != owner).sum()


@pytest.mark.parametrize("seed", range(8))
def test_no_mistake_is_lost_among_many_equal_classes(seed: int) -> None:
    probabilities = np.random.default_rng(seed).integers(1, 10, (5, 600)).astype(np.float32)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    found = alike_by_images(probabilities, np.full(5, 599), 10**6, labelled=True)
    wrong = {(p.first, p.second): p.mistaken for p in found if p.mistaken}
    assert wrong == Counter((int(best), 599) for best in probabilities.argmax(axis=1) if best != 599)


@given(n_classes=st.integers(1, 8), count=st.integers(1, 30), seed=st.integers(0, 99))
def test_texts_are_alike_by_the_cosine_of_prototypes(n_classes: int, count: int, seed: int) -> None:
    prototypes = np.random.default_rng(seed).normal(size=(n_classes, 3)).astype(np.float32)
    found = alike_by_texts(prototypes, count)
    unit = prototypes / np.linalg.norm(prototypes, axis=1, keepdims=True)
    first, second = np.triu_indices(n_classes, k=1)
    cosines = np.sort((unit @ unit.T)[first, second])[::-1][:count].clip(0, 1)
    assert [p.likeness for p in found] == pytest.approx(cosines.tolist(), abs=2e-4)
    assert all(p.first < p.second and p.mistaken is None for p in found)


# Which pairs: classifiers


def test_without_images_the_texts_say_what_is_alike() -> None:
    found = classifier().confusions(count=2, candidates=0)
    assert named(found)[0] == ("tomato", "ketchup")
    assert {(c.evidence, c.mistaken) for c in found} == {("texts", None)}
    assert len(found) == 2
    assert len(classifier().confusions(candidates=0)) == 6  # all pairs there are


def test_unlabelled_images_say_what_is_alike() -> None:
    found = classifier().confusions([plain((0, 150, 160)), plain((0, 160, 150))], count=1, candidates=0)
    assert named(found) == [("sky", "grass")]
    probabilities = classifier().predict_proba([plain((0, 150, 160)), plain((0, 160, 150))])
    expected = sum(p[2] if p.argmax() == 1 else p[1] for p in probabilities) / 2
    assert (found[0].evidence, found[0].mistaken) == ("images", None)
    assert found[0].likeness == pytest.approx(expected, abs=1e-6)


def test_labels_say_what_was_mistaken() -> None:
    images = [plain(BLUE), plain((0, 20, 255)), plain(BLUE), plain(GREEN)]
    clf = classifier()
    assert clf.predict(images).tolist() == ["sky", "sky", "sky", "grass"]
    found = clf.confusions(images, labels=["grass", "grass", "sky", "tomato"], count=2, candidates=0)
    assert [(c.first, c.second, c.mistaken) for c in found] == [("sky", "grass", 2), ("tomato", "grass", 1)]
    assert {c.evidence for c in found} == {"labels"}


def test_a_rerank_has_its_say_in_what_is_mistaken() -> None:
    bank = TextBank.from_texts({"tomato": {"name": ["red"]}, "sky": {"name": ["blue"]}})
    pairs = PairBank.from_texts({"tomato": {"sky": ["green"]}, "sky": {"tomato": ["red"]}}, bank.class_names)
    for settings, mistaken in ({}, 0), ({"pairs": pairs, "max_gap": 2}, 1):
        [found] = classifier(bank, **settings).confusions([plain(PURPLE)], labels=["tomato"], candidates=0)
        assert found.mistaken == mistaken


def few_shot(bank: TextBank | None, **settings: object) -> FewShotClassifier:
    images = [plain((200 + i, 40 * (i % 2), 0)) for i in range(4)]
    images += [plain((0, 60 * (i % 2), 200 + i)) for i in range(4)]
    images += [plain((210 - i, 0, 40 * (i % 2))) for i in range(4)]
    labels = ["tomato"] * 4 + ["sky"] * 4 + ["ketchup"] * 4
    return FewShotClassifier(Softened(), bank, **settings).fit(images, labels)


@pytest.mark.parametrize("bank", [BANK, None])
def test_labelled_examples_say_by_leave_one_out_what_is_alike(bank: TextBank | None) -> None:
    clf = few_shot(bank)
    [found] = clf.confusions(count=1, candidates=0)
    assert {found.first, found.second} == {"tomato", "ketchup"}
    assert found.evidence == "labels"
    wrong = np.array(clf.classes_)[clf.fitted_.held_out.argmax(1)] != np.array(
        ["tomato"] * 4 + ["sky"] * 4 + ["ketchup"] * 4
    )
    assert found.mistaken == wrong[[*range(4), *range(8, 12)]].sum()
    assert bool(found.shared or found.telling) == (bank is not None)


def test_names_are_those_of_sorted_classes_whatever_the_order_of_the_bank() -> None:
    images = [plain(RED), plain(ORANGE), plain(BLUE), plain(GREEN)]
    labels = ["tomato", "ketchup", "sky", "grass"]
    clf = FewShotClassifier(ColourEncoder(), BANK).fit(images, labels)  # one shot: texts say what is alike
    found = clf.confusions(count=1, candidates=0)
    assert [(c.first, c.second, c.evidence) for c in found] == [("ketchup", "tomato", "texts")]
    assert {t.class_name for t in found[0].telling} <= {"ketchup", "tomato"}


def test_features_may_stand_for_images() -> None:
    clf = few_shot(BANK)
    images = [plain(PURPLE), plain(ORANGE)]
    features = clf.encoder.encode_images(images)
    assert clf.confusions(features, candidates=0) == clf.confusions(images, candidates=0)


def test_labels_that_are_no_strings_are_classes_too() -> None:
    clf = FewShotClassifier().fit(np.eye(3)[[0, 0, 1, 1]], [7, 7, 9, 9])
    found = clf.confusions(np.float32([[1, 1, 0]]), labels=[9])
    assert [(c.first, c.second, c.shared, c.lacking, c.looked_up) for c in found] == [(7, 9, (), (), False)]


# Texts


def test_a_text_is_as_telling_as_it_is_nearer_to_the_one_than_to_the_other_by_hand() -> None:
    features = np.float32([[1, 0], [0, 1], [0.6, 0.8]])
    bank = TextBank.from_texts({"a": {"name": ["a"]}, "b": {"name": ["b"], "attribute": ["near b"]}})
    texts = EncodedTexts.of(bank, "coder", features)
    images = np.float32([[1, 0], [0.8, 0.6]]), np.float32([[0, 1]])
    told = PairTexts.of(texts, ("a", "b"), images).told
    direction = np.array([0.9, 0.3 - 1])
    middle = (features[0] + features[1:].mean(axis=0)) / 2
    assert {t.text: t.points for t in told} == pytest.approx(
        {
            "a": 100 * (features[0] - middle) @ direction,
            "b": -100 * (features[1] - middle) @ direction,
            "near b": -100 * (features[2] - middle) @ direction,
        },
        abs=1e-3,
    )
    assert [t.text for t in told] == ["b", "a", "near b"]


def test_the_points_of_texts_say_how_far_typical_images_are_told_apart() -> None:
    clf = classifier(method="coder")
    images = [plain(RED), plain(ORANGE), plain(BLUE), plain((0, 90, 200))]
    features = clf.encoder.encode_images(images)
    view = PairTexts.of(clf._texts, ("tomato", "sky"), (features[:2], features[2:]))
    points = {name: np.mean([t.points for t in view.told if t.class_name == name]) for name in view.pair}
    scores = clf.decision_function(images)
    lead = scores[:, 0] - scores[:, 1]
    assert sum(points.values()) == pytest.approx(lead[:2].mean() - lead[2:].mean(), abs=0.01)


def test_without_images_of_both_classes_the_prototypes_stand_in() -> None:
    clf = classifier()
    features = clf.encoder.encode_images([plain(RED)])
    of_one = PairTexts.of(clf._texts, ("tomato", "sky"), (features, features[:0]))
    np.testing.assert_array_equal(of_one.direction, PairTexts.of(clf._texts, ("tomato", "sky")).direction)


def test_texts_that_say_the_same_of_both_are_shared_names_aside() -> None:
    bank = TextBank.from_texts(
        {
            "cat": {"name": ["a cat"], "attribute": ["a cat, which has red fur", "blue green"]},
            "dog": {"name": ["a dog"], "attribute": ["a dog, which has red fur", "blue"]},
        }
    )
    # colours: grey, red, cyan / grey, blue (another fur), blue
    grey, cyan = np.float32([1, 1, 1]) / 3**0.5, np.float32([0, 1, 1]) / 2**0.5
    red, blue = np.float32([1, 0, 0]), np.float32([0, 0, 1])
    texts = EncodedTexts.of(bank, "coder", np.stack([grey, red, cyan, grey, blue, blue]))
    assert PairTexts.of(texts, ("cat", "dog")).shared() == (
        SharedText("a cat, which has red fur", "a dog, which has red fur", 0.0),  # the same words go first
        SharedText("a cat", "a dog", 1.0),  # names are no words in common, but they may lie near each other
    )
    assert str(SharedText("a cat", "a dog", 1.0)) == "1.00  a cat / a dog"


def test_texts_that_do_not_count_are_not_spoken_of() -> None:
    [found] = classifier(
        TextBank.from_texts({"a": {"name": ["red"], "attribute": ["blue"]}, "b": {"name": ["blue"]}}),
        method="clip",
    ).confusions(candidates=0)
    assert {t.text for t in found.telling + found.misleading} == {"red", "blue"}
    assert {t.kind for t in found.telling} == {"name"}
    assert found.shared == ()


def test_a_text_on_the_other_side_misleads() -> None:
    bank = TextBank.from_texts(
        {"a": ["red", "red and red and blue", "blue"], "b": ["blue", "blue and green"]}
    )
    [found] = classifier(bank).confusions([plain(RED), plain(BLUE)], labels=["a", "b"], candidates=0)
    assert [t.text for t in found.misleading] == ["blue"]
    assert found.misleading[0].class_name == "a"
    assert found.misleading[0].points < 0
    assert found.telling[0].text == "red"
    assert all(t.points > 0 for t in found.telling)


# What is lacking, and what would help


def test_kinds_that_are_not_there_come_with_their_command() -> None:
    bank = TextBank.from_texts({"crow": {"name": ["a crow"]}, "swan": {"name": ["a swan"]}, "owl": ["wise"]})
    way, back = ({a: {b: ["x"]}} for a, b in [("crow", "swan"), ("swan", "crow")])
    both = PairBank.from_texts(way | back, bank.class_names)
    one = PairBank.from_texts(way, bank.class_names)
    attributes, between = Lack("attribute", ("crow", "swan")), Lack("one_to_one", ("crow", "swan"))
    for pairs, expected in [
        (None, (attributes, between)),
        (one, (attributes, between)),
        (both, (attributes,)),
    ]:
        assert lacks(bank, pairs, ("crow", "swan"), reranks=True) == expected
    assert lacks(bank, None, ("crow", "swan"), reranks=False) == (attributes,)
    assert lacks(bank, None, ("swan", "owl"), reranks=False) == (Lack("attribute", ("swan",)),)
    command = "clipcoder texts generate --classes 'crow,barn owl' --kinds one-to-one"
    assert Lack("one_to_one", ("crow", "barn owl")).command == command + " --out more.json"
    asked = Lack("one_to_one", ("crow", "barn owl"), "llm").command
    assert asked == command + " --source llm --llm MODEL --out more.json"


@pytest.mark.parametrize(
    "lack", [Lack("attribute", ("crow", "barn owl")), Lack("one_to_one", ("crow", "swan"))]
)
def test_the_command_does_what_it_says(lack: Lack, tmp_path, monkeypatch) -> None:
    import shlex

    from click.testing import CliRunner

    from clipcoder.cli.commands import main

    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, shlex.split(lack.command)[1:])
    assert result.exit_code == 0, result.output
    bank, pairs = tmp_path / "more.json", tmp_path / "more.pairs.json"
    if lack.kind == "attribute":
        texts = TextBank.load(bank).texts
        assert {t.class_name for t in texts if t.kind == "attribute"} == set(lack.class_names)
    else:
        assert {(t.class_name, t.other) for t in PairBank.load(pairs).texts} == {
            ("crow", "swan"),
            ("swan", "crow"),
        }


class Spoken:
    """A generator that says the same colours of every class."""

    def __init__(self, said: dict[tuple[str, str], list[str]]) -> None:
        self.said = said

    def generate(self, kind: str, class_name: str, *, other: str | None = None) -> list[str]:
        return self.said.get((kind, class_name), [])


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], list[str]]:
    """What the generator in place of WordNet says, by kind and class."""
    said: dict[tuple[str, str], list[str]] = {}
    monkeypatch.setattr(remedies, "wordnet_generator", lambda names, encoder: Spoken(said))
    return said


TWO = TextBank.from_texts({"a": {"name": ["red and blue"]}, "b": {"name": ["blue"]}})


def test_texts_that_would_help_are_more_telling_than_those_that_are_there(spoken) -> None:
    spoken["attribute", "a"] = ["is red", "is blue", "is red and blue"]
    spoken["analogue", "b"] = ["green sea"]
    spoken["synonym", "a"] = ["red thing"]  # names compete; they are not asked for
    [found] = classifier(TWO).confusions([plain(RED), plain(BLUE)], labels=["a", "b"])
    assert [(t.text, t.kind, t.class_name) for t in found.candidates] == [
        ("a photo of an a, which is red", "attribute", "a")
    ]
    assert found.candidates[0].points > found.telling[0].points
    assert found.looked_up
    sources = {lack.kind: lack.source for lack in found.lacking}
    assert sources == {"attribute": "wordnet", "one_to_one": "llm"}


def test_a_text_that_would_help_does(spoken) -> None:
    spoken["attribute", "a"] = ["is red"]
    spoken["attribute", "b"] = ["is blue"]
    images, labels = [plain(RED), plain(BLUE)], ["a", "b"]

    def lead(bank: TextBank) -> float:
        scores = classifier(bank, method="coder").decision_function(images)
        return float(scores[0, 0] - scores[0, 1] - scores[1, 0] + scores[1, 1])

    [found] = classifier(TWO).confusions(images, labels=labels)
    assert found.candidates
    for t in found.candidates:
        more = TextBank(TWO.class_names, (*TWO.texts, BankText(t.text, t.class_name, t.kind)))
        assert lead(more) > lead(TWO)


def test_one_to_one_texts_help_if_they_tell_anything(spoken) -> None:
    spoken["one_to_one", "a"] = ["is red red red and blue", "is blue"]
    [found] = classifier(TWO).confusions([plain(RED), plain(BLUE)], labels=["a", "b"])
    assert [(t.kind, t.class_name) for t in found.candidates] == [("one_to_one", "a")]
    few = few_shot(TextBank.from_texts({"tomato": ["red"], "sky": ["blue"], "ketchup": ["red red yellow"]}))
    assert {t.kind for c in few.confusions(count=3) for t in c.candidates} <= {"attribute", "analogue"}


def test_a_sentence_is_offered_once_and_none_that_is_there(spoken) -> None:
    spoken["attribute", "a"] = spoken["one_to_one", "a"] = ["is red"]
    spoken["attribute", "b"] = ["is blue and green"]
    images, labels = [plain(RED), plain(BLUE)], ["a", "b"]
    [found] = classifier(TWO).confusions(images, labels=labels)
    assert [(t.text, t.kind) for t in found.candidates] == [("a photo of an a, which is red", "attribute")]
    held = BankText("a photo of an a, which is red", "a", "attribute")
    bank = TextBank(TWO.class_names, (*TWO.texts, held))
    pairs = PairBank.from_texts({"a": {"b": ["a photo of an a, which is red"]}}, ["a", "b"])
    [found] = classifier(bank, pairs=pairs).confusions(images, labels=labels)
    assert found.candidates == ()
    assert "would help nothing that WordNet knows; a language model may know more" in str(found)


def test_where_wordnet_knows_nothing_it_is_said(spoken) -> None:
    [found] = classifier(TWO).confusions()
    assert (found.candidates, found.looked_up) == ((), True)
    assert {lack.source for lack in found.lacking} == {"llm"}
    assert str(found).splitlines()[-1] == (
        "  would help nothing that WordNet knows; a language model may know more"
    )
    [unasked] = classifier(TWO).confusions(candidates=0)
    assert not unasked.looked_up
    assert "would help" not in str(unasked)
    assert {lack.source for lack in unasked.lacking} == {"wordnet"}


def test_candidates_of_all_pairs_are_encoded_in_one_call(spoken) -> None:
    for name in ("tomato", "sky", "grass", "ketchup"):
        spoken["attribute", name] = [f"is {colour}" for colour in ("red", "green", "blue")]
    clf = classifier()
    clf.predict([plain(RED)])
    before = len(clf.encoder.text_calls)
    found = clf.confusions(count=6, candidates=2)
    assert len(clf.encoder.text_calls) == before + 1
    assert all(len(c.candidates) <= 2 for c in found)


def test_wordnet_itself_is_asked() -> None:
    bank = TextBank.from_names(["ketch", "schooner", "owl"])
    [found] = ZeroShotClassifier(ColourEncoder(), bank).confusions(count=1, candidates=99)
    assert found.looked_up
    assert found.likeness == 1  # the colours of both names are grey
    generated = remedies.wordnet_texts(bank, None, ColourEncoder(), [("ketch", "schooner")], reranks=True)
    texts = {t.text for t in generated["ketch", "schooner"]}
    assert any("sail" in text for text in texts)
    assert not texts & {t.text for t in bank.texts}


def test_a_confusion_is_readable(spoken) -> None:
    spoken["attribute", "a"] = ["is red"]
    bank = TextBank.from_texts({"a": {"name": ["red and blue"]}, "b": {"name": ["blue"]}})
    [found] = classifier(bank).confusions([plain(RED), plain(BLUE)], labels=["b", "b"])
    lines = str(found).splitlines()
    assert lines[0] == f"a and b: {found.likeness:.0%} alike by labels, 1 mistaken"
    assert lines[1].startswith("  apart by   +")
    assert any(
        line.startswith("  lacking    attributes of a and b: clipcoder texts generate ") for line in lines
    )
    assert any(line.startswith("  would help +") and line.endswith("which is red (a)") for line in lines)


# Bad input


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"images": [], "candidates": 0}, "found by images, but there is none"),
        ({"labels": ["sky"]}, "there are no images; hand them in"),
        ({"images": [plain(RED)], "labels": ["sea"]}, "'sea' is none"),
        (
            {"images": [plain(RED)], "labels": ["sky", "sky"]},
            r"for each of the 1 images, but their shape is \(2,\)",
        ),
        ({"count": 0}, "count must be a whole number, 1 or more, not 0"),
        ({"count": 2.5}, "count must be a whole number, 1 or more, not 2.5"),
        ({"candidates": -1}, "candidates must be a whole number, 0 or more, not -1"),
        ({"candidates": True}, "not True"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: dict, expected: str) -> None:
    with pytest.raises(InvalidInputError, match=expected):
        classifier().confusions(**arguments)


def test_neither_texts_nor_images_say_nothing() -> None:
    clf = FewShotClassifier().fit(np.eye(3), ["a", "b", "c"])
    with pytest.raises(InvalidInputError, match="hand in images"):
        clf.confusions()


def test_a_single_class_is_confused_with_nothing() -> None:
    clf = FewShotClassifier().fit(np.eye(2, 3), ["cat", "cat"])
    assert clf.confusions(np.eye(1, 3)) == []
