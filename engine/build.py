"""Builds the engine, once, from the pinned Go module.

The module (`go.mod`, `go.sum`) is Pulumi's own engine without a language host. The project's own language host is
installed beside the engine as `pulumi-language-python`, since the engine looks there first.
"""

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path

from engine import version
from engine.go_build import build, build_lock
from engine.locate import HOME, LANGUAGE_HOST, Engine, EngineNotFound, locate, module_of, output_of
from engine.progress import Progress

# The paths are relative to the launcher, so that the project can be moved. `-I` ignores the user's PYTHON* variables.
_LAUNCHER = """\
#!/bin/sh
root="${{0%/*}}/../.."
python="$root/.venv/bin/python"
[ -x "$python" ] || python={python}
exec "$python" -I "$root/engine/language_host/__main__.py" "$@"
"""


def ensure(progress: Progress, home: Path = HOME, module: Path = version.MODULE) -> Engine:
    """Returns the engine to use. When there is none, builds it first, which takes minutes, and shows the progress.

    Raises BuildError.
    """
    with contextlib.suppress(EngineNotFound):
        return locate(home=home, module=module)
    engine = module_of(home, module)
    with build_lock(engine, progress):
        if not engine.is_built():
            build(engine, progress, _problem_of(version.show(version.pinned(module))))
        _install_language_host(home)
    return locate(home=home, module=module)


def _problem_of(pinned: str) -> Callable[[Path], str | None]:
    def problem(folder: Path) -> str | None:
        reported = output_of(folder / "pulumi", "version")
        return None if reported == f"v{pinned}" else f"the built engine reports version {reported!r}, not 'v{pinned}'"

    return problem


def _install_language_host(home: Path) -> None:
    launcher = home / "bin" / LANGUAGE_HOST
    new_launcher = launcher.with_suffix(".new")
    quoted = "'" + sys.executable.replace("'", "'\\''") + "'"
    new_launcher.write_text(_LAUNCHER.format(python=quoted), encoding="utf-8")
    new_launcher.chmod(0o755)
    new_launcher.replace(launcher)
