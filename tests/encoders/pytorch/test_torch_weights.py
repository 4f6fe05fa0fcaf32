"""Files of weights are read for tensors; whatever else is in them, or wrong with them, is one sentence."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("open_clip", reason="weights are loaded into open_clip's models: `make test-torch`")

import torch
from safetensors.torch import load_file, save_file
from tiny_models import openai_archive, random_model

from clipcoder.encoders.pytorch.open_clip import OpenClipEncoder
from clipcoder.encoders.pytorch.weights import load_weights
from clipcoder.errors import InvalidInputError


class Evil:
    """What runs a command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        import os

        return os.system, (f"touch '{self.mark}'",)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_checkpoint_with_code_in_it_is_refused_and_does_not_run(
    zipped: bool, tiny: Any, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    weights = {**tiny.state_dict(), "more": Evil(mark)}
    torch.save(weights, tmp_path / "evil.bin", _use_new_zipfile_serialization=zipped)
    with pytest.raises(InvalidInputError, match=r"evil\.bin' is refused.*\.safetensors"):
        OpenClipEncoder(f"tiny/{tmp_path}/evil.bin")
    assert not mark.exists()


@pytest.mark.parametrize("suffix", ["safetensors", "pt"])
def test_a_checkpoint_that_is_cut_off_is_broken(
    suffix: str, tiny: Any, tiny_weights: Path, tmp_path: Path
) -> None:
    whole = tiny_weights
    if suffix == "pt":
        whole = tmp_path / "whole.pt"
        torch.save(tiny.state_dict(), whole)
    cut = tmp_path / f"cut.{suffix}"
    cut.write_bytes(whole.read_bytes()[:-1000])
    with pytest.raises(InvalidInputError, match=rf"cut\.{suffix}' is broken or cut off.*get the file again"):
        OpenClipEncoder(f"tiny/{cut}")


def test_an_archive_with_code_in_it_is_refused_wherever_it_lies(tiny: Any, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "evil.pt", "w") as archive:
        archive.writestr("m/constants.pkl", b"")
        archive.writestr("m/data.pkl", b"cbuiltins\neval\n(X\x01\x00\x00\x001tR.")
    with pytest.raises(InvalidInputError, match=r"evil\.pt' is refused: its pickle asks for builtins\.eval"):
        load_weights(tiny, tmp_path / "evil.pt", "tiny")
    with pytest.raises(InvalidInputError, match=r"evil\.pt' is refused: its pickle asks for builtins\.eval"):
        OpenClipEncoder(f"tiny/{tmp_path}/evil.pt")


def test_something_else_than_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.pt").write_text("no weights at all")
    with pytest.raises(InvalidInputError, match=r"notes\.pt' is refused: it is no file of weights"):
        OpenClipEncoder(f"ViT-B-32/{tmp_path}/notes.pt")


@pytest.mark.parametrize("name", ["tiny_resnet", "RN50"])
def test_the_weights_of_another_architecture_are_refused(
    name: str, architectures: None, tiny_weights: Path, tmp_path: Path
) -> None:
    if name == "RN50":
        tiny_weights = openai_archive(random_model("tiny"), tmp_path / "openai.pt")
    with pytest.raises(InvalidInputError, match=f"does not hold the weights of {name}"):
        OpenClipEncoder(f"{name}/{tiny_weights}")


@pytest.mark.parametrize("name", ["visual.positional_embedding", "positional_embedding"])
def test_positions_of_another_size_are_refused_and_not_stretched(
    name: str, tiny: Any, tmp_path: Path
) -> None:
    weights = tiny.state_dict()
    weights[name] = weights[name].repeat(2, 1)[: len(weights[name]) + 9]
    torch.save(weights, tmp_path / "larger.pt")
    with pytest.raises(InvalidInputError, match=rf"the weights of tiny \(its {name} is of the shape \("):
        OpenClipEncoder(f"tiny/{tmp_path}/larger.pt")


def test_a_bias_is_not_made_up(siglip_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(siglip_folder, tmp_path / "model"))
    weights = load_file(folder / "open_clip_model.safetensors")
    del weights["logit_bias"]
    save_file(weights, folder / "open_clip_model.safetensors")
    with pytest.raises(InvalidInputError, match=r"does not hold the weights of .*\(it lacks logit_bias\)"):
        OpenClipEncoder(str(folder))


def test_weights_that_are_no_dictionary_are_refused(architectures: None, tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(InvalidInputError, match=r"list\.pt' does not hold the weights of tiny"):
        OpenClipEncoder(f"tiny/{tmp_path}/list.pt")


def test_pickles_are_not_given_to_a_torch_that_would_run_them(
    tiny: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save(tiny.state_dict(), tmp_path / "w.pt")
    monkeypatch.setattr(torch, "__version__", "2.5.1+cpu")
    with pytest.raises(InvalidInputError, match=r"torch 2\.5\.1.*torch>=2\.6"):
        OpenClipEncoder(f"tiny/{tmp_path}/w.pt")
