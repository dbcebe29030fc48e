"""`python -m report.bench` (`make bench`): what a preview costs in time and memory, against an empty program.

Runs are interleaved, and the best of each counts: whatever else the machine does can only add to it. The empty program
imports the same names of the same SDKs as the components do, and registers nothing. The floor registers resources of
the engine's own, which no provider sees: what is left is the SDK and the engine.
"""

import ast
import os
import sys
from collections.abc import Iterable, Mapping, Sequence

from report import events
from report.measure import MeasureError, Measurement, measure
from report.preview import PACK
from report.simulated import HOME, ROOT, Simulated
from report.tables import aligned

ROUNDS = 5
SIZES = (100, 400, 1600)
MOST_TIMES_EMPTY = 3.0
MOST_MS_PER_RESOURCE = 12.0
SDKS = ("pulumi_aws", "pulumi_eks", "pulumi_kubernetes")

LOG_GROUPS = """
import pulumi_aws as aws

provider = aws.Provider("aws", region="us-west-2")
options = pulumi.ResourceOptions(provider=provider)
for number in range({size}):
    name = f"group-{{number}}"
    aws.cloudwatch.LogGroup(name, name=f"/bench/{{name}}", retention_in_days=30, tags={{"number": name}}, opts=options)
"""

STASHES = """
for number in range({size}):
    pulumi.Stash(f"stash-{{number}}", input={{"name": f"/bench/{{number}}", "retention": 30}})
"""


def main() -> int:
    """Runs everything and prints two tables; 1 when the preview of prod is over its limits."""
    rooms = {
        "empty": _room("empty", empty_program(), "dev"),
        **{stack: (Simulated(HOME / "bench" / stack), stack) for stack in ("dev", "prod")},
    }
    try:
        for simulated, stack in rooms.values():
            _preview(simulated, stack)  # warm: the stack is made, files are in memory
        stacks = _stacks(rooms)
        _print_stacks(stacks, {name: _resources(rooms[name][0]) for name in ("dev", "prod")})
        _print_sizes()
    except MeasureError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    return _verdict(stacks, _resources(rooms["prod"][0]))


Room = tuple[Simulated, str]


def empty_program() -> str:
    """A program that touches each SDK name that the components touch: the same imports, and nothing registered."""
    names = sorted({name for path in (ROOT / "components").rglob("*.py") for name in _sdk_names(path.read_text())})
    return "\n".join([*(f"import {sdk}" for sdk in SDKS), "", *names, ""])


def _sdk_names(source: str) -> Iterable[str]:
    """Dotted names in a module that start at an SDK, e.g. `pulumi_aws.ec2.Vpc`, without what is called on them."""
    tree = ast.parse(source)
    aliases = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name in SDKS
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            dotted = ast.unparse(node)
            start, _, rest = dotted.partition(".")
            if start in aliases and rest.replace(".", "").replace("_", "").isalnum():
                yield f"{aliases[start]}.{rest}"


def _stacks(rooms: Mapping[str, Room]) -> Mapping[tuple[str, bool], Measurement]:
    runs: dict[tuple[str, bool], list[Measurement]] = {}
    for round_ in range(ROUNDS):
        for pack in (False, True):
            for name, (simulated, stack) in rooms.items():
                _say(f"round {round_ + 1} of {ROUNDS}: {name}{' with the pack' if pack else ''}")
                runs.setdefault((name, pack), []).append(_preview(simulated, stack, pack))
    return {key: min(found, key=lambda run: run.seconds) for key, found in runs.items()}


def _print_stacks(found: Mapping[tuple[str, bool], Measurement], resources: Mapping[str, int]) -> None:
    empty = found["empty", False].seconds
    rows: list[Sequence[str]] = [("preview of", "resources", "pack", "seconds", "x empty", "ms/resource", *_ROLES)]
    for (name, pack), measured in found.items():
        count = resources.get(name, 1)
        each = f"{(measured.seconds - empty) / count * 1000:.1f}" if name != "empty" else "-"
        cells = (
            name,
            str(count),
            "yes" if pack else "no",
            f"{measured.seconds:.2f}",
            f"{measured.seconds / empty:.2f}",
        )
        rows.append((*cells, each, *_by_role(measured)))
    _say("")
    print(f"\nPreviews against an empty program with the same imports, best of {ROUNDS}.\n{LEGEND}\n")
    print("\n".join(aligned(rows, right=range(1, 15))), flush=True)


def _print_sizes() -> None:
    kinds: Mapping[str, tuple[str, bool]] = {
        "AWS in the simulator": (LOG_GROUPS, False),
        "the same, with the pack": (LOG_GROUPS, True),
        "floor: no provider": (STASHES, False),
    }
    base = {name: _sized(f"{name}, 0", program, 0, pack) for name, (program, pack) in kinds.items()}
    rows: list[Sequence[str]] = [("program", "resources", "seconds", "ms/resource", *_ROLES)]
    for name, (program, pack) in kinds.items():
        for size in SIZES:
            measured = _sized(f"{name}, {size}", program, size, pack)
            each = (measured.seconds - base[name].seconds) / size * 1000
            rows.append((name, str(size), f"{measured.seconds:.2f}", f"{each:.1f}", *_by_role(measured)))
    _say("")
    print("\nGenerated programs, one run each; ms/resource is over the same program without resources.\n")
    print("\n".join(aligned(rows, right=range(1, 13))), flush=True)


def _sized(label: str, program: str, size: int, pack: bool) -> Measurement:
    _say(label)
    room = _room(f"{'aws' if 'aws' in program else 'floor'}-{size}", program.format(size=size), "dev")
    return _preview(*room, pack)


def _verdict(found: Mapping[tuple[str, bool], Measurement], resources: int) -> int:
    empty, prod = found["empty", False].seconds, found["prod", False].seconds
    times, each = prod / empty, (prod - empty) / resources * 1000
    kept = times <= MOST_TIMES_EMPTY and each <= MOST_MS_PER_RESOURCE
    more = {role: _beyond(found, role) / resources * 1000 for role in _ROLES[:-1] if role != "pack"}
    print(
        "\nCPU of the preview of prod beyond the empty one, in ms a resource: "
        + ", ".join(f"{role} {cost:.1f}" for role, cost in more.items())
        + ".\nThe program's is the SDK's and our own, the engine's is Pulumi's, the simulator's is what stands for AWS."
    )
    print(
        f"\nprod: {times:.2f} times the empty program (at most {MOST_TIMES_EMPTY:g}), {each:.1f} ms a resource "
        f"beyond it (at most {MOST_MS_PER_RESOURCE:g}): {'kept' if kept else 'NOT KEPT'}."
    )
    return 0 if kept else 1


LEGEND = "By process: seconds of CPU / MiB of memory at the peak."


def _beyond(found: Mapping[tuple[str, bool], Measurement], role: str) -> float:
    return found["prod", False].cpu_seconds[role] - found["empty", False].cpu_seconds[role]


_ROLES = ("engine", "host", "program", "pack", "simulator", "all")


def _by_role(measured: Measurement) -> Sequence[str]:
    """Seconds of CPU and MiB for each role."""
    return [
        f"{measured.cpu_seconds[role]:.1f}/{measured.peak_mib.get(role, 0):.0f}"
        if role in measured.cpu_seconds
        else "-"
        for role in _ROLES
    ]


def _room(name: str, body: str, stack: str) -> Room:
    """A project of its own that runs one generated program."""
    folder = HOME / "bench" / name / "program"
    folder.mkdir(parents=True, exist_ok=True)
    runtime = f"runtime:\n  name: python\n  options:\n    toolchain: pip\n    virtualenv: {ROOT / '.venv'}\n"
    (folder / "Pulumi.yaml").write_text(f"name: bench\n{runtime}")
    (folder / f"Pulumi.{stack}.yaml").write_text("{}\n")
    (folder / "__main__.py").write_text(f"import pulumi\n{body}")
    return Simulated(HOME / "bench" / name, folder), stack


def _preview(simulated: Simulated, stack: str, pack: bool = False) -> Measurement:
    log = simulated.home / "bench.events.jsonl"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    packs = (PACK[0], str(ROOT / PACK[1])) if pack else ()
    command = simulated.command("preview", "--stack", stack, "--non-interactive", *packs, "--event-log", str(log))

    def failed(code: int) -> bool:
        """A program made for measuring may break policies: they were judged all the same."""
        return code != 0 and not (pack and log.exists() and events.read(log.read_text().splitlines()).mandatory)

    return measure(command, simulated.project, simulated.environment, failed)


def _resources(simulated: Simulated) -> int:
    log = simulated.home / "bench.events.jsonl"
    return events.read(log.read_text().splitlines()).resources


def _say(text: str) -> None:
    """Says what is being measured: on a terminal in one line that is overwritten, else not at all."""
    if sys.stderr.isatty():
        print(f"\r{text:<{os.get_terminal_size().columns - 1}}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
