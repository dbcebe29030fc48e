import hashlib
import io
import re
import sys
import zipfile
from pathlib import Path

import pytest

from engine import packages, version
from engine.progress import Progress

FILES = [version.ROOT / "requirements.txt", version.ROOT / "requirements-dev.txt"]


@pytest.mark.parametrize("file", [*FILES, version.MODULE / "requirements-go.txt"], ids=lambda file: file.name)
def test_every_requirement_is_pinned_with_hashes_and_names_no_host(file: Path) -> None:
    text = file.read_text()
    pins = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]

    assert pins
    bare = [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin]
    assert not bare, f"pip refuses the whole file because of these: {bare}"
    assert "://" not in text, "a URL in a lock file would send everybody to one server"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_requirement_is_locked(file: Path) -> None:
    required = re.findall(r"^[a-z][\w.-]*(?:==\S+)?", file.with_suffix(".in").read_text(), re.MULTILINE)
    locked = re.findall(r"^([\w.-]+)(==\S+)", file.read_text(), re.MULTILINE)

    assert required
    missing = set(required) - {name for name, _ in locked} - {name + pin for name, pin in locked}
    assert not missing, f"{missing}: run `make lock`"


def test_a_package_in_both_files_is_locked_to_one_version() -> None:
    first, second = (dict(re.findall(r"^([\w.-]+)==(\S+)", file.read_text(), re.MULTILINE)) for file in FILES)

    shared = first.keys() & second.keys()
    assert shared, "no package is in both files any more: remove this test"
    assert {name: first[name] for name in shared} == {name: second[name] for name in shared}


def test_a_package_in_two_files_counts_once(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("a==1 \\\n    --hash=sha256:0\nb-c==2\n    # via a\n")
    (tmp_path / "two.txt").write_text("a==1\nd.e==3\n")

    assert packages.pinned_count([tmp_path / "one.txt", tmp_path / "two.txt"]) == 3


def test_when_pip_fails_its_own_output_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.txt").write_text("this is no requirement\n")

    status = packages.install([tmp_path / "bad.txt"], Progress(io.StringIO()))

    assert status != 0
    assert "this is no requirement" in capsys.readouterr().err


def test_bytecode_is_written_although_a_variable_forbids_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PIP_TARGET", str(tmp_path / "site"))
    wheel = tmp_path / "tiny-1-py3-none-any.whl"
    _make_wheel(wheel)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (tmp_path / "requirements.txt").write_text(f"tiny @ {wheel.as_uri()} --hash=sha256:{digest}\n")

    assert packages.install([tmp_path / "requirements.txt"], Progress(io.StringIO())) == 0

    compiled = list((tmp_path / "site").rglob(f"tiny.{sys.implementation.cache_tag}.pyc"))
    assert compiled, "each import of the SDKs would cost five seconds more, on every command"


def _make_wheel(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("tiny.py", "ANSWER = 42\n")
        archive.writestr("tiny-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1\n")
        archive.writestr("tiny-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("tiny-1.dist-info/RECORD", "")
