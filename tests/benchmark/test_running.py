"""Benchmarks from end to end: known accuracies, no leaks, and runs that are stopped and go on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.colour_sets import ACCURACY, GARDEN, Encoder, accuracies, garden, save, traffic
from clipcoder.adapters.names import FEW_SHOT_METHODS
from clipcoder.benchmark.bench import encoder_hash
from clipcoder.benchmark.methods import METHODS, REFERENCE_METHODS, ZERO_SHOT
from clipcoder.benchmark.row import Row
from clipcoder.benchmark.rows import Results, read_rows
from clipcoder.benchmark.running import RunReport, run
from clipcoder.benchmark.spec import BenchSpec
from clipcoder.data.dataset import Dataset, Split
from clipcoder.data.draws import few_shot
from clipcoder.errors import InvalidInputError, UnknownNameError
from toy_encoder import COLOURS, ColourEncoder

Runs = Callable[..., RunReport]

BANK = {
    "tomato": ["a red thing", "ripe and red"],
    "grass": ["a green thing", "green blades"],
    "sky": ["a blue thing"],
}


@pytest.fixture
def texts(tmp_path: Path) -> str:
    """Descriptions of the garden's classes, as DCLIP publishes such files."""
    path = tmp_path / "texts" / "garden.json"
    path.parent.mkdir()
    path.write_text(json.dumps(BANK))
    return str(path)


@pytest.fixture
def encoder() -> Encoder:
    return Encoder()


@pytest.fixture
def runs(tmp_path: Path, encoder: Encoder, texts: str) -> Runs:
    """Run on the garden into ``results``, or on other data sets into another folder."""

    def run_on(datasets: Sequence[Dataset] | Dataset, out: str = "results", **settings: object) -> RunReport:
        listed = [datasets] if isinstance(datasets, Dataset) else datasets
        stated = {"datasets": [one.name for one in listed], "texts": [texts], **settings}
        return run(BenchSpec.of(stated), tmp_path / out, datasets=listed, open_encoder=lambda _: encoder)

    return run_on


def wrong_pairs(folder: Path) -> str:
    """Save one-to-one texts that say what is not so: every image of tomatoes and grass is then wrong."""
    from clipcoder import PairBank

    said = {"tomato": {"grass": ["green"]}, "grass": {"tomato": ["red"]}}
    PairBank.from_texts(said, GARDEN).save(folder / "pairs.json")
    return str(folder / "pairs.json")


@pytest.fixture
def rows(tmp_path: Path) -> Callable[..., list[Row]]:
    return lambda out="results": read_rows(tmp_path / out)


def test_every_zero_shot_method_has_the_accuracy_that_counting_gives(
    runs: Runs, rows: Callable[..., list[Row]], tmp_path: Path
) -> None:
    methods = [name for name in ZERO_SHOT if not name.endswith("*") and name != "cupl"]
    report = runs(garden(tmp_path / "garden"), methods=methods, seeds=[1, 2])
    assert report.made == len(rows()) == len(methods) + 2  # the two controls have two seeds
    assert accuracies(rows()) == pytest.approx(dict.fromkeys(methods, ACCURACY))
    first = rows()[0]
    assert (first.dataset.images, first.dataset.classes, first.failed) == (12, 3, ())
    assert first.class_accuracy_mean == pytest.approx((4 / 4 + 2 / 4 + 1 / 4) / 3)


def test_classes_of_unequal_size_have_another_mean_than_images(
    runs: Runs, rows: Callable[..., list[Row]], tmp_path: Path
) -> None:
    runs(traffic(tmp_path / "traffic"), methods=["clip"], texts=["wordnet"])
    (row,) = rows()
    assert (row.accuracy, row.class_accuracy_mean) == (
        pytest.approx(4 / 5),
        pytest.approx((3 / 3 + 1 / 2) / 2),
    )
    predictions = Results(tmp_path / "results").predictions(row.id)
    assert predictions.predictions.tolist() == [0, 0, 0, 1, 0]
    assert predictions.labels.tolist() == [0, 0, 0, 1, 1]
    assert predictions.class_names == ("red", "green")
    assert predictions.confidence.min() >= 0.5


def test_every_few_shot_method_has_the_accuracy_that_counting_gives(
    runs: Runs, rows: Callable[..., list[Row]], tmp_path: Path
) -> None:
    report = runs(garden(tmp_path / "garden"), methods=["few-shot"], shots=[1, 2], seeds=[1, 2])
    assert report.made == len(FEW_SHOT_METHODS) * 4
    assert accuracies(rows()) == pytest.approx(dict.fromkeys(FEW_SHOT_METHODS, ACCURACY))
    assert {(row.shots, row.seed) for row in rows()} == {(1, 1), (1, 2), (2, 1), (2, 2)}
    assert all("alpha" in row.chosen for row in rows() if row.method == "tip-adapter")


def test_a_group_leaves_out_what_has_no_texts(
    runs: Runs, rows: Callable[..., list[Row]], tmp_path: Path
) -> None:
    runs(garden(tmp_path / "garden"), methods=["all"])
    assert {row.method for row in rows()} == {n for n in ZERO_SHOT if not n.endswith("*") and n != "cupl"}


def test_permuted_test_labels_change_no_prediction(runs: Runs, tmp_path: Path, texts: str) -> None:
    settings = {
        "methods": METHODS,
        "texts": [f"dclip={texts}", f"cupl={texts}"],
        "pairs": wrong_pairs(tmp_path),
        "top_k": 2,  # of 3 classes, so that a label can be beyond them
        "max_gap": 2.0,
        "shots": [2],
        "seeds": [1],
    }
    runs(garden(tmp_path / "a"), "right", **settings)
    runs(garden(tmp_path / "b", labels=[2, 1, 0] * 4), "permuted", **settings)
    right, permuted = (read_rows(tmp_path / out) for out in ("right", "permuted"))
    assert [row.method for row in right] == [row.method for row in permuted]
    assert {row.method for row in right} == {*METHODS}
    for one, other in zip(right, permuted, strict=True):
        before, after = (
            Results(tmp_path / out).predictions(row.id) for out, row in (("right", one), ("permuted", other))
        )
        np.testing.assert_array_equal(before.predictions, after.predictions)
        np.testing.assert_array_equal(before.confidence, after.confidence)
        assert one.accuracy != other.accuracy


def test_the_strict_protocol_refuses_a_val_split_with_test_images(runs: Runs, tmp_path: Path) -> None:
    dataset = garden(tmp_path / "garden")
    leaking = replace(dataset, splits={**dataset.splits, "val": dataset.split("test")})
    with pytest.raises(InvalidInputError, match=r"12 of the val split of The garden are in its test split"):
        runs(leaking, methods=["clip"])
    assert not (tmp_path / "results").exists()


def test_the_strict_protocol_refuses_a_split_that_names_a_test_image_though_nothing_is_learned(
    runs: Runs, tmp_path: Path
) -> None:
    dataset = garden(tmp_path / "garden")
    leaking = replace(dataset, splits={**dataset.splits, "train": dataset.split("test").take([3])})
    with pytest.raises(InvalidInputError, match=r"1 of the train split .* too: test/tomato/3.png; mend"):
        runs(leaking, methods=["clip"])


def test_the_strict_protocol_refuses_train_images_that_are_copies_of_test_images(
    runs: Runs, encoder: Encoder, tmp_path: Path
) -> None:
    dataset = garden(tmp_path / "garden")
    train = dataset.split("train")
    for path, copy in zip(dataset.split("test").images, train.images, strict=True):
        shutil.copyfile(str(path), str(copy))
    with pytest.raises(InvalidInputError, match=r"train/tomato/\d.png \(there test/tomato"):
        runs(dataset, methods=["gda"], shots=[1])
    assert not encoder.images
    assert runs(dataset, methods=["clip"]).made == 1  # which learns from no image


def test_a_run_that_is_over_is_not_made_again(runs: Runs, encoder: Encoder, tmp_path: Path) -> None:
    dataset = garden(tmp_path / "garden")
    assert runs(dataset, methods=["clip", "coder"]).made == 2
    encoded = encoder.images
    written = (tmp_path / "results" / "rows.jsonl").read_bytes()
    assert runs(dataset, methods=["clip", "coder"]) == RunReport(0, 2, {"garden": ()})
    assert encoder.images == encoded
    assert (tmp_path / "results" / "rows.jsonl").read_bytes() == written
    assert runs(dataset, methods=["clip", "coder", "equidistant"]).made == 1


def test_a_run_that_is_stopped_goes_on(runs: Runs, tmp_path: Path, texts: str, encoder: Encoder) -> None:
    dataset = garden(tmp_path / "garden")
    spec = BenchSpec.of({"datasets": "garden", "texts": texts, "methods": ["clip", "ensemble", "coder"]})

    def stopped_after_two(outcomes: Iterator[object], count: int, doing: str) -> Iterator[object]:
        for i, outcome in enumerate(outcomes):
            if count == 3 and i == 2:
                raise KeyboardInterrupt
            yield outcome

    with pytest.raises(KeyboardInterrupt):
        run(
            spec,
            tmp_path / "results",
            datasets=[dataset],
            open_encoder=lambda _: encoder,
            watch=stopped_after_two,  # type: ignore[arg-type]
        )
    assert [row.method for row in read_rows(tmp_path / "results")] == ["clip", "ensemble"]
    assert runs(dataset, methods=["clip", "ensemble", "coder"]) == RunReport(1, 2, {"garden": ()})


def test_what_defines_a_cell_makes_another_row(runs: Runs, tmp_path: Path, texts: str) -> None:
    dataset = garden(tmp_path / "garden")
    runs(dataset, methods=["coder"])
    assert runs(dataset, methods=["coder"], evaluate="val").made == 1
    assert runs(dataset, methods=["coder"], protocol="reference").made == 1
    Path(texts).write_text(json.dumps({**BANK, "sky": ["a blue thing above"]}))
    assert runs(dataset, methods=["coder"]).made == 1
    assert runs(garden(tmp_path / "garden", labels=[0] * 12), methods=["coder"]).made == 1
    assert len(read_rows(tmp_path / "results")) == 5


def test_settings_and_draws_make_another_row(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, pairs = garden(tmp_path / "garden"), wrong_pairs(tmp_path)
    settings = {"methods": ["coder*", "gda"], "pairs": pairs, "shots": [1], "seeds": [1]}
    assert runs(dataset, **settings).made == 2
    assert runs(dataset, **settings, max_gap=0.2) == RunReport(1, 1, {"garden": ()})  # gda reranks nothing
    assert runs(dataset, **settings, top_k=2).made == 1
    monkeypatch.setattr(
        "clipcoder.benchmark.preparing.few_shot", lambda of, shots, seed: few_shot(of, shots, seed + 6)
    )
    assert runs(dataset, **settings) == RunReport(1, 1, {"garden": ()})


def test_two_sources_of_the_same_texts_make_one_row(runs: Runs, tmp_path: Path, texts: str) -> None:
    dataset = garden(tmp_path / "garden")
    assert runs(dataset, methods=["coder"], texts=[f"one={texts}", f"two={texts}"]).made == 1
    (row,) = (tmp_path / "results" / "rows.jsonl").read_text().splitlines()
    assert json.loads(row)["texts"]["source"] == "one"


def test_images_and_texts_are_encoded_once(runs: Runs, encoder: Encoder, tmp_path: Path) -> None:
    runs(garden(tmp_path / "garden"), methods=["all"], shots=[1, 2, 4], seeds=[1, 2, 3])
    assert encoder.images == 12 + 12  # all test images, and all train images, which 4 shots are
    said = [text for call in encoder.text_calls for text in call]
    assert len(said) == len(set(said))


def test_images_that_cannot_be_read_are_wrong_and_named(
    runs: Runs, rows: Callable[..., list[Row]], tmp_path: Path
) -> None:
    dataset = garden(tmp_path / "garden")
    for key in ("test/tomato/0.png", "train/sky/1.png"):
        (tmp_path / "garden" / key).write_bytes(key.encode())
    (tmp_path / "garden" / "test/tomato/1.png").unlink()
    report = runs(dataset, methods=["clip", "gda"], shots=[4], seeds=[1])
    clip, gda = rows()
    assert clip.failed == gda.failed == ("test/tomato/0.png", "test/tomato/1.png")
    assert (clip.left_out, gda.left_out) == ((), ("train/sky/1.png",))
    assert clip.accuracy == pytest.approx(5 / 12)
    assert report.failed == {"garden": (*gda.failed, "train/sky/1.png")}
    again = runs(dataset, methods=["clip", "gda"], shots=[4], seeds=[1])
    assert (again.made, again.failed) == (0, report.failed)  # a row that lacks images goes on lacking them
    found = Results(tmp_path / "results").predictions(clip.id)
    assert found.predictions[:3].tolist() == [-1, -1, 0]
    assert found.confidence[:2].tolist() == [0, 0]


def test_nothing_is_learned_where_no_drawn_image_can_be_read(runs: Runs, tmp_path: Path) -> None:
    dataset = garden(tmp_path / "garden")
    for path in dataset.split("train").images:
        Path(str(path)).write_bytes(b"")
    with pytest.raises(InvalidInputError, match="none of the drawn images can be read"):
        runs(dataset, methods=["gda"], shots=[1])


def test_a_set_of_which_nothing_can_be_read_is_all_wrong(
    runs: Runs, rows: Callable[..., list[Row]], tmp_path: Path
) -> None:
    dataset = garden(tmp_path / "garden")
    for path in dataset.split("test").images:
        Path(str(path)).unlink()
    runs(dataset, methods=["clip"])
    (row,) = rows()
    assert (row.accuracy, row.ece, len(row.failed)) == (0, 0, 12)


def test_several_data_sets_and_encoders(tmp_path: Path, texts: str) -> None:
    datasets = [garden(tmp_path / "garden"), garden(tmp_path / "other", name="other")]
    asked = []

    def opened(name: str) -> Encoder:
        asked.append(name)
        encoder = Encoder()
        encoder.fingerprint = lambda: name.encode().hex()  # type: ignore[method-assign]
        return encoder

    spec = BenchSpec.of(
        {"datasets": ["garden", "other"], "texts": texts, "methods": "coder", "models": ["one", "two"]}
    )
    report = run(spec, tmp_path / "results", datasets=datasets, open_encoder=opened)
    assert (report.made, asked) == (4, ["one", "two"])
    assert len({row.encoder.hash for row in read_rows(tmp_path / "results")}) == 2


def test_what_cannot_be_read_is_told_of_each_of_two_sets_of_one_name() -> None:
    once = RunReport(1, 0, {"garden": ("a.png", "b.png")})
    told = once + RunReport(1, 2, {"garden": ("b.png", "c.png"), "park": ()})
    assert told == RunReport(2, 2, {"garden": ("a.png", "b.png", "c.png"), "park": ()})
    assert (once + RunReport(1, 0, {"garden": ()})).failed == once.failed


def test_data_sets_are_loaded_by_name_where_none_are_handed_in(tmp_path: Path, encoder: Encoder) -> None:
    garden(tmp_path / "garden")
    spec = BenchSpec.of({"datasets": str(tmp_path / "garden"), "methods": "clip"})
    run(spec, tmp_path / "results", open_encoder=lambda _: encoder)
    (row,) = read_rows(tmp_path / "results")
    assert (row.dataset.images, row.dataset.evaluated) == (12, "test")


@pytest.mark.parametrize("method", ["coder*", "equidistant*"])
def test_pairs_decide_close_calls(
    runs: Runs, rows: Callable[..., list[Row]], tmp_path: Path, method: str
) -> None:
    pairs = wrong_pairs(tmp_path)
    runs(garden(tmp_path / "garden"), methods=[method], pairs=pairs, max_gap=2.0, top_k=2)
    (row,) = rows()
    assert row.options == {"top_k": 2, "max_gap": 2.0}
    assert row.accuracy < ACCURACY


class TestReference:
    """The published protocol, which sees labels."""

    def test_every_row_is_marked(self, runs: Runs, rows: Callable[..., list[Row]], tmp_path: Path) -> None:
        runs(garden(tmp_path / "garden"), methods=["all"], shots=[2], seeds=[1], protocol="reference")
        assert {row.method for row in rows()} == {*REFERENCE_METHODS} - {"coder*"}
        assert {row.protocol for row in rows()} == {"reference"}

    def test_strict_rows_are_others(self, runs: Runs, tmp_path: Path) -> None:
        dataset = garden(tmp_path / "garden")
        runs(dataset, methods=["clip"])
        assert runs(dataset, methods=["clip"], protocol="reference") == RunReport(1, 0, {"garden": ()})

    def test_a_rerank_depends_on_the_labels(
        self, runs: Runs, rows: Callable[..., list[Row]], tmp_path: Path
    ) -> None:
        pairs = wrong_pairs(tmp_path)
        settings = {"methods": ["coder*"], "pairs": pairs, "protocol": "reference", "top_k": 2}
        gated = dict(settings, max_gap=2.0)
        runs(garden(tmp_path / "garden", labels=[2] * 12), **gated)
        (row,) = rows()
        found = Results(tmp_path / "results").predictions(row.id).predictions.tolist()
        assert found[:4] == [0] * 4  # a label that is not among the best two reranks nothing
        assert row.chosen == {"max_gap": 2.0}

    def test_settings_stated_for_a_data_set_are_taken(
        self, runs: Runs, rows: Callable[..., list[Row]], tmp_path: Path
    ) -> None:
        dataset = garden(tmp_path / "garden", name="caltech101")
        runs(dataset, methods=["tip-adapter"], shots=[2], seeds=[1], protocol="reference")
        (row,) = rows()
        assert row.chosen == {"alpha": 100, "beta": 24.76}  # no other setting is better

    def test_the_evaluated_images_are_searched_on_where_there_is_no_val_split(
        self, runs: Runs, rows: Callable[..., list[Row]], tmp_path: Path
    ) -> None:
        dataset = garden(tmp_path / "garden")
        without = replace(dataset, splits={s: dataset.split(s) for s in ("train", "test")})
        runs(without, methods=["coder-adapter"], shots=[2], seeds=[1], protocol="reference")
        (row,) = rows()
        assert set(row.chosen) == {"alpha", "beta"}
        assert row.accuracy == pytest.approx(ACCURACY)


class TestRefusals:
    """Whatever is wrong is said before an image is encoded, and nothing is written."""

    @pytest.fixture(autouse=True)
    def nothing_is_encoded_or_written(self, encoder: Encoder, tmp_path: Path) -> Iterator[None]:
        yield
        assert not encoder.images
        assert not (tmp_path / "results" / "rows.jsonl").exists()

    def test_no_split_to_evaluate(self, runs: Runs, tmp_path: Path) -> None:
        with pytest.raises(UnknownNameError, match="split of Traffic lights 'val'"):
            runs(traffic(tmp_path / "traffic"), methods=["clip"], texts=["wordnet"], evaluate="val")

    def test_no_image_to_evaluate(self, runs: Runs, tmp_path: Path) -> None:
        empty = Dataset("garden", "Empty", GARDEN, {"test": Split([], [], ())})
        with pytest.raises(InvalidInputError, match="the test split of Empty has no image"):
            runs(empty, methods=["clip"])

    def test_one_class(self, runs: Runs, tmp_path: Path) -> None:
        save(tmp_path / "a.png", "red", 1)
        single = Dataset("one", "One", ("red",), {"test": Split([tmp_path / "a.png"], [0], ("a.png",))})
        with pytest.raises(InvalidInputError, match="at least 2 classes to choose from, but One has 1"):
            runs(single, methods=["clip"])

    def test_no_train_split(self, runs: Runs, tmp_path: Path) -> None:
        with pytest.raises(InvalidInputError, match="Traffic lights has only test"):
            runs(traffic(tmp_path / "traffic"), methods=["gda"], shots=[1], texts=["wordnet"])

    def test_texts_about_other_classes(self, runs: Runs, tmp_path: Path) -> None:
        with pytest.raises(InvalidInputError, match="at least half of the 2 classes"):
            runs(traffic(tmp_path / "traffic"), methods=["coder"])

    def test_no_source_with_pairs(self, runs: Runs, tmp_path: Path) -> None:
        splits = garden(tmp_path / "garden").splits
        unheard = Dataset("unheard", "Unheard things", ("qzx", "xqz", "zxq"), splits)  # not by WordNet
        with pytest.raises(
            InvalidInputError, match=r"no source has the texts that 'coder\*' takes on Unheard"
        ):
            runs(unheard, methods=["clip", "coder*"], texts=["wordnet"])

    def test_no_texts_of_its_authors(self, runs: Runs, tmp_path: Path) -> None:
        from clipcoder import TextBank

        bank = tmp_path / "names.json"
        TextBank.from_names(GARDEN).save(bank)
        with pytest.raises(InvalidInputError, match="'cupl' scores by the texts that its authors published"):
            runs(garden(tmp_path / "garden"), methods=["cupl"], texts=[str(bank)])


def test_another_run_in_the_folder_is_refused(runs: Runs, tmp_path: Path) -> None:
    dataset = garden(tmp_path / "garden")
    with Results(tmp_path / "results").writing(), pytest.raises(InvalidInputError, match="another run"):
        runs(dataset, methods=["clip"])
    assert runs(dataset, methods=["clip"]).made == 1


def test_an_encoder_without_a_fingerprint_is_known_by_its_features() -> None:
    class Other(ColourEncoder):
        def encode_texts(self, texts: Sequence[str]):  # type: ignore[no-untyped-def]
            return super().encode_texts(["red"] * len(texts))

    assert encoder_hash(ColourEncoder()) == encoder_hash(ColourEncoder()) != encoder_hash(Other())
    assert encoder_hash(Encoder()) == "c0104c0104"
    assert len(COLOURS) == 7
