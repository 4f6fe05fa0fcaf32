"""The methods by name: which rule scores, and which texts it takes.

Zero-shot methods score by the texts of a class, with the rules of ``zero_shot``:

    clip, ensemble      the class's name in one sentence, or the mean over the sentences of CLIP's authors
    dclip               the mean cosine of descriptors (Menon and Vondrick, ICLR 2023)
    cupl                the cosine of the mean sentence (Pratt et al., ICCV 2023)
    coder               names compete, descriptions add up, as published (paper, section 3.4)
    equidistant         the same with all classes at one distance from their mean, our default
    coder*, equidistant*        with a one-to-one rerank of close calls
    waffle, waffle-equidistant  the control: ``coder`` and ``equidistant`` with random words in place of those
                        that describe (``bank.control``; Roth et al., ICCV 2023)

Few-shot methods are those of ``FewShotClassifier``, and start from the texts by ``equidistant``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from clipcoder.adapters.names import FEW_SHOT_METHODS

Rule = Literal["equidistant", "coder", "clip"]
"""A ``method`` of ``EncodedTexts``."""

TextsTaken = Literal["prompt", "prompts", "descriptors", "sentences", "all", "random"]
"""One sentence with the name; several; the descriptions of a source alone, each for itself or as one mean;
all that a source has; the same with random words."""


@dataclass(frozen=True)
class ZeroShotMethod:
    """A method that learns from no labelled image.

    Attributes:
        rule: what makes scores of texts.
        takes: which texts.
        source: the only source whose texts it takes; "" for any.
        reranks: whether close calls are decided by one-to-one texts.
    """

    rule: Rule
    takes: TextsTaken = "all"
    source: str = ""
    reranks: bool = False

    @property
    def brings_texts(self) -> bool:
        """Whether it has prompts of its own and takes no source."""
        return self.takes in ("prompt", "prompts")

    def takes_from(self, *names: str) -> bool:
        """Whether it takes the texts of a source that goes by these names.

        >>> ZERO_SHOT["cupl"].takes_from("mine", "cupl"), ZERO_SHOT["clip"].takes_from("cupl")
        (True, False)
        """
        return not self.brings_texts and self.source in ("", *names)

    @property
    def has_seeds(self) -> bool:
        """Whether chance has a part in it."""
        return self.takes == "random"


ZERO_SHOT: Final[Mapping[str, ZeroShotMethod]] = {
    "clip": ZeroShotMethod("clip", "prompt"),
    "ensemble": ZeroShotMethod("clip", "prompts"),
    "dclip": ZeroShotMethod("coder", "descriptors", source="dclip"),
    "cupl": ZeroShotMethod("clip", "sentences", source="cupl"),
    "waffle": ZeroShotMethod("coder", "random"),
    "coder": ZeroShotMethod("coder"),
    "coder*": ZeroShotMethod("coder", reranks=True),
    "waffle-equidistant": ZeroShotMethod("equidistant", "random"),
    "equidistant": ZeroShotMethod("equidistant"),
    "equidistant*": ZeroShotMethod("equidistant", reranks=True),
}

FEW_SHOT_RULE: Final[Rule] = "equidistant"
"""How the texts of a class make the prototype that few-shot methods start from."""

METHODS: Final = (*ZERO_SHOT, *FEW_SHOT_METHODS)

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "zero-shot": tuple(ZERO_SHOT),
    "few-shot": FEW_SHOT_METHODS,
    "all": METHODS,
}

REFERENCE_METHODS: Final = ("clip", "coder", "coder*", "tip-adapter", "coder-adapter")
"""Those that the published protocol was published with."""
