"""Models of a few thousand weights, drawn from a seed, and files of their weights."""

from __future__ import annotations

import copy
import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import open_clip
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from safetensors.torch import save_model
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPProcessor,
    PreTrainedTokenizerFast,
    SiglipConfig,
    SiglipImageProcessor,
    SiglipModel,
    SiglipProcessor,
)

FloatArray = npt.NDArray[np.float32]

SENTENCES: Final = [
    f"a {adjective} {noun} {place}"
    for adjective in ("red", "small", "blurry", "shiny", "old", "young", "wooden", "striped")
    for noun in ("dog", "cat", "lighthouse", "violin", "soup", "flower", "castle", "photo of the sky")
    for place in ("on a table", "near water", "at night", "in the snow", "")
]

VIT = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8, "head_width": 32},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 2},
}
RESNET = {
    **VIT,
    "vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 16, "patch_size": None},
}
SIGLIP = {
    "embed_dim": 64,
    "init_logit_bias": -10,
    "custom_text": True,
    "vision_cfg": {
        "image_size": 32,
        "layers": 2,
        "width": 64,
        "patch_size": 8,
        "head_width": 32,
        "no_ln_pre": True,
        "pool_type": "avg",
    },
    "text_cfg": {
        "context_length": 16,
        "vocab_size": 256,
        "width": 64,
        "heads": 2,
        "layers": 2,
        "no_causal_mask": True,
        "proj_bias": True,
        "pool_type": "last",
        "tokenizer_kwargs": {"clean": "canonicalize"},
    },
}


def register(folder: Path, **configs: Any) -> None:
    """Make architectures known to open_clip under their names, from then on."""
    for name, config in configs.items():
        (folder / f"{name}.json").write_text(json.dumps(config), encoding="utf-8")
    open_clip.add_model_config(folder)


def random_model(name: str, *, seed: int = 0, **options: Any) -> Any:
    """Build a model of a known architecture, with weights large enough to tell inputs apart."""
    torch.manual_seed(seed)
    model = open_clip.create_model(name, load_weights=False, pretrained_text=False, **options)
    for key, weights in model.named_parameters():
        if weights.ndim > 1 and "embedding" not in key:
            torch.nn.init.normal_(weights, std=weights[0].numel() ** -0.5)
        elif "embedding" in key:
            torch.nn.init.normal_(weights, std=0.5)
    return model.eval()


def openai_archive(model: Any, path: Path) -> Path:
    """Write a TorchScript archive as OpenAI published them: in float16, and with three sizes as buffers."""
    sizes = {
        "input_resolution": _side(model),
        "context_length": model.context_length,
        "vocab_size": model.vocab_size,
    }
    held = copy.deepcopy(model)
    for name, value in sizes.items():
        vars(held).pop(name, None)
        held.register_buffer(name, torch.tensor(value))
    return archived(traced(held).half(), path)


def archived(script: Any, path: Path) -> Path:
    """Save a script module."""
    with warnings.catch_warnings(action="ignore"):  # that TorchScript is a thing of the past
        torch.jit.save(script, path)
    return path


def traced(model: Any) -> Any:
    """Return a script module with the weights of a model."""
    pixels = torch.zeros(1, 3, _side(model), _side(model))
    inputs = pixels, torch.zeros(1, len(model.positional_embedding), dtype=torch.int)
    with warnings.catch_warnings(action="ignore"):  # as above
        return torch.jit.trace_module(model, {"forward": inputs}, check_trace=False)


def _side(model: Any) -> int:
    """Return the width of a model's input; its two kinds of image tower say it differently."""
    size = model.visual.image_size
    return size if isinstance(size, int) else size[0]


def by_hand(
    model: Any, name: str, images: Sequence[Image.Image], texts: Sequence[str]
) -> tuple[FloatArray, FloatArray]:
    """Encode as open_clip's documentation does, in one batch: unit rows of the images and of the texts."""
    transform = image_transform_v2(PreprocessCfg(**model.visual.preprocess_cfg), is_train=False)
    with torch.inference_mode():
        pixels = torch.stack([transform(image) for image in images])
        image_rows = model.encode_image(pixels, normalize=True).numpy()
        if not texts:
            return image_rows, np.empty((0, image_rows.shape[1]), np.float32)
        ids = open_clip.get_tokenizer(name)(list(texts))
        return image_rows, model.encode_text(ids, normalize=True).numpy()


def unigram_tokenizer(length: int, *, end_is_last: bool = False) -> PreTrainedTokenizerFast:
    """Train a small tokenizer of SigLIP's kind: a unigram model that ends each text and pads with the end."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=255, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    end = "<end>" if end_is_last else "</s>"
    tokenizer.add_special_tokens([end])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {end}", special_tokens=[(end, tokenizer.token_to_id(end))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=length,
        pad_token=end,
        eos_token=end,
        unk_token="<unk>",
        padding_side="right",
    )


def siglip_folder(folder: Path, *, vision: Any = SIGLIP["vision_cfg"]) -> Path:
    """Write a random SigLIP as open_clip writes models for the hub: configuration, weights and tokenizer."""
    folder.mkdir()
    text = {**SIGLIP["text_cfg"], "hf_tokenizer_name": "nobody/nothing"}
    preprocess = {"mean": [0.5] * 3, "std": [0.5] * 3, "resize_mode": "squash"}
    config = {
        "model_cfg": {**SIGLIP, "vision_cfg": vision, "text_cfg": text},
        "preprocess_cfg": {**preprocess, "size": [vision["image_size"]] * 2},
    }
    (folder / "open_clip_config.json").write_text(json.dumps(config), encoding="utf-8")
    register(folder.parent, random_siglip=config["model_cfg"])
    save_model(random_model("random_siglip"), str(folder / "open_clip_model.safetensors"))
    unigram_tokenizer(SIGLIP["text_cfg"]["context_length"]).save_pretrained(folder)
    return folder


def hugging_face_clip(folder: Path, *, eos_token_id: int = 1) -> Path:
    """Write a random CLIP as transformers does; older ones say that the end token is 2, whatever it is."""
    tower = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {**tower, "vocab_size": 256, "max_position_embeddings": 16, "eos_token_id": eos_token_id}
    vision = {**tower, "image_size": 32, "patch_size": 8}
    torch.manual_seed(0)
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=24)
    tokenizer = unigram_tokenizer(16, end_is_last=eos_token_id == 2)
    return _saved(
        CLIPModel(config), CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=32), tokenizer, folder
    )


def hugging_face_siglip(folder: Path) -> Path:
    """Write a random SigLIP as transformers does."""
    tower = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {**tower, "vocab_size": 256, "max_position_embeddings": 16}
    vision = {**tower, "image_size": 32, "patch_size": 8}
    torch.manual_seed(0)
    model = SiglipModel(SiglipConfig(text_config=text, vision_config=vision))
    processor = SiglipImageProcessor(size={"height": 32, "width": 32})
    return _saved(model, processor, unigram_tokenizer(16), folder)


def _saved(model: Any, processor: Any, tokenizer: Any, folder: Path) -> Path:
    for key, weights in model.named_parameters():
        if weights.ndim > 1:
            torch.nn.init.normal_(weights, std=0.5 if "embedding" in key else weights[0].numel() ** -0.5)
    kind = CLIPProcessor if isinstance(model, CLIPModel) else SiglipProcessor
    model.save_pretrained(folder)
    kind(image_processor=processor, tokenizer=tokenizer).save_pretrained(folder)
    return folder
