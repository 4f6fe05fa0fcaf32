"""A folder in the layout of the published ONNX exports: what is in it, what it says, and its digest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

from clipcoder.encoders.base import PRECISIONS, Precision
from clipcoder.encoders.json_file import JsonFile, is_count, is_number, is_positive
from clipcoder.encoders.onnx.tokens import CLIP_LENGTH
from clipcoder.errors import InvalidInputError

Tower = Literal["visual", "textual"]
TOWERS: Final[tuple[Tower, ...]] = ("visual", "textual")

FILES: Final = (
    "config.json",
    "visual/preprocess_cfg.json",
    "visual/model.onnx",
    "textual/tokenizer.json",
    "textual/model.onnx",
)
"""What a folder must hold."""

_FORMAT: Final = 1  # of fingerprints: to be raised when the same files come to make other features


@dataclass(frozen=True)
class OnnxFolder:
    """A folder whose files are all there and whose settings make sense.

    Attributes:
        path: the folder.
        config: its ``config.json``, open_clip's model configuration and a few keys more.
        text_config: the ``text_cfg`` of it.
        dim: length of an embedding, ``embed_dim``.
        context_length: tokens of a text; 77 where the configuration is silent.
        has_dynamic_length: whether the features of a text do not depend on how far it is padded, and the text
            graph takes any length. ``"dynamic_length"`` in ``text_cfg`` says so; it is never guessed.
        logit_scale: the factor of cosines, ``"logit_scale"``; None where the configuration is silent.
        logit_bias: what is added to them before a sigmoid, ``"logit_bias"``; None where it is silent.
        precision: in which the files are written, ``"precision"``; float32 where it is silent.
    """

    path: Path
    config: JsonFile
    text_config: JsonFile
    dim: int
    context_length: int
    has_dynamic_length: bool
    logit_scale: float | None
    logit_bias: float | None
    precision: Precision

    @classmethod
    def read(cls, path: Path) -> OnnxFolder:
        """Read a folder's settings.

        Raises:
            InvalidInputError: a file is absent, or a setting makes no sense.
        """
        _check_files(path)
        config = JsonFile.read(path / "config.json")
        text = config.section("text_cfg")
        count, number = "a positive whole number", "a positive number"
        scale = config.value("logit_scale", is_positive, number, default=None)
        bias = config.value("logit_bias", is_number, "a number", default=None)
        return cls(
            path=path,
            config=config,
            text_config=text,
            dim=config.value("embed_dim", is_count, count),
            context_length=text.value("context_length", is_count, count, default=CLIP_LENGTH),
            has_dynamic_length=text.value(
                "dynamic_length", lambda v: isinstance(v, bool), "true or false", default=False
            ),
            logit_scale=None if scale is None else float(scale),
            logit_bias=None if bias is None else float(bias),
            precision=config.value(
                "precision", lambda v: v in PRECISIONS, f"one of {', '.join(PRECISIONS)}", default="float32"
            ),
        )

    def graph(self, tower: Tower) -> Path:
        """Return the file of a tower's graph."""
        return self.path / tower / "model.onnx"

    def digest(self, tower: Tower) -> str:
        """Return a hexadecimal digest of all files of a tower.

        Weights that lie beside the graph, under whatever names, are among them.
        """
        return self._digests[tower]

    def fingerprint(self, precision: Precision, *, recipe: int = 0) -> str:
        """Return a hexadecimal digest of all that features depend on, wherever the folder lies.

        Args:
            precision: what is computed in.
            recipe: the number of the recipe where graphs are made of the files, 0 where they are the files.
        """
        facts = [_FORMAT, self.dim, self.text_config.values, self._digests, precision, recipe]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    @cached_property
    def _digests(self) -> dict[Tower, str]:
        return {tower: _folder_digest(self.path / tower) for tower in TOWERS}


def _check_files(folder: Path) -> None:
    if not folder.is_dir():
        raise InvalidInputError(f"there is no folder '{folder}' to load an ONNX encoder from")
    missing = [file for file in FILES if not (folder / file).is_file()]
    if missing:
        raise InvalidInputError(
            f"'{folder}' lacks {' and '.join(missing)}; an ONNX encoder needs {', '.join(FILES)}"
        )


def _folder_digest(folder: Path) -> str:
    files = sorted(file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    digest = hashlib.sha256()
    for name in files:
        if name.name.startswith("."):  # what file managers leave behind
            continue
        with (folder / name).open("rb") as file:
            digest.update(f"{name.as_posix()}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()
