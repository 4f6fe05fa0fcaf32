"""CLIP and SigLIP of transformers, from the hub or a folder; their weights as safetensors only."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from clipcoder.encoders.base import Precision
from clipcoder.encoders.pytorch.device import need
from clipcoder.encoders.pytorch.encoder import TorchEncoder, TorchTowers
from clipcoder.encoders.pytorch.hub import fetching
from clipcoder.errors import ClipcoderError, InvalidInputError

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

_PADDING: Final[Mapping[str, str]] = {"clip": "longest", "siglip": "max_length"}
"""What can be loaded, and how its texts are padded: SigLIP's tower looks at the padding too."""

_ON_THE_HUB: Final = re.compile(r"[\w.-]+(/[\w.-]+)?")
_NO_SETTING: Final = ("_name_or_path", "transformers_version")  # in a configuration
_SAFE: Final = {"trust_remote_code": False}
_OLD_END: Final = 2  # what older configurations call the end token; their towers look for the highest id


class HuggingFaceEncoder(TorchEncoder):
    """A CLIP or SigLIP of transformers on torch, with its own image processor and tokenizer.

    Code that comes with a model is never run, and weights are read from safetensors alone. Threads may share
    the encoder.

    Args:
        spec: ``"ORG/NAME"`` on the hub, or a folder that ``save_pretrained`` wrote: model, processor and
            tokenizer. SigLIP 2 of a fixed resolution counts as SigLIP.
        name: what it is called; by default ``hf:`` and the spec.
        device: such as ``"cpu"`` or ``"cuda"``; by default a CUDA device if there is one, else the processor.
        precision: ``"float32"``, ``"bfloat16"``, on a CUDA device ``"float16"``, or ``"auto"``.
        batch_size: images at a time; by default 16 on the processor and 64 elsewhere.

    Raises:
        ModelUnavailableError: the model cannot be fetched.
        InvalidInputError: another architecture, weights as a pickle only, or a file that is absent or broken.
        MissingExtraError: transformers is not installed.
    """

    def __init__(
        self,
        spec: str,
        *,
        name: str | None = None,
        device: str | None = None,
        precision: Precision | Literal["auto"] = "float32",
        batch_size: int | None = None,
    ) -> None:
        for package in ("torch", "transformers"):
            need(package, "a model of transformers", "hugging-face")
        load, name = partial(_towers, spec), name or f"hf:{spec}"
        super().__init__(load, name=name, device=device, precision=precision, batch_size=batch_size)


def _towers(spec: str) -> TorchTowers:
    from transformers import AutoImageProcessor, AutoTokenizer

    with _had(spec):
        kind = _architecture(spec)
        processor = AutoImageProcessor.from_pretrained(spec, **_SAFE)
        tokenizer = AutoTokenizer.from_pretrained(spec, **_SAFE)
    model = _model(spec)
    config = model.config
    length = config.text_config.max_position_embeddings
    bias = getattr(model, "logit_bias", None)
    return TorchTowers(
        model=model,
        prepare=_preparing(processor),
        tokenize=_tokenizing(tokenizer, length, _PADDING[kind]),
        lengths=_lengths_to_end(config.text_config) if kind == "clip" else None,
        encode_images=lambda pixels: _pooled(model.get_image_features(pixel_values=pixels)),
        encode_texts=lambda ids: _pooled(model.get_text_features(input_ids=ids)),
        dim=config.projection_dim if kind == "clip" else config.text_config.projection_size,
        logit_scale=float(model.logit_scale.detach().exp()),
        logit_bias=None if bias is None else float(bias.detach()),
        settings={
            "library": "transformers",
            "model": {key: value for key, value in config.to_dict().items() if key not in _NO_SETTING},
            "preprocess": processor.to_dict(),
            "tokenizer": _digest(tokenizer),
        },
    )


def _architecture(spec: str) -> str:
    """Return the kind of a model by its configuration, before anything of it is built."""
    from transformers import PretrainedConfig

    if not Path(spec).is_dir() and not _ON_THE_HUB.fullmatch(spec):
        raise InvalidInputError(f"'{spec}' is neither a folder nor a name on the hub, as in hf:ORG/NAME")
    kind: str | None = PretrainedConfig.get_config_dict(spec)[0].get("model_type")
    if kind is None:
        raise InvalidInputError(f"'{spec}' has no config.json that says its model_type; get the file again")
    if kind not in _PADDING:
        raise InvalidInputError(
            f"'{spec}' is of the architecture {kind!r} of transformers, but only {' and '.join(_PADDING)} "
            "can be loaded; choose a model of one of these"
        )
    return kind


def _model(spec: str) -> Any:
    """Return a model of which every weight came from the files; transformers would fill gaps at random."""
    from transformers import AutoModel

    with _had(spec):
        model, found = AutoModel.from_pretrained(
            spec, use_safetensors=True, output_loading_info=True, **_SAFE
        )
    absent = sorted(found["missing_keys"])
    if absent:
        raise InvalidInputError(
            f"the weights of '{spec}' lack {len(absent)} that its config.json asks for, such as {absent[0]}; "
            "one of the two belongs to another model"
        )
    return model


def _preparing(processor: Any) -> Callable[[Image.Image], Tensor]:
    def prepare(image: Image.Image) -> Tensor:
        pixels: Tensor = processor(images=image, return_tensors="pt")["pixel_values"][0]
        return pixels

    return prepare


def _tokenizing(tokenizer: Any, length: int, padding: str) -> Callable[[list[str]], Tensor]:
    def tokenize(texts: list[str]) -> Tensor:
        ids: Tensor = tokenizer(
            texts, padding=padding, truncation=True, max_length=length, return_tensors="pt"
        )["input_ids"]
        return ids

    return tokenize


def _lengths_to_end(config: Any) -> Callable[[Tensor], Tensor]:
    """Return how many ids of a row CLIP's causal tower looks at: those up to the end token."""
    end = config.eos_token_id

    def lengths(ids: Tensor) -> Tensor:
        ends = ids if end == _OLD_END else (ids == end).int()
        return ends.argmax(dim=-1) + 1

    return lengths


def _pooled(output: Any) -> Tensor:
    """Return the features; transformers puts them into an object since its version 5."""
    features: Tensor = getattr(output, "pooler_output", output)
    return features


def _digest(tokenizer: Any) -> str:
    """Return a digest of a tokenizer's vocabulary and settings, wherever its files lie."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    content = backend.to_str() if backend else json.dumps(tokenizer.get_vocab(), sort_keys=True)
    settings = {
        key: value
        for key, value in tokenizer.init_kwargs.items()
        if isinstance(value, (bool, int)) or key.endswith(("_token", "_side"))
    }
    told = json.dumps(settings, sort_keys=True, default=str)
    return hashlib.sha256(f"{type(tokenizer).__name__} {told} {content}".encode()).hexdigest()


@contextmanager
def _had(spec: str) -> Iterator[None]:
    """Say in a sentence of whatever goes wrong in the block what is the matter with the model."""
    with fetching(f"hf:{spec}", spec):
        try:
            with _quiet():
                yield
        except ClipcoderError:
            raise
        except Exception as error:  # transformers raises what its files make it stumble over
            told = " ".join(str(error).split())[:240] or type(error).__name__
            if isinstance(error, OSError) and "safetensors" in told:
                raise InvalidInputError(
                    f"'{spec}' has no weights as safetensors, and pickled ones are not read, for they could "
                    "execute anything; save the model again with save_pretrained"
                ) from error
            if Path(spec).is_dir() or not isinstance(error, OSError):
                raise InvalidInputError(f"'{spec}' is no model that can be loaded: {told}") from error
            raise


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers from drawing progress bars and telling tables of weights."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
