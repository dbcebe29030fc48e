import io
import json
import os
import shutil
import sys
import threading
from pathlib import Path

import pytest

from engine import toolchain
from engine.build import ensure
from engine.go_build import BuildError
from engine.progress import Progress
from tests.engine import fakes

# A fake Go: it records its calls, lists three packages, and "builds" a script as the executable.
BUILDS = """
echo "$1 $GOFLAGS $GOWORK $GOTOOLCHAIN $CGO_ENABLED" >> "$(dirname "$0")/calls"
if [ "$1" = list ]; then
  echo "go: downloading one v1" >&2; echo "go: downloading two v1" >&2; echo a b c
else
  while [ "$1" != -o ]; do shift; done
  echo a >&2; echo b >&2
  printf '#!/bin/sh\\necho {version}\\n' > "$2/pulumi"; chmod +x "$2/pulumi"
fi
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module. PATH has only the folder `tools`, which is empty, and the commands that scripts need."""
    fakes.module(tmp_path / "module")
    (tmp_path / "system").mkdir()
    for name in ("dirname", "chmod", "sleep"):
        (tmp_path / "system" / name).symlink_to(shutil.which(name) or name)
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "tools"), str(tmp_path / "system")]))
    monkeypatch.setattr(toolchain, "PINS", tmp_path / "no-such-pins.txt")  # so that nothing is ever fetched
    return tmp_path


def build(machine: Path, log: io.StringIO | None = None):
    return ensure(Progress(log or io.StringIO()), machine / "home", machine / "module")


def calls(machine: Path) -> list[str]:
    return (machine / "tools" / "calls").read_text().splitlines()


def test_the_engine_is_built_once_and_then_found_without_go(machine: Path) -> None:
    fakes.go(machine / "tools", "go1.26.8", BUILDS.format(version="v3.259.0"))

    first, second = build(machine), build(machine)

    assert first == second
    assert first.path == machine / "home" / "bin" / "pulumi"
    assert [call.split()[0] for call in calls(machine)] == ["list", "build"], "a second run must start at once"
    assert os.access(machine / "home" / "bin" / "pulumi-language-python", os.X_OK)
    assert sorted(entry.name for entry in (machine / "home").iterdir()) == ["bin", "build.lock", "built.json"]


def test_settings_of_the_users_go_do_not_change_the_build(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOFLAGS", "-mod=vendor -race")
    monkeypatch.setenv("GOWORK", "/elsewhere/go.work")
    monkeypatch.setenv("GOTOOLCHAIN", "go1.99.0")
    fakes.go(machine / "tools", "go1.26.8", BUILDS.format(version="v3.259.0"))

    build(machine)

    assert calls(machine) == ["list -mod=readonly off local 0", "build -mod=readonly off local 0"]


def test_two_processes_at_once_build_one_engine(machine: Path) -> None:
    fakes.go(machine / "tools", "go1.26.8", "sleep 0.3\n" + BUILDS.format(version="v3.259.0"))
    logs = [io.StringIO(), io.StringIO()]

    threads = [threading.Thread(target=build, args=(machine, log)) for log in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(calls(machine)) == 2, "two builds at once would take twice the time and write the same file"
    assert sorted("Waiting for another build" in log.getvalue() for log in logs) == [False, True]


def test_each_step_of_the_build_is_shown_when_it_begins_and_ends(machine: Path) -> None:
    fakes.go(machine / "tools", "go1.26.8", BUILDS.format(version="v3.259.0"))
    log = io.StringIO()

    build(machine, log)

    lines = [line.split(" [")[0] for line in log.getvalue().splitlines()]
    assert lines == [
        "Fetching the source of the Pulumi engine 3.259.0 ...",
        "Fetching the source of the Pulumi engine 3.259.0 ... done",
        "Building the Pulumi engine 3.259.0, once; this takes some minutes ...",
        "Building the Pulumi engine 3.259.0, once; this takes some minutes ... done",
    ]


def test_when_the_network_is_missing_the_error_names_proxies(machine: Path) -> None:
    fakes.go(machine / "tools", "go1.26.8", 'echo "proxy: dial tcp: lookup proxy: no such host" >&2; exit 1')

    with pytest.raises(BuildError) as problem:
        build(machine)

    text = str(problem.value)
    assert "`go list` ended with exit status 1" in text
    assert "no such host" in text, "Go's own output is the best hint"
    assert "GOPROXY" in text
    assert "https://www.pulumi.com/docs/install/" in text
    assert "https://go.dev/doc/install" in text
    assert "-m pip install --require-hashes" in text


def test_an_engine_that_reports_another_version_is_not_kept(machine: Path) -> None:
    fakes.go(machine / "tools", "go1.26.8", BUILDS.format(version="v3.1.0"))

    with pytest.raises(BuildError, match=r"reports version 'v3\.1\.0', not 'v3\.259\.0'"):
        build(machine)

    assert not (machine / "home" / "bin" / "pulumi").exists()
    assert not list((machine / "home").glob("build-*")), "failed builds of a hundred megabytes each must not pile up"


def test_a_go_that_is_too_old_is_skipped(tmp_path: Path) -> None:
    fakes.go(tmp_path / "old", "go1.19.8")
    fakes.executable(tmp_path / "broken" / "go", "exit 1")
    new = fakes.go(tmp_path / "new", "go1.30.0")
    folders = [str(tmp_path / name) for name in ("old", "broken", "new")]

    assert toolchain.find_go((1, 25, 11), os.pathsep.join(folders)) == new
    assert toolchain.find_go((1, 25, 11), os.pathsep.join(folders[:2])) is None


def test_a_go_that_was_fetched_earlier_is_used_again(tmp_path: Path) -> None:
    fetched = fakes.go(tmp_path / "go" / "go" / "bin", "go1.30.0")

    assert toolchain.find_go((1, 25, 11), "", tmp_path) == fetched


def test_without_any_go_the_error_says_what_was_tried_and_what_helps(machine: Path) -> None:
    with pytest.raises(BuildError) as problem:
        build(machine)

    text = str(problem.value)
    assert "no Go 1.25.11 or newer on PATH, and pip could not fetch one" in text
    assert "no-such-pins.txt" in text, "pip's own output is the best hint"
    assert text.count("\n  - ") == 3


def test_a_terminal_shows_one_line_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    now = 0.0
    monkeypatch.setattr("engine.progress.time.monotonic", lambda: now)
    screen = Terminal()
    progress = Progress(screen)

    progress.step("Building")
    now = 61.0
    progress.update("compiled 7 of 9")
    progress.update("compiled 8 of 9")
    progress.done()

    erase = "\r\x1b[2K"
    assert screen.getvalue() == (
        f"{erase}Building ...{erase}Building ... compiled 7 of 9 [1:01]{erase}Building ... done [1:01]\n"
    )


def test_a_log_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("engine.progress.time.monotonic", lambda: now)
    log = io.StringIO()
    progress = Progress(log)

    progress.step("Building")
    for second in range(95):
        now = float(second)
        progress.update(f"compiled {second}")
    progress.done()

    assert log.getvalue().splitlines() == [
        "Building ...",
        "Building ... compiled 30 [0:30]",
        "Building ... compiled 60 [1:00]",
        "Building ... compiled 90 [1:30]",
        "Building ... done [1:34]",
    ], "a hundred lines of progress would hide the one line with the error"


def test_another_pinned_version_is_built_again(machine: Path) -> None:
    fakes.go(machine / "tools", "go1.26.8", BUILDS.format(version="v3.259.0"))
    build(machine)
    stamp = json.loads((machine / "home" / "built.json").read_text())

    fakes.module(machine / "module", engine="3.260.0")
    fakes.go(machine / "tools", "go1.26.8", BUILDS.format(version="v3.260.0"))
    again = build(machine)

    assert again.version == "3.260.0"
    assert json.loads((machine / "home" / "built.json").read_text()) != stamp


def test_the_language_host_falls_back_to_the_python_that_built_the_engine(machine: Path) -> None:
    fakes.go(machine / "tools", "go1.26.8", BUILDS.format(version="v3.259.0"))

    launcher = (build(machine).bin_dir / "pulumi-language-python").read_text()

    assert f"|| python='{sys.executable}'" in launcher
