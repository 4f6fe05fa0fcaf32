"""What the published functions are asked to do, and what is kept of it.

Each step imports from the checkout what it needs, after ``stand_ins.install``; what the published code looks
for in files lies in the working directory.
"""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from parity.published.answer_sheet import AnswerSheet, noted
from parity.published.stand_ins import TableModel, loader

ZERO_SHOT = ["name", "att", "ana", "syno"]
FEW_SHOT = ["name", "att", "ana"]
PRECISIONS = {"double": torch.float64, "single": torch.float32, "half": torch.float16}
UNLISTED = "stanford_cars"
"""A data set of the published few-shot experiments that has no threshold."""

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Job:
    """One case.

    Attributes:
        dataset: its name in the published code, which decides wordings and threshold.
        model: what stands in for CLIP, with the features of all texts in double precision.
        arrays: ``images`` (n, d) and ``labels`` (n,); with few shots also ``support`` and ``val`` with
            ``support_labels`` and ``val_labels``. Features are float64 unit rows.
        few_shot: alpha and beta as set by hand, and the sentence around a class name, ``template``.
    """

    dataset: str
    model: TableModel
    arrays: Arrays
    few_shot: dict[str, Any]

    def tensor(self, name: str, dtype: torch.dtype | None = None) -> torch.Tensor:
        """Return one of the arrays."""
        return torch.from_numpy(self.arrays[name]).to(dtype)

    def sheet(self) -> torch.Tensor:
        """Return the labels of the images that are classified, which note the predictions."""
        return self.tensor("labels").as_subclass(AnswerSheet)


def sentences(job: Job) -> dict[str, Any]:
    """Return what the published code encodes, in its order: the sentences as they come and as meant.

    Returns:
        For ``zero-shot`` and ``few-shot`` one record a call of ``get_templates``: its ``kind``, the sentences
        ``published``, and those ``meant``, with a synonym in its place and with spaces for underscores. For
        ``prototypes`` the sentences of few-shot CLIP, one a class.
    """
    clip, module, utils = map(import_module, ("CLIP.clip", "CODER.CODER", "utils"))
    found: dict[str, Any] = {}
    for task, kinds in (("zero-shot", [*ZERO_SHOT, "ovo"]), ("few-shot", FEW_SHOT)):
        found[task] = []
        with _patched(module, "get_templates", _recording(module.get_templates, found[task])):
            coder = module.CODER(job.dataset, kinds, job.model, task_type=task)
    encoded: list[str] = []

    def tokenize(texts: list[str], **_: object) -> torch.Tensor:
        encoded.extend(texts)
        return job.model.tokenize(texts)

    with _patched(clip, "tokenize", tokenize):
        utils.clip_classifier(coder.class_name_lists, [job.few_shot["template"]], job.model)
    return {**found, "prototypes": encoded}


def zero_shot(job: Job, precision: str) -> Arrays:
    """Classify with the published ``classify``, without and with the rerank.

    Returns:
        ``scores`` of shape (n, C); ``coder`` and ``coder*``, the predictions of shape (n,); and
        ``accuracies``, those that the published function returns for both.
    """
    script, module = import_module("classify_zero_shot"), import_module("CODER.CODER")
    dtype = PRECISIONS[precision]
    model = job.model.in_precision(dtype)
    coder = module.CODER(job.dataset, [*ZERO_SHOT, "ovo"], model)
    batches = loader(job.tensor("images", dtype), job.sheet())
    scores: list[torch.Tensor] = []
    with _patched(script, "heuristic_classifier", _keeping(script.heuristic_classifier, scores)):
        plain = script.classify(job.dataset, batches, model, coder, False)
    reranked = script.classify(job.dataset, batches, model, coder, True)
    predictions = noted(len(job.arrays["labels"]))
    return {
        "scores": torch.cat(scores).numpy(),
        "coder": predictions[0],
        "coder*": predictions[1],
        "accuracies": np.array([plain, reranked]),
    }


def few_shot(job: Job, *, search: bool) -> Arrays:
    """Classify with the published few-shot script and with Tip-Adapter.

    Args:
        job: a case with a support set.
        search: whether the script may search for alpha and beta, which takes 75,000 evaluations; otherwise
            it gets those set by hand back.

    Returns:
        Predictions of shape (n,): ``clip``; ``coder-adapter`` with alpha and beta as set by hand and
        ``searched`` with those found; ``tip-adapter`` as the checkout computes it and, without its stretch of
        affinities, ``tip-adapter, cosines``. ``points``, of shape (p, 3), has alpha, beta and accuracy, in
        percent, of all evaluations on ``val``; ``found`` has the alpha and beta of the end; ``accuracies``,
        in percent, are those that the script counts with alpha and beta set by hand and found.
    """
    script, module = import_module("classify_few_shot"), import_module("CODER.CODER")
    alpha, beta = job.few_shot["alpha"], job.few_shot["beta"]
    single = torch.float32
    model = job.model.in_precision(single)
    coder = module.CODER(job.dataset, FEW_SHOT, model, task_type="few-shot")
    weights = script.clip_classifier(coder.class_name_lists, [job.few_shot["template"]], model)
    train, val = (
        loader(job.tensor(name, single), job.tensor(f"{name}_labels")) for name in ("support", "val")
    )
    test = loader(job.tensor("images", single), job.sheet())
    points: list[tuple[float, float, float]] = []
    choose = script.search_hp if search else lambda *_: (beta, alpha)
    with tempfile.TemporaryDirectory() as folder:
        cfg = {
            **{"dataset": job.dataset, "init_alpha": alpha, "init_beta": beta, "T": 1, "shots": 0},
            **{"augment_epoch": 1, "load_cache": False, "load_pre_feat": False, "cache_dir": folder},
        }
        with (
            _patched(script, "search_hp", choose),
            _patched(script, "test_model", _noting_points(script.test_model, points)),
        ):
            script.few_shot_classify(train, val, test, model, coder, weights, cfg)
        clip, by_hand, searched = noted(len(job.arrays["labels"]))
        tip = _tip_adapter(job, cfg, model, train, weights)
    first, last = points[0], points[-1]
    return {
        "clip": clip,
        "coder-adapter": by_hand,
        "searched": searched,
        **tip,
        "points": np.array(points[1:-1]).reshape(-1, 3),
        "found": np.array(last[:2]),
        "accuracies": np.array([first[2], last[2]]),
    }


def _tip_adapter(
    job: Job, cfg: dict[str, Any], model: TableModel, train: Any, weights: torch.Tensor
) -> Arrays:
    """Return the predictions of the checkout's Tip-Adapter, with and without its stretch of affinities."""
    utils = import_module("utils")
    images, count = job.tensor("images", torch.float32), len(job.arrays["labels"])
    keys, values = utils.build_cache_model(cfg, model, train)
    logits = 100 * images @ weights
    alpha, beta = job.few_shot["alpha"], job.few_shot["beta"]
    utils.test_model(cfg, alpha, beta, images, job.sheet(), keys, values, logits)
    with _patched(utils, "minmax_normalization", lambda affinity: affinity):
        utils.test_model(cfg, alpha, beta, images, job.sheet(), keys, values, logits)
    stretched, plain = noted(count)
    return {"tip-adapter": stretched, "tip-adapter, cosines": plain}


def stops(job: Job) -> dict[str, str | None]:
    """Return the errors with which the published code stops, by what makes it: None where it goes on.

    Returns:
        ``no threshold``: a data set that its table does not list. ``lone image``: a last batch of one image
        that the rerank is to change; the first such image of the case, if there is one.
    """
    script, module = import_module("classify_zero_shot"), import_module("CODER.CODER")
    model = job.model.in_precision(torch.float64)
    coder = module.CODER(job.dataset, [*ZERO_SHOT, "ovo"], model)
    lone = (
        _error(script.classify, job.dataset, [batch], model, coder, True)
        for batch in zip(job.tensor("images").split(1), job.tensor("labels").split(1), strict=True)
    )
    return {"no threshold": _error(script.get_thres, UNLISTED), "lone image": next(filter(None, lone), None)}


def _error(function: Any, *args: Any) -> str | None:
    try:
        function(*args)
    except Exception as error:
        return type(error).__name__
    return None


def _recording(function: Any, records: list[dict[str, Any]]) -> Any:
    """Return ``get_templates`` with a note of each call."""
    signature = inspect.signature(function)

    def recorded(*args: Any, **kwargs: Any) -> list[str]:
        given = signature.bind(*args, **kwargs).arguments
        published: list[str] = function(*args, **kwargs)
        meant = function(**_as_meant(given))
        records.append({"kind": given["text_type"], "published": published, "meant": meant})
        return published

    return recorded


def _as_meant(given: dict[str, Any]) -> dict[str, Any]:
    """Return arguments with which the sentences say what they should."""
    names = ("class_name", "other_class_name")
    meant = {key: value.replace("_", " ") if key in names else value for key, value in given.items()}
    return {**meant, "syno": meant["class_name"]} if given["text_type"] == "syno" else meant


def _keeping(function: Any, results: list[Any]) -> Any:
    """Return a function that keeps what it returns."""

    def kept(*args: Any) -> Any:
        results.append(function(*args))
        return results[-1]

    return kept


def _noting_points(test_model: Any, points: list[tuple[float, float, float]]) -> Any:
    """Return ``test_model`` with a note of alpha, beta and accuracy of each call."""

    def pointed(cfg: Any, alpha: float, beta: float, *rest: Any) -> float:
        accuracy: float = test_model(cfg, alpha, beta, *rest)
        points.append((alpha, beta, accuracy))
        return accuracy

    return pointed


@contextmanager
def _patched(module: Any, name: str, value: Any) -> Iterator[None]:
    original = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, original)
