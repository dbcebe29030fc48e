"""Finds the engine: the user's own `pulumi`, or the one that was built here."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from engine import version
from engine.go_module import GoModule

HOME = version.ROOT / ".engine"
LANGUAGE_HOST = "pulumi-language-python"
_ANSWER_SECONDS = 30


@dataclass(frozen=True)
class Engine:
    """An engine that is ready to run.

    path: the `pulumi` executable; version: for example "3.259.0"; bin_dir: the folder to put on PATH;
    built: True when it was built here, so that the language host beside it is the project's own.
    """

    path: Path
    version: str
    bin_dir: Path
    built: bool


class EngineNotFound(Exception):  # noqa: N818 - `except EngineNotFound` says what happened
    """No engine is ready. The text says what was looked for, and what helps."""


def locate(search_path: str | None = None, home: Path = HOME, module: Path = version.MODULE) -> Engine:
    """Returns the engine to use: a supported `pulumi` on PATH, else the built one. It builds nothing.

    search_path: used instead of PATH; home: the folder of a built engine; module: the folder of its go.mod.
    Raises EngineNotFound.
    """
    reasons: list[str] = []
    for candidate in on_path("pulumi", search_path, besides=home / "bin"):
        engine_or_reason = _check_candidate(candidate, search_path)
        if isinstance(engine_or_reason, Engine):
            return engine_or_reason
        reasons.append(engine_or_reason)
    engine = module_of(home, module)
    built = engine.path("pulumi")
    if engine.is_built() and (home / "bin" / LANGUAGE_HOST).exists():
        return Engine(built, version.show(version.pinned(module)), built.parent, built=True)
    raise EngineNotFound(_not_found_text(reasons, built))


def on_path(name: str, search_path: str | None = None, besides: Path | None = None) -> list[Path]:
    """Returns every executable of that name on PATH, in order, except in the folder `besides`."""
    folders = (os.environ.get("PATH", os.defpath) if search_path is None else search_path).split(os.pathsep)
    candidates = [Path(folder, name) for folder in dict.fromkeys(folders) if folder]
    return [
        path
        for path in candidates
        if os.access(path, os.X_OK)
        and path.is_file()
        and (besides is None or path.parent.resolve() != besides.resolve())
    ]


def output_of(executable: Path, *arguments: str) -> str | None:
    """Returns what an executable prints for arguments such as `version`; None when it fails or takes too long."""
    environment = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    command = [str(executable), *arguments]
    try:
        completed = subprocess.run(
            command, capture_output=True, text=True, timeout=_ANSWER_SECONDS, env=environment, cwd="/", check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return completed.stdout.strip()


def module_of(home: Path = HOME, folder: Path = version.MODULE) -> GoModule:
    """Returns the module that the engine is built from."""
    pinned = version.show(version.pinned(folder))
    oldest = version.show(version.OLDEST)
    return GoModule(
        title=f"the Pulumi engine {pinned}",
        folder=folder,
        executables={version.PACKAGE: "pulumi"},
        home=home,
        go_home=home,
        variables={"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": f"v{pinned}"},
        remedies=(f"install Pulumi's own CLI ({oldest} or newer): https://www.pulumi.com/docs/install/",),
    )


def _check_candidate(candidate: Path, search_path: str | None) -> Engine | str:
    """Returns the engine at `candidate`, or a text that says why it cannot be used."""
    printed = output_of(candidate, "version")
    engine_version = version.parse(printed) if printed else None
    if engine_version is None:
        return f"{candidate} does not answer `pulumi version`"
    if not version.supported(engine_version):
        return f"{candidate} is version {version.show(engine_version)}"
    # The engine looks for its language host beside the real executable, then on PATH.
    if not (candidate.resolve().parent / LANGUAGE_HOST).exists() and not on_path(LANGUAGE_HOST, search_path):
        return f"{candidate} has no {LANGUAGE_HOST} beside it"
    return Engine(candidate, version.show(engine_version), candidate.parent, built=False)


def _not_found_text(reasons: list[str], built: Path) -> str:
    supported = f"{version.show(version.OLDEST)} or newer, below {version.show(version.FIRST_UNSUPPORTED)}"
    return "\n".join(
        [
            f"No Pulumi engine was found. Looked for `pulumi` ({supported}, with {LANGUAGE_HOST}) on PATH: "
            + ("; ".join(reasons) if reasons else "there is none")
            + f". Looked for a built one: there is no up-to-date {built}.",
            "Any one of these helps:",
            "  - run `make setup`: it builds the engine once, in some minutes, and needs the network",
            "  - install Pulumi's own CLI: https://www.pulumi.com/docs/install/",
        ]
    )
