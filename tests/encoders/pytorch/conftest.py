"""Tiny models that several tests look at; none of these tests runs where open_clip is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from clipcoder.encoders.export.folder import ExportReport


@pytest.fixture(scope="session", autouse=True)
def offline() -> Iterator[None]:
    """No test asks a hub for anything, whatever the machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield


@pytest.fixture(scope="session")
def architectures(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Make the tiny architectures known to open_clip."""
    if find_spec("open_clip") is None:
        pytest.skip("open_clip is not installed: `make test-torch`")
    from tiny_models import RESNET, SIGLIP, VIT, register

    register(tmp_path_factory.mktemp("architectures"), tiny=VIT, tiny_resnet=RESNET, tiny_siglip=SIGLIP)


@pytest.fixture(scope="session")
def tiny(architectures: None) -> Any:
    """A random vision transformer with CLIP's tokenizer."""
    from tiny_models import random_model

    return random_model("tiny")


@pytest.fixture(scope="session")
def tiny_weights(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its weights as safetensors."""
    from safetensors.torch import save_model

    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_model(tiny, str(path))
    return path


@pytest.fixture(scope="session")
def siglip_folder(architectures: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random SigLIP in a folder, with a tokenizer of its kind."""
    from tiny_models import siglip_folder

    return siglip_folder(tmp_path_factory.mktemp("siglip") / "model")


@pytest.fixture(scope="session")
def originals(tiny: Any, siglip_folder: Path) -> dict[str, tuple[Any, str]]:
    """Models by name, with what ``open_clip.get_tokenizer`` takes for them."""
    import open_clip
    from tiny_models import random_model

    siglip, _, _ = open_clip.create_model_and_transforms(f"local-dir:{siglip_folder}")
    return {
        "tiny": (tiny, "tiny"),
        "tiny_resnet": (random_model("tiny_resnet"), "tiny_resnet"),
        "tiny_siglip": (siglip.eval(), f"local-dir:{siglip_folder}"),
    }


@pytest.fixture(scope="session")
def exports(
    originals: dict[str, tuple[Any, str]],
    siglip_folder: Path,
    tiny_weights: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, ExportReport]:
    """Their exports in float32."""
    from safetensors.torch import save_model

    from clipcoder.encoders.export.folder import export_folder

    base = tmp_path_factory.mktemp("exports")
    save_model(originals["tiny_resnet"][0], str(base / "tiny_resnet.safetensors"))
    specs = {
        "tiny": f"tiny/{tiny_weights}",
        "tiny_resnet": f"tiny_resnet/{base / 'tiny_resnet.safetensors'}",
        "tiny_siglip": str(siglip_folder),
    }
    return {name: export_folder(spec, base / name) for name, spec in specs.items()}
