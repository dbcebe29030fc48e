"""`python -m report.bench` (`make bench`): measures time and memory of previews, compared with an empty program.

Runs alternate, and the fastest of each kind counts, because other load on the machine can only slow a run down. The
empty program imports the same names of the SDKs as the components do, and registers nothing. The floor program
registers resources of the engine itself, without a provider, so it measures only the SDK and the engine.
"""

import ast
import os
import sys
from collections.abc import Iterable, Mapping, Sequence

from report import events
from report.look import PACK
from report.measure import MeasureError, Measurement, measure
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
    """Runs all measurements and prints two tables. Returns 1 when the preview of prod is over its limits."""
    projects = {
        "empty": _project("empty", empty_program(), "dev"),
        **{stack: (Simulated(HOME / "bench" / stack), stack) for stack in ("dev", "prod")},
    }
    try:
        for simulated, stack in projects.values():
            _preview(simulated, stack)  # warm up: this creates the stack and loads files into memory
        stacks = _stacks(projects)
        _print_stacks(stacks, {name: _resources(projects[name][0]) for name in ("dev", "prod")})
        _print_sizes()
    except MeasureError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    return _compare_with_limits(stacks, _resources(projects["prod"][0]))


Project = tuple[Simulated, str]


def empty_program() -> str:
    """Returns a program that uses each SDK name that the components use, so imports are the same, and no more."""
    names = sorted({name for path in (ROOT / "components").rglob("*.py") for name in _sdk_names(path.read_text())})
    return "\n".join([*(f"import {sdk}" for sdk in SDKS), "", *names, ""])


def _sdk_names(source: str) -> Iterable[str]:
    """Yields the dotted names in a module that start with an SDK, e.g. `pulumi_aws.ec2.Vpc`, without calls."""
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


def _stacks(projects: Mapping[str, Project]) -> Mapping[tuple[str, bool], Measurement]:
    runs: dict[tuple[str, bool], list[Measurement]] = {}
    for round_ in range(ROUNDS):
        for pack in (False, True):
            for name, (simulated, stack) in projects.items():
                _show_progress(f"round {round_ + 1} of {ROUNDS}: {name}{' with the pack' if pack else ''}")
                runs.setdefault((name, pack), []).append(_preview(simulated, stack, pack))
    return {key: min(measurements, key=lambda run: run.seconds) for key, measurements in runs.items()}


def _print_stacks(stacks: Mapping[tuple[str, bool], Measurement], resources: Mapping[str, int]) -> None:
    empty = stacks["empty", False].seconds
    rows: list[Sequence[str]] = [("preview of", "resources", "pack", "seconds", "x empty", "ms/resource", *_ROLES)]
    for (name, pack), measured in stacks.items():
        count = resources.get(name, 1)
        ms_per_resource = f"{(measured.seconds - empty) / count * 1000:.1f}" if name != "empty" else "-"
        cells = (
            name,
            str(count),
            "yes" if pack else "no",
            f"{measured.seconds:.2f}",
            f"{measured.seconds / empty:.2f}",
        )
        rows.append((*cells, ms_per_resource, *_by_role(measured)))
    _show_progress("")
    print(f"\nPreviews compared with an empty program with the same imports, fastest of {ROUNDS}.\n{LEGEND}\n")
    print("\n".join(aligned(rows, right=range(1, 15))), flush=True)


def _print_sizes() -> None:
    kinds: Mapping[str, tuple[str, bool]] = {
        "AWS in the simulator": (LOG_GROUPS, False),
        "the same, with the pack": (LOG_GROUPS, True),
        "floor: no provider": (STASHES, False),
    }
    base = {name: _measure_program(f"{name}, 0", program, 0, pack) for name, (program, pack) in kinds.items()}
    rows: list[Sequence[str]] = [("program", "resources", "seconds", "ms/resource", *_ROLES)]
    for name, (program, pack) in kinds.items():
        for size in SIZES:
            measured = _measure_program(f"{name}, {size}", program, size, pack)
            ms_per_resource = (measured.seconds - base[name].seconds) / size * 1000
            rows.append((name, str(size), f"{measured.seconds:.2f}", f"{ms_per_resource:.1f}", *_by_role(measured)))
    _show_progress("")
    print("\nGenerated programs, one run each; ms/resource is the time beyond the same program without resources.\n")
    print("\n".join(aligned(rows, right=range(1, 13))), flush=True)


def _measure_program(label: str, program: str, size: int, pack: bool) -> Measurement:
    _show_progress(label)
    project = _project(f"{'aws' if 'aws' in program else 'floor'}-{size}", program.format(size=size), "dev")
    return _preview(*project, pack)


def _compare_with_limits(stacks: Mapping[tuple[str, bool], Measurement], resources: int) -> int:
    empty, prod = stacks["empty", False].seconds, stacks["prod", False].seconds
    times, ms_per_resource = prod / empty, (prod - empty) / resources * 1000
    within_limits = times <= MOST_TIMES_EMPTY and ms_per_resource <= MOST_MS_PER_RESOURCE
    by_role = {role: _extra_cpu(stacks, role) / resources * 1000 for role in _ROLES[:-1] if role != "pack"}
    print(
        "\nCPU time of the preview of prod beyond the empty one, in ms per resource: "
        + ", ".join(f"{role} {cpu:.1f}" for role, cpu in by_role.items())
        + ".\nProgram: the SDKs and this project. Engine: Pulumi. Simulator: takes the place of AWS."
    )
    print(
        f"\nprod: {times:.2f} times the empty program (limit {MOST_TIMES_EMPTY:g}), {ms_per_resource:.1f} ms per "
        f"resource beyond it (limit {MOST_MS_PER_RESOURCE:g}): {'within' if within_limits else 'OVER'} the limits."
    )
    return 0 if within_limits else 1


LEGEND = "By process: CPU seconds / peak memory in MiB."


def _extra_cpu(stacks: Mapping[tuple[str, bool], Measurement], role: str) -> float:
    return stacks["prod", False].cpu_seconds[role] - stacks["empty", False].cpu_seconds[role]


_ROLES = ("engine", "host", "program", "pack", "simulator", "all")


def _by_role(measured: Measurement) -> Sequence[str]:
    """Returns CPU seconds and MiB for each role."""
    return [
        f"{measured.cpu_seconds[role]:.1f}/{measured.peak_mib.get(role, 0):.0f}"
        if role in measured.cpu_seconds
        else "-"
        for role in _ROLES
    ]


def _project(name: str, body: str, stack: str) -> Project:
    """Writes a Pulumi project with one generated program."""
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
        """Tells whether the run failed. Policy violations are no failure: generated programs may have some."""
        return code != 0 and not (pack and log.exists() and events.read(log.read_text().splitlines()).mandatory)

    return measure(command, simulated.project, simulated.environment, failed)


def _resources(simulated: Simulated) -> int:
    log = simulated.home / "bench.events.jsonl"
    return events.read(log.read_text().splitlines()).resources


def _show_progress(text: str) -> None:
    """Shows what is being measured, on a terminal only, in one line that the next text overwrites."""
    if sys.stderr.isatty():
        print(f"\r{text:<{os.get_terminal_size().columns - 1}}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
