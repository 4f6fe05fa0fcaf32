"""What ``import clipcoder`` gives, and what it does not load."""

from __future__ import annotations

import doctest
import pkgutil
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

import pytest

import clipcoder
from clipcoder.encoders import base

HEAVY = ("numpy", "PIL", "onnxruntime", "tokenizers", "rich", "click", "huggingface_hub", "pyarrow")
MODULES = sorted(
    m.name for m in pkgutil.walk_packages(clipcoder.__path__, "clipcoder.") if not m.name.endswith("__main__")
)


def loaded_after(statement: str) -> set[str]:
    """Return the top-level packages that a fresh process has loaded after a statement."""
    program = f"{statement}; import sys; print(*{{m.partition('.')[0] for m in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("name", clipcoder.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    assert getattr(clipcoder, name).__doc__
    assert name in dir(clipcoder)


def test_the_design_s_names_are_public() -> None:
    assert {"load_encoder", "TextBank", "PairBank", "ZeroShotClassifier"} <= set(clipcoder.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'clipcoder' has no attribute 'Classifier'"):
        clipcoder.Classifier  # noqa: B018


def test_the_version_is_the_packages() -> None:
    assert clipcoder.__version__ == version("clipcoder")


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_after("import clipcoder").isdisjoint(HEAVY)


def test_the_command_line_loads_nothing_heavy_before_it_is_needed() -> None:
    assert loaded_after("import clipcoder.cli").isdisjoint(set(HEAVY) - {"click"})


def test_the_array_functions_load_no_inference_engine() -> None:
    loaded = loaded_after("import clipcoder.zero_shot, clipcoder.rerank, clipcoder.coder")
    assert "numpy" in loaded
    assert loaded.isdisjoint(set(HEAVY) - {"numpy"})


def test_the_toy_encoder_keeps_the_contract_that_it_stands_in_for() -> None:
    from toy_encoder import ColourEncoder

    assert isinstance(ColourEncoder(), base.Encoder)


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_do_what_they_say(name: str) -> None:
    failed, _ = doctest.testmod(import_module(name))
    assert failed == 0
