"""`make rehearse`: the life of a stack in the simulator, or a change of a stack that is up, in a home of its own."""

import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from common.urns import name_of
from components.stack.stack_file import load_file
from report import base, events
from report.dangers import dangers, judge, plan_from
from report.events import Finding, Operation
from report.look import PACK, Look, after
from report.promise import broken
from report.retire import retire
from report.simulated import HOME, ROOT, Finished, Simulated, shown
from report.tables import aligned, wrapped
from report.verdict import stopped, verdict
from simulator import users_things
from simulator.cloud import Cloud
from simulator.kubernetes.clusters import EKS_CLUSTER

YES = ("--yes", "--skip-preview")
TAIL_LINES = 30
LABEL_WIDTH = 68
STAMP = "previewed"

_CHANGED = re.compile(r" [-+~]+ +\S+ \S+ (create|update|delete|replace)")


@dataclass(frozen=True)
class Step:
    """One command of the rehearsal. description: a text for the progress line."""

    name: str
    description: str
    arguments: Sequence[str]
    logs_events: bool = True


def _build(pack: Sequence[str] = PACK) -> Sequence[Step]:
    return (
        Step("preview", "shows what would be built, checks the policies", ("preview", *pack)),
        Step("up", "builds everything", ("up", *YES, *pack)),
        Step("refresh", "checks that cloud and state are equal", ("refresh", *YES, "--expect-no-changes")),
        Step("preview again", "checks that a second run changes nothing", ("preview", *pack, "--expect-no-changes")),
    )


# The steps before a protected stack can be destroyed. One key removes the protection of Pulumi and of AWS. The policies
# of prod forbid an unprotected stack, so the update that removes the protection runs without the pack.
_UNPROTECT_SETTING = ("config", "set", "ml-platform:deletion_protection", "false")
_UNPROTECT = (
    Step("unprotect", "sets deletion_protection: false", _UNPROTECT_SETTING, False),
    Step("up again", "removes the protection, without the policy pack", ("up", *YES)),
)

_LEFT = Step("retire", "deletes what users left in the clusters", ())

_END = Step("destroy", "deletes everything", ("destroy", *YES))


@dataclass(frozen=True)
class Result:
    """The result of one step."""

    step: Step
    finished: Finished
    operation: Operation

    @property
    def row(self) -> Sequence[str]:
        """The row of the summary table."""
        outcome = "ok" if self.finished.code == 0 else f"failed, exit {self.finished.code}"
        return self.step.name, events.counted(self.operation.counts) or "-", f"{self.finished.seconds:.1f} s", outcome


def rehearse(
    stack: str,
    *,
    verbose: bool = False,
    simulated: Simulated | None = None,
    when_built: Callable[[], None] = lambda: None,
) -> int:
    """Runs all steps up to the first that fails, and returns its exit code; 1 when resources are left in the cloud.

    simulated: what runs the commands; its home is emptied first. when_built: called before anything is destroyed.
    """
    caller = load_file(ROOT / f"Pulumi.{stack}.yaml").deployer.address
    simulated = simulated or Simulated(HOME / "rehearsal" / stack, caller=caller)
    if simulated.clear():
        print(f"Deleted the state of an earlier rehearsal in {shown(simulated.home)}.")
    print(f"Rehearsal of {stack}, in the simulator, from {caller or 'the internet'}\n", flush=True)
    results: list[Result] = []
    for step in _build():
        if not _run(simulated, stack, step, results, verbose):
            return _failed(simulated, stack, results)
    when_built()
    if results[-1].operation.protected:
        count = results[-1].operation.protected
        print(f"  {count} resources are protected, so destroy would delete nothing. Removing the protection first:")
        for step in _UNPROTECT:
            if not _run(simulated, stack, step, results, verbose):
                return _failed(simulated, stack, results)
    if not _retire(simulated, stack, results) or not _run(simulated, stack, _END, results, verbose):
        return _failed(simulated, stack, results)
    return _conclude(simulated, results)


def rehearse_change(stack: str, revision: str, *, verbose: bool = False) -> int:
    """Brings up the stack of a revision, then builds the working tree on it, and compares preview and `up`.

    Returns the exit code of the first step that fails, and 1 when `up` did what the preview had not shown.
    Raises ReportError when there is no such base.
    """
    caller = load_file(ROOT / f"Pulumi.{stack}.yaml").deployer.address
    simulated = Simulated(HOME / "rehearsal" / stack, caller=caller)
    print(f"Rehearsal of a change of {stack} since {revision}, in the simulator, from {caller or 'the internet'}\n")
    stamp = base.stamp(stack, revision)
    start, progress = time.monotonic(), _Progress(f"  {'base':<14} brings up {stack} of {revision}, or copies it")
    on = base.bring_up(stack, revision, simulated.home, progress.watch)
    progress.end(time.monotonic() - start, "ok")
    if not on.key:
        print(f"  {revision} has no stack {stack}, so everything is new.", flush=True)
    results: list[Result] = []
    for step in _build(base.live_pack(simulated, stack) if on.key else PACK):
        if not _run(simulated, stack, step, results, verbose):
            _show_dangers(simulated, stack, after(simulated, stack, results[0].finished))
            return _failed(simulated, stack, results)
        if step.name == "preview" and on.key:
            (simulated.home / STAMP).write_text(stamp)
    return _compare(simulated, stack, results, revision)


def _run(simulated: Simulated, stack: str, step: Step, results: list[Result], verbose: bool) -> bool:
    """Runs one step, adds its result to `results`, and tells whether it succeeded."""
    label = f"  {step.name:<14} {step.description}"
    progress = _Progress(label, live=not verbose)
    name = f"{len(results) + 1}-{step.name.replace(' ', '-')}"
    arguments = (*step.arguments, "--stack", stack, "--non-interactive")
    if verbose:
        print(f"\n{label}", flush=True)
        finished = simulated.pulumi(name, *arguments, log_events=step.logs_events)
    else:
        output = _output_of(simulated, name)
        output.parent.mkdir(parents=True, exist_ok=True)
        with output.open("w") as sink:
            finished = simulated.pulumi(
                name, *arguments, output=sink, watch=progress.watch, log_events=step.logs_events
            )
    result = Result(step, finished, events.read(finished.events))
    results.append(result)
    progress.end(finished.seconds, "ok" if finished.code == 0 else "FAILED")
    if finished.code and not verbose:
        _show_failure(result.operation, output)
    return finished.code == 0


def _retire(simulated: Simulated, stack: str, results: list[Result]) -> bool:
    """Puts into each cluster what users leave there, and deletes it by the commands of `make retire`."""
    start, progress = time.monotonic(), _Progress(f"  {_LEFT.name:<14} {_LEFT.description}")
    output = _output_of(simulated, f"{len(results) + 1}-{_LEFT.name}")
    with closing(Cloud(simulated.home / "cloud.sqlite")) as cloud:
        for row in cloud.of_type(EKS_CLUSTER):
            users_things.add(cloud, row)
    with output.open("w") as sink, redirect_stdout(sink):
        code = retire(stack, confirm=True, home=simulated.home)
    finished = Finished(code, time.monotonic() - start, ())
    results.append(Result(_LEFT, finished, events.read(finished.events)))
    progress.end(finished.seconds, "ok" if code == 0 else "FAILED")
    if code:
        _show_failure(results[-1].operation, output)
    return code == 0


class _Progress:
    """The line of one step: on a terminal it shows how many resources are done while the step runs.

    watch: for Simulated.pulumi; None where nothing is shown.
    """

    def __init__(self, label: str, *, live: bool = True) -> None:
        self._label, self._live = label, live and sys.stdout.isatty()
        self.watch = self._show if self._live else None
        if self._live:
            print(f"\r{label}", end="", flush=True)

    def end(self, seconds: float, outcome: str) -> None:
        """Prints the line that stays."""
        start = "\r" if self._live else ""
        print(f"{start}{self._label:<{LABEL_WIDTH}} {seconds:6.1f} s   {outcome:<12}".rstrip(), flush=True)

    def _show(self, log: Path) -> None:
        if log.exists():
            with log.open() as lines:
                done = events.count_resources(lines)
            print(f"\r{self._label:<{LABEL_WIDTH}} {done:6d} done", end="", flush=True)


def _compare(simulated: Simulated, stack: str, results: Sequence[Result], revision: str) -> int:
    """Prints the dangers, what `up` did differently, and the end. Returns the exit code."""
    preview, up = results[0].operation, results[1].operation
    differences = broken(preview, up)
    _show_dangers(simulated, stack, Look(preview, preview, results[0].finished.events, complete=True))
    if differences:
        print("\n  Differences:\n" + "\n".join(f"    {difference}" for difference in differences))
    unannounced = sum(not difference.harmless for difference in differences)
    promise = (
        f"up did {unannounced} that the preview had not shown" if unannounced else "up did what the preview showed"
    )
    done = events.counted({op: count for op, count in up.counts.items() if op != "same"}) or "no changes"
    total = sum(result.finished.seconds for result in results)
    print(f"\n  {done} since {revision}: {promise}. A refresh and a second preview change nothing. {total:.1f} s")
    return 1 if unannounced else 0


def _show_dangers(simulated: Simulated, stack: str, look: Look) -> None:
    """Prints the dangers with what to do instead, and the verdict of the preview."""
    found = dangers(plan_from(look), judge.of_stack(simulated, stack, look))
    lines: list[str] = []
    for danger in found:
        lines += wrapped(f"{danger.kind}: {danger}", "    ")
        lines += wrapped(f"Gently: {danger.gently}.", "      ") if danger.gently else []
    partly = "" if look.complete else f", {stopped(look)}"
    print("\n".join([f"\n  Dangers{partly}:", *(lines or ["    none found"]), f"  The verdict: {verdict(look)}."]))


def _end(kept: Sequence[str]) -> str:
    return f"{len(kept)} kept on purpose" if kept else "the cloud is empty"


def _apart(lines: Sequence[str], destroy: Operation) -> tuple[list[str], list[str]]:
    """Returns what is still in the cloud: what the program retains when it is destroyed, and the rest."""
    retained = {(change.type, name_of(change.urn)) for change in destroy.changes if change.retained}
    kept = [line for line in lines if (line.split()[0], line.split()[-1]) in retained]
    return kept, [line for line in lines if line not in kept]


def _conclude(simulated: Simulated, results: Sequence[Result]) -> int:
    kept, left_over = _apart(simulated.cloud(), results[-1].operation)
    total = sum(result.finished.seconds for result in results)
    print()
    rows = [("step", "resources", "time", "outcome"), *(result.row for result in results if result.step.logs_events)]
    rows.append(("total", "", f"{total:.1f} s", _end(kept) if not left_over else f"{len(left_over)} left over"))
    print("\n".join(aligned(rows, right=(2,))))
    findings = Counter((finding.level, finding.policy) for finding in results[1].operation.findings)
    for (level, policy), count in findings.items():
        print(f"  policy {policy}: {count} {level} {'finding' if count == 1 else 'findings'}, shown by the preview")
    if kept:
        print("\n  The program leaves these on purpose, and they cost nothing or hold data:")
        print("\n".join(f"    {line}" for line in kept))
    if left_over:
        print(
            "\n  These resources are still in the cloud after destroy. In a real account they would still cost money:"
        )
        print("\n".join(f"    {line}" for line in left_over))
        return 1
    return 0


def _failed(simulated: Simulated, stack: str, results: Sequence[Result]) -> int:
    result = results[-1]
    home = shown(simulated.home)
    print(
        f"\n  The rehearsal stopped at {result.step.name}. State and cloud are kept. To inspect them, run:\n"
        f"    python -m simulator --home {home} cloud list\n"
        f"    python -m simulator --home {home} -- pulumi stack --stack {stack}"
    )
    return result.finished.code


def _show_failure(operation: Operation, output: Path) -> None:
    """Prints the engine's errors and policy findings, or the end of its output when there are none."""
    lines = [line for error in operation.errors for line in error.splitlines()]
    by_policy: dict[str, list[Finding]] = {}
    for finding in operation.findings:
        if finding.level != "mandatory" and finding.policy != events.CAUSE:
            continue
        by_policy.setdefault(finding.policy, []).append(finding)
    for policy, findings in by_policy.items():
        fix = f"Fix: {events.fixes(findings)}" if events.fixes(findings) else ""
        more = f" ({len(findings)} resources)" if len(findings) > 1 else ""
        lines.append(f"policy {policy}: {name_of(findings[0].urn)} {findings[0].problem} {fix}{more}")
    if not lines:
        printed = output.read_text(errors="replace").splitlines()
        lines = [line for line in printed if _CHANGED.match(line)] or printed[-TAIL_LINES:]
    print("\n".join(f"    {line}" for line in lines))
    print(f"    The whole output of the engine is in {shown(output)}.", flush=True)


def _output_of(simulated: Simulated, name: str) -> Path:
    return simulated.home / "logs" / f"{name}.txt"
