"""Pictures of settings that were counted by hand: what they show, and that they are always the same."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from measured_by_hand import measured
from PIL import Image

from clipcoder.benchmark.measured import Measured
from clipcoder.benchmark.plots import draw
from clipcoder.benchmark.plots.classes import accuracy_by_class, class_accuracies
from clipcoder.benchmark.plots.confusion import confusion_matrix, confusions, most_confused
from clipcoder.benchmark.plots.reliability import Reliability, reliability_diagrams
from clipcoder.benchmark.plots.shots import accuracy_by_shots
from clipcoder.benchmark.plots.style import COLOURS, figure, marks, save, styled
from clipcoder.calibration import expected_calibration_error
from clipcoder.errors import MissingExtraError, UnknownNameError

CLIP = measured("clip", 12, texts="")
CODER = measured("coder", 14)
GDA = measured("gda", (16, 18), shots=4)
SETTINGS = [CLIP, CODER, measured("gda", (12, 14), shots=1), GDA]


def many_classes(n_classes: int = 50) -> Measured:
    """Class c is taken for class c + 1 in every c-th of 50 images."""
    labels = np.repeat(np.arange(n_classes), 50)
    wrong = np.tile(np.arange(50), n_classes) < labels
    predictions = np.where(wrong, (labels + 1) % n_classes, labels)[None]
    confidence = np.full(predictions.shape, 0.5, np.float32)
    return replace(
        CODER,
        labels=labels,
        predictions=predictions,
        confidence=confidence,
        n_classes=n_classes,
        class_names=(),
    )


def words(path: Path) -> set[str]:
    return {text.strip() for text in ElementTree.parse(path).getroot().itertext() if text.strip()}


def test_a_folder_gets_every_picture_as_png_and_svg(tmp_path: Path) -> None:
    paths = draw(SETTINGS, tmp_path / "plots")
    stems = [
        "accuracy",
        "calibration",
        "coder-wordnet-zero-shot-confusions",
        "coder-wordnet-zero-shot-classes",
        "gda-wordnet-4-shots-confusions",
        "gda-wordnet-4-shots-classes",
    ]
    wanted = [f"pets-test-starter-{stem}.{kind}" for stem in stems for kind in ("png", "svg")]
    assert [path.name for path in paths] == wanted
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == sorted(wanted)
    for path in paths[::2]:
        with Image.open(path) as picture:
            assert picture.width > 300


def test_pictures_are_the_same_bytes_every_time_whatever_the_settings_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = [path.read_bytes() for path in draw(SETTINGS, tmp_path / "first")]
    monkeypatch.setitem(matplotlib.rcParams, "axes.facecolor", "black")
    second = [path.read_bytes() for path in draw(SETTINGS, tmp_path / "second")]
    assert first == second
    assert matplotlib.rcParams["axes.facecolor"] == "black"


def test_named_methods_are_drawn_instead_of_the_best(tmp_path: Path) -> None:
    names = [path.name for path in draw(SETTINGS, tmp_path, methods=["clip"])]
    assert "pets-test-starter-clip-zero-shot-confusions.png" in names
    assert not any("gda" in name or "coder" in name for name in names)


def test_an_unknown_method_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown method among the rows 'gdb': did you mean 'gda'"):
        draw(SETTINGS, tmp_path / "plots", methods=["gdb"])
    assert not (tmp_path / "plots").exists()


def test_protocols_encoders_and_data_sets_have_pictures_of_their_own(tmp_path: Path) -> None:
    others = [
        measured("clip", 10, dataset="cars"),
        measured("clip", 10, encoder="RN50/openai"),
        measured("clip", 10, protocol="reference"),
    ]
    paths = draw([CLIP, *others], tmp_path)
    assert sorted(path.name for path in paths if path.name.endswith("accuracy.svg")) == [
        "cars-test-starter-accuracy.svg",
        "pets-test-rn50-openai-accuracy.svg",
        "pets-test-starter-accuracy.svg",
        "pets-test-starter-reference-accuracy.svg",
    ]


def test_without_matplotlib_an_extra_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"drawing plots needs .* 'clipcoder\[plots\]'"):
        draw(SETTINGS, tmp_path / "plots")
    assert not (tmp_path / "plots").exists()


def points(axes: Axes) -> list[list[float]]:
    """The accuracies of each line, in %."""
    return [[round(float(y), 1) for y in container.lines[0].get_ydata()] for container in axes.containers]


def test_zero_shot_methods_stand_beside_few_shot_ones_best_first() -> None:
    with styled():
        drawn = accuracy_by_shots(
            [*SETTINGS, measured("ape", (20,), shots=1, seeds=(1,))], "Pets", resamples=50
        )
    zero, few = drawn.axes
    assert [text.get_text() for text in zero.get_xticklabels()] == ["coder", "clip"]
    assert points(zero) == [[70.0, 60.0]]
    assert [text.get_text() for text in few.get_xticklabels()] == ["1", "4"]
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == ["ape", "gda"]
    assert points(few) == [[100.0], [65.0, 85.0]]
    ape, gda = (container.lines[0].get_xdata() for container in few.containers)
    assert [round(x) for x in gda] == [0, 1]
    assert ape[0] < gda[0], "methods of as many shots stand side by side"


@pytest.mark.parametrize(("settings", "title"), [([CLIP], "zero-shot"), ([GDA], "few-shot")])
def test_one_kind_of_methods_has_one_pair_of_axes(settings: list[Measured], title: str) -> None:
    with styled():
        drawn = accuracy_by_shots(settings, "Pets", resamples=50)
    assert [axes.get_title(loc="left") for axes in drawn.axes] == [title]


def test_sources_of_texts_have_pictures_of_their_own(tmp_path: Path) -> None:
    clip = measured("clip", 12, texts="")
    draw([clip, CODER, measured("coder", 15, texts="cupl"), measured("gda", (16, 17), shots=1)], tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir() if path.name.endswith("accuracy.svg"))
    assert names == ["pets-test-starter-cupl-accuracy.svg", "pets-test-starter-wordnet-accuracy.svg"]
    cupl, wordnet = (words(tmp_path / name) for name in names)
    assert "clip" in cupl & wordnet
    assert "gda" in wordnet - cupl


def test_reliability_is_what_the_calibration_error_is_made_of() -> None:
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.ones(4) / 4, 500).astype(np.float32)
    labels = random.integers(4, size=500)
    right = probabilities.argmax(axis=1) == labels
    bins = Reliability.of(probabilities.max(axis=1), right)
    assert bins.error == pytest.approx(expected_calibration_error(probabilities, labels))
    assert bins.share.sum() == pytest.approx(1)


def test_a_diagram_is_drawn_for_each_method_at_its_most_shots(tmp_path: Path) -> None:
    with styled():
        save(reliability_diagrams(SETTINGS, "Pets"), tmp_path / "calibration")
    told = words(tmp_path / "calibration.svg")
    assert {"Pets", "clip", "coder", "gda"} <= told
    assert any(text.startswith("4 shots, ECE") for text in told)
    assert not any(text.startswith("1 shot, ECE") for text in told)


def test_more_diagrams_than_fit_in_a_row_leave_no_empty_frame() -> None:
    with styled():
        drawn = reliability_diagrams([measured(f"method {i}", 10 + i) for i in range(5)], "Pets")
    assert [axes.axison for axes in drawn.axes] == [True] * 5 + [False] * 3


def test_confusions_count_over_all_seeds() -> None:
    counts = confusions(GDA)
    assert counts.sum() == 40
    assert counts.trace() == 34
    assert counts[0, 1] + counts[1, 2] + counts[2, 3] + counts[3, 0] == 6


def test_images_without_an_answer_are_in_no_column() -> None:
    predictions = GDA.predictions.copy()
    predictions[0, :3] = -1
    assert confusions(replace(GDA, predictions=predictions)).sum() == 37


def test_of_many_classes_the_most_confused_are_shown() -> None:
    counts = confusions(many_classes())
    assert most_confused(counts, 4).tolist() == [49, 0, 48, 47]
    assert most_confused(counts[:4, :4], 4).tolist() == [0, 1, 2, 3]


def test_a_matrix_of_many_classes_says_how_many_and_has_a_column_for_the_others(tmp_path: Path) -> None:
    with styled():
        save(confusion_matrix(many_classes()), tmp_path / "matrix")
    told = words(tmp_path / "matrix.svg")
    assert {"any other", "class 49", "coder (wordnet), zero-shot: % of a class, 20 of 50 classes"} <= told


def test_a_matrix_of_few_classes_has_all_of_them_with_their_shares(tmp_path: Path) -> None:
    with styled():
        save(confusion_matrix(CODER), tmp_path / "matrix")
    told = words(tmp_path / "matrix.svg")
    assert {"cat", "dog", "fox", "cow", "60", "40", "80", "20"} <= told
    assert "any other" not in told


def test_the_accuracy_of_a_class_is_the_share_of_its_images() -> None:
    assert class_accuracies(CODER).round(2).tolist() == [0.8, 0.8, 0.6, 0.6]
    assert class_accuracies(GDA).round(2).tolist() == [0.9, 0.9, 0.8, 0.8]


def test_a_class_without_images_has_no_accuracy_and_no_line() -> None:
    empty = replace(CODER, n_classes=5, class_names=(*CODER.class_names, "emu"))
    assert np.isnan(class_accuracies(empty)[4])
    with styled():
        drawn = accuracy_by_class(empty)
    assert [text.get_text() for text in drawn.axes[0].get_yticklabels()] == ["fox", "cow", "cat", "dog"]


def test_of_many_classes_the_lowest_are_drawn_beside_the_baseline(tmp_path: Path) -> None:
    many = many_classes()
    baseline = replace(many, setting=CLIP.setting)
    with styled():
        save(accuracy_by_class(many, baseline), tmp_path / "classes")
    told = words(tmp_path / "classes.svg")
    assert "accuracy by class, the 40 lowest of 50" in told
    assert {"clip, zero-shot", "coder (wordnet), zero-shot", "class 49", "class 10"} <= told
    assert "class 9" not in told


def test_marks_differ_by_colour_or_marker_for_many_methods() -> None:
    names = [f"method {i}" for i in range(70)]
    looks = [(mark.colour, mark.marker) for mark in marks(names).values()]
    assert len(set(looks)) == 70
    assert len({mark.colour for mark in list(marks(names).values())[:7]}) == 7 == len(COLOURS)


def test_a_picture_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with styled(), pytest.raises(OSError):
        drawn, _ = figure(1, 1)
        save(drawn, tmp_path / "absent" / "picture")
    assert list(tmp_path.iterdir()) == []


def test_names_are_no_formulas(tmp_path: Path) -> None:
    named = replace(CODER, class_names=("$5_^{ $1", "$\\frac$", "b", "c"), title="$\\x$")
    paths = draw([CLIP, named], tmp_path)
    assert any("$5_^{ $1" in path.read_text(encoding="utf-8") for path in paths if path.suffix == ".svg")
