"""Where a model of open_clip comes from: a published name, a file of weights, a folder, a hub."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clipcoder.encoders.json_file import JsonFile
from clipcoder.encoders.pytorch.hub import fetching
from clipcoder.encoders.pytorch.weights import is_openai, load_weights
from clipcoder.errors import ClipcoderError, InvalidInputError, UnknownNameError

if TYPE_CHECKING:
    from torch import Tensor

_CONFIG: Final = "open_clip_config.json"
_HUB: Final = "hf-hub:"
_FOLDER: Final = "local-dir:"
_WEIGHTS: Final = (
    "open_clip_model.safetensors",
    "model.safetensors",
    "open_clip_pytorch_model.bin",
    "pytorch_model.bin",
)
"""What open_clip calls a folder's weights, those without pickle first."""


@dataclass(frozen=True)
class OpenClipModel:
    """A model of open_clip, found but not loaded.

    Attributes:
        name: the architecture, as ``open_clip.create_model`` takes it.
        tokenizer_name: what ``open_clip.get_tokenizer`` takes.
        config: the architecture written out, with the activation that the weights were trained with.
        preprocess: what differs from open_clip's default preprocessing.
        weights: the file.
    """

    name: str
    tokenizer_name: str
    config: Mapping[str, Any]
    preprocess: Mapping[str, Any]
    weights: Path

    def load(self) -> Any:
        """Build the module and fill it with the weights.

        Raises:
            InvalidInputError: the file of weights is broken, holds code, or is another architecture's.
            ModelUnavailableError: a part that the architecture names cannot be fetched.
        """
        import open_clip

        with fetching(self.name, "its hub"):
            module = open_clip.create_model(
                self.name,
                load_weights=False,
                pretrained_text=False,
                force_quick_gelu=bool(self.config.get("quick_gelu")),
                force_preprocess_cfg=dict(self.preprocess),
            )
        load_weights(module, self.weights, self.name)
        return module

    def tokenizer(self) -> Callable[[list[str]], Tensor]:
        """Return open_clip's tokenizer of the model.

        Raises:
            ModelUnavailableError: its files cannot be fetched.
        """
        import open_clip

        with fetching(self.name, "its hub"):
            tokenizer: Callable[[list[str]], Tensor] = open_clip.get_tokenizer(self.tokenizer_name)
        return tokenizer


def find_model(spec: str) -> OpenClipModel:
    """Return the model of a spec (``OpenClipEncoder`` says what that can be), fetching it if need be.

    Raises:
        UnknownNameError: open_clip knows no such architecture, or no such weights for it.
        ModelUnavailableError: it cannot be fetched.
        InvalidInputError: a file is absent or broken.
    """
    if spec.startswith(_HUB):
        return _from_hub(spec)
    if Path(spec).is_dir():
        return _from_folder(Path(spec))
    import open_clip

    name, _, weights = spec.partition("/")
    if name not in open_clip.list_models():
        raise UnknownNameError("open_clip model", name, open_clip.list_models())
    tags = open_clip.list_pretrained_tags_by_model(name)
    if weights in tags:
        return _published(name, weights)
    if Path(weights).is_file():
        return _from_file(name, Path(weights))
    raise _unknown_weights(name, weights, tags)


def tokenizer_of(tokenizer: Any) -> Mapping[str, Any]:
    """Return what decides on a tokenizer's ids: its kind and length, and a digest of its vocabulary."""
    inner = getattr(tokenizer, "tokenizer", None)
    backend = getattr(inner, "backend_tokenizer", None)
    vocabulary = (
        backend.to_str() if backend else json.dumps(getattr(tokenizer, "encoder", {}), sort_keys=True)
    )
    return {
        "kind": type(tokenizer).__name__,
        "length": tokenizer.context_length,
        "clean": getattr(getattr(tokenizer, "clean_fn", None), "__name__", None),
        "vocabulary": hashlib.sha256(vocabulary.encode()).hexdigest(),
    }


def _unknown_weights(name: str, weights: str, tags: list[str]) -> ClipcoderError:
    if tags and weights and not (Path(weights).suffix or "/" in weights):
        return UnknownNameError(f"weights of open_clip's {name}", weights, tags)
    what = f"there is no file '{weights}' of weights" if weights else "it is not said with which weights"
    example = f"open_clip:{name}/{tags[0] if tags else 'weights.safetensors'}"
    return InvalidInputError(f"cannot load open_clip's {name}: {what}; name them as in {example}")


def _published(name: str, tag: str) -> OpenClipModel:
    from open_clip.pretrained import download_pretrained, get_pretrained_cfg

    published = get_pretrained_cfg(name, tag)
    source = published.get("hf_hub") or published.get("url") or published.get("file", "")
    with fetching(f"{name}/{tag}", source):
        weights = Path(download_pretrained(published))
    config = _config(name, quick_gelu=bool(published.get("quick_gelu")))
    return OpenClipModel(name, name, config, published, weights)


def _from_file(name: str, weights: Path) -> OpenClipModel:
    return OpenClipModel(name, name, _config(name, quick_gelu=is_openai(weights)), _usual(name), weights)


def _from_folder(folder: Path) -> OpenClipModel:
    found = [folder / file for file in _WEIGHTS if (folder / file).is_file()]
    if not found or not (folder / _CONFIG).is_file():
        raise InvalidInputError(
            f"'{folder}' must hold {_CONFIG} and {' or '.join(_WEIGHTS)}, as open_clip writes them"
        )
    return _from_config(folder / _CONFIG, found[0], f"{_FOLDER}{folder}")


def _from_hub(spec: str) -> OpenClipModel:
    from open_clip.pretrained import download_pretrained_from_hf

    repository = spec.removeprefix(_HUB)
    with fetching(spec, repository):
        config = Path(download_pretrained_from_hf(repository, filename=_CONFIG))
        weights = Path(download_pretrained_from_hf(repository))
    return _from_config(config, weights, spec)


def _from_config(path: Path, weights: Path, tokenizer_name: str) -> OpenClipModel:
    settings = JsonFile.read(path)
    preprocess = settings.section("preprocess_cfg").values if "preprocess_cfg" in settings.values else {}
    config = settings.section("model_cfg").values
    return OpenClipModel(f"{_FOLDER}{path.parent}", tokenizer_name, config, preprocess, weights)


def _config(name: str, *, quick_gelu: bool) -> Mapping[str, Any]:
    import open_clip

    config = open_clip.get_model_config(name)
    return {**config, "quick_gelu": bool(config.get("quick_gelu")) or quick_gelu}


def _usual(name: str) -> Mapping[str, Any]:
    """Return the preprocessing of an architecture's published weights, where they are of one mind.

    A file of weights says nothing about it, and open_clip's default would be wrong for SigLIP.
    """
    import open_clip
    from open_clip.pretrained import get_pretrained_cfg
    from open_clip.transform import PreprocessCfg, merge_preprocess_dict

    tags = open_clip.list_pretrained_tags_by_model(name)
    usual = [merge_preprocess_dict(PreprocessCfg(), get_pretrained_cfg(name, tag)) for tag in tags]
    return usual[0] if usual and all(each == usual[0] for each in usual) else {}
