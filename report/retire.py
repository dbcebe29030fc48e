"""`make retire`: what users and controllers have put into a stack, which `pulumi destroy` would leave or stop at.

It lists the things of catalog/leftovers.py, with what each blocks or costs and the command that deletes it, and runs
these commands when it is told to. In a real account it runs `kubectl` and `aws` with the caller's own credentials.
"""

import json
import os
import re
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from catalog.leftovers import LEFTOVERS, Leftover
from catalog.prices import HOURS_PER_MONTH, SERVICE_PRICES
from components.stack.stack_file import load_file
from report.simulated import ROOT, ReportError, Simulated
from report.tables import wrapped
from settings.core.physical_names import cluster_name, name_prefix
from simulator import clients
from simulator.cloud import Cloud

Run: TypeAlias = Callable[[Sequence[str]], str]
"""Runs a command line and returns its output. Raises CommandError with what it said."""

POLL_SECONDS = 10.0
CONTROLLERS_SECONDS = 300.0

_KUBERNETES = tuple(row for row in LEFTOVERS if row.find.startswith("kubectl"))
_AWS = tuple(row for row in LEFTOVERS if row not in _KUBERNETES)
_WORD = re.compile(r"\{([^{}]+)\}")
# The API server does not know the kind: no controller for it is installed.
_NO_KIND = "the server doesn't have a resource type"
CommandError = clients.CommandError


@dataclass(frozen=True)
class Thing:
    """One thing that is left over."""

    row: Leftover
    name: str
    command: str
    usd: float | None

    @property
    def text(self) -> str:
        """The line that says what it is, and what it blocks or costs."""
        cost = "" if self.usd is None else f"; {self.usd:,.2f} USD/month"
        return f"{self.row.kind} {self.name}: {self.row.effect}{cost}"


@dataclass
class Stack:
    """A stack that is to be retired. vpc: its id; "" once it is gone. clusters: the names of its clusters in AWS.

    run: runs a command where the stack is. patience_seconds: how long controllers get to delete what they made.
    """

    name: str
    region: str
    vpc: str
    clusters: Sequence[str]
    run: Run
    patience_seconds: float = CONTROLLERS_SECONDS
    gone: set[str] = field(default_factory=set)

    def enter(self, cluster: str) -> None:
        """Makes the following commands of kubectl go to the cluster, or notes that it is gone."""
        words = ["aws", "eks", "update-kubeconfig", "--region", self.region, "--name", cluster]
        try:
            self.run(words)
        except CommandError as error:
            if "ResourceNotFoundException" not in str(error):
                raise ReportError(f"`{shlex.join(words)}` failed: {error}") from None
            self.gone.add(cluster)

    def things(self, rows: Sequence[Leftover], cluster: str) -> Iterator[Thing]:
        """Yields what is left over of these kinds, in the order of its deletion. It asks for one kind after another."""
        place = {"region": self.region, "vpc": self.vpc, "cluster": cluster}
        for row in rows:
            if row.cluster == ("up" if cluster in self.gone else "gone") or (_needs_vpc(row) and not self.vpc):
                continue
            answer = self._answer(_filled(row.find, place))
            commands: set[str] = set()
            for item in _at(answer, [*row.listed.split(), "*"]):
                owner = _owner(item)
                maker = owner.partition(".")[0] + " " + owner.partition(" ")[2]
                each = {**item, **place, "tag": _tags(item), "owner": owner, "maker": maker}
                command = _filled(row.delete, each)
                wanted = all(_has(each, path, value and _filled(value, place)) for path, value in row.where.items())
                if wanted and command not in commands:  # pods of one owner, nodes of one pool
                    commands.add(command)
                    yield Thing(row, _filled(row.name, each), command, _usd(row, each))

    def _answer(self, command: str) -> Any:
        try:
            return json.loads(self.run(shlex.split(command)) or "{}")
        except CommandError as error:
            if _NO_KIND in str(error):
                return {}
            where = " Run it where `deployer.from` is." if command.startswith("kubectl") else ""
            raise ReportError(f"`{command}` failed: {error}{where}") from None


def retire(stack: str, *, confirm: bool, home: Path | None = None) -> int:
    """Lists what is left over in a stack, and deletes it when it is told to. home: of the simulator; None: the account.

    Returns 1 when something could not be deleted. Raises ReportError when the stack is protected or cannot be read.
    """
    settings = load_file(ROOT / f"Pulumi.{stack}.yaml")
    prefix = name_prefix(settings.name, settings.environment)
    if confirm and settings.deletion_protection and home is None:
        raise ReportError(
            f"{stack} is protected. First run `pulumi config set ml-platform:deletion_protection false --stack {stack}`"
            f" and `pulumi up --stack {stack}`."
        )
    vpc = _outputs(stack, home).get("vpc_id") or ""
    names = [cluster_name(prefix, key) for key in settings.clusters]
    with _runner(home) as run:
        patience = CONTROLLERS_SECONDS if home is None else 0
        found = Stack(stack, settings.region, vpc, names, run, patience)
        return retire_stack(found, confirm=confirm)


def retire_stack(stack: Stack, *, confirm: bool) -> int:
    """Lists what is left over, and deletes it when it is told to. Returns 1 when something is still there."""
    print(f"Left over in {stack.name}, {stack.region}:", flush=True)
    count = 0
    failed: list[str] = []
    seen: set[str] = set()
    for cluster in stack.clusters:
        stack.enter(cluster)
        count += _work_through(stack, cluster, _KUBERNETES, seen, failed, confirm=confirm)
    for cluster in stack.clusters:  # after all clusters: a controller makes its load balancer again
        if confirm:
            _wait_for_controllers(stack, cluster)
        count += _work_through(stack, cluster, _AWS, seen, failed, confirm=confirm)
    if not count:
        print("  nothing")
    if confirm:  # a pod that lost its node may have got one of another NodePool
        failed += [f"{each.text}" for one in stack.clusters for each in stack.things(LEFTOVERS, one)]
    if failed:
        print(
            "\nNot deleted, or there again. In some minutes, run it once more:\n"
            + "\n".join(f"  {text}" for text in failed)
        )
        return 1
    if count and not confirm:
        print(f"\nThese commands, in this order, or `make retire STACK={stack.name} CONFIRM=yes`, delete it all.")
    else:
        print(f"\nNext: `pulumi destroy --stack {stack.name}`, and once more `make retire STACK={stack.name}`.")
    return 0


def _work_through(
    stack: Stack, cluster: str, rows: Sequence[Leftover], seen: set[str], failed: list[str], *, confirm: bool
) -> int:
    """Prints the things of some kinds, and deletes them when it is told to. Returns how many there are."""
    found = 0
    for thing in stack.things(rows, cluster):
        if thing.command in seen:
            continue
        seen.add(thing.command)
        found += 1
        print("\n".join(wrapped(thing.text, "  ")) + f"\n      {thing.command}", flush=True)
        if confirm:
            failed += _deleted(stack, thing)
    return found


def _wait_for_controllers(stack: Stack, cluster: str) -> None:
    """Waits until the controllers have deleted what they made, or have had the time for it."""
    deadline = time.monotonic() + stack.patience_seconds
    while cluster not in stack.gone and time.monotonic() < deadline and any(stack.things(_AWS, cluster)):
        time.sleep(POLL_SECONDS)


def _deleted(stack: Stack, thing: Thing) -> list[str]:
    """Runs the command of a thing. Returns why it failed, or nothing."""
    try:
        stack.run(shlex.split(thing.command))
    except CommandError as error:
        return [f"{thing.row.kind} {thing.name}: {error}"]
    return []


def _outputs(stack: str, home: Path | None) -> Mapping[str, Any]:
    words = ("stack", "output", "--json", "--stack", stack)
    command = ("pulumi", *words) if home is None else Simulated(home).command(*words)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReportError(f"the outputs of {stack} cannot be read: {done.stderr.strip()}")
    outputs: Mapping[str, Any] = json.loads(done.stdout)
    return outputs


@contextmanager
def _runner(home: Path | None) -> Iterator[Run]:
    if home is not None:
        with closing(Cloud(home / "cloud.sqlite")) as cloud:
            yield clients.Clients(cloud).run
        return
    with tempfile.TemporaryDirectory() as folder:  # the caller's own kubeconfig stays as it is
        environment = os.environ | {"KUBECONFIG": f"{folder}/kubeconfig"}

        def run(words: Sequence[str]) -> str:
            try:
                done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
            except FileNotFoundError:
                raise ReportError(f"{words[0]} is not on PATH. Install it.") from None
            if done.returncode:
                raise CommandError(done.stderr.strip())
            return done.stdout

        yield run


def _needs_vpc(row: Leftover) -> bool:
    return "{vpc}" in row.find or "{vpc}" in row.where.values()


def _filled(text: str, values: Any) -> str:
    return _WORD.sub(lambda found: str(next(_at(values, found[1].split()), "")), text)


def _at(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """Yields what is at a path; `*` is each item of a list."""
    if not path:
        yield value
    elif path[0] == "*":
        for item in value or ():
            yield from _at(item, path[1:])
    elif isinstance(value, Mapping) and value.get(path[0]) is not None:
        yield from _at(value[path[0]], path[1:])


def _has(thing: Any, path: str, wanted: str | None) -> bool:
    values = list(_at(thing, path.split()))
    return not values if wanted is None else bool(values) if not wanted else wanted in values


def _tags(item: Mapping[str, Any]) -> Mapping[str, str]:
    return {tag["Key"]: tag["Value"] for tag in item.get("Tags") or ()}


def _owner(item: Mapping[str, Any]) -> str:
    """Returns what makes a pod, as kubectl takes it. A Deployment makes its pods by a ReplicaSet."""
    metadata = item.get("metadata") or {}
    for owner in metadata.get("ownerReferences") or ():
        group, _, version = owner["apiVersion"].rpartition("/")
        name, of_template = owner["name"], metadata.get("labels", {}).get("pod-template-hash")
        if owner["kind"] == "ReplicaSet" and of_template:
            return f"Deployment.v1.apps {name.removesuffix(f'-{of_template}')}"
        return f"{owner['kind']}.{version}.{group} {name}"
    return f"pod {metadata.get('name')}"


def _usd(row: Leftover, item: Mapping[str, Any]) -> float | None:
    if not row.price:
        return None
    number = float(next(_at(item, row.per.split()), 0)) if row.per else HOURS_PER_MONTH
    return SERVICE_PRICES[row.price].usd * number
