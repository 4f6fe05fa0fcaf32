"""Run steps of the published code: ``python -m parity.published CHECKOUT FOLDER STEP...``.

FOLDER has ``job.json`` and, but for the step ``sentences``, ``arrays.npz``, beside the files in which the
published code looks for class names and knowledge. What comes out is written there: ``STEP.json`` or
``STEP.npz``. What the published code prints is dropped.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import torch

from parity.published import steps
from parity.published.stand_ins import TableModel, install

STEPS: dict[str, Any] = {
    "sentences": steps.sentences,
    **{f"zero-shot-{name}": lambda job, name=name: steps.zero_shot(job, name) for name in steps.PRECISIONS},
    "few-shot": lambda job: steps.few_shot(job, search=False),
    "few-shot-searched": lambda job: steps.few_shot(job, search=True),
    "stops": steps.stops,
}


def main(checkout: str, folder: str, *names: str) -> None:
    os.chdir(folder)
    with Path("job.json").open(encoding="utf-8") as file:
        described = json.load(file)
    arrays = dict(np.load("arrays.npz", allow_pickle=False)) if Path("arrays.npz").exists() else {}
    table = torch.from_numpy(arrays.pop("texts", np.ones((1, 2))))
    job = steps.Job(
        described["dataset"], TableModel(described["sentences"], table), arrays, described["few_shot"]
    )
    install(Path(checkout), job.model)
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        for name in names:
            _write(name, STEPS[name](job))


def _write(name: str, result: dict[str, Any]) -> None:
    if all(isinstance(value, np.ndarray) for value in result.values()):
        np.savez(f"{name}.npz", **result)
    else:
        Path(f"{name}.json").write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
