"""Classify images with nothing but class names, or a few examples, by CLIP's cross-modal neighbours.

The public names are loaded when they are first used, so that ``import clipcoder`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from clipcoder.bank import PairBank, TextBank
    from clipcoder.cached import CachedEncoder
    from clipcoder.data.loading import load_dataset
    from clipcoder.encoded import EncodedTexts
    from clipcoder.encoders import load_encoder
    from clipcoder.errors import ClipcoderError
    from clipcoder.generators.llm import LanguageModel
    from clipcoder.pipeline import Failure, ZeroShotClassifier
    from clipcoder.pipeline.few_shot import FewShotClassifier
    from clipcoder.pipeline.saved import load_classifier
    from clipcoder.store import FeatureStore

__version__: Final = "0.1.0"

__all__ = [
    "CachedEncoder",
    "ClipcoderError",
    "EncodedTexts",
    "Failure",
    "FeatureStore",
    "FewShotClassifier",
    "LanguageModel",
    "PairBank",
    "TextBank",
    "ZeroShotClassifier",
    "load_classifier",
    "load_dataset",
    "load_encoder",
]

_HOMES: Final = {
    "CachedEncoder": "cached",
    "ClipcoderError": "errors",
    "EncodedTexts": "encoded",
    "Failure": "pipeline",
    "FeatureStore": "store",
    "FewShotClassifier": "pipeline.few_shot",
    "LanguageModel": "generators.llm",
    "PairBank": "bank",
    "TextBank": "bank",
    "ZeroShotClassifier": "pipeline",
    "load_classifier": "pipeline.saved",
    "load_dataset": "data.loading",
    "load_encoder": "encoders",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
