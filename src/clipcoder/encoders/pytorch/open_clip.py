"""Any model of open_clip: published weights by name, a file of weights, or a folder that open_clip wrote."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from clipcoder.encoders.base import Precision
from clipcoder.encoders.pytorch.device import need
from clipcoder.encoders.pytorch.encoder import TorchEncoder, TorchTowers
from clipcoder.encoders.pytorch.open_clip_models import OpenClipModel, find_model, tokenizer_of
from clipcoder.encoders.pytorch.text_tower import text_tower

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor


class OpenClipEncoder(TorchEncoder):
    """A model of open_clip on torch, with open_clip's own transform and tokenizer; threads may share it.

    Weights are read as tensors and nothing else: safetensors, checkpoints of ``torch.save`` that hold no
    code, and OpenAI's ``.pt`` archives, which open_clip itself would execute.

    Args:
        spec: one of

            - ``"NAME/PRETRAINED"``, published weights, such as ``"ViT-B-32/laion2b_s34b_b79k"``;
            - ``"NAME/PATH"``, an architecture of open_clip and a file of weights for it, such as
              ``"ViT-B-32//models/ViT-B-32.pt"``;
            - ``"hf-hub:ORG/REPOSITORY"``, or a folder, with ``open_clip_config.json`` and weights in it.
        name: what it is called; by default ``open_clip:`` and the spec.
        device: such as ``"cpu"`` or ``"cuda"``; by default a CUDA device if there is one, else the processor.
        precision: ``"float32"``, ``"bfloat16"``, on a CUDA device ``"float16"``, or ``"auto"``.
        batch_size: images at a time; by default 16 on the processor and 64 elsewhere.

    Raises:
        UnknownNameError: open_clip knows no such architecture, or no such weights for it.
        ModelUnavailableError: the weights cannot be fetched.
        InvalidInputError: a file is absent or broken, holds code, or belongs to another architecture.
        MissingExtraError: open_clip is not installed.
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
        need("open_clip", "a model of open_clip", "open-clip")
        load = partial(_towers, find_model(spec))
        name = name or f"open_clip:{spec}"
        super().__init__(load, name=name, device=device, precision=precision, batch_size=batch_size)


def _towers(model: OpenClipModel) -> TorchTowers:
    module = model.load()
    texts = text_tower(module)
    tokenizer = model.tokenizer()
    return TorchTowers(
        model=module,
        prepare=_transform(module),
        tokenize=tokenizer,
        lengths=texts.lengths if texts.is_cut else None,
        encode_images=module.encode_image,
        encode_texts=texts,
        dim=model.config["embed_dim"],
        logit_scale=float(module.logit_scale.detach().exp()),
        logit_bias=None if module.logit_bias is None else float(module.logit_bias.detach()),
        settings={
            "library": "open_clip",
            "model": model.config,
            "preprocess": module.visual.preprocess_cfg,
            "tokenizer": tokenizer_of(tokenizer),
        },
    )


def _transform(module: Any) -> Callable[[Image.Image], Tensor]:
    """Return open_clip's own preprocessing for inference."""
    from open_clip.transform import PreprocessCfg, image_transform_v2

    transform: Callable[[Image.Image], Tensor] = image_transform_v2(
        PreprocessCfg(**module.visual.preprocess_cfg), is_train=False
    )
    return transform
