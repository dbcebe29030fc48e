"""`make upgrade-check`: the next Kubernetes version of each cluster of a stack, rehearsed on the stack as it is.

The simulator brings the stack up, and builds it again with the next version: what settings, EKS or the API server would
refuse is refused there. It cannot see what runs in a real cluster: with ACCOUNT=yes the clusters are asked for budgets
that stop nodes, and EKS for the deprecated APIs and add-ons that it has seen; else the end names the commands.
Source: EKS user guide, "Understand each phase of node updates" and "Cluster insights"; read 2026-11.
"""

import json
import shlex
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from catalog.charts import CHARTS
from catalog.images import IMAGES
from catalog.kubernetes import VERSIONS, later, next_version
from components.compute.addons import cluster_autoscaler
from components.core.addon_spec import every_add_on
from components.stack.stack_file import SettingsError, load_file
from report import events
from report.clients import CommandError, Run, enter
from report.events import Change, Operation
from report.in_process import Done, InProcess
from report.promise import broken
from report.rehearse import YES
from report.simulated import HOME, ROOT, ReportError, project_with
from report.tables import wrapped
from settings.cluster.addon_rules import installed
from settings.cluster.parts import ClusterParts
from settings.core.physical_names import cluster_name, name_prefix
from settings.core.problems import listed
from settings.stack.stack import StackSettings

CLUSTER, ADDON, GROUP = "aws:eks/cluster:Cluster", "aws:eks/addon:Addon", "aws:eks/nodeGroup:NodeGroup"
_LABEL = 11


def upgrade_check(stack: str, file: Path | None = None, run: Run | None = None) -> int:
    """Prints what the next version brings, and what blocks it. Returns 1 when something does.

    file: the stack file, by default that of the project. run: asks the clusters that are up.
    """
    folder = HOME / "upgrade" / stack
    shutil.rmtree(folder, ignore_errors=True)
    file = _with_support(file or ROOT / f"Pulumi.{stack}.yaml", folder)
    settings = load_file(file)
    steps = {key: (cluster.version, next_version(cluster.version)) for key, cluster in settings.clusters.items()}
    for key, (now, following) in steps.items():
        print(f"{stack}, cluster {key}: Kubernetes {now} -> {following or 'EKS has no later version yet'}")
        _say("support", "; ".join(_support(version) for version in (now, following) if version))
    targets = {key: following for key, (_, following) in steps.items() if following}
    if not targets:
        return 0
    too_old = [each for key, version in targets.items() for each in _charts(settings.parts_of(key), version)]
    if too_old:
        _say("BLOCKED", "\n".join(too_old))
        return 1
    changed = project_with(
        _edited(file, {key: {"version": new} for key, new in targets.items()}, folder / "new"), folder / "changed"
    )
    try:
        load_file(changed / file.name)
    except SettingsError as reason:
        _say("BLOCKED", str(reason))
        return 1
    return max(_rehearse(stack, settings, file, changed, folder), _ask(settings, run))


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
    return 0


_SETTLED = ("preview", "--expect-no-changes")


def _ask(settings: StackSettings, run: Run | None) -> int:
    """Asks the clusters that are up, or tells how to. Returns 1 when something in them blocks the upgrade."""
    prefix = name_prefix(settings.name, settings.environment)
    names = [cluster_name(prefix, key) for key in settings.clusters]
    if run is None:
        for name in names:
            _say("by hand", shlex.join(_insights(name, settings.region)))
        _say(
            "", "kubectl get pdb -A: one with ALLOWED DISRUPTIONS 0 stops the nodes for 15 minutes, and then the update"
        )
        _say("", "Or ACCOUNT=yes, where the API can be reached. Then: docs/guides/cluster/upgrade-kubernetes.md")
        return 0
    found = [text for name in names for text in _in_cluster(run, name, settings.region)]
    for text in found:
        _say("BLOCKED", text)
    _say("asked", f"{listed(names)}: {len(found) or 'nothing'} in the way")
    _say("", "Then: docs/guides/cluster/upgrade-kubernetes.md")
    return bool(found)


def _in_cluster(run: Run, name: str, region: str) -> Iterator[str]:
    """Yields what blocks the upgrade of a cluster. Raises ReportError when it cannot be asked."""
    try:
        enter(run, region, name)
        insights = json.loads(run(_insights(name, region)))["insights"]
        budgets = json.loads(run(["kubectl", "get", "poddisruptionbudgets", "--all-namespaces", "--output", "json"]))
    except CommandError as reason:
        raise ReportError(f"cluster {name} in {region} cannot be asked: {reason}") from None
    for insight in insights:
        if insight["insightStatus"]["status"] != "PASSING":
            status = insight["insightStatus"]
            yield f"{name}: EKS says {status['status']} of {insight['name']}: {status.get('reason', 'no reason given')}"
    for index, budget in enumerate(budgets["items"]):
        status = budget.get("status") or {}
        for other in budgets["items"][:index]:
            if _select_the_same(budget, other):
                first, second = (
                    f"{each['metadata']['namespace']}/{each['metadata']['name']}" for each in (other, budget)
                )
                yield (
                    f"{name}: the PodDisruptionBudgets {first} and {second} select the same pods, and Kubernetes "
                    "evicts no pod with two. Drop one of them"
                )
        if status.get("expectedPods") and not status.get("disruptionsAllowed"):
            where = f"{budget['metadata']['namespace']}/{budget['metadata']['name']}"
            yield (
                f"{name}: the PodDisruptionBudget {where} allows no disruption, so EKS gives up after 15 minutes at "
                "the first node with one of its pods. Add a replica, or lower its minAvailable"
            )


def _select_the_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tells whether all pods that one of two budgets selects are also those of the other; by labels alone."""
    given = [(each.get("spec") or {}).get("selector") for each in (one, other)]
    selectors = [each for each in given if each is not None and not each.get("matchExpressions")]
    if one["metadata"]["namespace"] != other["metadata"]["namespace"] or len(selectors) < len(given):
        return False
    first, second = ((each.get("matchLabels") or {}).items() for each in selectors)
    return first <= second or second <= first


def _insights(name: str, region: str) -> list[str]:
    words = ("--region", region, "--filter", "categories=UPGRADE_READINESS", "--output", "json")
    return ["aws", "eks", "list-insights", "--cluster-name", name, *words]


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


def _charts(cluster: ClusterParts, version: str) -> Iterator[str]:
    """Yields each chart whose makers name no Kubernetes as new as this. Prints those who name none at all."""
    names = [*installed(every_add_on(), cluster)]
    if cluster_autoscaler.NAME in names:  # the program has an image of it for each version
        names.remove(cluster_autoscaler.NAME)
        if f"{cluster_autoscaler.NAME}-{version}" not in IMAGES:
            yield f"{cluster_autoscaler.NAME}: no image for Kubernetes {version} is known. Add it to data/images.json."
    charts = [CHARTS[name] for name in names]
    unknown = sorted(chart.name for chart in charts if not chart.kubernetes)
    if unknown:
        _say("charts", f"ask their release notes for Kubernetes {version}: {', '.join(unknown)}")
    for chart in charts:
        if chart.kubernetes and later(version, chart.kubernetes):
            yield (
                f"chart {chart.name} {chart.version}: its makers name Kubernetes up to {chart.kubernetes}. Take a "
                "later version first, a new row in catalog/data/charts."
            )


def _versions(addon: Change) -> str:
    found = next((each for each in addon.properties if each.path == "addonVersion"), None)
    return f"{addon.name} {found.before} -> {found.after}" if found else ""


def _support(version: str) -> str:
    release, today = VERSIONS[version], datetime.now(UTC).date()
    days = (release.end_standard - today).days
    return f"{version}: standard until {release.end_standard} ({days} days), extended until {release.end_extended}"


def _with_support(file: Path, folder: Path) -> Path:
    """Returns the stack file, as if clusters past standard support had extended support: no other file would load.

    AWS upgrades such a cluster by itself, so the check is needed most. Raises SettingsError for any other mistake.
    """
    try:
        load_file(file)
        return file
    except SettingsError as reason:
        try:
            content: Any = yaml.safe_load(file.read_text())
        except yaml.YAMLError:
            raise reason from None
        past = list(_past_support(content))
        if not past:
            raise
        extended = _edited(file, {key: {"support_type": "EXTENDED"} for key in past}, folder / "extended")
        load_file(extended)
        print(f"{reason}\nThe check goes on as with support_type: EXTENDED in {listed(past)}.\n")
        return extended


def _past_support(content: Any) -> Iterator[str]:
    """Yields the clusters past standard support. A file that is wrong elsewhere may have any form."""
    config = content.get("config") if isinstance(content, dict) else None
    clusters = config.get("ml-platform:clusters") if isinstance(config, dict) else None
    for key, each in clusters.items() if isinstance(clusters, dict) else ():
        version = each.get("version") if isinstance(each, dict) else None
        row = VERSIONS.get(version) if isinstance(version, str) else None
        if row is not None and row.end_standard < datetime.now(UTC).date():
            yield str(key)


def _edited(file: Path, edits: Mapping[str, Mapping[str, str]], folder: Path) -> Path:
    """Writes the stack file with other values of some clusters."""
    content: Any = yaml.safe_load(file.read_text())
    for key, values in edits.items():
        content["config"]["ml-platform:clusters"][key] |= values
    new = folder / file.name
    new.parent.mkdir(parents=True)
    new.write_text(yaml.safe_dump(content, sort_keys=False))
    return new


def _errors(done: Done) -> str:
    return "\n".join(events.read(done.events).errors) or done.said[-2000:]


def _say(label: str, text: str) -> None:
    first, *rest = [line for part in text.splitlines() for line in wrapped(part, "")] or [""]
    print(f"  {label:<{_LABEL}} {first}", *(f"  {'':<{_LABEL}} {line}" for line in rest), sep="\n")
