"""An encoder behind a cache: the same features, each made once, and never those of something else."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clipcoder.cached import CachedEncoder, identity_of
from clipcoder.encoders.ahead import encode_ahead
from clipcoder.encoders.base import ImageInput, StagedEncoder
from clipcoder.encoders.starter.encoder import StarterEncoder
from clipcoder.errors import InvalidInputError, UnreadableImageError
from clipcoder.store import FeatureStore
from encoders.contract import IMAGES, TEXTS, StagedContract
from staged_encoder import CountingEncoder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "features"


@pytest.fixture
def counting() -> CountingEncoder:
    return CountingEncoder()


@pytest.fixture
def cached(counting: CountingEncoder, folder: Path) -> CachedEncoder:
    return CachedEncoder(counting, FeatureStore(folder))


def photo(folder: Path, colour: tuple[int, int, int] = (9, 99, 199), name: str = "photo.png") -> Path:
    Image.new("RGB", (6, 4), colour).save(folder / name)
    return folder / name


class CachedContract(StagedContract):
    @pytest.fixture
    def again(self, folder: Path, starter: StarterEncoder) -> CachedEncoder:
        return CachedEncoder(starter, FeatureStore(folder))

    @pytest.fixture
    def others(self, folder: Path) -> Mapping[str, CachedEncoder]:
        store = FeatureStore(folder)
        return {what: CachedEncoder(changed(), store) for what, changed in CHANGES.items()}


class TestCold(CachedContract):
    @pytest.fixture
    def encoder(self, folder: Path, starter: StarterEncoder) -> CachedEncoder:
        return CachedEncoder(starter, FeatureStore(folder))


class TestWarm(CachedContract):
    @pytest.fixture
    def encoder(self, folder: Path, starter: StarterEncoder) -> CachedEncoder:
        with FeatureStore(folder) as store:
            before = CachedEncoder(starter, store)
            before.encode_images(IMAGES)
            before.encode_texts(TEXTS)
        return CachedEncoder(starter, FeatureStore(folder))


@pytest.fixture(scope="module")
def starter() -> StarterEncoder:
    return StarterEncoder.load()


def test_it_is_a_staged_encoder_with_the_members_of_the_one_behind(
    cached: CachedEncoder, counting: CountingEncoder
) -> None:
    assert isinstance(cached, StagedEncoder)
    members = ("name", "dim", "logit_scale", "logit_bias", "precision", "batch_size")
    assert [getattr(cached, m) for m in members] == [getattr(counting, m) for m in members]
    assert cached.fingerprint() == counting.fingerprint()


def test_the_fingerprint_is_asked_for_once_and_late(
    cached: CachedEncoder, counting: CountingEncoder, tmp_path: Path
) -> None:
    assert counting.asked == 0
    path = photo(tmp_path)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: cached.encode_images([path]), range(8)))
    cached.encode_texts(["a cat"])
    assert counting.asked == 1


def test_the_default_store_is_in_the_usual_place(
    counting: CountingEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIPCODER_CACHE", str(tmp_path / "cache"))
    encoder = CachedEncoder(counting)
    encoder.encode_texts(["a cat"])
    del encoder
    assert list((tmp_path / "cache" / "features").glob("*/texts/*.parquet"))


def test_a_second_run_over_ten_thousand_images_encodes_none_and_decodes_none(
    folder: Path, tmp_path: Path
) -> None:
    paths = []
    for i in range(10_000):
        path = tmp_path / f"{i}.ppm"
        path.write_bytes(b"P6 1 1 255\n" + bytes([i % 256, i // 256, 7]))
        paths.append(path)
    runs = []
    for _ in range(2):
        encoder = CountingEncoder()
        with FeatureStore(folder) as store:
            rows = CachedEncoder(encoder, store).encode_images(paths)
        runs.append((encoder.prepared, sum(encoder.images), rows))
    assert [run[:2] for run in runs] == [(10_000, 10_000), (0, 0)]
    np.testing.assert_array_equal(runs[0][2], runs[1][2])
    assert len(np.unique(rows, axis=0)) > 9_000


def test_texts_come_from_the_disk_the_second_time(folder: Path) -> None:
    texts = [f"a photo of {n} cats" for n in range(5000)]
    runs = []
    for _ in range(2):
        encoder = CountingEncoder()
        with FeatureStore(folder) as store:
            runs.append((CachedEncoder(encoder, store).encode_texts(texts), encoder.texts))
    np.testing.assert_array_equal(runs[0][0], runs[1][0])
    assert [len(batch) for batch in runs[0][1]] == [4096, 904]
    assert runs[1][1] == []


def test_the_same_bytes_under_another_path_are_a_hit(
    cached: CachedEncoder, counting: CountingEncoder, tmp_path: Path
) -> None:
    first = photo(tmp_path)
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(first.read_bytes())
    rows = [cached.encode_images([image])[0] for image in (first, copy, str(copy), copy.read_bytes())]
    assert counting.images == [1]
    assert all((row == rows[0]).all() for row in rows)


def test_the_same_path_with_other_bytes_is_a_miss(
    cached: CachedEncoder, counting: CountingEncoder, tmp_path: Path
) -> None:
    before = cached.encode_images([photo(tmp_path)])
    status = (tmp_path / "photo.png").stat()
    after = cached.encode_images([photo(tmp_path, (200, 30, 0))])
    os.utime(tmp_path / "photo.png", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert counting.images == [1, 1]
    assert not np.allclose(before, after)


CHANGES: dict[str, Callable[[], CountingEncoder]] = {
    "weights": lambda: CountingEncoder(weights="b"),
    "precision": lambda: CountingEncoder(precision="int8"),
    "preprocessing": lambda: CountingEncoder(size=9),
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_whatever_changes_the_fingerprint_is_a_miss(
    cached: CachedEncoder, changed: Callable[[], CountingEncoder], folder: Path, tmp_path: Path
) -> None:
    path = photo(tmp_path)
    cached.encode_images([path])
    cached.encode_texts(["a cat"])
    cached._store.close()
    other = changed()
    behind = CachedEncoder(other, FeatureStore(folder))
    behind.encode_images([path])
    behind.encode_texts(["a cat"])
    assert other.images == [1]
    assert other.texts == [["a cat"]]


def test_a_text_and_an_image_of_the_same_bytes_are_two_things(
    cached: CachedEncoder, counting: CountingEncoder
) -> None:
    content = b"P3 1 1 255 9 99 199\n"
    (image,), (text,) = cached.encode_images([content]), cached.encode_texts([content.decode()])
    assert not np.allclose(image, text)
    assert counting.texts == [[content.decode()]]


def test_texts_that_differ_by_a_blank_are_two_things(
    cached: CachedEncoder, counting: CountingEncoder
) -> None:
    cached.encode_texts(["a cat"])
    cached.encode_texts(["a cat ", "a cat"])
    assert counting.texts == [["a cat"], ["a cat "]]


def test_what_comes_twice_in_a_batch_is_encoded_once(
    cached: CachedEncoder, counting: CountingEncoder, tmp_path: Path
) -> None:
    one, two = photo(tmp_path), photo(tmp_path, (255, 0, 0), "two.png")
    rows = cached.encode_images([one, two, one, Image.open(two), two, one])
    assert counting.images == [3]
    np.testing.assert_array_equal(rows, rows[[0, 1, 0, 3, 1, 0]])
    np.testing.assert_array_equal(rows[3], rows[1])  # pixels are not known by the bytes of a file
    texts = cached.encode_texts(["b", "a", "b", "b"])
    assert counting.texts == [["b", "a"]]
    np.testing.assert_array_equal(texts, texts[[0, 1, 0, 0]])


def test_what_comes_again_in_a_later_batch_is_not_encoded_again(
    cached: CachedEncoder, counting: CountingEncoder, tmp_path: Path
) -> None:
    path = photo(tmp_path)
    prepared = [cached.prepare_image(path) for _ in range(2)]  # as threads do, ahead of the model
    first, second = (cached.encode_prepared([item]) for item in prepared)
    assert counting.images == [1]
    np.testing.assert_array_equal(first, second)


def test_hits_and_misses_may_be_mixed(
    cached: CachedEncoder, counting: CountingEncoder, tmp_path: Path
) -> None:
    paths = [photo(tmp_path, (20 * i, 5, 90), f"{i}.png") for i in range(10)]
    cached.encode_images(paths[::3])
    rows = cached.encode_images(paths)
    assert sum(counting.images) == 10
    np.testing.assert_array_equal(rows, CountingEncoder().encode_images(paths))


def test_pil_images_are_known_by_what_they_show(cached: CachedEncoder, counting: CountingEncoder) -> None:
    picture = Image.new("RGB", (6, 4), (1, 2, 3))
    for image in (picture, picture.copy(), Image.new("RGB", (4, 6), (1, 2, 3))):
        cached.encode_images([image])
    assert counting.images == [1, 1]


BROKEN: dict[str, Callable[[Path], ImageInput]] = {
    "absent": lambda folder: folder / "x.png",
    "no image": lambda folder: folder / "no.png",
    "a text path": lambda folder: str(folder / "no.png"),
    "cut off": lambda folder: folder / "cut.png",
    "a folder": lambda folder: folder,
    "bytes": lambda _: b"no image",
    "a zero in the path": lambda _: "a\0b",
    "PIL, cut off": lambda folder: Image.open(folder / "cut.png"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_an_image_that_cannot_be_read_is_named_as_without_a_cache_and_not_remembered(
    broken: Callable[[Path], ImageInput], cached: CachedEncoder, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "no.png").write_bytes(b"no image")
    Image.effect_noise((64, 64), 90).save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:2000])
    with pytest.raises(UnreadableImageError) as without:
        CountingEncoder().encode_images([broken(tmp_path)])
    for _ in range(2):
        with pytest.raises(UnreadableImageError) as error:
            cached.encode_images([broken(tmp_path)])
        assert str(error.value) == str(without.value)
    cached._store.close()
    assert not folder.exists()


def test_a_bad_image_in_the_middle_costs_only_itself(
    cached: CachedEncoder, counting: CountingEncoder, tmp_path: Path
) -> None:
    paths = [photo(tmp_path, (20 * i, 5, 90), f"{i}.png") for i in range(9)]
    paths[4].write_bytes(b"no image")
    for _ in range(2):
        outcomes = list(encode_ahead(cached, paths))
        assert [isinstance(outcome, UnreadableImageError) for _, outcome in outcomes] == [
            i == 4 for i in range(9)
        ]
    assert sum(counting.images) == 8


def test_what_is_no_image_is_refused(cached: CachedEncoder) -> None:
    with pytest.raises(InvalidInputError, match="a path, the bytes of an image file or a PIL image"):
        cached.encode_images([7])  # type: ignore[list-item]


def test_an_image_that_only_the_encoder_can_read_is_encoded_but_not_kept(
    cached: CachedEncoder, counting: CountingEncoder, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clipcoder.cached.picture_key", lambda _: (_ for _ in ()).throw(ValueError))
    picture = Image.new("RGB", (6, 4), (1, 2, 3))
    rows = [cached.encode_images([picture]) for _ in range(2)]
    np.testing.assert_array_equal(rows[0], CountingEncoder().encode_images([picture]))
    assert counting.images == [1, 1]
    cached._store.close()
    assert not folder.exists()


def test_a_cache_that_cannot_be_written_to_costs_one_warning(
    counting: CountingEncoder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    with FeatureStore(tmp_path / "file" / "features") as store:
        cached = CachedEncoder(counting, store)
        for n in range(3):
            cached.encode_texts([f"{n} cats"])
            store.flush()
        assert cached.encode_images([photo(tmp_path)]).shape == (1, 4)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING


def test_an_encoder_that_makes_too_few_rows_is_found_out(
    cached: CachedEncoder, counting: CountingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "encode_texts", lambda texts: np.ones((len(texts) - 1, 4), np.float32))
    with pytest.raises(InvalidInputError, match="a row for each of 3 keys, got 2"):
        cached.encode_texts(["a", "b", "c"])


def test_the_identity_of_an_encoder_is_all_that_its_features_depend_on(counting: CountingEncoder) -> None:
    identity = identity_of(counting)
    assert (identity.name, identity.dim, identity.precision) == ("counting", 4, "float32")
    assert identity.fingerprint == counting.fingerprint()
