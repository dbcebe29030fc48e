"""`make conformance`: holds what stacks build, and the verdicts of the simulator, against real API servers."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from engine.go_build import BuildError
from report.rehearse import rehearse
from report.simulated import HOME, ROOT, ReportError, Simulated, project_with, shown
from report.tables import aligned
from simulator.conformance.agreement import Agreement, compare
from simulator.conformance.cases import cases, changes
from simulator.conformance.judges import ServerJudge, SimulatorJudge
from simulator.conformance.objects import ObjectsResult, check_objects
from simulator.control_plane.client import Unreachable
from simulator.control_plane.planes import ControlPlanes
from simulator.control_plane.server import ControlPlaneError

_HOME = HOME / "conformance"
_EXAMPLES = ROOT / "examples" / "stacks"
_LONGEST = 400
_NEWEST_IN_STACKS = "1.35"


def conformance(stack: str | None, versions: Sequence[str]) -> int:
    """Checks one stack, or all stack files and examples, then the corpus for each minor version.

    Returns 1 when anything is refused or judged differently, else 0. Raises ReportError.
    """
    faults = _Faults()
    try:
        rows = list(_stacks(stack, faults))
        _print_objects(rows)
        for version in versions or (_NEWEST_IN_STACKS,):
            _corpus(version, faults)
    except (BuildError, ControlPlaneError, Unreachable, ValueError) as problem:
        raise ReportError(str(problem)) from None
    return faults.conclude()


def shortened(text: str) -> str:
    """Returns a message of an API server on one line; those about immutable fields have a whole diff."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 4]} ..."


@dataclass
class _Faults:
    """What went wrong, under the heading that it belongs to."""

    texts: list[str] = field(default_factory=list)

    def add(self, heading: str, texts: Sequence[str]) -> None:
        self.texts += [shortened(f"{heading}: {text}") for text in texts]

    def conclude(self) -> int:
        """Prints all of it, and returns the exit code."""
        if not self.texts:
            print("\nEverything conforms.")
            return 0
        print(f"\n{len(self.texts)} {'fault' if len(self.texts) == 1 else 'faults'}:")
        print("\n".join(f"  {text}" for text in self.texts))
        return 1


def _stacks(stack: str | None, faults: _Faults) -> Iterator[tuple[str, ObjectsResult]]:
    own = [stack] if stack else sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml"))
    for name in own:
        yield from _whole_life(name, faults)
    for path in [] if stack else sorted(_EXAMPLES.glob("Pulumi.*.yaml")):
        yield from _example(path, faults)


def _whole_life(stack: str, faults: _Faults) -> Iterator[tuple[str, ObjectsResult]]:
    simulated = Simulated(_HOME / stack, options=("--kubernetes", "real"))
    with tempfile.TemporaryDirectory() as folder:
        cloud_file = Path(folder, "cloud.sqlite")
        print("With real API servers. ", end="")

        def keep_cloud() -> None:
            shutil.copy(simulated.home / "cloud.sqlite", cloud_file)

        if rehearse(stack, simulated=simulated, when_built=keep_cloud):
            faults.add(stack, ["the rehearsal with real API servers failed; see above"])
        if cloud_file.exists():
            yield from _objects(stack, cloud_file, faults)
    print()


def _example(path: Path, faults: _Faults) -> Iterator[tuple[str, ObjectsResult]]:
    stack = path.name.split(".")[1]
    with tempfile.TemporaryDirectory() as folder:
        simulated = Simulated(Path(folder, "home"), project_with(path, Path(folder, "project")))
        print(f"Building {shown(path)} in the simulator", flush=True)
        output = Path(folder, "output.txt")
        with output.open("w") as sink:
            done = simulated.pulumi("up", "up", "--yes", "--skip-preview", "--stack", stack, output=sink)
        if done.code:
            faults.add(path.name, ["it cannot be built: " + " ".join(output.read_text().splitlines()[-5:])])
        else:
            yield from _objects(stack, simulated.home / "cloud.sqlite", faults)


def _objects(stack: str, cloud_file: Path, faults: _Faults) -> Iterator[tuple[str, ObjectsResult]]:
    with closing(ControlPlanes()) as planes:
        for result in check_objects(cloud_file, planes):
            faults.add(stack, result.refused)
            yield stack, result


def _print_objects(rows: Sequence[tuple[str, ObjectsResult]]) -> None:
    header = ("stack", "cluster", "Kubernetes", "objects", "created", "changed", "deleted")
    numbers = [
        (stack, each.cluster, each.version, *map(str, (each.total, each.created, each.changed, each.deleted)))
        for stack, each in rows
    ]
    print("\nObjects on a real API server, with the definitions of the charts\n")
    print("\n".join(aligned([header, *numbers], right=(3, 4, 5, 6))), flush=True)


def _corpus(version: str, faults: _Faults) -> None:
    with closing(ControlPlanes()) as planes, tempfile.TemporaryDirectory() as folder:
        real = ServerJudge(planes.server("corpus", version))
        for title, subjects in (("objects", cases()), ("changes of objects", changes())):
            simulated = SimulatorJudge(Path(folder, title), version)
            agreement = compare(subjects, simulated, real, version)
            _print_agreement(f"{len(subjects)} {title} of the corpus, Kubernetes {version}", agreement)
            faults.add(f"{title}, Kubernetes {version}", agreement.faults)
            faults.add(f"{title}, Kubernetes {version}, the corpus is out of date", agreement.outdated)


def _print_agreement(title: str, agreement: Agreement) -> None:
    rows = [
        (f"simulator {verb}", *(str(agreement.counts[accepted, by_server]) for by_server in (True, False)))
        for accepted, verb in ((True, "accepts"), (False, "refuses"))
    ]
    print(f"\n{title}\n")
    print("\n".join(aligned([("", "API server accepts", "API server refuses"), *rows], right=(1, 2))), flush=True)
    for text in agreement.excused:
        print(f"  accepted with a reason: {text}")
