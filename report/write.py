"""`make report`: writes the report of one stack to `build/report/<stack>/`."""

import io
import json
import subprocess
import sys
import tarfile
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path

from catalog.ages import old_facts
from components.stack.stack_file import load_file, read_file
from costs.estimate import Estimate, estimate
from costs.sources import before_from_event_log, from_event_log
from report import events, facts
from report.compute import as_json as compute_json
from report.compute import as_markdown as compute_page
from report.compute import plan_of, short_markdown
from report.cost import as_markdown
from report.preview import PACK
from report.recovery import as_markdown as recovery_page
from report.region import region_of
from report.settings import as_markdown as settings_page
from report.simulated import HOME, ROOT, Finished, ReportError, Simulated, shown
from report.summary import summary
from report.wrong_file import BUILD
from settings.network.network import NetworkSettings


def write(stack: str, base: str | None = None) -> int:
    """Previews the stack in the simulator and writes compute, recovery, cost, settings, facts, and summary.md.

    base: a git revision to compare with, which is built in the simulator first; by default an empty account.
    Returns the engine's exit code. When the policies refuse the preview, the files are written too.
    Raises ReportError when no report is possible.
    """
    target, path = BUILD / stack, ROOT / f"Pulumi.{stack}.yaml"
    simulated = Simulated(HOME / "report" / stack, caller=load_file(path).deployer.address)
    simulated.clear()
    compared_with = _build_base(simulated, stack, base) if base else "an empty account"
    print(f"Previewing {stack} in the simulator …", file=sys.stderr, flush=True)
    done = _quietly(simulated, "preview", "preview", "--stack", stack, "--non-interactive", *PACK)
    operation, parents = events.read(done.events), events.parents(done.events)
    cost, before = _estimates(done)
    plan, ages = plan_of(path), old_facts(datetime.now(UTC).date())
    target.mkdir(parents=True, exist_ok=True)
    files = {
        "summary.md": summary(
            stack, operation, cost, before, parents, compared_with, short_markdown(plan), facts.in_short(ages)
        ),
        "compute.md": compute_page(plan, stack),
        "recovery.md": recovery_page(load_file(path), stack),
        "cost.md": as_markdown(cost, parents, stack),
        "cost.json": json.dumps({**cost.as_json(), "compute": compute_json(plan)}, indent=2) + "\n",
        "settings.md": settings_page(path, stack),
        "facts.md": facts.as_markdown(ages),
    }
    for name, text in files.items():
        (target / name).write_text(text)
    print("\n".join(shown(target / name) for name in files))
    return done.code


def _estimates(done: Finished) -> tuple[Estimate, Estimate]:
    """Returns the estimates after and before the change."""
    after, before = from_event_log(done.events), before_from_event_log(done.events)
    try:
        region = region_of((*after, *before))
    except ReportError:
        if done.code == 0:
            raise
        region = "unknown"  # the preview failed before it had a provider; the report shows the error
    return estimate(after, region), estimate(before, region)


def _build_base(simulated: Simulated, stack: str, base: str) -> str:
    """Builds another revision of the project in the simulated cloud. Returns its description for the summary."""
    folder = simulated.home / "base"
    _extract(base, folder)
    if not (folder / f"Pulumi.{stack}.yaml").exists():
        return f"`{base}`, which has no stack {stack}"
    print(f"Building {stack} of {base} in the simulator …", file=sys.stderr, flush=True)
    caller = inside(folder / f"Pulumi.{stack}.yaml")
    up = ("up", "--stack", stack, "--yes", "--skip-preview")
    done = _quietly(Simulated(simulated.home, folder, caller), "base", *up)
    if done.code:
        raise ReportError(
            f"building {base} failed, so there is nothing to compare with. The output is in "
            f"{shown(simulated.home / 'logs' / 'base.txt')}. For a report without a comparison, omit --base."
        )
    return f"`{base}`"


def inside(path: Path) -> str:
    """Returns an address inside the VPC of a revision: what is built there is compared, however one got in."""
    network = read_file(path).get("network", {})
    return str(IPv4Network(network.get("cidr", NetworkSettings.default_of("cidr")))[10])


def _extract(base: str, folder: Path) -> None:
    """Extracts the files of a revision and links the .venv of this one, so that nothing is installed again."""
    packed = subprocess.run(["git", "archive", base], cwd=ROOT, capture_output=True, check=False)
    if packed.returncode:
        raise ReportError(f"git has no revision {base}: {packed.stderr.decode().strip()}. Fetch it first.")
    folder.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    (folder / ".venv").symlink_to(ROOT / ".venv")


def _quietly(simulated: Simulated, name: str, *arguments: str) -> Finished:
    """Runs a command and writes its output to a file."""
    output = simulated.home / "logs" / f"{name}.txt"
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("w") as sink:
        done = simulated.pulumi(name, *arguments, output=sink)
    if done.code and not done.events:
        raise ReportError(f"the engine did not start:\n{output.read_text().strip()}")
    return done
