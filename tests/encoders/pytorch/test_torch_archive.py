"""OpenAI's archives are read for their tensors; whatever else is in them never runs."""

from __future__ import annotations

import pickle
import pickletools
import random
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("open_clip", reason="these archives are read for open_clip: `make test-torch`")

import torch
from tiny_models import archived, openai_archive, random_model

from clipcoder.encoders.pytorch.archive import is_torch_archive, names_in_archive, read_archive
from clipcoder.errors import InvalidInputError


@pytest.fixture(scope="module")
def archive(architectures: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = random_model("tiny", force_quick_gelu=True)
    return openai_archive(model, tmp_path_factory.mktemp("archive") / "openai.pt")


def rewritten(archive: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """Copy an archive record by record; a record for which ``change`` returns None is left out."""
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(target, "w") as new:
        for record in old.infolist():
            content = change(record.filename, old.read(record))
            if content is not None:
                new.writestr(record.filename, content)
    return target


def with_pickle(archive: Path, target: Path, content: bytes) -> Path:
    return rewritten(archive, target, lambda name, old: content if name.endswith("/data.pkl") else old)


def test_the_tensors_are_those_that_torch_would_load(archive: Path) -> None:
    with warnings.catch_warnings(action="ignore"):
        expected = torch.jit.load(archive).state_dict()
    held = read_archive(archive)
    assert set(held) == set(expected)
    assert all(torch.equal(held[name], tensor) for name, tensor in expected.items())
    assert held["visual.conv1.weight"].dtype == torch.float16
    assert names_in_archive(archive) == set(expected)


def test_views_of_one_storage_are_views_again(tmp_path: Path) -> None:
    class Shared(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            whole = torch.arange(12.0)
            self.register_buffer("turned", whole.reshape(3, 4).T)
            self.register_buffer("tail", whole[8:])
            self.register_buffer("nothing", torch.empty(0))
            self.sizes = [1, 2]

        def forward(self) -> torch.Tensor:
            return self.tail

    with warnings.catch_warnings(action="ignore"):
        script = torch.jit.script(Shared())
    held = read_archive(archived(script, tmp_path / "shared.pt"))
    assert held["turned"].tolist() == torch.arange(12.0).reshape(3, 4).T.tolist()
    assert held["tail"].tolist() == [8, 9, 10, 11]
    assert held["nothing"].shape == (0,)


def test_other_files_are_no_archives(tmp_path: Path) -> None:
    torch.save({"weights": torch.zeros(2)}, tmp_path / "saved.pt")
    (tmp_path / "text.pt").write_text("no zip")
    assert not is_torch_archive(tmp_path / "saved.pt")
    assert not is_torch_archive(tmp_path / "text.pt")
    assert not is_torch_archive(tmp_path / "absent.pt")


class Evil:
    """What runs a call when it is unpickled."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call


def evil_pickles(mark: Path) -> dict[str, bytes]:
    import os

    return {
        "posix.system": pickle.dumps(Evil(os.system, f"touch '{mark}'"), 2),
        "builtins.eval": pickle.dumps(Evil(eval, f"open({str(mark)!r}, 'w')"), 3),
        "builtins.getattr": b"cbuiltins\ngetattr\n(ctorch\nload\nX\x08\x00\x00\x00__code__tR.",
        "torch.load": b"\x80\x02ctorch\nload\nX\x01\x00\x00\x00x\x85R.",
        "torch.storage._load_from_bytes": b"\x80\x02ctorch.storage\n_load_from_bytes\nU\x01x\x85R.",
        "torch.FloatTensor": b"\x80\x02ctorch\nFloatTensor\n)R.",
        "torch._utils._rebuild_device_tensor_from_numpy": (
            b"\x80\x02ctorch._utils\n_rebuild_device_tensor_from_numpy\n)R."
        ),
    }


@pytest.mark.parametrize("asked", list(evil_pickles(Path("mark"))))
def test_a_pickle_that_asks_for_anything_else_is_refused_before_it_runs(
    asked: str, archive: Path, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    evil = with_pickle(archive, tmp_path / "evil.pt", evil_pickles(mark)[asked])
    with pytest.raises(InvalidInputError, match=r"evil\.pt' is refused.*asks for") as caught:
        read_archive(evil)
    assert asked.rpartition(".")[2] in str(caught.value)
    assert not mark.exists()


def test_a_call_deep_in_the_module_graph_is_refused_too(archive: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with zipfile.ZipFile(archive) as old:
        name = next(n for n in old.namelist() if n.endswith("/data.pkl"))
        content = old.read(name)
    hidden = b"X\x03\x00\x00\x00bad" + pickle.dumps(Evil(eval, f"open({str(mark)!r}, 'w')"), 2)[2:-1]
    place = content.index(b"X\x08\x00\x00\x00training")
    evil = with_pickle(archive, tmp_path / "evil.pt", content[:place] + hidden + content[place:])
    with pytest.raises(InvalidInputError, match=r"asks for .*eval"):
        read_archive(evil)
    assert not mark.exists()


def test_what_one_pickle_does_to_the_classes_is_gone_with_it(archive: Path, tmp_path: Path) -> None:
    """A pickle may set attributes of what it is given: here it empties the class of all modules."""
    setting = (
        b"\x80\x02c__torch__\nM\nN}X\x0c\x00\x00\x00__setstate__ctorch._utils\n_rebuild_parameter\ns\x86b."
    )
    with pytest.raises(InvalidInputError):
        read_archive(with_pickle(archive, tmp_path / "evil.pt", setting))
    assert "token_embedding.weight" in read_archive(archive)


@pytest.mark.parametrize(
    ("program", "told"),
    [
        (b"\x96" + (1 << 40).to_bytes(8, "little"), "broken"),  # a buffer of a terabyte
        (b"\x96" + (0).to_bytes(8, "little") + b".", "refused: its pickle uses BYTEARRAY8"),
        (b"Nr\xff\xff\xff\x7f.", "its pickle counts to 2,147,483,647"),  # in a memo that C makes a list of
        (b"\x82\x01.", "refused: its pickle uses EXT1"),
        (b"\x8c\x08builtins\x8c\x04eval\x93.", "refused: its pickle uses SHORT_BINUNICODE"),
    ],
)
def test_opcodes_that_torch_never_writes_are_refused_before_they_reserve_memory(
    program: bytes, told: str, archive: Path, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInputError, match=told):
        read_archive(with_pickle(archive, tmp_path / "odd.pt", b"\x80\x02" + program))


@pytest.mark.parametrize(
    "storage",
    [b"X\x03\x00\x00\x00jit", b"ctorch.jit._pickle\nbuild_intlist\n", b"(ctorch\nFloatStorage\nt"],
)
def test_no_attribute_of_torch_is_looked_up_by_the_name_of_a_storage(
    storage: bytes, archive: Path, tmp_path: Path
) -> None:
    pid = b"(X\x07\x00\x00\x00storage" + storage + b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ."
    with pytest.raises(InvalidInputError, match="a storage is described in another way"):
        read_archive(with_pickle(archive, tmp_path / "odd.pt", b"\x80\x02" + pid))


def test_a_pickle_gets_no_tensor_whose_methods_it_could_call(tmp_path: Path) -> None:
    """Setting the state of a tensor would call its ``__setstate__``, and with it ``set_``."""
    content = one_buffer(4).removesuffix(b"sb.") + b"(K\x00K\x00K\x00K\x00tbsb."
    with pytest.raises(InvalidInputError, match="state is not a dictionary"):
        read_archive(small_archive(tmp_path / "view.pt", content))


@pytest.mark.parametrize("seed", range(4))
def test_whatever_byte_changes_nothing_happens_but_a_sentence(
    seed: int, archive: Path, tmp_path: Path
) -> None:
    """Bytes of the table of contents and of the pickle are replaced, opcodes among them."""
    rng, whole = random.Random(seed), archive.read_bytes()
    start, end = whole.index(b"PK\x01\x02"), len(whole)
    with zipfile.ZipFile(archive) as held:
        name = next(n for n in held.namelist() if n.endswith("/data.pkl"))
        pickled = held.read(name)
    opcodes = [opcode.code.encode("latin-1") for opcode in pickletools.opcodes]
    places = [place for _, _, place in pickletools.genops(pickled)]
    spoiled = tmp_path / "spoiled.pt"
    for _ in range(25):
        place = rng.randrange(start, end)
        spoiled.write_bytes(whole[:place] + rng.randbytes(1) + whole[place + 1 :])
        assert_read_or_refused(spoiled)
        place, more = rng.choice(places), rng.choice(opcodes) + rng.randbytes(rng.randrange(9))
        with_pickle(archive, spoiled, pickled[:place] + more + pickled[place + rng.randrange(2) :])
        assert_read_or_refused(spoiled)


def assert_read_or_refused(path: Path) -> None:
    try:
        is_torch_archive(path)
        read_archive(path)
    except InvalidInputError as error:
        assert str(error).isprintable()
        assert len(str(error)) < 300 + len(str(path))


def test_modules_that_contain_themselves_end(archive: Path, tmp_path: Path) -> None:
    loop = b"\x80\x02c__torch__\nM\n)\x81q\x00}X\x04\x00\x00\x00selfh\x00sb."
    with pytest.raises(InvalidInputError, match="without an end"):
        read_archive(with_pickle(archive, tmp_path / "loop.pt", loop))


def test_an_archive_that_is_cut_off_is_broken(archive: Path, tmp_path: Path) -> None:
    content = archive.read_bytes()
    for share in (0.3, 0.9, 0.9999):
        cut = tmp_path / "cut.pt"
        cut.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(InvalidInputError, match=r"cut\.pt' is a broken TorchScript archive"):
            read_archive(cut)


def test_a_byte_that_has_changed_is_found(archive: Path, tmp_path: Path) -> None:
    content = bytearray(archive.read_bytes())
    with zipfile.ZipFile(archive) as held:
        record = max(held.infolist(), key=lambda info: info.file_size)
    content[record.header_offset + record.file_size // 2] ^= 1
    (tmp_path / "changed.pt").write_bytes(content)
    with pytest.raises(InvalidInputError, match=r"CRC"):
        read_archive(tmp_path / "changed.pt")


@pytest.mark.parametrize("size", [0, -2, 10])
def test_a_storage_of_another_size_than_the_pickle_says_is_refused(
    size: int, archive: Path, tmp_path: Path
) -> None:
    def change(name: str, content: bytes) -> bytes:
        return content[:size] + b"\0" * size if name.endswith("/data/0") else content

    odd = rewritten(archive, tmp_path / "odd.pt", change)
    with pytest.raises(InvalidInputError, match=r"bytes instead of") as caught:
        read_archive(odd)
    assert "odd.pt" in str(caught.value)


def test_a_record_is_not_blown_up_beyond_what_it_should_hold(archive: Path, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.pt"
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as new:
        for record in old.infolist():
            content = bytes(100 << 20) if record.filename.endswith("/data/1") else old.read(record)
            new.writestr(record.filename, content)
    with pytest.raises(InvalidInputError, match=r"data/1 holds 104,857,600 bytes instead of"):
        read_archive(bomb)


def test_numbers_in_another_byte_order_are_refused(archive: Path, tmp_path: Path) -> None:
    def change(name: str, content: bytes) -> bytes:
        return b"big" if name.endswith("/byteorder") else content

    with pytest.raises(InvalidInputError, match="little-endian"):
        read_archive(rewritten(archive, tmp_path / "big.pt", change))


def test_an_archive_without_its_pickle_or_a_storage_is_broken(archive: Path, tmp_path: Path) -> None:
    for part in ("/data.pkl", "/data/3"):
        lacking = rewritten(
            archive, tmp_path / "lacking.pt", lambda n, c, part=part: None if n.endswith(part) else c
        )
        with pytest.raises(InvalidInputError, match="broken TorchScript archive"):
            read_archive(lacking)


def one_buffer(length: int) -> bytes:
    """The pickle of a module with one buffer, a view of a storage of four numbers."""
    storage = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ"
    view = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x00K" + bytes([length])
    rest = b"\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtRsb."
    return b"\x80\x02c__torch__\nM\n)\x81}X\x01\x00\x00\x00x" + view + rest


def small_archive(path: Path, content: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, record in (("data.pkl", content), ("constants.pkl", b""), ("data/0", bytes(16))):
            archive.writestr(f"m/{name}", record)
    return path


def test_a_view_beyond_its_storage_is_refused(tmp_path: Path) -> None:
    """The size of a buffer was doubled after it was written."""
    assert read_archive(small_archive(tmp_path / "view.pt", one_buffer(4)))["x"].tolist() == [0] * 4
    with pytest.raises(InvalidInputError, match="broken TorchScript archive"):
        read_archive(small_archive(tmp_path / "view.pt", one_buffer(8)))
    with pytest.raises(InvalidInputError, match="a tensor is described in another way"):
        read_archive(small_archive(tmp_path / "view.pt", one_buffer(4).replace(b"QK\x00", b"QN")))


def test_what_an_archive_quotes_is_told_on_one_line(archive: Path, tmp_path: Path) -> None:
    for content in (b"cos\nsys\x1b[31mtem\x07\n.", b"c" + b"x" * 5000 + b"\ny\n."):
        with pytest.raises(InvalidInputError, match="asks for") as caught:
            read_archive(with_pickle(archive, tmp_path / "odd.pt", content))
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 350 + len(str(tmp_path))
