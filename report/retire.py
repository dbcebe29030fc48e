"""`make retire`: what users and controllers have put into a stack, which `pulumi destroy` would leave or stop at.

It lists the things of catalog/leftovers.py, with what each blocks or costs and the command that deletes it, and runs
these commands when it is told to. In a real account it runs `kubectl` and `aws` with the caller's own credentials.
"""

import json
import re
import shlex
import subprocess
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from catalog.leftovers import BALANCERS_CONTROLLER, LEFTOVERS, Leftover, is_protected
from catalog.prices import HOURS_PER_MONTH, SERVICE_PRICES
from components.stack.stack_file import load_file
from report.clients import CommandError, Run, enter, entering, runner
from report.simulated import ROOT, ReportError, Simulated
from report.tables import wrapped
from settings.core.physical_names import cluster_name, name_prefix

POLL_SECONDS = 10.0
CONTROLLERS_SECONDS = 300.0

_KUBERNETES = tuple(row for row in LEFTOVERS if row.find.startswith("kubectl"))
_AWS = tuple(row for row in LEFTOVERS if row not in _KUBERNETES)
_WORD = re.compile(r"\{([^{}]+)\}")
# The API server does not know the kind: no controller for it is installed.
_NO_KIND = "the server doesn't have a resource type"

_Name = tuple[str, str, str]
"""Kind, namespace and name of an object of Kubernetes."""


@dataclass(frozen=True)
class Thing:
    """One thing that is left over. goes: a controller deletes it by itself."""

    row: Leftover
    name: str
    command: str
    usd: float | None
    goes: bool = False

    @property
    def text(self) -> str:
        """The line that says what it is, and what it blocks or costs."""
        cost = "" if self.usd is None else f"; {self.usd:,.2f} USD/month"
        return f"{self.row.kind} {self.name}: {self.row.effect}{cost}"


@dataclass
class Stack:
    """A stack that is to be retired. vpc: its id; "" once it is gone. clusters: the names of its clusters in AWS.

    prefix: what the names of its resources begin with.

    own: what its program has made in Kubernetes, as `objects_of` returns it: `pulumi destroy` deletes that.
    run: runs a command where the stack is. patience_seconds: how long controllers get to delete what they made.
    """

    name: str
    region: str
    vpc: str
    clusters: Sequence[str]
    run: Run
    patience_seconds: float = CONTROLLERS_SECONDS
    own: Collection[_Name] = frozenset()
    prefix: str = ""
    gone: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set, init=False)
    """Addresses of load balancers that serve the program's objects, and the security groups of these."""

    def enter(self, cluster: str) -> None:
        """Makes the following commands of kubectl go to the cluster, or notes that it is gone."""
        try:
            enter(self.run, self.region, cluster)
        except CommandError as error:
            if "ResourceNotFoundException" not in str(error):
                raise ReportError(f"cluster {cluster} in {self.region} cannot be reached: {error}") from None
            self.gone.add(cluster)

    def things(self, rows: Sequence[Leftover], cluster: str) -> Iterator[Thing]:
        """Yields what is left over of these kinds, each thing once, in the order of its deletion. It asks kind by kind.

        kubectl goes to the cluster that was entered last.
        """
        place = {"region": self.region, "vpc": self.vpc, "cluster": cluster, "prefix": self.prefix}
        commands: set[str] = set()  # pods of one owner, nodes of one pool, volumes with all tags
        controller_of = cache(self._controller_of)
        for row in rows:
            if row.cluster == ("up" if cluster in self.gone else "gone") or (_needs_vpc(row) and not self.vpc):
                continue
            answer = self._answer(_filled(row.find, place))
            for item in _at(answer, [*row.listed.split(), "*"]):
                each = {**item, **place, "tag": _tags(item)}
                if "protected" in row.where:
                    each["protected"] = is_protected(item, datetime.now(UTC))
                if not _fits(each, row.where, place) or self._keeps(item):
                    continue
                if "{owner}" in row.delete:
                    owner = _owner(item, controller_of)
                    each |= {"owner": owner, "maker": owner.partition(".")[0] + " " + owner.partition(" ")[2]}
                command = _filled(row.delete, each)
                if command not in commands:
                    commands.add(command)
                    goes = row.awaited is not None and _fits(each, row.awaited, place)
                    yield Thing(row, _filled(row.name, each), command, _usd(row, each), goes)

    def _keeps(self, item: Mapping[str, Any]) -> bool:
        """Returns whether `pulumi destroy` deletes a thing: an object of the program, or what a controller made of it.

        A load balancer that is deleted while its Gateway is there comes back, or keeps the Gateway from being deleted:
        the controller remembers the security group. Source: aws-load-balancer-controller 3.5.0,
        pkg/networking/backend_sg_provider.go; read 2026-11.
        """
        if _name_of(item) in self.own:
            paths = ("status addresses * value", "status loadBalancer ingress * hostname")
            addresses = {address for path in paths for address in _at(item, path.split())}
            if addresses and self._controller_runs():
                self.kept |= addresses
            return True
        if item.get("DNSName") in self.kept:
            self.kept.update(item.get("SecurityGroups") or ())
            return True
        return item.get("GroupId") in self.kept

    def _controller_runs(self) -> bool:
        return any(_at(self._answer(BALANCERS_CONTROLLER), ["items", "*", "status", "availableReplicas"]))

    def _controller_of(self, namespace: str, owner: str) -> str | None:
        """Returns what makes an owner, "" when nothing does, and None when the owner cannot be read."""
        words = ["kubectl", "get", *owner.split(), "--namespace", namespace, "--output", "json"]
        try:
            return _controller(json.loads(self.run(words)))
        except CommandError:
            return None

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
    resources = _resources(stack, home)
    outputs = (each.get("outputs") or {} for each in resources if each["type"] == "pulumi:pulumi:Stack")
    vpc = next(outputs, {}).get("vpc_id") or ""
    names = [cluster_name(prefix, key) for key in settings.clusters]
    with runner(home) as run:
        patience = CONTROLLERS_SECONDS if home is None else 0
        found = Stack(stack, settings.region, vpc, names, run, patience, objects_of(resources), prefix)
        return retire_stack(found, confirm=confirm)


def retire_stack(stack: Stack, *, confirm: bool) -> int:
    """Lists what is left over, and deletes it when it is told to. Returns 1 when something is still there."""
    print(f"Left over in {stack.name}, {stack.region}:", flush=True)
    count = 0
    failed: list[str] = []
    for cluster in stack.clusters:
        stack.enter(cluster)
        count += _work_through(stack, cluster, _KUBERNETES, set(), failed, confirm=confirm)
    seen: set[str] = set()  # of AWS: the VPC is that of all clusters, and the names of Kubernetes are of one
    for cluster in stack.clusters:  # after all clusters: a controller makes its load balancer again
        if confirm:
            _wait_for_controllers(stack, cluster)
        count += _work_through(stack, cluster, _AWS, seen, failed, confirm=confirm)
    if not count:
        print("  nothing")
    for cluster in stack.clusters if confirm else ():  # a pod that lost its node may have got one of another NodePool
        stack.enter(cluster)
        failed += [_place(stack, cluster, each) + each.text for each in stack.things(LEFTOVERS, cluster)]
    if failed := list(dict.fromkeys(failed)):  # things of AWS are found from each cluster
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
        if rows is _KUBERNETES and found == 1:  # kubectl of who runs this may be in another cluster
            print(f"  In {cluster}:\n      {shlex.join(entering(stack.region, cluster))}")
        print("\n".join(wrapped(thing.text, "  ")) + f"\n      {thing.command}", flush=True)
        if confirm:
            failed += [_place(stack, cluster, thing) + text for text in _deleted(stack, thing)]
    return found


def _place(stack: Stack, cluster: str, thing: Thing) -> str:
    """Returns the beginning of a line about a thing: in which cluster it is, where there are several."""
    return f"{cluster}: " if thing.row in _KUBERNETES and len(stack.clusters) > 1 else ""


def _wait_for_controllers(stack: Stack, cluster: str) -> None:
    """Waits until the controllers have deleted what they made, or have had the time for it."""
    deadline = time.monotonic() + stack.patience_seconds
    while cluster not in stack.gone and time.monotonic() < deadline:
        if not any(thing.goes for thing in stack.things(_AWS, cluster)):
            return
        time.sleep(POLL_SECONDS)


def _deleted(stack: Stack, thing: Thing) -> list[str]:
    """Runs the command of a thing. Returns why it failed, or nothing, also when somebody else was quicker."""
    try:
        stack.run(shlex.split(thing.command))
    except CommandError as error:
        if re.search(r"\(\S*NotFound\S*\)", str(error)):
            return []
        return [f"{thing.row.kind} {thing.name}: {error}"]
    return []


def objects_of(resources: Sequence[Mapping[str, Any]]) -> frozenset[_Name]:
    """Returns kind, namespace and name of the objects of Kubernetes in a state, as `pulumi stack export` has them.

    The state tells them apart from those of users, who may use Pulumi and Helm too: no label or field manager does.
    """
    outputs = (each.get("outputs") or {} for each in resources if each["type"].startswith("kubernetes:"))
    return frozenset(_name_of(each) for each in outputs if "metadata" in each)


def _name_of(item: Mapping[str, Any]) -> _Name:
    metadata = item.get("metadata") or {}
    return str(item.get("kind")), str(metadata.get("namespace") or ""), str(metadata.get("name"))


def _resources(stack: str, home: Path | None) -> Sequence[Mapping[str, Any]]:
    words = ("stack", "export", "--stack", stack)
    command = ("pulumi", *words) if home is None else Simulated(home).command(*words)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReportError(f"the state of {stack} cannot be read: {done.stderr.strip()}")
    resources: Sequence[Mapping[str, Any]] = json.loads(done.stdout)["deployment"].get("resources") or ()
    return resources


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


def _fits(thing: Any, where: Mapping[str, str | None], place: Mapping[str, str]) -> bool:
    return all(_has(thing, path, value and _filled(value, place)) for path, value in where.items())


def _has(thing: Any, path: str, wanted: str | None) -> bool:
    values = list(_at(thing, path.split()))
    if wanted is None:
        return not values
    if wanted.endswith("*"):
        return any(str(value).startswith(wanted[:-1]) for value in values)
    return wanted in map(str, values) if wanted else any(values)


def _tags(item: Mapping[str, Any]) -> Mapping[str, str]:
    return {tag["Key"]: tag["Value"] for tag in item.get("Tags") or ()}


def _owner(pod: Mapping[str, Any], controller_of: Callable[[str, str], str | None]) -> str:
    """Returns the topmost controller of a pod, as kubectl takes it: each one makes again what is below it."""
    metadata = pod["metadata"]
    owner, above = f"pod {metadata['name']}", _controller(pod)
    while above and (next_ := controller_of(metadata["namespace"], above)) is not None:
        owner, above = above, next_
    return owner


def _controller(item: Mapping[str, Any]) -> str:
    """Returns what makes an object, as kubectl takes it; "" when nothing does."""
    for owner in (item.get("metadata") or {}).get("ownerReferences") or ():
        if owner.get("controller"):
            group, _, version = owner["apiVersion"].rpartition("/")
            return f"{owner['kind']}.{version}.{group} {owner['name']}"
    return ""


def _usd(row: Leftover, item: Mapping[str, Any]) -> float | None:
    if not row.price:
        return None
    number = float(next(_at(item, row.per.split()), 0)) if row.per else HOURS_PER_MONTH
    return SERVICE_PRICES[row.price].usd * number
