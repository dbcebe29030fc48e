"""`make rehearse`: the whole life of a stack in the simulator, in a home of its own, from nothing to nothing."""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common.urns import name_of
from report import events
from report.events import Finding, Operation
from report.preview import PACK
from report.simulated import HOME, Finished, Simulated, shown
from report.tables import aligned

YES = ("--yes", "--skip-preview")
TAIL_LINES = 30
LABEL_WIDTH = 68


@dataclass(frozen=True)
class Step:
    """One command of the rehearsal. does: what it shows, for the headline. only_if_protected: see `_RETIRE`."""

    name: str
    does: str
    arguments: Sequence[str]
    logs_events: bool = True


_BUILD = (
    Step("preview", "what would be built, and what the policies say", ("preview", *PACK)),
    Step("up", "everything is built", ("up", *YES, *PACK)),
    Step("refresh", "the cloud holds what the state says", ("refresh", *YES, "--expect-no-changes")),
    Step("preview again", "a second run changes nothing", ("preview", *PACK, "--expect-no-changes")),
)

# What an operator does before taking down a protected stack: one key lifts Pulumi's protection and that of AWS. The
# policies of prod refuse such a stack, rightly, so the update that lifts the protection runs without the pack.
_RETIRE = (
    Step(
        "unprotect", "deletion_protection: false", ("config", "set", "ml-platform:deletion_protection", "false"), False
    ),
    Step("retire", "protection is lifted, without the policy pack", ("up", *YES)),
)

_END = Step("destroy", "everything is taken down", ("destroy", *YES))


@dataclass(frozen=True)
class Result:
    """How a step went."""

    step: Step
    finished: Finished
    operation: Operation

    @property
    def row(self) -> Sequence[str]:
        """The line of the summary."""
        outcome = "ok" if self.finished.code == 0 else f"failed, exit {self.finished.code}"
        return self.step.name, events.counted(self.operation.counts) or "-", f"{self.finished.seconds:.1f} s", outcome


def rehearse(stack: str, *, verbose: bool = False) -> int:
    """Runs every step, stops at the first that fails, and returns its exit code; 1 when something is left over."""
    simulated = Simulated(HOME / "rehearsal" / stack)
    if simulated.clear():
        print(f"Starting afresh: {shown(simulated.home)} held an earlier rehearsal.")
    print(f"Rehearsal of {stack}, in the simulator\n", flush=True)
    results: list[Result] = []
    for step in _BUILD:
        if not _run(simulated, stack, step, results, verbose):
            return _failed(simulated, stack, results)
    if results[-1].operation.protected:
        count = results[-1].operation.protected
        print(f"  {count} resources are protected, so destroy would refuse them. Lifting the protection first:")
        for step in _RETIRE:
            if not _run(simulated, stack, step, results, verbose):
                return _failed(simulated, stack, results)
    if not _run(simulated, stack, _END, results, verbose):
        return _failed(simulated, stack, results)
    return _conclude(simulated, results)


def _run(simulated: Simulated, stack: str, step: Step, results: list[Result], verbose: bool) -> bool:
    """Runs one step, keeps how it went, and tells whether it succeeded."""
    label = f"  {step.name:<14} {step.does}"
    live = sys.stdout.isatty() and not verbose
    name = f"{len(results) + 1}-{step.name.replace(' ', '-')}"
    arguments = (*step.arguments, "--stack", stack, "--non-interactive")
    if verbose:
        print(f"\n{label}", flush=True)
        finished = simulated.pulumi(name, *arguments, log_events=step.logs_events)
    else:
        if live:
            print(f"\r{label}", end="", flush=True)
        output = _output_of(simulated, name)
        output.parent.mkdir(parents=True, exist_ok=True)
        with output.open("w") as sink:
            watch = _Progress(label).show if live else None
            finished = simulated.pulumi(name, *arguments, output=sink, watch=watch, log_events=step.logs_events)
    result = Result(step, finished, events.read(finished.events))
    results.append(result)
    outcome = "ok" if finished.code == 0 else "FAILED"
    start = "\r" if live else ""
    print(f"{start}{label:<{LABEL_WIDTH}} {finished.seconds:6.1f} s   {outcome:<12}".rstrip(), flush=True)
    if finished.code and not verbose:
        _show_failure(result.operation, output)
    return finished.code == 0


class _Progress:
    """The line of a running step on a terminal: how many resources are done."""

    def __init__(self, label: str) -> None:
        self._label = label

    def show(self, log: Path) -> None:
        if log.exists():
            with log.open() as lines:
                done = events.count_resources(lines)
            print(f"\r{self._label:<{LABEL_WIDTH}} {done:6d} done", end="", flush=True)


def _conclude(simulated: Simulated, results: Sequence[Result]) -> int:
    left = simulated.cloud()
    total = sum(result.finished.seconds for result in results)
    print()
    rows = [("step", "resources", "time", "outcome"), *(result.row for result in results if result.step.logs_events)]
    rows.append(("total", "", f"{total:.1f} s", "the cloud is empty" if not left else f"{len(left)} left over"))
    print("\n".join(aligned(rows, right=(2,))))
    for (level, policy), count in Counter((each.level, each.policy) for each in results[1].operation.findings).items():
        print(f"  policy {policy}: {count} {level} {'finding' if count == 1 else 'findings'}, shown by the preview")
    if left:
        print("\n  destroy left these in the cloud; somebody would go on paying for them:")
        print("\n".join(f"    {line}" for line in left))
        return 1
    return 0


def _failed(simulated: Simulated, stack: str, results: Sequence[Result]) -> int:
    result = results[-1]
    home = shown(simulated.home)
    print(
        f"\n  The rehearsal stopped at {result.step.name}. State and cloud are kept: look with\n"
        f"    python -m simulator --home {home} cloud list\n"
        f"    python -m simulator --home {home} -- pulumi stack --stack {stack}"
    )
    return result.finished.code


def _show_failure(operation: Operation, output: Path) -> None:
    """What went wrong, in the engine's own words; the end of its output where it found none."""
    lines = [line for error in operation.errors for line in error.splitlines()]
    by_policy: dict[str, list[Finding]] = {}
    for finding in operation.mandatory:
        by_policy.setdefault(finding.policy, []).append(finding)
    for policy, found in by_policy.items():
        more = f" ({len(found)} resources have this)" if len(found) > 1 else ""
        lines.append(f"policy {policy}: {name_of(found[0].urn)} {found[0].short}{more}")
    lines = lines or output.read_text(errors="replace").splitlines()[-TAIL_LINES:]
    print("\n".join(f"    {line}" for line in lines))
    print(f"    All that the engine printed is in {shown(output)}.", flush=True)


def _output_of(simulated: Simulated, name: str) -> Path:
    return simulated.home / "logs" / f"{name}.txt"
