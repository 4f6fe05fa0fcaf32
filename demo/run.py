"""The demo: classify photos that two packages carry, with names that anybody could have typed, and count.

    python demo/run.py FOLDER

FOLDER is where the two packages were unpacked (``make demo`` does it). The photos are laid out in
``demo-output/photos`` and handed to the command line as a user would. The exit status is 1 where fewer than
8 of 10 are right.
"""

from __future__ import annotations

import csv
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parent / "demo-output"
NEEDED = 0.8


def main(packages: Path) -> int:
    """Run the demo on the packages in a folder and return its exit status."""
    truths = lay_out(packages)
    names = (HERE / "classes.txt").read_text(encoding="utf-8").split("\n")
    arguments = ["demo-output/photos", "--classes-file", "demo/classes.txt"]
    arguments += ["--sheet", "demo-output/sheet.png", "--out", "demo-output/predictions.csv"]
    print(f"{len(truths)} photos, {len([n for n in names if n])} class names\n")
    print("$", shlex.join(["clipcoder", "classify", *arguments]), flush=True)
    subprocess.run([sys.executable, "-m", "clipcoder", "classify", *arguments], cwd=HERE.parent, check=True)
    return report(truths)


def lay_out(packages: Path) -> dict[str, str]:
    """Copy the photos into one folder and return what each shows, by file name."""
    photos = tomllib.loads((HERE / "photos.toml").read_text(encoding="utf-8"))["photo"]
    target = OUTPUT / "photos"
    shutil.rmtree(OUTPUT, ignore_errors=True)
    target.mkdir(parents=True)
    for photo in photos:
        shutil.copy(packages / photo["file"], target)
    return {Path(photo["file"]).name: photo["truth"] for photo in photos}


def report(truths: dict[str, str]) -> int:
    """Compare the predictions with the truth, say what was wrong, and return the exit status."""
    with (OUTPUT / "predictions.csv").open(newline="", encoding="utf-8") as file:
        said = {Path(row["path"]).name: row["label"] for row in csv.DictReader(file)}
    wrong = {name: truth for name, truth in truths.items() if said.get(name) != truth}
    print(f"\n{len(truths) - len(wrong)} of {len(truths)} right; the contact sheet is demo-output/sheet.png")
    for name, truth in wrong.items():
        print(f"  {name} shows: {truth}; it was taken for: {said.get(name, 'nothing')}")
    return 0 if len(truths) - len(wrong) >= NEEDED * len(truths) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
