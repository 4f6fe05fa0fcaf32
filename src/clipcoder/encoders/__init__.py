"""Dual encoders: images and texts into one space."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

from clipcoder.encoders.base import PRECISIONS, Encoder, Precision, StagedEncoder
from clipcoder.encoders.hub.catalog import model_facts
from clipcoder.encoders.hub.published import MODEL_NAMES, fetch
from clipcoder.encoders.inputs import check_batch_size
from clipcoder.errors import UnknownNameError

__all__ = ["MODEL_NAMES", "Encoder", "StagedEncoder", "load_encoder"]

STARTER: Final = "starter"


def load_encoder(
    name: str,
    *,
    device: str | None = None,
    precision: Precision | Literal["auto"] = "float32",
    batch_size: int | None = None,
) -> StagedEncoder:
    """Return the encoder of a name.

    Args:
        name: one of

            - ``"starter"``, the small encoder inside the package;
            - a published model such as ``"ViT-B-32/openai"``, one of ``MODEL_NAMES``: fetched when first
              named, pinned, and found again without a network (``NAME@REVISION`` names a revision);
            - ``"hub:OWNER/REPOSITORY"``, any other repository of the same layout;
            - ``"onnx:FOLDER"``, the layout on disk (``OnnxEncoder`` says what it holds);
            - ``"open_clip:NAME/WEIGHTS"``, a model of open_clip: published weights, or a file of them;
            - ``"hf:ORG/NAME"`` or ``"hf:FOLDER"``, CLIP and SigLIP of transformers.
        device: ``"cpu"``, ``"cuda"``, or what else the model's engine knows; by default the engine's choice.
        precision: the arithmetic of the model, or ``"auto"``: the fastest one here that stays near
            float32, measured when it is first asked for and remembered.
        batch_size: images that the model takes at a time; by default a number that suits it.

    Raises:
        UnknownNameError: no encoder has this name; the nearest ones are listed.
        ModelUnavailableError: a published model cannot be fetched.
        MissingExtraError: the model needs a package that is not installed.
        InvalidInputError: a file of the model is absent or broken, or it cannot compute as wished.

    Example:
        >>> load_encoder("starters")
        Traceback (most recent call last):
            ...
        clipcoder.errors.UnknownNameError: unknown model 'starters': did you mean 'starter'?
    """
    _check(precision, batch_size)
    scheme, colon, rest = str(name).partition(":")
    given = {"device": device, "precision": precision, "batch_size": batch_size}
    options = {option: value for option, value in given.items() if value is not None}
    if colon and scheme in _SCHEMES:
        return _SCHEMES[scheme](rest, name=name, **options)
    if name == STARTER:
        return _starter(**options)
    if str(name).partition("@")[0] in MODEL_NAMES:
        return _published(name, **options)
    raise UnknownNameError("model", str(name), [STARTER, *MODEL_NAMES, *(f"{s}:..." for s in _SCHEMES)])


def _check(precision: str, batch_size: int | None) -> None:
    if precision not in (*PRECISIONS, "auto"):
        raise UnknownNameError("precision", str(precision), [*PRECISIONS, "auto"])
    if batch_size is not None:
        check_batch_size(batch_size)


def _starter(**options: Any) -> StagedEncoder:
    from clipcoder.encoders.starter.encoder import StarterEncoder

    return StarterEncoder.load(**options)


def _onnx(folder: Any, **options: Any) -> StagedEncoder:
    from clipcoder.encoders.onnx.encoder import OnnxEncoder

    return OnnxEncoder(folder, **options)


def _published(name: str, **options: Any) -> StagedEncoder:
    facts = model_facts(name.partition("@")[0])
    scale, bias = facts.logit_scale, facts.logit_bias  # which the exports of SigLIP do not tell
    return _onnx(fetch(name), name=name, logit_scale=scale, logit_bias=bias, **options)


def _hub(repository: str, *, name: str, **options: Any) -> StagedEncoder:
    return _onnx(fetch(name), name=name, **options)


def _open_clip(model: str, **options: Any) -> StagedEncoder:
    from clipcoder.encoders.pytorch.open_clip import OpenClipEncoder

    return OpenClipEncoder(model, **options)


def _hugging_face(model: str, **options: Any) -> StagedEncoder:
    from clipcoder.encoders.pytorch.hugging_face import HuggingFaceEncoder

    return HuggingFaceEncoder(model, **options)


_SCHEMES: Final[dict[str, Callable[..., StagedEncoder]]] = {
    "onnx": _onnx,
    "hub": _hub,
    "open_clip": _open_clip,
    "hf": _hugging_face,
}
