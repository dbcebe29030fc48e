"""`make conformance`: holds what stacks build, and the verdicts of the simulator, against real API servers."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from components.stack.stack_file import load_file
from engine.go_build import BuildError
from engine.progress import Progress
from report.in_process import InProcess
from report.rehearse import rehearse
from report.simulated import HOME, ROOT, Finished, ReportError, Simulated, project_with, shown
from report.tables import aligned, wrapped
from simulator.collector import build as collector
from simulator.conformance.agreement import Agreement, compare
from simulator.conformance.cases import cases, changes
from simulator.conformance.charts import ChartResult, check_charts, helm, idle_values, local_charts
from simulator.conformance.judges import ServerJudge, SimulatorJudge
from simulator.conformance.objects import ObjectsResult, check_objects
from simulator.control_plane.build import UnknownVersionError, ensure
from simulator.control_plane.client import Refused, Unreachable
from simulator.control_plane.planes import ControlPlanes
from simulator.control_plane.server import ControlPlaneError
from simulator.kubernetes.clusters import Cluster
from simulator.kubernetes.real import RealServer
from simulator.telemetry import build as telemetry

_HOME = HOME / "conformance"
_EXAMPLES = ROOT / "examples" / "stacks"
_LONGEST = 400


def conformance(stack: str | None, versions: Sequence[str], charts: Path | None) -> int:
    """Checks one stack, or all stack files and examples, then the corpus for each minor version.

    versions: for the corpus; without them, those of the stacks' clusters. charts: a folder with charts, such as
    `helm pull --untar` makes; those that the stacks install are rendered too.
    Returns 1 when anything is refused or judged differently, else 0. Raises ReportError.
    """
    check = _Check(charts)
    own = [ROOT / f"Pulumi.{stack}.yaml"] if stack else sorted(ROOT.glob("Pulumi.*.yaml"))
    examples = [] if stack else sorted(_EXAMPLES.glob("Pulumi.*.yaml"))
    of_stacks = {str(each.version) for path in (*own, *examples) for each in load_file(path).clusters.values()}
    try:
        for version in sorted({*of_stacks, *versions}):
            ensure(version, Progress())  # before anything else: a build takes minutes, and shows its progress
        if charts is not None:
            helm(Progress())
        if stack is None:
            telemetry.ensure(Progress())  # for tests, which build nothing
            collector.ensure(Progress())
        for path in own:
            check.whole_life(path.name.split(".")[1])
        for path in examples:
            check.example(path)
        check.print_objects()
        check.print_charts()
        for version in versions or sorted(of_stacks):
            check.corpus(version)
    except (BuildError, ControlPlaneError, Refused, Unreachable, UnknownVersionError) as problem:
        raise ReportError(str(problem)) from None
    return check.conclude()


@dataclass(frozen=True, kw_only=True)
class _WithRealServers(Simulated):
    """Runs the commands of a stack in this process, with API servers that stay from one command to the next."""

    stack: str
    planes: ControlPlanes

    def pulumi(self, name: str, *arguments: str, output: IO[str] | None = None, **_: Any) -> Finished:
        start = time.monotonic()
        done = InProcess(self.home, self.project, self.stack, self.caller, planes=self.planes).pulumi(*arguments)
        (output or sys.stdout).write(done.said)
        return Finished(done.code, time.monotonic() - start, done.events)


@dataclass
class _Check:
    """The results so far. charts: the folder with local charts."""

    charts: Path | None
    objects: list[tuple[str, ObjectsResult]] = field(default_factory=list)
    rendered: list[tuple[str, ChartResult]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def whole_life(self, stack: str) -> None:
        """Builds, refreshes and destroys a stack with real API servers, and holds its objects against new ones."""
        home = _HOME / stack
        with tempfile.TemporaryDirectory() as folder:
            cloud_file = Path(folder, "cloud.sqlite")

            def keep_cloud() -> None:
                shutil.copy(home / "cloud.sqlite", cloud_file)

            print("With real API servers: ", end="")
            caller = load_file(ROOT / f"Pulumi.{stack}.yaml").deployer.address
            with closing(ControlPlanes()) as planes:
                simulated = _WithRealServers(home, caller=caller, stack=stack, planes=planes)
                if rehearse(stack, simulated=simulated, when_built=keep_cloud):
                    self._add(stack, ["the rehearsal with real API servers failed; see above"])
            print(flush=True)
            if cloud_file.exists():
                self._hold(stack, cloud_file)

    def example(self, path: Path) -> None:
        """Builds the stack of an example, and holds its objects against a real API server."""
        stack = path.name.split(".")[1]
        with tempfile.TemporaryDirectory() as folder:
            caller = load_file(path).deployer.address
            engine = InProcess(Path(folder, "home"), project_with(path, Path(folder, "project")), stack, caller)
            print(f"Building {shown(path)} in the simulator", flush=True)
            done = engine.pulumi("up", "--yes", "--skip-preview")
            if done.code:
                self._add(path.name, ["it cannot be built: " + " ".join(done.said.splitlines()[-5:])])
            else:
                self._hold(stack, engine.cloud)

    def corpus(self, version: str) -> None:
        """Judges the corpus with the simulator and with an API server of that version, and prints the agreement."""
        with _interruptible(), closing(ControlPlanes()) as planes, tempfile.TemporaryDirectory() as folder:
            real = ServerJudge(planes.server("corpus", version))
            for title, subjects in (("objects", cases()), ("changes of objects", changes())):
                agreement = compare(subjects, SimulatorJudge(Path(folder, title), version), real, version)
                _print_agreement(f"{len(subjects)} {title} of the corpus, Kubernetes {version}", agreement)
                self._add(f"{title}, Kubernetes {version}", agreement.faults)
                self._add(f"{title}, Kubernetes {version}: the corpus is out of date", agreement.outdated)

    def print_objects(self) -> None:
        """Prints how many objects of each cluster were created, changed and deleted."""
        header = ("stack", "cluster", "Kubernetes", "objects", "created", "changed", "deleted")
        rows = [
            (stack, each.cluster, each.version, *map(str, (each.total, each.created, each.changed, each.deleted)))
            for stack, each in self.objects
        ]
        print("\nObjects on a real API server, with the definitions that charts and add-ons bring\n")
        print("\n".join(aligned([header, *rows], right=(3, 4, 5, 6))), flush=True)

    def print_charts(self) -> None:
        """Prints how many objects of each local chart are accepted, and its hooks."""
        if self.charts is None:
            return
        header = ("stack", "release", "chart", "objects", "accepted", "hooks")
        rows = [
            (stack, each.release, each.chart, str(each.objects), str(each.accepted), str(len(each.hooks)))
            for stack, each in self.rendered
        ]
        print(f"\nCharts of {self.charts}, rendered with the values of the stacks\n")
        print("\n".join(aligned([header, *rows], right=(3, 4, 5))))
        for hook in dict.fromkeys(hook for _, each in self.rendered for hook in each.hooks):
            print(f"  hook {hook}", flush=True)

    def conclude(self) -> int:
        """Prints every fault, and returns the exit code."""
        if not self.faults:
            print("\nEverything conforms.")
            return 0
        print(f"\n{len(self.faults)} {'fault' if len(self.faults) == 1 else 'faults'}:")
        for fault in self.faults:
            print("\n".join(wrapped(fault, "  ")))
        return 1

    def _hold(self, stack: str, cloud_file: Path) -> None:
        self._add(stack, idle_values(cloud_file))

        def render(cluster: Cluster, real: RealServer) -> None:
            if self.charts is not None:
                for chart in check_charts(cluster, real, local_charts(self.charts), helm(Progress())):
                    self.rendered.append((stack, chart))
                    self._add(f"{stack}, chart {chart.chart}", chart.faults)

        # New control planes, since all objects are created for the first time.
        with _interruptible(), closing(ControlPlanes()) as planes:
            for result in check_objects(cloud_file, planes, render):
                self.objects.append((stack, result))
                self._add(stack, result.refused)

    def _add(self, heading: str, texts: Sequence[str]) -> None:
        self.faults += [_shortened(f"{heading}: {text}") for text in texts]


@contextmanager
def _interruptible() -> Iterator[None]:
    """Lets Ctrl-C end this process: where no engine runs, nobody else would react to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _print_agreement(title: str, agreement: Agreement) -> None:
    rows = [
        (f"simulator {verb}", *(str(agreement.counts[accepted, by_server]) for by_server in (True, False)))
        for accepted, verb in ((True, "accepts"), (False, "refuses"))
    ]
    print(f"\n{title}\n")
    print("\n".join(aligned([("", "API server accepts", "API server refuses"), *rows], right=(1, 2))), flush=True)
    for text in agreement.excused:
        print("\n".join(wrapped(f"judged otherwise, with a reason: {text}", "  ")), flush=True)


def _shortened(text: str) -> str:
    """Returns a message of an API server on one line; those about immutable fields have a whole diff."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 4]} ..."
