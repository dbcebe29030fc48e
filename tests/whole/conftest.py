"""Whole stacks on the real engine in the simulator, in a copy of the project."""

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.urns import name_of
from report.in_process import InProcess
from simulator import console

ROOT = Path(__file__).resolve().parents[2]
IN_PROCESS = ("config", "destroy", "import", "preview", "refresh", "stack", "up")


def drop_quotas_of_lost_pools(config: dict[str, Any]) -> None:
    """Takes pools that a test has taken away out of the quotas of teams, which would be refused."""
    pools = {
        pool.get("name") or pool.get("preset")
        for cluster in config["ml-platform:clusters"].values()
        for pool in cluster.get("pools", ())
    }
    for team in config.get("ml-platform:teams", ()):
        for quota in team.get("quota", {}).values():
            quota["gpus"] = {name: count for name, count in quota.get("gpus", {}).items() if name in pools}


class Project:
    """The program itself, with copies of stack files that a test may change. stacks: the folder of the originals."""

    def __init__(self, folder: Path, stacks: Path = ROOT) -> None:
        self.folder = folder
        folder.mkdir()
        for entry in ROOT.iterdir():
            if entry.name not in {".simulator", ".git", "build"} and not entry.match("Pulumi.*.yaml"):
                (folder / entry.name).symlink_to(entry)
        for path in stacks.glob("Pulumi.*.yaml"):
            (folder / path.name).write_text(path.read_text())

    def settings(self, stack: str) -> dict:
        return yaml.safe_load((self.folder / f"Pulumi.{stack}.yaml").read_text())["config"]

    def change(self, stack: str, **settings) -> None:
        """Changes settings in the stack file; write `__` for the dots of a path."""
        path = self.folder / f"Pulumi.{stack}.yaml"
        content = yaml.safe_load(path.read_text())
        for key, value in settings.items():
            target = content["config"]
            first, *rest = key.split("__")
            steps = [f"ml-platform:{first}", *rest]
            for step in steps[:-1]:
                target = target[int(step)] if isinstance(target, list) else target.setdefault(step, {})
            target[int(steps[-1]) if isinstance(target, list) else steps[-1]] = value
        drop_quotas_of_lost_pools(content["config"])
        path.write_text(yaml.safe_dump(content, sort_keys=False))

    def pools(self, stack: str) -> list[dict]:
        """Returns the pools of cluster `main` from the stack file."""
        return self.settings(stack)["ml-platform:clusters"]["main"]["pools"]

    def change_pool(self, stack: str, name: str, **settings) -> None:
        """Changes settings of one pool, by its name or preset; write `__` for the dots of a path."""
        index = next(i for i, pool in enumerate(self.pools(stack)) if name in (pool.get("name"), pool.get("preset")))
        self.change(stack, **{f"clusters__main__pools__{index}__{key}": value for key, value in settings.items()})

    def simulate(
        self, *command: str, apart: bool = False, env: dict[str, str] | None = None, **options
    ) -> subprocess.CompletedProcess:
        """Runs a command in the simulator and returns the completed process.

        The program and the simulator are those of this process if they can; apart: they have processes of their own.
        caller: where it runs; without it, where the stack file of the command's stack says. principal: who runs it.
        """
        few = not set(options) - {"caller", "principal", "faults"} and len(options.get("faults", ())) <= 1
        if (
            few
            and not apart
            and env is None
            and command[0] == "pulumi"
            and command[1] in IN_PROCESS
            and "--stack" in command
        ):
            return self._in_process(command[1:], *options.pop("faults", ()), **options)
        home_option = ["--home", str(self.folder / ".simulator")]
        caller = options.pop("caller", None) or self._deployer(command)
        home_option += ["--from", caller] if caller else []
        principal = options.pop("principal", None)
        home_option += ["--as", principal] if principal else []
        flags = [word for spec in options.pop("faults", ()) for word in ("--fault", spec)]
        flags += [word for spec in options.pop("quotas", ()) for word in ("--quota", spec)]
        line = [sys.executable, "-m", "simulator", *home_option, *flags, "--", *command]
        return subprocess.run(
            line, cwd=self.folder, env=env or dict(os.environ), capture_output=True, text=True, timeout=300, **options
        )

    def _deployer(self, command: tuple[str, ...]) -> str | None:
        stack = command[command.index("--stack") + 1] if "--stack" in command else None
        return self.settings(stack).get("ml-platform:deployer", {}).get("from") if stack else None

    def pulumi(self, *arguments: str, **options) -> subprocess.CompletedProcess:
        """Runs a command that has to succeed."""
        completed = self.simulate("pulumi", *arguments, "--non-interactive", **options)
        assert completed.returncode == 0, (
            f"pulumi {' '.join(arguments)} failed:\n{completed.stdout}\n{completed.stderr}"
        )
        if arguments[0] == "up":
            assert self.lost() == [], "a replacement that keeps its id was deleted with the old resource, or cascaded"
        return completed

    def _in_process(
        self, arguments: tuple[str, ...], fault: str = "", caller: str | None = None, principal: str | None = None
    ) -> subprocess.CompletedProcess:
        at = arguments.index("--stack")
        home, caller = self.folder / ".simulator", caller or self._deployer(arguments)
        engine = InProcess(home, self.folder, arguments[at + 1], caller, principal)
        done = engine.pulumi(*arguments[:at], *arguments[at + 2 :], fault=fault)
        return subprocess.CompletedProcess(arguments, done.code, done.output, done.errors)

    def lost(self) -> list[str]:
        """Returns what is in the state of a stack and not in the cloud."""
        live = {(each["type"], each["region"], each["id"]) for each in self.resources()}
        objects = {(type_, id_.partition("/")[2]) for type_, _, id_ in live if type_.startswith("kubernetes:")}
        missing = []
        for file in (self.folder / ".simulator" / "state").glob(".pulumi/stacks/*/*.json"):
            for row in json.loads(file.read_text())["checkpoint"]["latest"].get("resources") or ():
                type_, id_ = row["type"].removesuffix("Patch"), row.get("id")  # a patch is a part of its object
                if not row["custom"] or type_.startswith("pulumi:"):
                    continue
                region = row.get("outputs", {}).get("region", "")
                if (type_, id_) not in objects and (type_, region, id_) not in live:
                    missing.append(f"{file.stem}: {row['urn']} {id_}")
        return missing

    def preview(self, stack: str, *arguments: str) -> dict:
        """Returns the engine's JSON of a preview."""
        return json.loads(self.pulumi("preview", "--stack", stack, "--json", *arguments).stdout)

    def cloud(self, *arguments: str) -> str:
        """Runs `python -m simulator cloud`, which has to succeed, and returns its output."""
        with redirect_stdout(io.StringIO()) as output:
            assert console.run(list(arguments), self.folder / ".simulator" / "cloud.sqlite") == 0
        return output.getvalue()

    def resources(self) -> list[dict]:
        """Returns all resources in the cloud."""
        return [json.loads(line) for line in self.cloud("list", "--json").splitlines()]


def steps(preview: dict, *kinds: str) -> set[str]:
    """Returns the names of the resources for which a preview shows one of these operations."""
    return {name_of(step["urn"]) for step in preview["steps"] if step["op"] in kinds}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    return Project(tmp_path_factory.mktemp("whole") / "project")
