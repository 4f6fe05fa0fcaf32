"""Fill in what open_clip knows about the published models, in the package's catalogue.

    python tools/build_models.py src/clipcoder/assets/models.toml

Names, repositories, families, languages, licences, revisions, scales and biases are written by hand, in the
file itself. For the models that open_clip can build without a network, embedding dimension, image size,
context length and the number of parameters are computed: the architecture is built on torch's meta device,
which holds no weights. Models with a text tower from transformers keep what stands there: their parameters
are sums, to about ten thousand, of towers that open_clip's docs/model_profile.csv counts and, for M-CLIP, of
those that transformers builds. The same input makes the same bytes. Needs torch and open_clip_torch.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

COLUMNS = (
    "name", "repository", "family", "languages", "licence", "revision",
    "dim", "image_size", "context_length", "parameters", "logit_scale", "logit_bias",
)  # fmt: skip
CONTEXT_LENGTH = 77  # CLIP's, where a configuration is silent


def derived(architecture: str) -> dict[str, int]:
    """Return what follows from an architecture; nothing, where open_clip cannot build it here."""
    import open_clip
    import torch

    config = open_clip.get_model_config(architecture)
    if config is None or "hf_model_name" in config["text_cfg"]:
        return {}
    with torch.device("meta"):
        model = open_clip.create_model(architecture, load_weights=False, device="meta")
    return {
        "dim": config["embed_dim"],
        "image_size": config["vision_cfg"]["image_size"],
        "context_length": config["text_cfg"].get("context_length", CONTEXT_LENGTH),
        "parameters": sum(weights.numel() for weights in model.parameters()),
    }


def as_toml(facts: Mapping[str, Any]) -> str:
    """Return one table of the file."""
    lines = [f"{column} = {_value(facts[column])}" for column in COLUMNS if column in facts]
    return "\n".join(["[[models]]", *lines, ""])


def _value(value: str | int | float) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return f"{value:_}" if isinstance(value, int) and value > 9999 else str(value)


def main() -> None:
    """Read the file, and write it again."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path)
    file = parser.parse_args().file
    text = file.read_text(encoding="utf-8")
    head = text[: text.index("[[models]]")]
    models = [facts | derived(facts["name"].partition("/")[0]) for facts in tomllib.loads(text)["models"]]
    file.write_text(head + "\n".join(map(as_toml, models)), encoding="utf-8")


if __name__ == "__main__":
    main()
