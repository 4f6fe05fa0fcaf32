"""Images and texts a second, beside open_clip and transformers, on the same weights: ``make bench-encoders``.

One ViT-B/32 with random weights serves all: transformers' zero-shot-image-classification pipeline and
open_clip in float32 as their documentation calls them, and clipcoder on the folder that its export makes, in
the precision that it chooses by itself, in bfloat16 and in float32. Everybody starts from the same JPEG files
or texts. Contestants take turns, so that what slows the machine slows all; a ratio is that of one round.
Exits with 1 if features disagree or a target is missed.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
import open_clip
import torch
import transformers
from PIL import Image
from rich.console import Console

from clipcoder import TextBank
from clipcoder.encoders.base import Precision
from clipcoder.encoders.export.folder import export_folder
from clipcoder.encoders.onnx.encoder import OnnxEncoder
from clipcoder.errors import ClipcoderError
from measure import interleaved
from rows import Row, compared, table
from same_weights import ARCHITECTURE, transformers_model, write_open_clip_weights

ROOT = Path(__file__).resolve().parents[1]
BATCH = 16
LABELS = ["a cat", "a dog"]  # the pipeline encodes them again for every photo
LEAST_COSINE = 0.999
LEAST_EXACT = 0.9999  # in float32
PLAIN: tuple[Precision, ...] = ("bfloat16", "float32")
TARGETS = {"pipeline": 3.5, "images": 3.5, "texts": 3.0, "decoding": 0.10}
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Contestants:
    """The same model several times over; of clipcoder's, the one that it chose by itself comes first."""

    pipeline: Any
    open_clip: OpenClipByHand
    own: list[OnnxEncoder]


class OpenClipByHand:
    """What open_clip's README does, in batches."""

    def __init__(self, weights: Path) -> None:
        self.model, self.transform = open_clip.create_model_from_pretrained(ARCHITECTURE, str(weights))
        self.model.eval()
        self.tokenizer = open_clip.get_tokenizer(ARCHITECTURE)

    @torch.inference_mode()
    def images(self, paths: Sequence[Path]) -> FloatArray:
        rows = []
        for start in range(0, len(paths), BATCH):
            photos = [self.transform(Image.open(path)) for path in paths[start : start + BATCH]]
            rows.append(self.model.encode_image(torch.stack(photos), normalize=True))
        return torch.cat(rows).numpy()

    @torch.inference_mode()
    def texts(self, texts: Sequence[str]) -> FloatArray:
        rows = []
        for start in range(0, len(texts), 4 * BATCH):
            rows.append(
                self.model.encode_text(self.tokenizer(texts[start : start + 4 * BATCH]), normalize=True)
            )
        return torch.cat(rows).numpy()


@click.command(help=__doc__)
@click.option("--data", default=ROOT.parent / "shared/data", type=Path, help="Photos to encode, if there.")
@click.option("--photos", default=128, show_default=True, type=click.IntRange(min=2 * BATCH))
@click.option("--texts", default=512, show_default=True, type=click.IntRange(min=8))
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def main(data: Path, photos: int, texts: int, rounds: int, as_json: bool) -> None:
    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stderr)
    logging.getLogger("clipcoder").setLevel(logging.INFO)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CLIPCODER_CACHE"] = str(Path(folder) / "cache")  # so that auto measures
        everybody = contestants(Path(folder))
        paths = jpegs(data, photos, Path(folder))
        rows = [*images(everybody, paths, rounds), *sentences(everybody, some_texts(texts), rounds)]
    if as_json:
        click.echo(json.dumps({"machine": machine(), "rows": [asdict(r) for r in rows]}, indent=2))
    else:
        Console(width=None if sys.stdout.isatty() else 150).print(table(title(rounds), rows))
    raise SystemExit(1 if any(row.met is False for row in rows) else 0)


def contestants(folder: Path) -> Contestants:
    model = transformers_model()
    weights = folder / "weights.safetensors"
    write_open_clip_weights(model, weights)
    export_folder(f"open_clip:{ARCHITECTURE}/{weights}", folder / "onnx")
    pipeline = transformers.pipeline(
        "zero-shot-image-classification",
        model=model,
        image_processor=transformers.CLIPImageProcessor(),
        tokenizer=transformers.PreTrainedTokenizerFast(
            tokenizer_file=str(folder / "onnx/textual/tokenizer.json"), pad_token="<|endoftext|>"
        ),
    )
    return Contestants(pipeline, OpenClipByHand(weights), list(in_precisions(folder / "onnx")))


def in_precisions(folder: Path) -> Iterator[OnnxEncoder]:
    """Yield what clipcoder chooses, then what real weights may need: they can be too much for int8."""
    fastest = OnnxEncoder(folder, precision="auto")
    yield fastest
    for precision in PLAIN:
        if precision == fastest.precision:
            continue
        try:
            yield OnnxEncoder(folder, precision=precision)
        except ClipcoderError as error:
            logging.getLogger("clipcoder").info("%s", error)


def images(everybody: Contestants, paths: list[Path], rounds: int) -> Iterator[Row]:
    """JPEG files to features; what decoding costs is what ready pixels save."""
    reference = everybody.open_clip.images(paths)
    notes = [closeness("images", e, e.encode_images(paths), reference) for e in everybody.own]
    ready = [everybody.own[0].prepare_image(path) for path in paths]
    runs = [
        partial(everybody.pipeline, [str(path) for path in paths], candidate_labels=LABELS),
        partial(everybody.open_clip.images, paths),
        partial(encode_ready, everybody.own[0], ready),
        *(partial(encoder.encode_images, paths) for encoder in everybody.own),
    ]
    pipeline, by_hand, pixels, *own = interleaved(*runs, rounds=rounds)
    what = f"{len(paths)} JPEG files to features"
    yield compared(
        f"{what}, {everybody.own[0].precision}, beside transformers' pipeline",
        pipeline,
        own[0],
        at_least=TARGETS["pipeline"],
    )
    yield from beside_open_clip(what, "images", everybody.own, by_hand, own, notes, len(paths))
    share = [1 - p / f for p, f in zip(pixels, own[0], strict=True)]
    cost = float(np.median(share))
    yield Row(
        "share of the time that decoding and resizing cost",
        None,
        None,
        "",
        target=f"<= {TARGETS['decoding']:.0%}",
        met=cost <= TARGETS["decoding"],
        note=f"{cost:.1%} ({min(share):.1%}..{max(share):.1%}): files against pixels that are ready",
    )


def sentences(everybody: Contestants, texts: list[str], rounds: int) -> Iterator[Row]:
    reference = everybody.open_clip.texts(texts)
    notes = [closeness("texts", e, e.encode_texts(texts), reference) for e in everybody.own]
    encoders = (everybody.open_clip.texts, *(encoder.encode_texts for encoder in everybody.own))
    by_hand, *own = interleaved(*(partial(encode, texts) for encode in encoders), rounds=rounds)
    yield from beside_open_clip(
        f"{len(texts):,} texts", "texts", everybody.own, by_hand, own, notes, len(texts)
    )


def beside_open_clip(
    what: str,
    unit: str,
    encoders: list[OnnxEncoder],
    by_hand: list[float],
    own: list[list[float]],
    notes: list[str],
    count: int,
) -> Iterator[Row]:
    """Compare each precision with open_clip; the target is for what was chosen."""
    for encoder, seconds, note in zip(encoders, own, notes, strict=True):
        rates = f"{count / np.median(by_hand):.0f} and {count / np.median(seconds):.0f} {unit}/s"
        yield compared(
            f"{what}, {encoder.precision}, beside open_clip",
            by_hand,
            seconds,
            at_least=TARGETS[unit] if encoder is encoders[0] else None,
            note=f"{rates}; {note}",
        )


def encode_ready(encoder: OnnxEncoder, ready: list[FloatArray]) -> None:
    """Encode pixels that are ready, in the batches in which files are."""
    for start in range(0, len(ready), encoder.batch_size):
        encoder.encode_prepared(ready[start : start + encoder.batch_size])


def closeness(what: str, encoder: OnnxEncoder, own: FloatArray, reference: FloatArray) -> str:
    """Refuse to time features that are not those of open_clip; tell how near they are.

    Random weights put everything into a narrow cone, so cosines around the common mean are told as well.
    """
    least = LEAST_EXACT if encoder.precision == "float32" else LEAST_COSINE
    cosine = float((own * reference).sum(axis=1).min())
    if cosine < least:
        raise SystemExit(
            f"{what} in {encoder.precision}: the cosine to open_clip's falls to {cosine:.5f}, below {least}"
        )
    mean = reference.mean(axis=0)
    own, reference = own - mean, reference - mean
    lengths = np.linalg.norm(own, axis=1) * np.linalg.norm(reference, axis=1)
    centred = float(((own * reference).sum(axis=1) / lengths).min())
    return f"least cosine {cosine:.5f}, around the mean {centred:.4f}"


def jpegs(data: Path, count: int, folder: Path) -> list[Path]:
    """Return photos of Caltech-101, about 300 by 200 pixels, or noise of that size where there are none."""
    found = sorted((data / "caltech-101").rglob("*.jpg"))
    if len(found) >= count:
        return found[:: len(found) // count][:count]
    rng = np.random.default_rng(3)
    paths = [folder / f"{i}.jpg" for i in range(count)]
    for path in paths:
        small = Image.fromarray(rng.integers(0, 256, (25, 38, 3), dtype=np.uint8))
        small.resize((300, 200), Image.Resampling.BICUBIC).save(path)
    return paths


def some_texts(count: int) -> list[str]:
    """Return WordNet's neighbour texts of everyday names: what an encoder is asked for in classify."""
    names = (ROOT / "demo/classes.txt").read_text().split("\n")
    texts = [t.text for t in TextBank.from_wordnet([n for n in names if n.strip()]).texts]
    return [texts[i % len(texts)] for i in range(count)]


def machine() -> dict[str, object]:
    versions = {m.__name__: m.__version__ for m in (torch, open_clip, transformers, np)}
    return {"cores": os.cpu_count(), "python": platform.python_version(), **versions}


def title(rounds: int) -> str:
    facts = ", ".join(f"{key} {value}" for key, value in machine().items())
    return (
        f"ViT-B/32, random weights, from files to features (medians of {rounds} interleaved rounds; {facts})"
    )


if __name__ == "__main__":
    main()
