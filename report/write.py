"""`make report`: writes the report of one stack to `build/report/<stack>/`."""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

from catalog.ages import old_facts
from components.stack.stack_file import load_file
from report import facts
from report.access import as_markdown as access_page
from report.base import BaseFailsError, bring_up, live_pack, stamp
from report.compute import as_json as compute_json
from report.compute import as_markdown as compute_page
from report.compute import plan_of, short_markdown
from report.compute_plan import ComputePlan
from report.cost import as_markdown
from report.dangers import Plan, dangers, judge, plan_from
from report.identities import as_markdown as identities_page
from report.identities import documents
from report.look import PACK, after
from report.reach import as_markdown as reach_page
from report.recovery import as_markdown as recovery_page
from report.rehearse import STAMP
from report.settings import as_markdown as settings_page
from report.simulated import HOME, ROOT, Finished, ReportError, Simulated, shown
from report.summary import summary
from report.wrong_file import BUILD
from settings.stack.stack import StackSettings


def write(stack: str, base: str | None = None) -> int:
    """Previews the stack in the simulator and writes a page for each question, and summary.md.

    base: a git revision to compare with, which is brought up in the simulator first; by default an empty account. When
    this change has been rehearsed on it, the preview of the rehearsal is read.
    Returns the engine's exit code. When the policies refuse the preview, the files are written too.
    Raises ReportError when no report is possible.
    """
    target, path = BUILD / stack, ROOT / f"Pulumi.{stack}.yaml"
    simulated, done, compared_with = (_rehearsed(stack, base) if base else None) or _previewed(stack, base)
    look = after(simulated, stack, done)
    plan = plan_from(look)
    found = dangers(plan, judge.of_stack(simulated, stack, look))
    compute, ages = plan_of(path), old_facts(datetime.now(UTC).date())
    target.mkdir(parents=True, exist_ok=True)
    files = {
        "summary.md": summary(stack, look, plan, found, compared_with, short_markdown(compute), facts.in_short(ages)),
        "compute.md": compute_page(compute, stack),
        "recovery.md": recovery_page(load_file(path), stack),
        "reach.md": reach_page(load_file(path), stack),
        **(_of_all(plan, compute, stack, load_file(path)) if look.complete else {}),
        "settings.md": settings_page(path, stack),
        "facts.md": facts.as_markdown(ages),
    }
    for old in target.iterdir():  # pages of an earlier run would look like pages of this one
        old.unlink()
    for name, text in files.items():
        (target / name).write_text(text)
    print("\n".join(shown(target / name) for name in files))
    return done.code


def _of_all(plan: Plan, compute: ComputePlan, stack: str, settings: StackSettings) -> Mapping[str, str]:
    """Returns the pages about all resources. A preview that stopped half-way has none: they would look complete."""
    either = [*plan.before.values(), *plan.after.values()]  # what goes has to be deleted, and read before
    return {
        "access.md": access_page(plan.after.values(), stack),
        "identities.md": identities_page(either, settings, stack),
        **documents(either, settings),
        "cost.md": as_markdown(plan.cost, plan.parents, stack),
        "cost.json": json.dumps({**plan.cost.as_json(), "compute": compute_json(compute)}, indent=2) + "\n",
    }


def _rehearsed(stack: str, base: str) -> tuple[Simulated, Finished, str] | None:
    """Returns the successful preview of the last rehearsal, if it was about the same files on the same base."""
    home = HOME / "rehearsal" / stack
    mark, log = home / STAMP, home / "logs" / "1-preview.events.jsonl"
    if not mark.exists() or mark.read_text() != stamp(stack, base):
        return None
    print("Reading the preview of the rehearsal …", file=sys.stderr, flush=True)
    return Simulated(home), Finished(0, 0, tuple(log.read_text().splitlines())), f"`{base}`"


def _previewed(stack: str, base: str | None) -> tuple[Simulated, Finished, str]:
    """Previews the stack in the simulator. Returns also where, and the description of what it is compared with."""
    simulated = Simulated(HOME / "report" / stack, caller=load_file(ROOT / f"Pulumi.{stack}.yaml").deployer.address)
    pack: tuple[str, ...] = PACK
    compared_with = "an empty account"
    simulated.clear()
    if base:
        print(f"Bringing up {stack} of {base} in the simulator, or copying it …", file=sys.stderr, flush=True)
        try:
            on = bring_up(stack, base, simulated.home)
            compared_with = on.description
            if on.key:
                pack = live_pack(simulated, stack)
        except BaseFailsError as error:
            print(f"report: {error}", file=sys.stderr)
            compared_with = f"an empty account, because `{base}` fails by itself"
            simulated.clear()
    print(f"Previewing {stack} in the simulator …", file=sys.stderr, flush=True)
    done = _quietly(simulated, "preview", "preview", "--stack", stack, "--non-interactive", *pack)
    return simulated, done, compared_with


def _quietly(simulated: Simulated, name: str, *arguments: str) -> Finished:
    """Runs a command and writes its output to a file."""
    output = simulated.home / "logs" / f"{name}.txt"
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("w") as sink:
        done = simulated.pulumi(name, *arguments, output=sink)
    if done.code and not done.events:
        raise ReportError(f"the engine did not start:\n{output.read_text().strip()}")
    return done
