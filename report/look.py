"""What a preview sees of a change, also when policies or protection refuse it.

The engine stops at the first refusal, so its deletions, stack rules and costs are missing then. A second preview, in a
copy of the simulator's home, sees them: its state is unprotected, and the rules of its pack are advisory. When the pack
does not start, the second preview runs without it.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import yaml

from components.stack.stack_file import SettingsError, read_file
from policies.production import ONLY_SHOWS, accounts_of, listed
from policies.rule import ENVIRONMENTS, Environment
from report import events
from report.events import Finding, Operation
from report.simulated import Finished, Simulated

PACK = ("--policy-pack", "policies")

_PROTECTED = re.compile(r"because it is protected|as it is currently marked for protection")
"""What the engine says of a deletion and of a replacement: pkg/resource/deploy, pulumi/pulumi v3.259, read 2026-11."""

_ENDED = "waiver-expired"
"""What the pack says of a waiver by its date alone."""

_NOT_COPIED = shutil.ignore_patterns("logs", "backups", "history", "base", "bases", "rehearsal", "report", "look")


@dataclass(frozen=True)
class Look:
    """What a preview saw.

    operation: the preview as it was asked for, with its verdict. seen: the same operation, or when it was refused, all
    that would happen without the refusals; its findings and protections are the real ones. events: the log of `seen`.
    complete: whether `seen` is all. stopped_at: where it ended too early: URN, or "", and the reason.
    """

    operation: Operation
    seen: Operation
    events: tuple[str, ...]
    complete: bool
    stopped_at: tuple[str, str] = ("", "")
    code: int = 0

    @property
    def refused(self) -> bool:
        """Whether policies or protection refuse the change; it may be fine otherwise."""
        return bool(self.operation.mandatory or self.refused_at)

    @property
    def refused_at(self) -> tuple[str, ...]:
        """URNs of what the change deletes or replaces although it is protected."""
        going = (change for change in self.seen.changes if change.op in ("replace", "delete"))
        return tuple(change.urn for change in going if change.protected)


def look(
    simulated: Simulated, stack: str, pack: tuple[str, ...] = PACK, name: str = "preview", output: IO[str] | None = None
) -> Look:
    """Previews the stack in the simulator, a second time when the first one is refused.

    pack: options of the policy pack. output: where the engine's output goes; the terminal when not given.
    """
    return after(simulated, stack, simulated.pulumi(name, *_preview(stack), *pack, output=output))


def after(simulated: Simulated, stack: str, first: Finished) -> Look:
    """Returns what a preview saw that has run already in this home, with a second one when it was refused."""
    operation = events.read(first.events)
    if first.code == 0:
        return Look(operation, operation, first.events, complete=True)
    protected = any(_PROTECTED.search(" ".join(error.split())) for error in operation.errors)
    not_started = operation.succeeded is None and not (operation.changes or operation.failed_at)
    if not (operation.mandatory or protected or not_started):
        return Look(operation, operation, first.events, False, _stop(operation), first.code)
    again = _unrefused(simulated, stack, judged=not not_started)
    if again is None or (again[0].code and not again[0].events):
        return Look(operation, operation, first.events, False, _stop(operation), first.code)
    second, held, mandatory = again
    seen = _with_verdict(events.read(second.events, held), operation, mandatory)
    if not_started:  # what it sees is all, but nobody judged it
        return Look(operation, seen, second.events, False, _stop(operation), first.code)
    return Look(operation, seen, second.events, second.code == 0, _stop(seen) if second.code else ("", ""), first.code)


def _preview(stack: str) -> tuple[str, ...]:
    return "preview", "--stack", stack, "--non-interactive"


def by_other_judge(simulated: Simulated, stack: str, folder: Path, seen: Look) -> tuple[tuple[Finding, ...], str]:
    """Returns what the policies of another revision refuse in a change, and those of the change itself let through.

    folder: all files of that revision. Its own waivers, levels, options and environment of the stack apply. That one of
    its waivers has ended is not about the change. Returns also why they did not judge all of it, or "".
    """
    try:
        again = _unrefused(simulated, stack, judged=True, judge=folder)
    except SettingsError as error:
        return (), " ".join(str(error).split())
    except subprocess.CalledProcessError as error:
        return (), f"its levels cannot be read: {_last_line(error.stderr)}"
    if again is None:
        return (), "the state cannot be read"
    second, _, mandatory = again
    done = events.read(second.events)
    refused = {(each.policy, each.urn) for each in seen.seen.mandatory}
    found = tuple(
        replace(each, level="mandatory")
        for each in done.findings
        if (each.policy in mandatory or each.level == "mandatory")
        and each.policy != _ENDED
        and (each.policy, each.urn) not in refused
    )
    reason = _stop(done)[1] or f"the engine gives no reason, exit {second.code}"
    return found, "" if second.code == 0 and done.succeeded else reason


def _unrefused(
    simulated: Simulated, stack: str, judged: bool, judge: Path | None = None
) -> tuple[Finished, frozenset[str], frozenset[str]] | None:
    """Runs the second preview. Returns also the URNs that are protected, and the rules that are mandatory.

    judged: whether the policy pack runs. judge: the project whose pack it is; that of the change when not given. None
    when the state cannot be read.
    """
    folder = judge or simulated.project
    copy = replace(simulated, home=simulated.home / "look", variables={ONLY_SHOWS: "true"})
    copy.clear()
    shutil.copytree(simulated.home, copy.home, symlinks=True, ignore=_NOT_COPIED)
    exported, config, output = copy.home / "export.json", copy.home / "config.json", copy.home / "look.txt"
    with output.open("w") as sink:
        export = ("stack", "export", "--stack", stack, "--file", str(exported))
        copy.pulumi("export", *export, output=sink, log_events=False)
        if not exported.exists():
            return None
        protected = _protected(exported)
        if protected:
            unprotect = ("state", "unprotect", "--all", "--yes", "--stack", stack)
            copy.pulumi("unprotect", *unprotect, output=sink, log_events=False)
        levels = _configure(folder, stack, exported, config) if judged else frozenset[str]()
        pack = ("--policy-pack", str(folder / PACK[1]), "--policy-pack-config", str(config)) if judged else ()
        return copy.pulumi("look", *_preview(stack), *pack, output=sink), protected, levels


def _protected(exported: Path) -> frozenset[str]:
    resources = (json.loads(exported.read_text()).get("deployment") or {}).get("resources") or []
    return frozenset(resource["urn"] for resource in resources if resource.get("protect"))


def _configure(project: Path, stack: str, exported: Path, config: Path) -> frozenset[str]:
    """Writes the configuration of a pack that refuses nothing, and returns the rules that would have refused.

    project: whose pack it is, with its own stack file.
    """
    settings = settings_of(project / f"Pulumi.{stack}.yaml")
    production = project / "policies" / "production.yaml"
    environment = environment_of(production.read_bytes() if production.exists() else b"", stack, settings)
    command = (sys.executable, "-m", "policies.held", "--advisory", environment)
    with exported.open() as source:
        done = subprocess.run(command, cwd=project, stdin=source, capture_output=True, check=True)
    levels: dict[str, dict[str, Any]] = json.loads(done.stdout)
    mandatory = frozenset(rule for rule, each in levels.items() if "enforcementLevel" in each)
    for rule, options in (settings.get("policies") or {}).items():
        levels[rule] = options | levels.get(rule, {})
    config.write_text(json.dumps(levels | {"profile": {"environment": environment}}))
    return mandatory


def settings_of(path: Path) -> dict[str, Any]:
    """Returns our settings in a stack file, and with their namespace those of the AWS provider: they name accounts.

    Raises SettingsError when the file cannot be read.
    """
    settings = read_file(path)
    config = yaml.safe_load(path.read_text(encoding="utf-8")).get("config") or {}
    return settings | {key: each for key, each in config.items() if str(key).startswith("aws:")}


def environment_of(production: bytes, stack: str, settings: Mapping[str, Any]) -> Environment:
    """Returns the environment in which the pack of a project judges a stack. production: the content of its file."""
    if listed(production).why(stack, accounts_of(settings)):
        return "prod"
    named: Mapping[str, Environment] = {name: name for name in ENVIRONMENTS}
    return named.get(str(settings.get("environment"))) or named.get(stack) or "prod"


def _with_verdict(seen: Operation, first: Operation, mandatory: frozenset[str]) -> Operation:
    """Returns what the second preview saw, with the levels that it had taken away and the verdict of the first one."""
    known = () if seen.succeeded else first.findings  # all of them are among those of a second preview that succeeds
    findings = {
        replace(each, level="mandatory") if each.policy in mandatory else each for each in (*known, *seen.findings)
    }
    return replace(seen, findings=tuple(sorted(findings, key=events.order)), succeeded=first.succeeded)


def _last_line(text: bytes | None) -> str:
    return next(reversed((text or b"").decode(errors="replace").strip().splitlines()), "no reason given")


def _stop(operation: Operation) -> tuple[str, str]:
    reason = next((error for error in operation.errors if error != "preview failed"), "")
    return operation.failed_at, " ".join(reason.split())
