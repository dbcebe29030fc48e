"""`make fire`: at each call of `up`, of a change and of `destroy` the engine dies, or the call fails; it must converge.

Each case has a home of its own: an empty one, or a copy of the finished stack. It does what the runbook says, and then
the cloud must be that of a run without faults: nothing doubled, nothing left over.
"""

import io
import json
import shutil
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from common.urns import name_of, type_of
from components.stack.stack_file import load_file
from report.in_process import Done, InProcess
from report.pending import DELETE_IT, pending
from report.rehearse import YES
from report.simulated import HOME, ROOT, ReportError, project_with
from simulator import console
from simulator.cloud import Cloud, CloudResource

_CALLS = {
    **dict.fromkeys(("create", "create-replacement"), "create"),
    **dict.fromkeys(("delete", "delete-replaced"), "delete"),
    "update": "update",
}
_MOMENTS = ("die-before", "die-after", "after", "before")
_QUICK = _MOMENTS[:3]
_KEPT_LINES = 12


@dataclass(frozen=True)
class Case:
    """One fault. life: up, change or destroy. moment: a fault of calls. operation: the call that it strikes."""

    life: str
    moment: str
    operation: str
    urn: str

    @property
    def name(self) -> str:
        return f"{self.life} {self.moment} {self.operation} {type_of(self.urn)} {name_of(self.urn)}"


class DivergedError(Exception):
    """A case did not converge; the text says at which command, and shows the end of its output."""


@dataclass(frozen=True)
class Grounds:
    """A finished stack, its change and its end, each once without faults.

    calls: life -> the calls of that life, as operation and URN. clouds: life -> what the cloud has after it.
    """

    folder: Path
    stack: str
    caller: str | None
    calls: Mapping[str, Sequence[tuple[str, str]]]
    clouds: Mapping[str, Counter[tuple[str, str]]]

    @property
    def changed(self) -> Path:
        """The project with a changed stack file."""
        return self.folder / "changed"

    def cases(self, moments: Sequence[str], *, every: bool) -> Iterator[Case]:
        """Yields the cases: of the first call of each type and operation, or of every call."""
        for life, calls in self.calls.items():
            first = {(operation, type_of(urn)): (operation, urn) for operation, urn in reversed(calls)}
            for operation, urn in calls:
                if every or first[operation, type_of(urn)] == (operation, urn):
                    yield from (Case(life, moment, operation, urn) for moment in moments)


def fire(stack: str, shard: tuple[int, int], *, resume: bool, every: bool, only: str = "") -> int:
    """Runs the cases of a shard, notes each in a file of JSON lines, and returns 1 when one did not converge.

    resume: keeps the outcomes that are noted. only: runs the cases whose name contains it.
    """
    number, shards = shard
    folder = HOME / "fire" / f"{stack}-{number}-of-{shards}"
    notes = folder / "results.jsonl"
    if not resume:
        shutil.rmtree(folder, ignore_errors=True)
    done = {}
    if notes.exists():
        done = {note["case"]: note for note in map(json.loads, notes.read_text().splitlines())}
    grounds = prepare(folder, stack)
    cases = [case for case in grounds.cases(_MOMENTS if every else _QUICK, every=every) if only in case.name]
    mine = cases[number - 1 :: shards]
    for case in mine:
        if case.name in done:
            continue
        start = time.monotonic()
        try:
            outcome, detail = Trial(grounds, case).run(), ""
        except DivergedError as reason:
            outcome, detail = "DIVERGED", str(reason)
        done[case.name] = {"case": case.name, "outcome": outcome, "detail": detail}
        with notes.open("a") as file:
            file.write(json.dumps(done[case.name]) + "\n")
        print(f"{time.monotonic() - start:5.1f} s  {outcome:<18} {case.name}\n{detail}".rstrip(), flush=True)
    counts = Counter(done[case.name]["outcome"] for case in mine)
    print(f"{stack}: {len(mine)} of {len(cases)} cases: {', '.join(f'{n} {what}' for what, n in counts.items())}")
    return 1 if counts["DIVERGED"] else 0


def prepare(folder: Path, stack: str, only: Collection[str] = ("up", "change", "destroy")) -> Grounds:
    """Runs lives without faults. A folder that has them already is used again. only: the lives."""
    caller = load_file(ROOT / f"Pulumi.{stack}.yaml").deployer.address
    if not (folder / "changed").exists():
        changed = folder / "new" / f"Pulumi.{stack}.yaml"
        changed.parent.mkdir(parents=True)
        changed.write_text(_changed(ROOT / f"Pulumi.{stack}.yaml"))
        project_with(changed, folder / "changed")
    kept = folder / "grounds.json"
    if not kept.exists():
        lives = {
            "up": (folder / "base", ROOT, "up"),
            "change": (folder / "base-changed", folder / "changed", "up"),
            "destroy": (folder / "base-gone", ROOT, "destroy"),
        }
        found: dict[str, Any] = {}
        for life in only:
            home, project, command = lives[life]
            shutil.rmtree(home, ignore_errors=True)
            if life != "up":
                shutil.copytree(folder / "base", home, symlinks=True)
            finished = InProcess(home, project, stack, caller).pulumi(command, *YES)
            if finished.code:
                raise DivergedError(f"{life} failed without a fault:\n{finished.said}")
            found[life] = [sorted(set(_calls(finished.events))), _cloud(home)]  # sorted: all shards have the same cases
        kept.write_text(json.dumps(found))
    found = json.loads(kept.read_text())
    return Grounds(
        folder,
        stack,
        caller,
        {life: [(operation, urn) for operation, urn in calls] for life, (calls, _) in found.items()},
        {life: Counter((type_, urn) for type_, urn in cloud) for life, (_, cloud) in found.items()},
    )


def _changed(stack_file: Path) -> str:
    """Returns the stack file with a change of most kinds: tags, sizes, node groups replaced, what comes and goes."""
    content = yaml.safe_load(stack_file.read_text())
    config = content["config"]
    config["ml-platform:cost_center"] = "another"
    if not load_file(stack_file).deletion_protection:  # doors that are protected do not close in one step
        config.pop("ml-platform:ingress", None)  # an add-on goes, and what it has made
    buckets = config["ml-platform:storage"]["buckets"]
    buckets["fire"] = dict(next(iter(buckets.values())))
    for cluster in config["ml-platform:clusters"].values():
        for pool in cluster["pools"]:
            pool["max_per_zone"] = pool.get("max_per_zone", 1) + 1
            if len(pool.get("instance_types", ())) > 1:
                pool["instance_types"].pop()
        cluster["pools"].append({"name": "fire", "instance_types": ["m7i.large"], "max_per_zone": 1})
    return yaml.safe_dump(content, sort_keys=False)


def _calls(events: Sequence[str]) -> Iterator[tuple[str, str]]:
    for event in map(json.loads, events):
        step = event.get("resourcePreEvent", {}).get("metadata", {})
        state = step.get("new") or step.get("old") or {}
        if state.get("custom") and step["op"] in _CALLS and not step["type"].startswith("pulumi:"):
            yield _CALLS[step["op"]], step["urn"]


def _cloud(home: Path) -> list[tuple[str, str]]:
    return [(each.type, each.urn) for each in _rows(home) if each.urn]  # the others go with their owners


def _rows(home: Path) -> list[CloudResource]:
    with closing(Cloud(home / "cloud.sqlite")) as cloud:
        return cloud.all()


class Trial:
    """One case, in a home of its own."""

    def __init__(self, grounds: Grounds, case: Case) -> None:
        self._case, self._home = case, grounds.folder / "trial"
        self._base, self._expected = grounds.folder / "base", grounds.clouds[case.life]
        project = grounds.changed if case.life == "change" else ROOT
        self._engine = InProcess(self._home, project, grounds.stack, grounds.caller)
        self._command = "destroy" if case.life == "destroy" else "up"
        self._imported: list[CloudResource] = []

    def run(self) -> str:
        """Returns how the stack converged. Raises DivergedError when it did not."""
        case = self._case
        if self._home.exists():
            shutil.rmtree(self._home)  # with anything left of the case before, the call might not come
        if case.life != "up":
            shutil.copytree(self._base, self._home, symlinks=True)
        fault = f"{case.moment}={case.operation}:{case.urn}:1"
        if not self._engine.pulumi(self._command, *YES, fault=fault).code:
            raise DivergedError(f"the fault did not strike: no call {case.operation} of {case.urn}")
        what = self._follow_the_runbook()
        self._must(self._command, "--yes")  # with its preview, as a person runs it
        if case.life != "destroy":
            self._must("refresh", *YES, "--expect-no-changes")
        self._compare()
        return f"converged after {what}" if what else "converged"

    def _state(self) -> list[dict[str, Any]]:
        exported = json.loads(self._must("stack", "export").output)
        return list(exported["deployment"].get("resources") or ())

    def _follow_the_runbook(self) -> str:
        """Looks up what may exist, imports or deletes what does, and clears what was pending. Returns what it did."""
        case = self._case
        killed = case.moment.startswith("die")
        if not killed and (case.operation, case.moment) != ("create", "after"):
            return ""  # the runbook says: run it again
        file = self._home / "pending.json"
        told = self._pending(file, () if killed else (case.urn,))
        unknown = self._unknown()
        self._imported = self._fill_in(file, unknown) if file.exists() else []
        deleted = self._delete_the_others(told, unknown)
        if self._imported:
            self._must("import", "--file", str(file), "--yes", "--protect=false", "--generate-code=false")
        if killed:
            self._must("refresh", "--clear-pending-creates", *YES)
        return ", ".join(what for what, done in (("import", self._imported), ("deletion", deleted)) if done)

    def _pending(self, file: Path, urns: Sequence[str]) -> str:
        """Returns what `python -m report pending` says."""

        def pulumi(*arguments: str) -> tuple[int, str, str]:
            done = self._engine.pulumi(*arguments)
            return done.code, done.output, done.errors

        told = io.StringIO()
        try:
            with redirect_stdout(told):
                pending(self._engine.stack, file, urns, pulumi)
        except ReportError as reason:
            if DELETE_IT not in str(reason):
                raise DivergedError(f"report pending: {reason}") from None
            print(reason, file=told)
        return told.getvalue()

    def _unknown(self) -> list[CloudResource]:
        """Returns what the cloud has, and the state does not."""
        state = self._state()
        known = {(each["type"], each.get("id")) for each in state}
        kubernetes = {each["urn"] for each in state}  # their ids in the cloud have the cluster in front
        return [
            each
            for each in _rows(self._home)
            if each.urn
            and (each.type, each.id) not in known
            and not (each.type.startswith("kubernetes:") and each.urn in kubernetes)
        ]

    def _fill_in(self, file: Path, unknown: Sequence[CloudResource]) -> list[CloudResource]:
        """Does what a person does with the file: writes the ids that the look-ups show, and drops what is not there."""
        content = json.loads(file.read_text())
        shown = {(each.type, name_of(each.urn)): each for each in unknown if not _is_half_made(each)}
        entries = [each for each in content["resources"] if (each["type"], each["name"]) in shown]
        for entry in entries:
            front, marked, _ = entry["id"].partition("<")
            if marked or not front:
                entry["id"] = front + shown[entry["type"], entry["name"]].id
        file.write_text(json.dumps({**content, "resources": entries}))
        return [shown[entry["type"], entry["name"]] for entry in entries]

    def _delete_the_others(self, told: str, unknown: Sequence[CloudResource]) -> list[CloudResource]:
        """Deletes what the runbook says to delete: second ones, half-made ones, and those with generated names."""
        gone = [each for each in unknown if f"{each.type} {name_of(each.urn)}" in told and each not in self._imported]
        for each in gone:
            self._cloud("delete", each)
        for each in _rows(self._home):
            if _is_half_made(each) and "helm rollback" in told:
                self._cloud("set", each, "status", json.dumps({**each.state["status"], "status": "deployed"}))
        return gone

    def _cloud(self, command: str, each: CloudResource, *arguments: str) -> None:
        region = ("--region", each.region) if each.region else ()
        console.run([command, each.id, *arguments, "--type", each.type, *region], self._home / "cloud.sqlite")

    def _compare(self) -> None:
        found = Counter(_cloud(self._home))
        more, less = found - self._expected, self._expected - found
        ids = {(each.type, each.id) for each in _rows(self._home)}
        again = [each for each in self._imported if self._command == "up" and (each.type, each.id) not in ids]
        if again:
            raise DivergedError("\n".join(f"imported, and replaced: {each.type} {each.id}" for each in again))
        if more or less:
            lines = [
                f"{what}: {type_} {name_of(urn)}"
                for what, rows in (("more", more), ("less", less))
                for type_, urn in rows
            ]
            raise DivergedError("\n".join(lines))

    def _must(self, *arguments: str) -> Done:
        done = self._engine.pulumi(*arguments)
        if done.code:
            lines = done.said.splitlines()
            errors = [line for line in lines if "error" in line.lower()]
            shown = "\n".join((errors or lines)[-_KEPT_LINES:])
            raise DivergedError(f"{arguments[0]} ended with {done.code}:\n{shown}")
        return done


def _is_half_made(each: CloudResource) -> bool:
    status = each.state.get("status")
    return isinstance(status, dict) and str(status.get("status")).startswith("pending")
