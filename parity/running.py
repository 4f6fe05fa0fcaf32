"""The way to the published code and back: a folder, a process with torch, and what it leaves there."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from clipcoder.arrays import FloatArray, unit_rows
from clipcoder.errors import InvalidInputError
from clipcoder.files import system_reason
from parity.cases import Case
from parity.wordings import Wordings

TEMPLATE: Final = "a photo of a {}."
"""The sentence around a class name of few-shot CLIP on Caltech-101."""

NEEDED: Final = ("classify_zero_shot.py", "classify_few_shot.py", "utils.py", "CODER/CODER.py")
Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Published:
    """The published code and an interpreter that has torch.

    Attributes:
        checkout: the folder of the published code.
        python: the interpreter.

    Raises:
        InvalidInputError: no such folder, or it lacks a file.
    """

    checkout: Path
    python: str

    def __post_init__(self) -> None:
        missing = [name for name in NEEDED if not (self.checkout / name).is_file()]
        if missing:
            raise InvalidInputError(
                f"'{self.checkout}' must be a checkout of github.com/YCaigogogo/CVPR24-CODER, but it has no "
                f"{missing[0]}; give the path of one"
            )

    def wordings(self, case: Case) -> Wordings:
        """Return the sentences that the published code makes of a case."""
        with tempfile.TemporaryDirectory(prefix="parity-") as folder:
            [records] = self._run(Path(folder), case, [], ["sentences"])
        return Wordings.of(case.knowledge, records)

    def answers(
        self, case: Case, sentences: Sequence[str], features: FloatArray, steps: Sequence[str]
    ) -> list[Any]:
        """Return what the published code makes of a case.

        Args:
            case: the case.
            sentences: all sentences that it encodes, each once.
            features: their features, unit rows of shape (t, d).
            steps: what to run, see ``published.__main__``.

        Returns:
            What each step leaves: a mapping of arrays, or of other things.
        """
        few = case.few
        labelled = {"": case.images, "support": few.support, "val": few.val}
        arrays = {"texts": exact(features)}
        for name, (images, labels) in labelled.items():
            arrays[name or "images"] = exact(images)
            arrays[f"{name}_labels".lstrip("_")] = labels.astype(np.int64)
        with tempfile.TemporaryDirectory(prefix="parity-") as folder:
            np.savez(Path(folder) / "arrays.npz", **arrays)  # type: ignore[arg-type]
            return self._run(Path(folder), case, sentences, steps)

    def _run(self, folder: Path, case: Case, sentences: Sequence[str], steps: Sequence[str]) -> list[Any]:
        few = {"alpha": case.few.alpha, "beta": case.few.beta, "template": TEMPLATE}
        job = {"dataset": case.dataset, "few_shot": few, "sentences": list(sentences)}
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        case.knowledge.write(folder, case.dataset)
        command = [self.python, "-m", "parity.published", str(self.checkout.resolve()), str(folder), *steps]
        # One thread: the arrays of a point of the search are too small for more, and sums keep their order.
        own = {"PYTHONPATH": str(Path(__file__).resolve().parents[1]), "OMP_NUM_THREADS": "1"}
        try:
            ended = subprocess.run(command, env=os.environ | own, capture_output=True, text=True, check=False)
        except OSError as error:
            raise InvalidInputError(
                f"'{self.python}' must be an interpreter with torch, but it cannot be run: "
                f"{system_reason(error)}; give another one as --python"
            ) from error
        if ended.returncode:
            said = (ended.stderr.strip() or "nothing said").splitlines()[-1]
            raise InvalidInputError(
                f"the published code stops in {' '.join(steps)} of '{case.title}': {said}; it needs an "
                f"interpreter with torch ({self.python}) and the checkout as it was published"
            )
        return [_read(folder, step) for step in steps]


def exact(features: FloatArray) -> npt.NDArray[np.float64]:
    """Return unit rows in double precision, so that no side has to put their lengths right."""
    rows = unit_rows(features).astype(np.float64)
    found: npt.NDArray[np.float64] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return found


def _read(folder: Path, step: str) -> Any:
    arrays = folder / f"{step}.npz"
    if arrays.exists():
        with np.load(arrays, allow_pickle=False) as found:
            return dict(found)
    return json.loads((folder / f"{step}.json").read_text(encoding="utf-8"))
