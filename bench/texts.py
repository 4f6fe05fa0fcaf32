"""Which neighbour texts help: Caltech-101, the starter encoder, each mix beside its control of random words.

    python bench/texts.py [--photos test] [--data ../shared/data]

A mix is names and some of: WordNet's synonyms, attributes and analogues; DCLIP's descriptors (Menon and
Vondrick, ICLR 2023; of ImageNet's classes, which have 27 of the 100); CuPL's sentences (Pratt et al., ICCV
2023). Its control has random words in place of what the texts say (after WaffleCLIP, Roth et al., ICCV 2023),
three seeds. The published recipes are the mean over the unit features of a class's texts: CuPL's sentences,
DCLIP's ``{name}, which has {descriptor}``, and WaffleCLIP's 15 pairs of random words and of random letters.

What was chosen with the help of labels, the default mix and the rule ``equidistant``, was chosen by
``--photos train,val``; the table of the test photos is made once, afterwards. Intervals are 95 %, by 1,000
resamples of the photos; gains are paired.
"""

from __future__ import annotations

import argparse
import random
import string
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from caltech import DATA, SEEDS, Caltech, FloatArray, IntArray, Right, cupl_bank, gain, interval
from clipcoder import TextBank, load_encoder
from clipcoder.arrays import unit_rows
from clipcoder.bank import random_words
from clipcoder.bank.control import ENGLISH
from clipcoder.encoders import Encoder
from clipcoder.generators.names import readable
from clipcoder.importers import import_texts
from clipcoder.kinds import TextKind
from clipcoder.zero_shot import equidistant_scores, heuristic_scores

WAFFLES = 15
Score = Callable[..., FloatArray]


class Bench:
    """Photos with their labels, and the encoder that turns texts into features beside them."""

    def __init__(self, encoder: Encoder, images: FloatArray, labels: IntArray) -> None:
        self._encoder, self._images, self._labels = encoder, images, labels

    def right(self, bank: TextBank, score: Score = equidistant_scores) -> Right:
        texts = self._encoder.encode_texts([entry.text for entry in bank.texts])
        scores = score(self._images, texts, bank.text_class, bank.text_kind)
        return (scores.argmax(axis=1) == self._labels).astype(float)

    def control(self, bank: TextBank) -> Right:
        return np.mean([self.right(random_words(bank, seed)) for seed in SEEDS], axis=0)


def mean_scores(images: FloatArray, texts: FloatArray, text_class: IntArray, _: object) -> FloatArray:
    """Score as the published recipes do: by the direction of the mean of a class's texts."""
    sums = np.zeros((text_class.max() + 1, texts.shape[1]), dtype=np.float32)
    np.add.at(sums, text_class, texts)
    scores: FloatArray = images @ unit_rows(sums, "means").T
    return scores


def dclip_bank(data: Path, names: list[str]) -> TextBank:
    """Return DCLIP's descriptors; of classes that the file lacks, the names alone."""
    imported = import_texts(
        data / "texts" / "dclip" / "descriptors_imagenet.json", names, format="dclip", partial=True
    )
    return imported.texts


def waffle_bank(names: list[str], seed: int) -> TextBank:
    """Return WaffleCLIP's texts: the same random words, and letters, behind every name."""
    dice = random.Random(seed)
    tails = []
    for _ in range(WAFFLES):
        tails.append(f"{dice.choice(ENGLISH)} {dice.choice(ENGLISH)}")
        tails.append(" ".join("".join(dice.choices(string.ascii_lowercase, k=5)) for _ in range(2)))
    return TextBank.from_texts(
        {name: [f"a photo of a {readable(name)}, which has {tail}." for tail in tails] for name in names}
    )


def mixes(
    names: TextBank, wordnet: TextBank, dclip: TextBank, cupl: TextBank
) -> Iterator[tuple[str, TextBank]]:
    kinds: dict[str, list[TextKind]] = {
        "WordNet: + synonyms": ["name", "synonym"],
        "WordNet: + attributes": ["name", "attribute"],
        "WordNet: + analogues": ["name", "analogue"],
        "WordNet: + attributes, analogues": ["name", "attribute", "analogue"],
    }
    yield "names", names
    yield from ((what, wordnet.keep(kept)) for what, kept in kinds.items())
    yield "WordNet: all", wordnet
    yield "DCLIP", names.merge(dclip)
    yield "CuPL", names.merge(cupl)
    yield "WordNet, DCLIP", wordnet.merge(dclip)
    yield "WordNet, CuPL", wordnet.merge(cupl)
    yield "WordNet, DCLIP, CuPL", wordnet.merge(dclip).merge(cupl)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", default="test", help="parts of the split, with commas between them")
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    encoder = load_encoder("starter")
    caltech = Caltech(options.data, encoder)
    bench = Bench(encoder, *caltech.part(*options.photos.split(",")))
    wordnet = TextBank.from_wordnet(caltech.names, encoder)
    dclip, cupl = dclip_bank(options.data, caltech.names), cupl_bank(options.data, caltech.names)
    best = print_recipes(bench, caltech.names, dclip, cupl)
    print_mixes(bench, dict(mixes(TextBank.from_names(caltech.names), wordnet, dclip, cupl)), best)


def print_recipes(bench: Bench, names: list[str], dclip: TextBank, cupl: TextBank) -> Right:
    """Print the published recipes; return what the best of them has right."""
    described = dclip.keep("attribute")
    bare = [text for text in dclip.texts if text.class_name not in {t.class_name for t in described.texts}]
    recipes = {
        "CLIP, names": bench.right(TextBank.from_names(names), mean_scores),
        "WaffleCLIP": np.mean([bench.right(waffle_bank(names, seed), mean_scores) for seed in SEEDS], axis=0),
        "DCLIP": bench.right(TextBank(dclip.class_names, (*described.texts, *bare)), mean_scores),
        "CuPL": bench.right(cupl, mean_scores),
    }
    print("| published recipe | top-1 % | 95 % interval |\n|---|---|---|")
    for name, right in recipes.items():
        print(f"| {name} | {100 * right.mean():.1f} | {interval(right)} |")
    return max(recipes.values(), key=lambda right: float(right.mean()))


def print_mixes(bench: Bench, banks: dict[str, TextBank], best: Right) -> None:
    """Print every mix under both rules, beside its control and the best published recipe."""
    print("\n| texts | a class | CODER | equidistant | control | over the control | over the best recipe |")
    print("|---|---|---|---|---|---|---|")
    for name, bank in banks.items():
        right, control = bench.right(bank), bench.control(bank)
        cells = [name, f"{len(bank) / len(bank.class_names):.0f}"]
        cells += [
            f"{100 * values.mean():.1f}" for values in (bench.right(bank, heuristic_scores), right, control)
        ]
        print("| " + " | ".join([*cells, gain(right, control), gain(right, best)]) + " |")


if __name__ == "__main__":
    main()
