"""Which neighbour texts help: Caltech-101, the starter encoder, each mix beside its control of random words.

    python bench/texts.py [--photos test] [--data ../shared/data]

A mix is names and some of: synonyms, attributes and analogues of the knowledge pack and of WordNet; DCLIP's
descriptors (Menon and Vondrick, ICLR 2023; of ImageNet's classes, which have 27 of the 100); CuPL's sentences
(Pratt et al., ICCV 2023). Its control has random words in place of what the texts say (after WaffleCLIP, Roth
et al., ICCV 2023), three seeds. Names, the pack's and WordNet's texts are worded as the catalogue has it for
Caltech-101. The published recipes are the mean over the unit features of a class's texts: CuPL's sentences,
DCLIP's ``{name}, which has {descriptor}``, and WaffleCLIP's 15 pairs of random words and of random letters.

The last table is the rerank of close calls by one-to-one texts (CODER*): how many photos are close calls, how
many of these lack texts for a pair of their best classes, and what the rerank gains.

What was chosen with the help of labels (the default mix, the rule ``equidistant``, the gap of a close call)
was chosen by ``--photos train,val`` or by other photos; the table of the test photos is made afterwards.
Intervals are 95 %, by 1,000 resamples of the photos; gains are paired.
"""

from __future__ import annotations

import argparse
import random
import string
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from caltech import DATA, SEEDS, Caltech, FloatArray, IntArray, Right, cupl_bank, gain, interval
from clipcoder import CachedEncoder, PairBank, TextBank, ZeroShotClassifier, load_encoder
from clipcoder.arrays import unit_rows
from clipcoder.bank import random_words
from clipcoder.bank.control import ENGLISH
from clipcoder.encoded import Method
from clipcoder.encoders import Encoder
from clipcoder.generators.catalog import load_prompts
from clipcoder.generators.names import readable
from clipcoder.importers import import_texts
from clipcoder.kinds import TextKind
from clipcoder.rerank import Reranking
from clipcoder.zero_shot import equidistant_scores, heuristic_scores

PROMPTS = "caltech101"
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

    def reranked(self, bank: TextBank, pairs: PairBank, method: Method) -> tuple[Right, Right, Reranking]:
        """Return what is right without and with a rerank of close calls, and what the rerank did."""
        judged = ZeroShotClassifier(self._encoder, bank, method=method, pairs=pairs)._judge(self._images)
        assert judged.reranking is not None
        before, after = judged.scores.argmax(axis=1) == self._labels, judged.chosen == self._labels
        return before.astype(float), after.astype(float), judged.reranking


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
    names: TextBank, pack: TextBank, wordnet: TextBank, dclip: TextBank, cupl: TextBank
) -> Iterator[tuple[str, TextBank]]:
    kinds: dict[str, list[TextKind]] = {
        "+ synonyms": ["name", "synonym"],
        "+ attributes": ["name", "attribute"],
        "+ analogues": ["name", "analogue"],
        "+ attributes, analogues": ["name", "attribute", "analogue"],
    }
    yield "names", names
    for whose, bank in (("pack", pack), ("WordNet", wordnet)):
        yield from ((f"{whose}: {what}", bank.keep(kept)) for what, kept in kinds.items())
        yield f"{whose}: all", bank
    yield "DCLIP", names.merge(dclip)
    yield "CuPL", names.merge(cupl)
    yield "pack, WordNet", pack.merge(wordnet)
    yield "pack, CuPL", pack.merge(cupl)
    yield "WordNet, CuPL", wordnet.merge(cupl)
    yield "pack, WordNet, DCLIP, CuPL", pack.merge(wordnet).merge(dclip).merge(cupl)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", default="test", help="parts of the split, with commas between them")
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    encoder = CachedEncoder(load_encoder("starter"))
    caltech = Caltech(options.data, encoder)
    bench = Bench(encoder, *caltech.part(*options.photos.split(",")))
    wording = load_prompts(PROMPTS).templates
    names = TextBank.from_names(caltech.names, wording.name)
    pack = TextBank.for_classes(caltech.names, encoder, prompts=PROMPTS)
    wordnet = TextBank.from_wordnet(caltech.names, encoder, templates=wording)
    dclip, cupl = dclip_bank(options.data, caltech.names), cupl_bank(options.data, caltech.names)
    best = print_recipes(bench, names, dclip, cupl)
    print_mixes(bench, dict(mixes(names, pack, wordnet, dclip, cupl)), best)
    print_reranks(bench, pack, PairBank.for_classes(caltech.names, encoder, prompts=PROMPTS))


def print_recipes(bench: Bench, names: TextBank, dclip: TextBank, cupl: TextBank) -> Right:
    """Print the published recipes; return what the best of them has right."""
    described = dclip.keep("attribute")
    bare = [text for text in dclip.texts if text.class_name not in {t.class_name for t in described.texts}]
    recipes = {
        "CLIP, names": bench.right(names, mean_scores),
        "WaffleCLIP": np.mean(
            [bench.right(waffle_bank(list(names.class_names), seed), mean_scores) for seed in SEEDS], axis=0
        ),
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


def print_reranks(bench: Bench, bank: TextBank, pairs: PairBank) -> None:
    """Print what the one-to-one texts of the pack are worth under both rules."""
    print("\n| rule | close calls % | of these without all pairs % | top-1 % | reranked | gain |")
    print("|---|---|---|---|---|---|")
    methods: tuple[Method, ...] = ("coder", "equidistant")
    for method in methods:
        before, after, told = bench.reranked(bank, pairs, method)
        lacking = told.missing[told.close].any(axis=1).mean()
        cells = [method, *(f"{100 * share:.0f}" for share in (told.close.mean(), lacking))]
        cells += [f"{100 * right.mean():.1f}" for right in (before, after)]
        print("| " + " | ".join([*cells, gain(after, before)]) + " |")


if __name__ == "__main__":
    main()
