"""The steps from shared data to the starter's files.

What takes minutes is kept, so that a run that was cut off goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from rich.progress import track
from tokenizers import Tokenizer

from clipcoder.encoders.starter.text_space import unit
from clipcoder.encoders.starter.word_table import WordTable
from clipcoder.generators.wordnet.data import Synset, WordNet, load_wordnet
from training import corpus, groups
from training.alignment import Anchors, Classifier, fit
from training.artifact import write
from training.image_tower import N_FEATURES, Graph, image_tower
from training.measures import Queries, held_out_logit_scale
from training.photos import CaptionedPhoto, ClassPhoto, captioned_photos, class_photos, image_features
from training.settings import Settings
from training.teacher import Teacher
from training.text_tower import distilled, pruned_tokenizer
from training.towers import image_weights, text_folder

FloatArray = npt.NDArray[np.float32]

_CHUNK: Final = 4096  # texts that the teacher reads between two savings


@dataclass
class Workshop:
    """Everything that a training run makes, each made once.

    Args:
        data: the folder of shared data.
        work: where finished steps are kept.
        settings: see ``Settings``.
        limit: learn from only so many classes, photos and nouns (a trial run); None for all.
    """

    data: Path
    work: Path
    settings: Settings = field(default_factory=Settings)
    limit: int | None = None

    def make(self, out: Path) -> None:
        """Train, and write the starter's files into ``out``."""
        anchors = self.anchors()
        image, text = fit(anchors, self.settings)
        scale = held_out_logit_scale(anchors, self.queries(), self.settings)
        write(out, self.tower()[:2], image, text, self.words, scale)

    def tower(self) -> tuple[Graph, str, Classifier]:
        """Return a fresh image graph that ends in features, and the classifier for the classes in use."""
        graph, features, classifier = image_tower(image_weights())
        n = len(self.class_photos)
        return graph, features, Classifier(classifier.weights[:n], classifier.bias[:n])

    def anchors(self) -> Anchors:
        """Return what both towers know."""
        paths = [photo.path for photo in (*self.class_photos, *self.captioned_photos)]
        features = self._features(paths)
        n = len(self.class_photos)
        texts = [self._anchor(texts) for texts in self._class_texts]
        group_texts = [self._anchor(corpus.anchor_texts(synset)) for synset in self._groups.synsets]
        captions = [self._mean(photo.captions) for photo in self.captioned_photos]
        return Anchors(
            np.stack(texts),
            features[:n],
            self.tower()[2],
            np.array(group_texts, dtype=np.float32).reshape(-1, self.settings.text_dim),
            self._groups.members,
            unit(np.stack(captions)),
            features[n:],
        )

    def queries(self) -> Queries:
        """Return what validation looks up."""
        prompts = [texts[0] for texts in self._class_texts]
        captions = [caption for photo in self.captioned_photos for caption in photo.captions]
        counts = [len(photo.captions) for photo in self.captioned_photos]
        chosen = groups.categories(self._groups.members)
        categories = [self._groups.synsets[group] for group in chosen]
        return Queries(
            names=self.words([names[0] for names in prompts]),
            other_names=self.words([names[min(1, len(names) - 1)] for names in prompts]),
            definitions=self.words([texts[1][0] for texts in self._class_texts]),
            captions=self.words(captions),
            caption_photo=np.repeat(np.arange(len(counts)), counts),
            categories=self.words([corpus.PROMPT.format(synset.lemmas[0]) for synset in categories]),
            members=self._groups.members[chosen],
        )

    @cached_property
    def class_photos(self) -> list[ClassPhoto]:
        return class_photos(self.data)[: self.limit]

    @cached_property
    def captioned_photos(self) -> list[CaptionedPhoto]:
        return captioned_photos(self.data)[: self.limit]

    @cached_property
    def words(self) -> WordTable:
        """The text tower."""
        names = corpus.names(self._wordnet)[: self.limit]
        captions = [caption for photo in self.captioned_photos for caption in photo.captions]
        used = corpus.sentences(self._wordnet, self.data, captions, whole_words(self._teacher.tokenizer_file))
        defined = [definition for name in names for definition, _ in name.definitions]
        of_classes = [text for texts in self._class_texts for alike in texts for text in alike]
        listed = [*(name.prompt for name in names), *used[: self.limit], *of_classes, *captions]
        texts = list(dict.fromkeys([*listed, *defined] if self.limit else listed))
        tokenizer = pruned_tokenizer(self._teacher.tokenizer_file, texts)
        return distilled(tokenizer, names, texts, self._embeddings(texts), self.settings)

    @cached_property
    def _wordnet(self) -> WordNet:
        return load_wordnet()

    @cached_property
    def _teacher(self) -> Teacher:
        return Teacher(text_folder())

    @cached_property
    def _classes(self) -> list[Synset]:
        found = [self._wordnet.by_wnid(photo.wnid) for photo in self.class_photos]
        return [synset for synset in found if synset is not None]

    @cached_property
    def _class_texts(self) -> list[tuple[list[str], ...]]:
        return [corpus.anchor_texts(synset) for synset in self._classes]

    @cached_property
    def _groups(self) -> groups.Groups:
        return groups.groups(self._wordnet, self._classes, self.settings.largest_group)

    def _anchor(self, texts: Sequence[Sequence[str]]) -> FloatArray:
        """Return one vector for groups of texts that count alike."""
        return unit(np.stack([self._mean(alike) for alike in texts]).mean(axis=0))

    def _features(self, paths: Sequence[Path]) -> FloatArray:
        graph, features, _ = self.tower()
        model = graph.model(features, N_FEATURES)
        tower = hashlib.sha256(model.SerializeToString(deterministic=True)).hexdigest()
        key = "\n".join([tower, *map(str, paths)])
        return self._kept("features", key, lambda: image_features(model, paths))

    def _mean(self, texts: Sequence[str]) -> FloatArray:
        mean: FloatArray = self.words(texts).mean(axis=0)
        return mean

    def _embeddings(self, texts: Sequence[str]) -> FloatArray:
        chunks = [texts[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK)]
        read = (
            self._kept("teacher", "\n".join(chunk), lambda chunk=chunk: self._teacher(chunk))
            for chunk in track(chunks, "the teacher reads")
        )
        return np.concatenate(list(read))

    def _kept(self, step: str, key: str, make: Callable[[], FloatArray]) -> FloatArray:
        """Return an array from the folder of finished steps, or make and keep it there."""
        path = self.work / f"{step}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npy"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part.npy")
            np.save(part, make(), allow_pickle=False)
            part.replace(path)
        kept: FloatArray = np.load(path, allow_pickle=False)
        return kept


def whole_words(tokenizer_file: Path) -> Iterator[str]:
    """Yield the words that are a single piece, so that the table also knows words that no text here uses."""
    vocabulary = Tokenizer.from_file(str(tokenizer_file)).get_vocab()
    return (
        piece
        for piece in sorted(vocabulary, key=vocabulary.__getitem__)
        if piece.isascii() and piece.isalpha() and len(piece) > 1
    )
