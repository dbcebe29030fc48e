"""Builds the executables of a pinned Go module, once. Go is found on PATH, or fetched as a wheel."""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from engine import version
from engine.go_module import GoModule
from engine.log import Log
from engine.progress import Progress
from engine.toolchain import PINS, GoError, fetch_go, find_go

_LAST_LINES = 15
_NETWORK_SIGNS = ("dial tcp", "no such host", "proxyconnect", "i/o timeout", "TLS handshake", "connection refused")


class BuildError(Exception):
    """Something could not be built. The text says what was tried, what went wrong, and what helps."""


def ensure(
    module: GoModule, progress: Progress, problem_of: Callable[[Path], str | None] = lambda folder: None
) -> None:
    """Builds the executables unless they are built; a second process waits for the first one. See `build`."""
    if module.is_built():
        return
    with build_lock(module, progress):
        if not module.is_built():
            build(module, progress, problem_of)


@contextlib.contextmanager
def build_lock(module: GoModule, progress: Progress) -> Iterator[None]:
    """Lets one process build at a time: a second one waits, and then finds everything built."""
    module.home.mkdir(parents=True, exist_ok=True)
    with (module.home / "build.lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.step(f"Waiting for another build of {module.title.rpartition(' ')[0]} to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
            progress.done()
        yield


def build(module: GoModule, progress: Progress, problem_of: Callable[[Path], str | None] = lambda folder: None) -> None:
    """Builds the executables, which takes minutes, and shows the progress.

    problem_of: is given the folder with the new executables, and returns why they may not be used, or None.
    Raises BuildError.
    """
    (module.home / "bin").mkdir(parents=True, exist_ok=True)
    oldest = version.oldest_go(module.folder)
    try:
        go = find_go(oldest, home=module.go_home) or fetch_go(oldest, module.go_home, progress)
    except GoError as problem:
        raise _error(module, str(problem)) from None
    # Everything is built in a temporary folder and then moved: an interrupted build leaves no half-written executable.
    with tempfile.TemporaryDirectory(prefix="build-", dir=module.home) as name:
        folder = Path(name)
        progress.step(f"Fetching the source of {module.title}")
        options = ["-tags", ",".join(module.tags)] if module.tags else []
        options += _completed(module, go, folder / "completed", progress)
        packages = _run(module, go, ["list", "-deps", *options], progress, "fetched {} modules", "go: downloading")
        progress.done()
        progress.step(f"Building {module.title}, once; this takes some minutes")
        linked = " ".join(["-s", "-w", *(f"-X {variable}={value}" for variable, value in module.variables.items())])
        compiled = f"compiled {{}} of at most {len(packages)} packages"
        command = ["build", "-v", "-trimpath", "-buildvcs=false", *options, "-ldflags", linked, "-o", f"{folder}/"]
        _run(module, go, command, progress, compiled, "")
        if (reason := problem_of(folder)) is not None:
            progress.done("failed")
            raise _error(module, reason)
        for package, executable in module.executables.items():
            (folder / _default_name(package)).replace(module.path(executable))
    module.stamp_built()
    progress.done()


def _completed(module: GoModule, go: Path, folder: Path, progress: Progress) -> list[str]:
    """Copies the modules of `module.missing` to a folder, with what they lack; returns the option to build with them.

    Go builds nothing in its cache with files that it did not fetch. Raises BuildError.
    """
    if not module.missing:
        return []
    text = (module.folder / "go.mod").read_text(encoding="utf-8")
    for name, file in module.missing.items():
        listed = ["list", "-m", "-f", "{{.Version}}", name]
        (pinned,) = _run(module, go, listed, progress, "", "", on=())
        fetch = ["mod", "download", "-json", f"{name}@{pinned}"]
        described = _run(module, go, fetch, progress, "fetched {} modules", "go: downloading", on=())
        source = json.loads(" ".join(described))["Dir"]
        copy = folder / name
        shutil.copytree(source, copy, copy_function=shutil.copyfile)
        for each in (copy, *copy.rglob("*/")):
            each.chmod(0o755)  # those in the cache may not be written
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        (copy / file).touch()
        text += f"\nreplace {name} => {copy}\n"
    (folder / "go.mod").write_text(text, encoding="utf-8")
    shutil.copy(module.folder / "go.sum", folder)
    return ["-modfile", str(folder / "go.mod")]


def _run(
    module: GoModule,
    go: Path,
    arguments: Sequence[str],
    progress: Progress,
    progress_format: str,
    counted_prefix: str,
    on: Iterable[str] | None = None,
) -> list[str]:
    """Runs Go on the packages of the module, or `on` others, and returns the words that it prints.

    progress_format: shown meanwhile, with the number of log lines that begin with `counted_prefix`.
    Raises BuildError with the end of its log.
    """
    process = subprocess.Popen(
        [str(go), *arguments, *(module.executables if on is None else on)],
        cwd=module.folder,
        env=_environment(go),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    log = Log(process.stderr)
    with ThreadPoolExecutor(max_workers=1) as reader:
        printed = reader.submit(process.stdout.read)
        try:
            for _ in log:
                progress.update(progress_format.format(sum(line.startswith(counted_prefix) for line in log.lines)))
        except BaseException:
            process.terminate()
            raise
        finally:
            process.wait()
    if process.returncode != 0:
        progress.done("failed")
        end = "\n    ".join(log.lines[-_LAST_LINES:])
        raise _error(module, f"`go {arguments[0]}` ended with exit status {process.returncode}:\n    {end}")
    return printed.result().split()


def _error(module: GoModule, problem: str) -> BuildError:
    lines = [f"{module.title[0].upper()}{module.title[1:]} could not be built: {problem}", "Any one of these helps:"]
    if any(sign in problem for sign in _NETWORK_SIGNS):
        lines.append("  - let this machine reach the Go module proxy, or name one that it reaches in GOPROXY")
    oldest = version.show(version.oldest_go(module.folder))
    fetch = f"pip install --require-hashes --target {module.go_home / 'go'} -r {PINS}"
    return BuildError(
        "\n".join(
            [
                *lines,
                *(f"  - {remedy}" for remedy in module.remedies),
                f"  - install Go {oldest} or newer (https://go.dev/doc/install), then run this again",
                f"  - let pip fetch Go: {sys.executable} -m {fetch}",
            ]
        )
    )


def _environment(go: Path) -> dict[str, str]:
    """Returns the user's environment, which has proxies and caches, without variables that would change the build."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"GOOS", "GOARCH", "GOROOT"}}
    return inherited | {
        "GOFLAGS": "-mod=readonly",  # replaces the user's flags, such as -mod=vendor
        "GOWORK": "off",
        "GO111MODULE": "on",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",  # so that the build needs no C compiler
        "PATH": os.pathsep.join([str(go.parent), os.environ.get("PATH", os.defpath)]),
    }


def _default_name(package: str) -> str:
    """Returns the name that Go gives the executable of a package: the last element that is no major version."""
    last, before = package.split("/")[-1], package.split("/")[-2]
    return before if last[:1] == "v" and last[1:].isdigit() else last
