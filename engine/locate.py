"""Finding the engine: the user's own `pulumi`, or the one that was built here."""

import hashlib
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from engine import version

HOME = version.ROOT / ".engine"
LANGUAGE_HOST = "pulumi-language-python"
_ANSWER_SECONDS = 30


@dataclass(frozen=True)
class Engine:
    """An engine that is ready to run.

    path: the `pulumi` executable; version: such as "3.259.0"; bin_dir: the folder to put on PATH;
    built: whether it was built here, so that the language host beside it is the project's own.
    """

    path: Path
    version: str
    bin_dir: Path
    built: bool


class EngineNotFound(Exception):  # noqa: N818 - reads as what happened, where it is caught
    """No engine is ready. The text says what was looked for, and the ways out."""


def locate(search_path: str | None = None, home: Path = HOME, module: Path = version.MODULE) -> Engine:
    """The engine to use, without building anything: a supported `pulumi` on PATH first, else the built one.

    search_path: in place of PATH; home: where a built engine is; module: the go.mod that it is built from.
    Raises EngineNotFound.
    """
    refused: list[str] = []
    for candidate in on_path("pulumi", search_path, besides=home / "bin"):
        found = _judge(candidate, search_path)
        if isinstance(found, Engine):
            return found
        refused.append(found)
    built = home / "bin" / "pulumi"
    if is_built(home, module) and (home / "bin" / LANGUAGE_HOST).exists():
        return Engine(built, version.show(version.pinned(module)), built.parent, built=True)
    raise EngineNotFound(_ways_out(refused, built))


def on_path(name: str, search_path: str | None = None, besides: Path | None = None) -> list[Path]:
    """Every executable of that name on PATH, in order, without the folder `besides`."""
    folders = (os.environ.get("PATH", os.defpath) if search_path is None else search_path).split(os.pathsep)
    candidates = [Path(folder, name) for folder in dict.fromkeys(folders) if folder]
    return [
        path
        for path in candidates
        if os.access(path, os.X_OK)
        and path.is_file()
        and (besides is None or path.parent.resolve() != besides.resolve())
    ]


def answer(executable: Path, *arguments: str) -> str | None:
    """What an executable answers to such a thing as `version`; None when it fails or does not answer."""
    quiet = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    command = [str(executable), *arguments]
    try:
        answered = subprocess.run(
            command, capture_output=True, text=True, timeout=_ANSWER_SECONDS, env=quiet, cwd="/", check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answered.stdout.strip()


def fingerprint(module: Path = version.MODULE) -> str:
    """Changes with anything that a built engine depends on, so that it is known when to build again."""
    pins = (module / "go.mod").read_bytes() + (module / "go.sum").read_bytes()
    return hashlib.sha256(pins).hexdigest()


def is_built(home: Path = HOME, module: Path = version.MODULE) -> bool:
    """Whether the built engine is there and is the pinned one."""
    try:
        stamp = json.loads((home / "built.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return (home / "bin" / "pulumi").is_file() and stamp == {"fingerprint": fingerprint(module)}


def stamp_built(home: Path, module: Path) -> None:
    """Note down what the engine in `home` was built from."""
    (home / "built.json").write_text(json.dumps({"fingerprint": fingerprint(module)}) + "\n", encoding="utf-8")


def _judge(candidate: Path, search_path: str | None) -> Engine | str:
    """The engine at `candidate`, or why it will not do."""
    said = answer(candidate, "version")
    found = version.parse(said) if said else None
    if found is None:
        return f"{candidate} does not answer `pulumi version`"
    if not version.supported(found):
        return f"{candidate} is version {version.show(found)}"
    # Where the engine looks for it: beside the real executable, then on PATH.
    if not (candidate.resolve().parent / LANGUAGE_HOST).exists() and not on_path(LANGUAGE_HOST, search_path):
        return f"{candidate} has no {LANGUAGE_HOST} beside it"
    return Engine(candidate, version.show(found), candidate.parent, built=False)


def _ways_out(refused: list[str], built: Path) -> str:
    range_ = f"{version.show(version.OLDEST)} or newer, below {version.show(version.FIRST_UNSUPPORTED)}"
    return "\n".join(
        [
            f"No Pulumi engine was found. Looked for `pulumi` ({range_}, with {LANGUAGE_HOST}) on PATH: "
            + ("; ".join(refused) if refused else "there is none")
            + f". Looked for a built one: there is no up-to-date {built}.",
            "Any one of these helps:",
            "  - `make setup` builds the engine, once, in some minutes; it needs the network",
            "  - install Pulumi's own CLI: https://www.pulumi.com/docs/install/",
        ]
    )
