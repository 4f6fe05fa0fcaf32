"""The kinds of neighbour texts that a bank holds (paper, section 3.3)."""

from __future__ import annotations

from typing import Final, Literal, get_args

TextKind = Literal["name", "synonym", "attribute", "analogue"]
"""A text about one class. Names and synonyms compete (max); attributes and analogues add up (sum)."""

TEXT_KINDS: Final[tuple[TextKind, ...]] = get_args(TextKind)

NAMING_KINDS: Final[tuple[TextKind, ...]] = ("name", "synonym")
"""The texts N_c of the heuristic score: alternatives, of which the nearest counts."""

DESCRIBING_KINDS: Final[tuple[TextKind, ...]] = ("attribute", "analogue")
"""The texts A_c of the heuristic score: independent evidence, which adds up."""

GeneratedKind = Literal["attribute", "analogue", "synonym"]
"""A text that a source of knowledge is asked for; names are known."""

GENERATED_KINDS: Final[tuple[GeneratedKind, ...]] = get_args(GeneratedKind)
