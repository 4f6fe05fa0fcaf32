"""One ViT-B/32 for everybody: random weights for transformers, carried over to open_clip name by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel

ARCHITECTURE = "ViT-B-32"
SEED = 1
Tensors = Mapping[str, torch.Tensor]

_TOWERS = {"text_model": "", "vision_model": "visual."}
_TOP = {
    "logit_scale": "logit_scale",
    "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
    "text_model.embeddings.position_embedding.weight": "positional_embedding",
    "text_model.final_layer_norm.weight": "ln_final.weight",
    "text_model.final_layer_norm.bias": "ln_final.bias",
    "vision_model.embeddings.class_embedding": "visual.class_embedding",
    "vision_model.embeddings.patch_embedding.weight": "visual.conv1.weight",
    "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
    "vision_model.pre_layrnorm.weight": "visual.ln_pre.weight",
    "vision_model.pre_layrnorm.bias": "visual.ln_pre.bias",
    "vision_model.post_layernorm.weight": "visual.ln_post.weight",
    "vision_model.post_layernorm.bias": "visual.ln_post.bias",
}
_TRANSPOSED = {"text_projection.weight": "text_projection", "visual_projection.weight": "visual.proj"}
_BLOCK = {
    "self_attn.out_proj": "attn.out_proj",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}


def transformers_model() -> CLIPModel:
    """Return a CLIP of the size of ViT-B/32 with random weights, the same each time."""
    torch.manual_seed(SEED)
    ends = {"bos_token_id": 49406, "eos_token_id": 49407}
    config = CLIPConfig(
        text_config={"hidden_act": "gelu", **ends}, vision_config={"hidden_act": "gelu"}, projection_dim=512
    )
    return CLIPModel(config).eval()


def write_open_clip_weights(model: CLIPModel, file: Path) -> None:
    """Write the weights of a transformers CLIP as open_clip names and lays them out."""
    tensors = dict(_carried_over(model.state_dict()))
    save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, file)


def _carried_over(state: Tensors) -> Iterator[tuple[str, torch.Tensor]]:
    yield from ((new, state[old]) for old, new in _TOP.items())
    yield from ((new, state[old].T) for old, new in _TRANSPOSED.items())
    for tower, prefix in _TOWERS.items():
        layers = {name.split(".")[3] for name in state if name.startswith(f"{tower}.encoder.layers.")}
        for layer in layers:
            old, new = f"{tower}.encoder.layers.{layer}", f"{prefix}transformer.resblocks.{layer}"
            for kind in ("weight", "bias"):
                parts = [state[f"{old}.self_attn.{part}_proj.{kind}"] for part in "qkv"]
                yield f"{new}.attn.in_proj_{kind}", torch.cat(parts)
                yield from ((f"{new}.{b}.{kind}", state[f"{old}.{a}.{kind}"]) for a, b in _BLOCK.items())
