"""The workspace of simulated stacks: state, PULUMI_HOME, and a shadow project that commands may write to.

The engine writes into stack files (the salt of a passphrase, `pulumi config set`), and stack files may name a cloud
secrets provider that does not exist here. So commands run in a shadow of the project: it has links to everything except
the stack files, which are cleaned copies. The user's own files, stacks, credentials and home are never changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from simulator.stack_copy import StackFileError, read_text, without_secrets

_CLOUD_VARIABLES = ("AWS_", "KUBECONFIG", "PULUMI_K8S_")
_KEPT_VARIABLES = (
    *("PULUMI_DEBUG_COMMANDS", "PULUMI_EXPERIMENTAL", "PULUMI_OPTION_", "PULUMI_STACK"),
    "PULUMI_SKIP_CHECKPOINTS",
)
_REPLACED_SECRET = "simulated-secret"  # noqa: S105 - replaces values that only the real secrets provider can read


class WorkspaceError(Exception):
    """The simulator cannot be set up; the text says why and what to do."""


@dataclass(frozen=True)
class Workspace:
    """One project and its simulated state.

    project: the folder with Pulumi.yaml. home: the folder for everything that the simulator writes.
    """

    project: Path
    home: Path

    @property
    def shadow(self) -> Path:
        """The folder in which commands run."""
        return self.home / "project"

    @property
    def cloud(self) -> Path:
        """The default cloud file."""
        return self.home / "cloud.sqlite"

    def environment(self, engine_folder: Path, ports: Mapping[str, int]) -> dict[str, str]:
        """Returns the caller's environment without variables that name real clouds, accounts and backends."""
        kept = {key: value for key, value in os.environ.items() if not _is_foreign(key)}
        path = os.pathsep.join([str(engine_folder), str(Path(sys.executable).parent), kept.get("PATH", os.defpath)])
        return kept | {
            "PATH": path,
            "PULUMI_HOME": str(self.home / "pulumi"),
            "PULUMI_BACKEND_URL": f"file://{self.home / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": self._passphrase(),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "GOGC": "400",  # a quarter of the engine's time would be garbage collection, to save 100 MB
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "GRPC_VERBOSITY": "ERROR",  # messages about closed connections would appear as diagnostics
            "PULUMI_DEBUG_PROVIDERS": ",".join(f"{name}:{port}" for name, port in sorted(ports.items())),
        }

    def prepare(self, pulumi: Path, environment: Mapping[str, str], command: Sequence[str] = ()) -> None:
        """Updates the shadow project, and creates the stacks that do not exist yet.

        A stack file that cannot be read is left out with a message, unless the command names its stack: then it raises
        WorkspaceError, as it does when the engine cannot create a stack.
        """
        for folder in (self.shadow, self.home / "state", self.home / "pulumi"):
            folder.mkdir(parents=True, exist_ok=True)
        self._keep_logs_off()
        self._link_project()
        stacks, secured = [], []
        for stack in self._stacks():
            try:
                if self._copy_stack_file(stack):
                    secured.append(stack)
            except StackFileError as error:
                if _names_stack(command, stack):
                    raise WorkspaceError(str(error)) from None
                print(f"simulator: {error} The stack {stack} is left out.", file=sys.stderr)
                continue
            stacks.append(stack)
        self._make_stacks(stacks, pulumi, environment)
        for stack in secured:
            self._replace_secrets(stack, pulumi, environment)

    def bring_back(self) -> None:
        """Moves files that the command wrote into the shadow project to the project."""
        for entry in self.shadow.iterdir():
            target = self.project / entry.name
            if not entry.is_symlink() and not _is_project_file(entry) and not target.exists():
                shutil.move(entry, target)

    def _keep_logs_off(self) -> None:
        """Puts a file where the engine would have a folder of logs, so that it keeps none.

        Each command would write every value of every call there, which takes two fifths of the engine's time.
        Source: pulumi 3.259.0, pkg/logging/encrypted.go, StartLogging; cmd/pulumi/pulumi.go; read 2026-11.
        """
        logs = self.home / "pulumi" / "logs"
        if logs.is_dir():
            shutil.rmtree(logs)
        logs.touch()

    def _passphrase(self) -> str:
        path = self.home / "passphrase"
        if not path.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(24))
        return path.read_text()

    def _stacks(self) -> Iterator[str]:
        for path in sorted(self.project.glob("Pulumi.*.yaml")):
            yield path.name.removeprefix("Pulumi.").removesuffix(".yaml")

    def _link_project(self) -> None:
        expected = {entry.name for entry in self.project.iterdir() if not _is_stack_file(entry)} - {self._home_entry()}
        for entry in self.shadow.iterdir():
            if entry.is_symlink() and (entry.name not in expected or entry.readlink() != self.project / entry.name):
                entry.unlink()  # it may also be a link into another checkout of the project that used this home before
        for name in expected:
            link = self.shadow / name
            if not link.is_symlink() and not link.exists():
                link.symlink_to(self.project / name)

    def _home_entry(self) -> str | None:
        """Returns the project's entry that contains the home: a link to it would make the shadow contain itself."""
        if self.home.is_relative_to(self.project) and self.home != self.project:
            return self.home.relative_to(self.project).parts[0]
        return None

    def _copy_stack_file(self, stack: str) -> bool:
        """Copies the user's file again if it has changed. Returns True when it has encrypted values.

        The copy has the same lines as the file, so that messages name the user's own lines. Raises StackFileError for a
        file that cannot be read.
        """
        source, copy = (folder / f"Pulumi.{stack}.yaml" for folder in (self.project, self.shadow))
        text = read_text(source)
        mark, stamp = self.home / f"copied-{stack}", hashlib.sha256(text.encode()).hexdigest()
        if copy.exists() and mark.exists() and mark.read_text() == stamp:
            return False
        cleaned, secured = without_secrets(source, text)
        salt = yaml.safe_load(copy.read_text()).get("encryptionsalt") if copy.exists() else None
        copy.write_text(f"{cleaned.rstrip()}\nencryptionsalt: {salt}\n" if salt else cleaned)
        (self.home / f"secured-{stack}").write_text(json.dumps([_property_path(path) for path in secured]))
        mark.write_text(stamp)
        return bool(secured)

    def _make_stacks(self, stacks: Sequence[str], pulumi: Path, environment: Mapping[str, str]) -> None:
        folder = self.home / "state" / ".pulumi" / "stacks" / self._project_name()
        for stack in reversed(stacks):  # init selects the stack, so the first one by name is selected in the end
            if not any((folder / f"{stack}{ending}").exists() for ending in (".json", ".json.gz")):
                self._run(pulumi, environment, "stack", "init", stack)

    def _replace_secrets(self, stack: str, pulumi: Path, environment: Mapping[str, str]) -> None:
        for path in json.loads((self.home / f"secured-{stack}").read_text()):
            self._run(
                pulumi, environment, "config", "set", "--stack", stack, "--secret", "--path", path, _REPLACED_SECRET
            )

    def _project_name(self) -> str:
        try:
            return str(yaml.safe_load(read_text(self.project / "Pulumi.yaml"))["name"])
        except (yaml.YAMLError, KeyError, TypeError, StackFileError):
            raise WorkspaceError("Pulumi.yaml has no project name. Write for example `name: ml-platform`.") from None

    def _run(self, pulumi: Path, environment: Mapping[str, str], *arguments: str) -> None:
        command = [str(pulumi), *arguments, "--non-interactive"]
        completed = subprocess.run(
            command, cwd=self.shadow, env=environment, capture_output=True, text=True, check=False
        )
        if completed.returncode:
            raise WorkspaceError(f"`pulumi {' '.join(arguments)}` failed in the simulator:\n{completed.stderr.strip()}")


def find_project(start: Path) -> Path:
    """Returns the nearest folder at or above start with a Pulumi.yaml. Raises WorkspaceError when there is none."""
    for folder in (start, *start.parents):
        if (folder / "Pulumi.yaml").exists():
            return folder
    raise WorkspaceError(f"There is no Pulumi.yaml in {start} or above it. Run the simulator in a Pulumi project.")


def _is_foreign(variable: str) -> bool:
    if variable.startswith(_KEPT_VARIABLES):
        return False
    return variable.startswith((*_CLOUD_VARIABLES, "PULUMI_"))


def _is_stack_file(path: Path) -> bool:
    return path.name != "Pulumi.yaml" and path.match("Pulumi.*.yaml")


def _is_project_file(path: Path) -> bool:
    return path.match("Pulumi*.yaml")


def _names_stack(command: Sequence[str], stack: str) -> bool:
    """Returns whether a command line names the stack: `--stack prod`, `--stack=prod`, `-s prod`."""
    return any(word == stack or word.endswith(f"={stack}") for word in command)


def _property_path(path: tuple[str | int, ...]) -> str:
    steps = [f"[{step}]" if isinstance(step, int) else f'["{step}"]' for step in path[1:]]
    return str(path[0]) + "".join(steps)
