"""Save over a classifier and be killed before every step on the disk, one after the other.

A program of its own: it forks, which is safe as long as no engine's threads run. It prints how many steps
there were, and what was there after each.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import numpy as np

from clipcoder import FewShotClassifier, load_classifier

STEPS = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.scandir", "shutil.rmtree")
FEATURES = np.float32([[3, 1, 0], [0, 1, 2], [1, 1, 1]])


def save_and_die(classifier: FewShotClassifier, place: Path, step: int) -> None:
    """Save, but be killed when the system is asked for the n-th time to do something to the folder."""
    left = [step]

    def count(event: str, arguments: tuple[object, ...]) -> None:
        if event in STEPS and arguments and str(place.parent) in str(arguments[0]):
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1

    sys.addaudithook(count)
    classifier.save(place)


def main(folder: Path) -> None:
    """Run through all steps."""
    place = folder / "killed" / "x.clipcoder"
    place.parent.mkdir()
    old = FewShotClassifier().fit(FEATURES, ["old", "other", "old"])
    new = FewShotClassifier().fit(FEATURES, ["new", "other", "new"])
    step, seen, killed = 0, [], True
    while killed:
        old.save(place)
        child = os.fork()
        if child == 0:
            save_and_die(new, place, step)
            os._exit(0)
        killed = os.waitpid(child, 0)[1] != 0
        (first, *_) = load_classifier(place).predict(FEATURES)
        seen.append(str(first))
        step += 1
    print(step)
    print(*seen)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
