"""The names of the few-shot methods, which ``methods`` fits; whoever only names one loads nothing heavy."""

from __future__ import annotations

from typing import Final, Literal, get_args

FewShotMethod = Literal["auto", "gda", "linear-probe", "tip-adapter", "coder-adapter", "ape"]
"""The keys of ``methods.METHODS``."""

FEW_SHOT_METHODS: Final[tuple[FewShotMethod, ...]] = get_args(FewShotMethod)
