"""Words that no phrase may have, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

# fmt: off
_PRAISE: Final = """
    adorable amazing appealing attractive awesome beautiful beautifully breathtaking captivating charismatic
    charming classy cute delightful desirable distinct distinctive distinctively elegant elegantly
    enchanting excellent exceptional exquisite extraordinary eye-catching fabulous fancy fantastic
    fascinating fine-looking glamorous glorious gorgeous graceful gracefully great handsome iconic
    impressive incredible interesting lovely luxurious magical magnificent majestic marvelous memorable nice
    noble notable outstanding perfect picturesque pleasant pleasing pretty recognizable refined regal
    remarkable scenic signature sophisticated special spectacular splendid striking stunning stylish sublime
    superb tasteful unforgettable unique uniquely unmistakable unusual wonderful
"""
_INVISIBLE: Final = """
    affectionate affordable aggressive agile ancient appetizing aroma aromatic authentic bitter bitterness
    calm-tempered century cheap chirp chirps costly courageous crispness delicious docile durable endangered
    endemic energetic expensive famed famous flavor flavored flavorful flavors flavour fragrance fragrant
    friendly healthy heritage historic historical historically history hypoallergenic inexpensive
    intelligent invasive invented loud loyal medicinal melodic melodious musical-sounding native noisy
    nutritious obedient odor odour original originally playful poisonous popular price pricey prized quiet
    rare rarely reliable renowned salty savory savoury scent scented scrumptious smell smelling smells
    smelly sounding sounds species-rich spicy-tasting stinky sweet-scented sweet-smelling sweetness
    tart-tasting taste tastes tasting tasty tempting timeless toxic tradition traditional traditionally
    trendy typical typically usual usually valuable venomous voice well-known widespread yummy
"""
_ABSENCE: Final = """
    absence absent devoid hardly instead lack lacking lacks missing neither never no none nor not nothing
    scarcely unlike without
"""
_COMPARISON: Final = """
    bigger brighter broader bulkier bushier coarser compared curlier darker deeper denser duller fatter
    fewer finer flatter fluffier fuller heavier higher larger leaner less longer more narrower paler plainer
    plumper pointier redder rounder sharper shinier shorter similar simpler sleeker slenderer slimmer
    smaller smoother softer steeper stockier straighter stronger sturdier taller than thicker thinner
    tighter tinier whiter wider yellower
"""
# fmt: on

UNWANTED: Final[Mapping[str, frozenset[str]]] = {
    "praise": frozenset(_PRAISE.split()),
    "no photo shows it": frozenset(_INVISIBLE.split()),
    "says what is not there": frozenset(_ABSENCE.split()),
    "a comparison": frozenset(_COMPARISON.split()),
}
"""By reason: what says nothing that one sees, whatever is said with it."""

_PURPOSE: Final = re.compile(
    r"\b(?:(?:bred|built|designed|ideal|intended|known|made|meant|suitable|used) (?:as|for|to)|able to|"
    r"capable of)\b"
)
_WORD: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def unwanted(phrase: str) -> Iterator[tuple[str, str]]:
    """Yield why a phrase is of no use, and the word for which it is.

    >>> list(unwanted("longer bill of a beautiful bird")), list(unwanted("hooked yellow bill"))
    ([('praise', 'beautiful'), ('a comparison', 'longer')], [])
    """
    words = [word.casefold() for word in _WORD.findall(phrase)]
    for reason, those in UNWANTED.items():
        yield from ((reason, word) for word in words if word in those)
    if purpose := _PURPOSE.search(phrase.casefold()):
        yield "a purpose, not a look", purpose[0]
