"""Saved classifiers: the same predictions again, whole or not at all, and nothing but what was saved."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from safetensors.numpy import load, save

from clipcoder import EncodedTexts, FewShotClassifier, PairBank, TextBank, ZeroShotClassifier, load_classifier
from clipcoder.adapters.heads import HEADS, CacheHead
from clipcoder.calibration import Calibration
from clipcoder.encoders.probe import VERSION
from clipcoder.errors import ClipcoderError, InvalidInputError
from clipcoder.pipeline.image_classifier import ImageClassifier
from clipcoder.pipeline.metrics import Metrics, Quality
from clipcoder.pipeline.saved import check_place, heads, saved_facts
from clipcoder.pipeline.saved.document import VERSION as SCHEMA_VERSION
from staged_encoder import CountingEncoder
from toy_encoder import ColourEncoder, StagedColourEncoder, plain

SCHEMA = json.loads((files("clipcoder") / "assets" / "schemas" / "classifier.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)

BANK = TextBank.from_texts(
    {
        "tomato": {"name": ["a red tomato"], "attribute": ["red and green"]},
        "sky": {"name": ["a blue sky"]},
        "grass": {"name": ["green grass", "a green lawn"]},
    }
)
PAIRS = PairBank.from_texts(
    {"tomato": {"sky": ["red"]}, "sky": {"tomato": ["blue"]}}, ["tomato", "sky", "grass"]
)
SHADES = [(250, 10, 0), (0, 10, 250), (10, 250, 20), (200, 10, 30), (40, 30, 200), (0, 200, 90)]
SUPPORT = [plain(shade) for shade in SHADES]
LABELS = ["tomato", "sky", "grass"] * 2
ASKED = [plain(shade) for shade in [(120, 10, 100), (90, 100, 90), (130, 0, 128), (3, 2, 1), (0, 255, 0)]]
FEATURES = np.float32([[3, 1, 0], [0, 1, 2], [1, 1, 1]])


class Named(StagedColourEncoder):
    """An encoder that is known by its fingerprint."""

    def fingerprint(self) -> str:
        return "c0104c0104c0104"


class Warm(ColourEncoder):
    """Another encoder of the same name: it sees more red."""

    def encode_images(self, images: Any) -> Any:
        rows = super().encode_images(images) + np.float32([0.3, 0, 0])
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def few_shot(encoder: ColourEncoder, bank: TextBank | None = BANK) -> FewShotClassifier:
    return FewShotClassifier(encoder, bank).fit(SUPPORT, LABELS)


def voting(encoder: ColourEncoder, *, projected: bool) -> FewShotClassifier:
    """A classifier whose labelled images vote, after a projection or as they are."""
    classifier = few_shot(encoder)
    projection = np.float32([[1, 0], [0, 1], [1, 1]]) if projected else np.empty((0, 0), np.float32)
    keys = encoder.encode_images(SUPPORT) @ (projection if projected else np.eye(3, dtype=np.float32))
    head = CacheHead(
        prototypes=classifier.fitted_.head.prototypes,
        keys=(keys / np.linalg.norm(keys, axis=1, keepdims=True)).astype(np.float32),
        labels=np.searchsorted(classifier.classes_, LABELS),
        vote_weight=np.ones(len(SUPPORT), np.float32),
        projection=projection,
        alpha=2.5,
        beta=5.5,
        stretch=projected,
    )
    classifier.fitted_ = dataclasses.replace(classifier.fitted_, head=head)
    return classifier


def learned_gap(encoder: ColourEncoder) -> ZeroShotClassifier:
    return ZeroShotClassifier(encoder, BANK, pairs=PAIRS, max_gap="auto").fit_gap(SUPPORT * 5)


MADE: dict[str, Callable[[ColourEncoder], ImageClassifier]] = {
    "equidistant": lambda encoder: ZeroShotClassifier(encoder, BANK),
    "coder": lambda encoder: ZeroShotClassifier(encoder, BANK, method="coder", batch_size=2),
    "clip": lambda encoder: ZeroShotClassifier(encoder, BANK, method="clip"),
    "pairs": lambda encoder: ZeroShotClassifier(encoder, BANK, pairs=PAIRS, max_gap=math.inf, top_k=2),
    "learned gap": learned_gap,
    "few shots": few_shot,
    "few shots without texts": lambda encoder: few_shot(encoder, None),
    "votes": lambda encoder: voting(encoder, projected=False),
    "votes after a projection": lambda encoder: voting(encoder, projected=True),
}
every_classifier = pytest.mark.parametrize("make", MADE.values(), ids=MADE)
every_encoder = pytest.mark.parametrize("encoder_type", [ColourEncoder, Named])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "colours.clipcoder"


@pytest.fixture
def saved(place: Path) -> Path:
    """A few-shot classifier with texts, of an encoder with a fingerprint."""
    few_shot(Named()).save(place)
    return place


def document(place: Path) -> dict[str, Any]:
    return json.loads((place / "classifier.json").read_text("utf-8"))


def seal(place: Path, content: dict[str, Any]) -> None:
    """Write a document whose checksums are right, whatever it says."""
    content = {key: value for key, value in content.items() if key != "checksum"}
    sealed = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    (place / "classifier.json").write_text(json.dumps({**content, "checksum": sealed}))


def change_arrays(place: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the arrays of a saved classifier, checksums and all."""
    arrays = dict(load((place / "head.safetensors").read_bytes()))
    change(arrays)
    content = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    (place / "head.safetensors").write_bytes(content)
    facts = document(place)
    seal(place, facts | {"files": facts["files"] | {"head.safetensors": hashlib.sha256(content).hexdigest()}})


def refusal(place: Path, encoder: ColourEncoder | None = None) -> str:
    """The one sentence with which a classifier is not loaded."""
    with pytest.raises(InvalidInputError) as error:
        load_classifier(place, encoder or Named())
    sentence = str(error.value)
    assert "\n" not in sentence
    assert not sentence.endswith(".")
    return sentence


# The same again


@every_encoder
@every_classifier
def test_a_loaded_classifier_says_bit_for_bit_what_the_saved_one_said(
    make: Callable[[ColourEncoder], ImageClassifier], encoder_type: type[ColourEncoder], place: Path
) -> None:
    made = make(encoder_type())
    made.save(place)
    loaded = load_classifier(place, encoder_type())
    assert type(loaded) is type(made)
    assert loaded.classes_.tolist() == made.classes_.tolist()
    assert loaded.decision_function(ASKED).tobytes() == made.decision_function(ASKED).tobytes()
    assert loaded.predict_proba(ASKED).tobytes() == made.predict_proba(ASKED).tobytes()
    assert loaded.predict(ASKED).tolist() == made.predict(ASKED).tolist()
    assert loaded.metrics_ == made.metrics_


@every_classifier
def test_its_explanations_are_the_same(make: Callable[[ColourEncoder], ImageClassifier], place: Path) -> None:
    made = make(Named())
    if isinstance(made, FewShotClassifier):
        made.save(place, example_names=True)
        VALIDATOR.validate(document(place))
    else:
        made.save(place)
    loaded = load_classifier(place, Named())
    assert [loaded.explain(image) for image in ASKED] == [made.explain(image) for image in ASKED]


@every_classifier
def test_saved_again_it_is_the_same_file(
    make: Callable[[ColourEncoder], ImageClassifier], tmp_path: Path
) -> None:
    make(Named()).save(tmp_path / "first")
    load_classifier(tmp_path / "first", Named()).save(tmp_path / "second")
    first, second = (document(tmp_path / name) for name in ("first", "second"))
    for changing in ("written", "checksum"):
        del first[changing], second[changing]
    assert first == second


@every_encoder
@every_classifier
def test_what_is_saved_fits_the_schema(
    make: Callable[[ColourEncoder], ImageClassifier], encoder_type: type[ColourEncoder], place: Path
) -> None:
    make(encoder_type()).save(place)
    VALIDATOR.validate(document(place))


@pytest.mark.parametrize("default", [0.5, 5.0])
def test_close_calls_stay_what_they_were_when_another_temperature_is_the_default(
    default: float, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = [plain((110, 80, 130))]
    measured = {"colours": {"equidistant": Calibration(10.0)}}
    monkeypatch.setattr("clipcoder.calibration.defaults.MEASURED", measured)
    best, second = np.sort(ZeroShotClassifier(Named(), BANK).predict_proba(image)[0])[:-3:-1]
    for gap in (best - second + 1e-3, best - second - 1e-3):
        made = ZeroShotClassifier(Named(), BANK, pairs=PAIRS, max_gap=float(gap))
        made.calibrate(SUPPORT, LABELS).save(place)
        monkeypatch.setitem(measured, "colours", {"equidistant": Calibration(default)})
        loaded = load_classifier(place, Named())
        monkeypatch.setitem(measured, "colours", {"equidistant": Calibration(10.0)})
        for one in (made, loaded):
            assert (next(one.stream(image)).close_call is not None) == (gap > best - second)


def test_a_file_from_before_gaps_had_a_temperature_is_one_of_softmax_of_scores(place: Path) -> None:
    ZeroShotClassifier(Named(), BANK, pairs=PAIRS, max_gap=0.5).save(place)
    facts = document(place)
    facts["gap_temperature"] = 1e6  # so warm that everything is close
    seal(place, facts)
    assert next(load_classifier(place, Named()).stream([plain((255, 0, 0))])).close_call
    del facts["gap_temperature"]
    seal(place, facts)
    VALIDATOR.validate(document(place))
    assert next(load_classifier(place, Named()).stream([plain((255, 0, 0))])).close_call is None


@pytest.mark.parametrize("temperature", [0, -1, "warm", True])
def test_a_temperature_of_gaps_that_is_none_is_refused(place: Path, temperature: Any) -> None:
    MADE["pairs"](Named()).save(place)
    seal(place, document(place) | {"gap_temperature": temperature})
    assert "'gap_temperature' in " in refusal(place)


def test_texts_are_not_encoded_again(saved: Path) -> None:
    encoder = Named()
    load_classifier(saved, encoder).explain(ASKED[0])
    assert encoder.text_calls == []


def test_texts_are_encoded_for_a_classifier_that_is_saved_before_its_first_image(place: Path) -> None:
    encoder = Named()
    ZeroShotClassifier(encoder, BANK).save(place)
    assert len(encoder.text_calls) == 1


@pytest.mark.parametrize("labels", [["no", "yes", "no"], [3, 1, 3], [2.0, 1.0, 2.0], [True, False, True]])
def test_a_classifier_of_features_needs_no_encoder(labels: list[Any], place: Path) -> None:
    made = FewShotClassifier().fit(FEATURES, labels)
    made.save(place)
    VALIDATOR.validate(document(place))
    predicted = load_classifier(place).predict(FEATURES).tolist()
    assert predicted == made.predict(FEATURES).tolist()
    assert list(map(type, predicted)) == list(map(type, labels))


def test_encoded_texts_need_no_encoder_afterwards_either(place: Path) -> None:
    made = FewShotClassifier(bank=EncodedTexts.encode(Named(), BANK)).fit(
        FEATURES, ["tomato", "sky", "grass"]
    )
    made.save(place)
    loaded = load_classifier(place)
    assert loaded.predict_proba(FEATURES).tobytes() == made.predict_proba(FEATURES).tobytes()
    assert isinstance(loaded, FewShotClassifier)
    assert loaded.fit(FEATURES, made.predict(FEATURES)).bank.bank == BANK  # type: ignore[union-attr]


def test_features_of_another_length_than_the_encoder_makes_are_refused(saved: Path) -> None:
    seal(saved, document(saved) | {"dim": 4})
    assert "'dim' in " in (said := refusal(saved))
    assert said.endswith("must be that of the encoder, 3, not 4")


def test_metrics_settings_and_facts_are_there_to_read(place: Path) -> None:
    made = FewShotClassifier(Named(), BANK, views=2, random_state=7).fit(SUPPORT, LABELS)
    quality = Quality(10, 9, math.inf, 0.25)
    made.metrics_ = dataclasses.replace(made.metrics_, evaluation=quality)
    made.save(place)
    facts = document(place)
    assert facts["settings"].keys() == made.get_params(deep=False).keys() - {"encoder", "bank"}
    assert facts["settings"]["views"] == 2
    assert facts["metrics"]["shots"] == [2, 2, 2]
    assert facts["metrics"]["leave_one_out"]["accuracy"] == made.metrics_.leave_one_out.accuracy
    assert facts["metrics"]["evaluation"]["log_loss"] == "inf"
    loaded = load_classifier(place, Named())
    assert loaded.metrics_.evaluation == quality
    assert (loaded.views, loaded.random_state) == (2, 7)
    assert loaded.fitted_.settings == made.fitted_.settings
    assert saved_facts(place).classes == ["grass", "sky", "tomato"]


def test_one_shot_leaves_nothing_to_say_of_its_quality(place: Path) -> None:
    FewShotClassifier(Named(), BANK).fit(SUPPORT[:3], LABELS[:3]).save(place)
    assert load_classifier(place, Named()).metrics_ == Metrics((1, 1, 1))


def test_a_loaded_classifier_can_be_fitted_again(saved: Path) -> None:
    loaded = load_classifier(saved, Named())
    assert isinstance(loaded, FewShotClassifier)
    again = loaded.fit(SUPPORT, LABELS)
    assert again.predict_proba(ASKED).tobytes() == few_shot(Named()).predict_proba(ASKED).tobytes()


# What its examples are called


def voting_by_paths(folder: Path) -> tuple[FewShotClassifier, list[str]]:
    """A classifier whose examples vote, all but the last by their paths, and what it calls them."""
    paths = [folder / f"{name}.png" for name in ("tomato 1", "sky 1", "grass 1", "tomato 2", "sky\x1b[2J")]
    for image, path in zip(SUPPORT, paths, strict=False):
        image.save(path)
    made = FewShotClassifier(Named(), BANK, method="tip-adapter").fit([*paths, SUPPORT[5]], LABELS)
    shown = [str(path).replace("\x1b", "\\x1b") for path in paths]
    return made, [*shown, "example 5"]


def voters(classifier: Any) -> set[str]:
    return {r.text for c in classifier.explain(ASKED[0]).classes for r in c.reasons if r.kind == "example"}


def test_names_of_examples_are_not_kept_unless_that_is_asked_for(tmp_path: Path, place: Path) -> None:
    made, _ = voting_by_paths(tmp_path)
    made.save(place)
    assert document(place)["examples"] is None
    assert not any(b"tomato 1" in path.read_bytes() for path in place.iterdir())
    assert voters(load_classifier(place, Named())) == {f"example {i}, name not saved" for i in range(6)}


def test_names_of_examples_are_kept_where_that_is_asked_for(tmp_path: Path, place: Path) -> None:
    made, names = voting_by_paths(tmp_path)
    made.save(place, example_names=True)
    VALIDATOR.validate(document(place))
    assert document(place)["examples"] == names
    loaded = load_classifier(place, Named())
    assert isinstance(loaded, FewShotClassifier)
    assert voters(loaded) == set(names)
    loaded.save(place, example_names=True)
    assert document(place)["examples"] == names


def test_a_classifier_that_never_knew_names_saves_none(tmp_path: Path, place: Path) -> None:
    voting_by_paths(tmp_path)[0].save(place)
    loaded = load_classifier(place, Named())
    assert isinstance(loaded, FewShotClassifier)
    loaded.save(place, example_names=True)
    assert document(place)["examples"] is None


def test_where_examples_do_not_vote_there_are_no_names_to_keep(place: Path) -> None:
    few_shot(Named()).save(place, example_names=True)
    assert document(place)["examples"] is None


def test_a_file_from_before_there_were_names_is_read(tmp_path: Path, place: Path) -> None:
    made, _ = voting_by_paths(tmp_path)
    made.save(place)
    facts = document(place)
    del facts["examples"]
    seal(place, facts)
    VALIDATOR.validate(document(place))
    assert len(voters(load_classifier(place, Named()))) == 6


@pytest.mark.parametrize(
    "names", [["a.jpg"] * 5, ["a.jpg"] * 7, ["a"] * 5 + [3], ["\x1b[2J"] * 6, "abcdef", {}]
)
def test_names_that_are_none_are_refused(tmp_path: Path, place: Path, names: Any) -> None:
    voting_by_paths(tmp_path)[0].save(place)
    seal(place, document(place) | {"examples": names})
    assert "'examples' in " in refusal(place)


@pytest.mark.parametrize("example_names", [False, True])
@pytest.mark.parametrize("method", ["tip-adapter", "coder-adapter", "ape"])
def test_stand_ins_for_classes_without_examples_stay_what_they_are(
    method: Any, example_names: bool, place: Path
) -> None:
    made = FewShotClassifier(Named(), BANK, method=method).fit(SUPPORT[:2], LABELS[:2])
    made.save(place, example_names=example_names)
    loaded = load_classifier(place, Named())
    assert loaded.decision_function(ASKED).tobytes() == made.decision_function(ASKED).tobytes()
    kinds = {c.class_name: {r.kind for r in c.reasons} for c in loaded.explain(ASKED[0]).classes}
    assert kinds["grass"] >= {"stand_in"}
    assert not {"example", "examples"} & kinds["grass"]
    assert all("example" in kinds[name] for name in ("tomato", "sky"))


def test_nothing_in_the_folder_can_be_run(saved: Path) -> None:
    assert sorted(path.name for path in saved.iterdir()) == [
        "bank.json",
        "classifier.json",
        "head.safetensors",
    ]
    assert TextBank.load(saved / "bank.json") == BANK


# Its encoder


def test_without_an_encoder_the_one_of_its_name_is_opened(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def opened(name: str, *, precision: str) -> Named:
        asked.append((name, precision))
        return Named()

    monkeypatch.setattr("clipcoder.pipeline.saved.made_with.load_encoder", opened)
    assert load_classifier(saved).predict(ASKED[-1:]).tolist() == ["grass"]
    assert asked == [("colours", "float32")]


def test_a_name_that_opens_nothing_says_to_hand_the_encoder_in(saved: Path) -> None:
    with pytest.raises(InvalidInputError, match="'colours', which load_encoder does not know; hand it in"):
        load_classifier(saved)


def test_another_fingerprint_is_refused_with_both_encoders_named(saved: Path) -> None:
    sentence = refusal(saved, CountingEncoder())
    assert "'colours' (float32, fingerprint c0104c0104c0)" in sentence
    assert f"'counting' (float32, fingerprint {CountingEncoder().fingerprint()[:12]})" in sentence


def test_the_same_model_under_another_name_is_taken(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = Named()
    monkeypatch.setattr(moved, "name", "onnx:elsewhere", raising=False)
    assert load_classifier(saved, moved).encoder is moved


@pytest.mark.parametrize("encoder", [Warm(), Named(), CountingEncoder()], ids=["warm", "named", "counting"])
def test_an_encoder_without_a_fingerprint_is_known_by_its_features(encoder: Any, place: Path) -> None:
    few_shot(ColourEncoder()).save(place)
    assert "was made with the encoder 'colours' (3 dimensions), but" in refusal(place, encoder)


def test_a_fingerprint_is_not_matched_by_features(saved: Path) -> None:
    assert "but 'colours' (3 dimensions) came" in refusal(saved, ColourEncoder())


def test_features_of_another_probe_than_ours_are_no_proof(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few_shot(ColourEncoder()).save(place)
    monkeypatch.setattr("clipcoder.pipeline.saved.made_with.VERSION", VERSION + 1)
    assert "was made with" in refusal(place, ColourEncoder())


def test_a_classifier_of_features_takes_no_encoder(place: Path) -> None:
    FewShotClassifier().fit(FEATURES, [0, 1, 0]).save(place)
    assert "made from features, without an encoder, but 'colours' came" in refusal(place)


def test_what_is_no_encoder_is_refused(saved: Path) -> None:
    with pytest.raises(InvalidInputError, match="an encoder must have"):
        load_classifier(saved, "starter")  # type: ignore[arg-type]


# Files that are not what was saved


def test_a_newer_version_says_so(saved: Path) -> None:
    seal(saved, document(saved) | {"version": SCHEMA_VERSION + 1})
    assert f"has version {SCHEMA_VERSION + 1} of the format" in refusal(saved)


@pytest.mark.parametrize("content", ["{}", '{"format": "clipcoder/text-bank"}', '{"format": ["clipcoder"]}'])
def test_another_document_is_no_classifier(saved: Path, content: str) -> None:
    (saved / "classifier.json").write_text(content)
    assert "is no saved classifier: the format of its classifier.json" in refusal(saved)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"format"'])
def test_what_is_no_json_is_refused(saved: Path, content: bytes) -> None:
    (saved / "classifier.json").write_bytes(content)
    refusal(saved)


def test_a_place_without_a_classifier_says_what_is_there(tmp_path: Path) -> None:
    assert "there is no such folder" in refusal(tmp_path / "absent")
    assert "the folder has no classifier.json" in refusal(tmp_path)
    (tmp_path / "file").write_text("x")
    assert "a saved classifier is a folder, and this is a file" in refusal(tmp_path / "file")


@pytest.mark.parametrize("name", ["head.safetensors", "bank.json"])
def test_a_missing_file_is_named(saved: Path, name: str) -> None:
    (saved / name).unlink()
    assert f"incomplete: the system says of its {name}: no such file" in refusal(saved)


@pytest.mark.parametrize("name", ["head.safetensors", "bank.json"])
@pytest.mark.parametrize("kept", [0, 1, 7, 8, 100, -1])
def test_a_truncated_file_is_damaged(saved: Path, name: str, kept: int) -> None:
    (saved / name).write_bytes((saved / name).read_bytes()[:kept])
    assert f"damaged: its {name} is not what was saved" in refusal(saved)


def test_a_document_truncated_anywhere_is_refused(saved: Path) -> None:
    whole = (saved / "classifier.json").read_bytes()
    for kept in range(len(whole.rstrip())):
        (saved / "classifier.json").write_bytes(whole[:kept])
        refusal(saved)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_bit_is_noticed_or_changes_nothing(data: st.DataObject, saved: Path) -> None:
    file = data.draw(st.sampled_from(sorted(saved.iterdir())))
    whole = file.read_bytes()
    spot, bit = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(0, 7))
    file.write_bytes(whole[:spot] + bytes([whole[spot] ^ 1 << bit]) + whole[spot + 1 :])
    try:
        loaded = load_classifier(saved, Named())
    except InvalidInputError as error:
        assert "\n" not in str(error)
    else:
        assert loaded.predict_proba(ASKED).tobytes() == few_shot(Named()).predict_proba(ASKED).tobytes()
    finally:
        file.write_bytes(whole)


def spots(value: Any, spot: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to everything in a document."""
    yield spot
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in inner:
        yield from spots(part, (*spot, step))


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1, 3)
    | st.floats()
    | st.sampled_from(["", "auto", "inf", "gda"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["kind", "name", "more"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@pytest.mark.parametrize(
    "make", [MADE["pairs"], MADE["few shots"], MADE["votes"]], ids=["pairs", "few", "votes"]
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_a_sealed_document_says_no_other_error_comes_of_it(
    make: Callable[[ColourEncoder], ImageClassifier], data: st.DataObject, place: Path
) -> None:
    if not place.exists():
        make(Named()).save(place)
        shutil.copy(place / "classifier.json", place.with_suffix(".json"))
    content = json.loads(place.with_suffix(".json").read_text())
    for _ in range(data.draw(st.integers(1, 2))):
        *way, last = data.draw(st.sampled_from([spot for spot in spots(content) if spot]))
        holder = content
        for step in way:
            holder = holder[step]
        if data.draw(st.booleans()) or isinstance(last, int):
            holder[last] = data.draw(anything)
        else:
            del holder[last]
    seal(place, content)
    try:
        load_classifier(place, Named()).predict_proba(ASKED)
    except ClipcoderError as error:
        assert "\n" not in str(error)


def nan(arrays: dict[str, Any]) -> None:
    arrays["head.bias"] = arrays["head.bias"] * np.float32(np.nan)


ARRAYS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "missing": (lambda a: a.pop("head.bias"), "must hold the arrays bias, prototypes, weights"),
    "more": (lambda a: a.update(other=np.zeros(1)), "must hold the arrays texts, but it holds other, texts"),
    "more of the head": (lambda a: a.update({"head.other": np.zeros(1)}), "must hold the arrays"),
    "shape": (
        lambda a: a.update({"head.weights": np.zeros((3, 4), np.float32)}),
        r"must be float32 of shape \(3, 3\), but it is float32 of shape \(3, 4\)",
    ),
    "sides": (lambda a: a.update({"head.bias": np.zeros((3, 1), np.float32)}), r"of shape \(3\)"),
    "type": (lambda a: a.update({"head.bias": np.zeros(3)}), "but it is float64"),
    "not finite": (nan, "must hold finite numbers"),
    "texts": (lambda a: a.update(texts=a["texts"][1:]), r"texts in .* of shape \(5, 3\)"),
    "no texts": (lambda a: a.pop("texts"), "must hold the arrays texts, but it holds none"),
}


@pytest.mark.parametrize(("change", "said"), ARRAYS.values(), ids=ARRAYS)
def test_arrays_that_do_not_fit_are_refused(
    saved: Path, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    change_arrays(saved, change)
    with pytest.raises(InvalidInputError, match=said):
        load_classifier(saved, Named())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda a: a.update({"head.labels": a["head.labels"] + 2}), "must be positions of its 3 classes"),
        (lambda a: a.update({"head.labels": a["head.labels"].astype(np.float32)}), "must be int64"),
        (lambda a: a.update({"head.keys": a["head.keys"][1:]}), "vote_weight|labels"),
        (lambda a: a.update({"head.projection": np.eye(3, 2, dtype=np.float32)}), "projection"),
        (lambda a: a.update({"head.projection": np.empty((0, 5), np.float32)}), "projection"),
    ],
)
def test_arrays_of_a_voting_head_have_to_fit_each_other(
    place: Path, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    voting(Named(), projected=False).save(place)
    change_arrays(place, change)
    with pytest.raises(InvalidInputError, match=said):
        load_classifier(place, Named())


@pytest.mark.parametrize("content", [b"", b"\xff" * 20, b"\x02\0\0\0\0\0\0\0{}"[:9]])
def test_what_is_no_safetensors_file_is_refused_even_if_it_is_sealed(saved: Path, content: bytes) -> None:
    (saved / "head.safetensors").write_bytes(content)
    facts = document(saved)
    facts["files"]["head.safetensors"] = hashlib.sha256(content).hexdigest()
    seal(saved, facts)
    assert "is no safetensors file that can be read" in refusal(saved)


def test_a_bank_of_other_classes_is_refused(saved: Path) -> None:
    other = TextBank.from_texts({name: ["red"] * 1 for name in ("a", "b", "c")})
    other.save(saved / "bank.json")
    facts = document(saved)
    facts["files"]["bank.json"] = hashlib.sha256((saved / "bank.json").read_bytes()).hexdigest()
    seal(saved, facts)
    change_arrays(saved, lambda a: a.update(texts=a["texts"][:3]))
    assert "must be those of its bank" in refusal(saved)


def test_the_shapes_of_heads_are_known() -> None:
    assert heads.SHAPES.keys() == HEADS.keys()
    for kind, form in HEADS.items():
        arrays = [field.name for field in dataclasses.fields(form) if field.type not in ("float", "bool")]
        assert sorted(heads.SHAPES[kind]) == sorted(arrays)


def test_every_field_of_the_schema_is_described() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    for spot in spots(SCHEMA):
        if spot[-1:] == ("properties",) and spot[0] != "allOf":
            holder: Any = SCHEMA
            for step in spot:
                holder = holder[step]
            assert all("description" in field for field in holder.values()), spot


# What can be saved


def test_an_unfitted_classifier_is_not_saved(place: Path) -> None:
    with pytest.raises(InvalidInputError, match="once it is fitted"):
        FewShotClassifier(Named(), BANK).save(place)
    assert not place.exists()


def test_a_setting_that_is_no_plain_value_is_not_saved(place: Path) -> None:
    classifier = FewShotClassifier(random_state=np.random.RandomState(1)).fit(FEATURES, [0, 1, 0])  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="whose random_state is a text or a number"):
        classifier.save(place)


def test_numbers_of_numpy_are_plain(place: Path) -> None:
    FewShotClassifier(random_state=np.int64(5)).fit(FEATURES, [0, 1, 0]).save(place)  # type: ignore[arg-type]
    assert load_classifier(place).random_state == 5


def test_a_head_of_another_kind_is_not_saved(place: Path) -> None:
    classifier = few_shot(Named())
    classifier.fitted_ = dataclasses.replace(classifier.fitted_, head=object())  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="linear, cache can be saved, not with a object"):
        classifier.save(place)


def test_labels_that_json_has_not_are_not_saved(place: Path) -> None:
    classifier = FewShotClassifier().fit(FEATURES, [1, 0, 1])
    classifier.classes_ = np.array(["2026-11-25", "2026-11-26"], dtype="datetime64[D]")
    with pytest.raises(InvalidInputError, match="classes that are texts or numbers"):
        classifier.save(place)
    assert not place.exists()


def test_another_kind_of_classifier_is_not_saved(place: Path) -> None:
    class Other(ZeroShotClassifier.__bases__[0]):  # type: ignore[misc, name-defined]
        _judge = _explain = _knowledge = None

    with pytest.raises(InvalidInputError, match="not a Other"):
        Other().save(place)


# Where it is put


def content(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_classifier_is_replaced_and_nothing_is_left_beside_it(saved: Path) -> None:
    ZeroShotClassifier(Named(), BANK).save(saved)
    assert isinstance(load_classifier(saved, Named()), ZeroShotClassifier)
    assert content(saved.parent) == [saved.name]


def test_an_empty_folder_is_taken(place: Path) -> None:
    place.mkdir()
    few_shot(Named()).save(place)
    assert isinstance(load_classifier(place, Named()), FewShotClassifier)


def test_a_link_goes_on_pointing_where_it_did(saved: Path, tmp_path: Path) -> None:
    link = tmp_path / "current"
    link.symlink_to(saved, target_is_directory=True)
    ZeroShotClassifier(Named(), BANK).save(link)
    assert link.is_symlink()
    assert isinstance(load_classifier(saved, Named()), ZeroShotClassifier)


def refused_place(place: Path) -> str:
    """Why a place takes no classifier, which is said before and at saving, and changes nothing."""
    before = sorted(place.parent.rglob("*"))
    with pytest.raises(InvalidInputError) as error:
        few_shot(Named()).save(place)
    with pytest.raises(InvalidInputError) as same:
        check_place(place)
    assert str(same.value) == str(error.value)
    assert sorted(place.parent.rglob("*")) == before
    return str(error.value)


def test_a_folder_of_something_else_is_left_alone(place: Path) -> None:
    place.mkdir()
    (place / "holiday.jpg").write_text("x")
    assert "holds 'holiday.jpg', which is no part of a classifier and would be lost" in refused_place(place)


def test_a_classifier_with_something_else_in_its_folder_is_left_alone(saved: Path) -> None:
    (saved / "notes.txt").write_text("mine")
    assert "holds 'notes.txt'" in refused_place(saved)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": "other"}'])
def test_a_folder_whose_document_is_another_one_is_left_alone(place: Path, content: str) -> None:
    place.mkdir()
    (place / "classifier.json").write_text(content)
    assert "is a folder that holds no classifier, and is left alone" in refused_place(place)


def test_a_file_is_left_alone(place: Path) -> None:
    place.write_text("x")
    assert "is a file; name another place" in refused_place(place)


def test_a_folder_that_does_not_exist_is_not_made(tmp_path: Path) -> None:
    assert "no such file or directory" in refused_place(tmp_path / "absent" / "x.clipcoder")


@pytest.mark.parametrize("failing", ["os.fsync", "pathlib.Path.mkdir", "pathlib.Path.rename"])
def test_a_failing_disk_leaves_the_old_classifier(
    saved: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    before = document(saved)
    with monkeypatch.context() as patched:
        patched.setattr(failing, full)
        with pytest.raises(InvalidInputError, match="no space left on device"):
            ZeroShotClassifier(Named(), BANK).save(saved)
    assert document(saved) == before
    assert content(saved.parent) == [saved.name]


def test_where_the_second_renaming_fails_the_old_one_comes_back(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name.endswith(".tmp"):
            raise KeyboardInterrupt
        return rename(self, target)

    before = document(saved)
    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(KeyboardInterrupt):
        ZeroShotClassifier(Named(), BANK).save(saved)
    assert document(saved) == before
    assert content(saved.parent) == [saved.name]


def test_drafts_of_killed_processes_go_after_an_hour(saved: Path) -> None:
    old, young = (saved.with_name(f".{saved.name}.{name}.tmp") for name in ("0ld", "y0ung"))
    for draft in (old, young):
        draft.mkdir()
    os.utime(old, (0, 0))
    check_place(saved)
    assert content(saved.parent) == [young.name, saved.name]


def test_a_classifier_that_is_replaced_while_it_is_loaded_is_loaded_again(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clipcoder.pipeline.saved.document import SavedFolder

    opened = SavedFolder.open
    others = [FewShotClassifier(Named(), BANK).fit(SUPPORT[::-1], ["sky", "tomato", "grass"] * 2)]

    def replaced_meanwhile(path: Path) -> SavedFolder:
        folder = opened(path)
        if others:
            others.pop().save(path)
        return folder

    other = copy.copy(others[0])
    monkeypatch.setattr(SavedFolder, "open", replaced_meanwhile)
    loaded = load_classifier(saved, Named())
    assert loaded.predict_proba(ASKED).tobytes() == other.predict_proba(ASKED).tobytes()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forks of itself")
def test_a_process_that_is_killed_at_any_step_leaves_the_old_or_the_new_classifier(tmp_path: Path) -> None:
    script = Path(__file__).with_name("killed_saves.py")
    done = subprocess.run([sys.executable, script, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    steps, outcomes = done.stdout.splitlines()
    assert int(steps) > 15
    assert set(outcomes.split()) == {"old", "new"}


def test_an_unknown_name_in_a_file_is_an_invalid_input(saved: Path) -> None:
    facts = document(saved)
    facts["settings"]["texts"] = "telepathy"
    seal(saved, facts)
    assert "makes no classifier: unknown method 'telepathy'" in refusal(saved)
