"""`make upgrade-check`: the next Kubernetes version of each cluster of a stack, rehearsed on the stack as it is.

The simulator brings the stack up, and builds it again with the next version: what settings, EKS or the API server would
refuse is refused there. It cannot see what runs in a real cluster, so the end names what to ask there.
"""

import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from catalog.charts import CHARTS
from catalog.kubernetes import VERSIONS, next_version
from components.core.addon_spec import every_add_on
from components.stack.stack_file import SettingsError, load_file
from report import events
from report.events import Change, Operation
from report.in_process import Done, InProcess
from report.promise import broken
from report.rehearse import YES
from report.simulated import HOME, ROOT, project_with
from report.tables import wrapped
from settings.cluster.addon_rules import installed
from settings.cluster.cluster import ClusterSettings
from settings.cluster.parts import ClusterParts
from settings.core.physical_names import name_prefix
from settings.stack.stack import StackSettings

CLUSTER, ADDON, GROUP = "aws:eks/cluster:Cluster", "aws:eks/addon:Addon", "aws:eks/nodeGroup:NodeGroup"
_LABEL = 11


def upgrade_check(stack: str, file: Path | None = None) -> int:
    """Prints what the next version brings, and what blocks it. Returns 1 when something does.

    file: the stack file, by default that of the project.
    """
    file = file or ROOT / f"Pulumi.{stack}.yaml"
    settings = load_file(file)
    steps = {key: (cluster.version, next_version(cluster.version)) for key, cluster in settings.clusters.items()}
    for key, (now, following) in steps.items():
        print(f"{stack}, cluster {key}: Kubernetes {now} -> {following or 'EKS has no later version yet'}")
        _say("support", "; ".join(_support(version) for version in (now, following) if version))
    targets = {key: following for key, (_, following) in steps.items() if following}
    if not targets:
        return 0
    too_old = [each for key, version in targets.items() for each in _charts(settings.clusters[key], version)]
    if too_old:
        _say("BLOCKED", "\n".join(too_old))
        return 1
    folder = HOME / "upgrade" / stack
    shutil.rmtree(folder, ignore_errors=True)
    changed = _with_versions(file, targets, folder)
    try:
        load_file(changed / file.name)
    except SettingsError as reason:
        _say("BLOCKED", str(reason))
        return 1
    return _rehearse(stack, settings, file, changed, folder)


def _rehearse(stack: str, settings: StackSettings, file: Path, changed: Path, folder: Path) -> int:
    present = project_with(file, folder / "present")
    engines = [InProcess(folder / "home", each, stack, settings.deployer.address) for each in (present, changed)]
    base = engines[0].pulumi("up", *YES)
    if base.code:
        _say("BLOCKED", f"{stack} fails as it is: {_errors(base)}")
        return 1
    preview = engines[1].pulumi("preview")
    if preview.code:
        _say("BLOCKED", _errors(preview))
        return 1
    planned = events.read(preview.events)
    for label, text in _what_changes(planned, settings):
        _say(label, text)
    done = engines[1].pulumi("up", *YES)
    after = [engines[1].pulumi(*each) for each in (("refresh", *YES, "--expect-no-changes"), _SETTLED)]
    for failed in (each for each in (done, *after) if each.code):
        _say("BLOCKED", _errors(failed))
        return 1
    if differences := broken(planned, events.read(done.events)):
        _say("BLOCKED", "`up` does what its preview does not show: " + "; ".join(map(str, differences)))
        return 1
    _say("rehearsed", "preview, up, refresh, and a second preview without a change, on the stack as it is")
    for key in settings.clusters:
        name = f"{name_prefix(settings.name, settings.environment)}-{key}"
        _say("by hand", f"aws eks list-insights --cluster-name {name} --filter categories=UPGRADE_READINESS")
    _say("", "kubectl get pdb -A: one with ALLOWED DISRUPTIONS 0 stops the nodes for 15 minutes, and then the update")
    _say("", "Then: docs/guides/cluster/upgrade-kubernetes.md")
    return 0


_SETTLED = ("preview", "--expect-no-changes")


def _what_changes(planned: Operation, settings: StackSettings) -> Iterator[tuple[str, str]]:
    """Yields what happens in its order: control plane, EKS add-ons, nodes, and the rest."""
    of_type = {kind: [each for each in planned.changes if each.type == kind] for kind in (CLUSTER, ADDON, GROUP)}
    yield "1. control", f"{len(of_type[CLUSTER])} of {len(settings.clusters)} control planes: no way back after 7 days"
    addons = [_versions(each) for each in of_type[ADDON]]
    yield "2. add-ons", ", ".join(each for each in addons if each) or "none changes its version"
    groups = len(of_type[GROUP])
    pools = [pool for cluster in settings.clusters.values() for pool in cluster.pools]
    minimal = sum(pool.provisioner == "managed" and pool.accelerator is not None for pool in pools)
    rolled = (
        f"{groups} node groups of {sum(pool.provisioner == 'managed' for pool in pools)} managed pools roll, zone by "
        f"zone; {minimal} of these pools have accelerators, and end a node before its successor starts"
    )
    yield "3. nodes", rolled
    karpenter = [pool.name for pool in pools if pool.provisioner == "karpenter"]
    yield "4. Karpenter", f"{', '.join(karpenter) or 'no pool'}: nodes are replaced within their budgets, after `up`"
    rest = len(planned.changes) - sum(map(len, of_type.values()))
    yield "others", f"{rest} resources more, which the preview with the new version shows"


def _charts(cluster: ClusterSettings, version: str) -> Iterator[str]:
    """Yields each chart whose makers name no Kubernetes as new as this. Prints those who name none at all."""
    charts = [CHARTS[name] for name in installed(every_add_on(), ClusterParts.of(cluster))]
    unknown = sorted(chart.name for chart in charts if not chart.kubernetes)
    if unknown:
        _say("charts", f"ask their release notes for Kubernetes {version}: {', '.join(unknown)}")
    for chart in charts:
        if chart.kubernetes and _numbers(chart.kubernetes) < _numbers(version):
            yield (
                f"chart {chart.name} {chart.version}: its makers name Kubernetes up to {chart.kubernetes}. Take a "
                "later version first, a new row in catalog/data/charts."
            )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _versions(addon: Change) -> str:
    found = next((each for each in addon.properties if each.path == "addonVersion"), None)
    return f"{addon.name} {found.before} -> {found.after}" if found else ""


def _support(version: str) -> str:
    release, today = VERSIONS[version], datetime.now(UTC).date()
    days = (release.end_standard - today).days
    return f"{version}: standard until {release.end_standard} ({days} days), extended until {release.end_extended}"


def _with_versions(file: Path, targets: Mapping[str, str], folder: Path) -> Path:
    content: Any = yaml.safe_load(file.read_text())
    for key, version in targets.items():
        content["config"]["ml-platform:clusters"][key]["version"] = version
    new = folder / "new" / file.name
    new.parent.mkdir(parents=True)
    new.write_text(yaml.safe_dump(content, sort_keys=False))
    return project_with(new, folder / "changed")


def _errors(done: Done) -> str:
    return "\n".join(events.read(done.events).errors) or done.said[-2000:]


def _say(label: str, text: str) -> None:
    first, *rest = [line for part in text.splitlines() for line in wrapped(part, "")] or [""]
    print(f"  {label:<{_LABEL}} {first}", *(f"  {'':<{_LABEL}} {line}" for line in rest), sep="\n")
