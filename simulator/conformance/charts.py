"""Renders the charts of a simulated cloud from local folders, and holds what they make against a real API server.

Helm is built from its pinned Go module. A chart without a local folder of its name and version is left out.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from catalog.chart_facts import chart_facts, has_facts, values_tree
from catalog.eks_addons import ADDONS
from common.helm_values import idle
from common.values import opened
from common.yaml_parser import PARSER
from engine.go_build import ensure
from engine.go_module import GoModule
from engine.locate import HOME
from engine.progress import Progress
from simulator.cloud import Cloud
from simulator.conformance.placement import Pool, misplaced, pools_of
from simulator.control_plane.client import Object, Refused
from simulator.kubernetes.clusters import RELEASE, Cluster
from simulator.kubernetes.pod_security import pod_of
from simulator.kubernetes.real import RealServer

_MODULE = Path(__file__).with_name("helm")
_ASSOCIATION = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
_HOOK = "helm.sh/hook"


class ChartError(Exception):
    """A chart cannot be rendered. The text is Helm's."""


@dataclass(frozen=True)
class ChartResult:
    """One release, rendered. hooks: "kind name: events" of each hook. faults: what is not accepted, or cannot run."""

    release: str
    chart: str
    objects: int
    accepted: int
    hooks: tuple[str, ...]
    faults: tuple[str, ...]


def helm_module(home: Path = HOME) -> GoModule:
    """Returns the pinned module of Helm."""
    return GoModule("Helm", _MODULE, {"helm.sh/helm/v3/cmd/helm": "helm"}, home / "helm", home)


def helm(progress: Progress) -> Path:
    """Returns the pinned Helm; builds it first if necessary. Raises BuildError."""
    module = helm_module()
    ensure(module, progress)
    return module.path("helm")


def local_charts(folder: Path) -> Mapping[tuple[str, str], Path]:
    """Returns (name, version) -> folder of the charts in a folder, without those inside other charts."""
    charts = {}
    for file in sorted(folder.glob("*/Chart.yaml")) + sorted(folder.glob("Chart.yaml")):
        described = yaml.load(file.read_text(encoding="utf-8"), Loader=PARSER)  # noqa: S506 - a safe one
        charts[described["name"], str(described["version"])] = file.parent
    return charts


def idle_values(cloud_file: Path) -> list[str]:
    """Returns a text for each value of a release that its chart does not read, by the facts of the catalog."""
    texts = []
    with closing(Cloud(cloud_file)) as cloud:
        for release in cloud.of_type(RELEASE):
            name, version = _chart_of(release.state)
            values = opened(release.state.get("values")) or {}
            if has_facts(name):
                facts = chart_facts(name)
                for path, sentence in idle(values, values_tree(name), f"{name} {version}", facts.templates_read):
                    texts.append(f"release {release.state['name']}: values.{'.'.join(map(str, path))}: {sentence}")
    return texts


def check_charts(
    cluster: Cluster, real: RealServer, charts: Mapping[tuple[str, str], Path], helm_path: Path
) -> Iterator[ChartResult]:
    """Yields the result for each release of the cluster whose chart is there. The server has the cluster's objects."""
    pools = pools_of(cluster)
    releases = [each.state for each in cluster.releases()]
    for namespace in dict.fromkeys(str(state["namespace"]) for state in releases):
        inside = [state for state in releases if state["namespace"] == namespace]
        for state in inside:
            name, _ = _chart_of(state)
            if others := [version for known, version in charts if known == name and _chart_of(state) not in charts]:
                fault = f"the folder has {name} {', '.join(others)}"
                yield ChartResult(state["name"], " ".join(_chart_of(state)), 0, 0, (), (fault,))
        rendered = []
        for state in inside:
            if _chart_of(state) in charts:
                try:
                    objects = list(_rendered(helm_path, charts[_chart_of(state)], state, cluster.version))
                except ChartError as error:
                    yield ChartResult(state["name"], " ".join(_chart_of(state)), 0, 0, (), (str(error),))
                else:
                    rendered.append((state, objects))
        missing = _missing_accounts(cluster, namespace, [each for _, objects in rendered for each in objects])
        for state, objects in rendered:
            last = len(rendered) == len(inside) and state is rendered[-1][0]  # else another chart may make them
            yield _result(state, objects, real, pools, missing if last else ())


def _chart_of(state: Mapping[str, Any]) -> tuple[str, str]:
    return str(state["chart"]).rpartition("/")[2], str(state["version"])


def template(helm_path: Path, folder: Path, state: Mapping[str, Any], version: str, *options: str) -> str:
    """Returns what Helm makes of a chart with the values of a release, as YAML. Raises ChartError."""
    command = [str(helm_path), "template", state["name"], str(folder), "--namespace", state["namespace"]]
    command += ["--kube-version", version, "--values", "-", *options]
    done = subprocess.run(
        command, input=json.dumps(state.get("values") or {}), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ChartError(f"Helm cannot render {state['name']} from {folder}: {done.stderr.strip()}")
    return done.stdout


def _rendered(helm_path: Path, folder: Path, state: Mapping[str, Any], version: str) -> Iterator[Object]:
    options = () if state.get("skipCrds") else ("--include-crds",)
    for each in yaml.load_all(template(helm_path, folder, state, version, *options), Loader=PARSER):
        if each:
            yield each


def _missing_accounts(cluster: Cluster, namespace: str, rendered: Sequence[Object]) -> list[str]:
    """Returns the service accounts that get an IAM role, and that neither EKS nor Pulumi nor a chart makes."""
    associations = [
        each.state for each in cluster.cloud.of_type(_ASSOCIATION) if each.state["clusterName"] == cluster.name
    ]
    wanted = {each["serviceAccount"] for each in associations if each["namespace"] == namespace}
    made = {"default", *(addon.service_account for addon in ADDONS.values() if addon.namespace == namespace)}
    made |= {each.state["metadata"]["name"] for each in cluster.of_kind("v1", "ServiceAccount", namespace)}
    made |= {each["metadata"]["name"] for each in rendered if each["kind"] == "ServiceAccount"}
    return sorted(wanted - made)


def _result(
    state: Mapping[str, Any],
    rendered: Sequence[Object],
    real: RealServer,
    pools: Sequence[Pool],
    missing_accounts: Sequence[str],
) -> ChartResult:
    faults, accepted = [], 0
    for each in rendered:
        title = f"{each['kind']} {each['metadata']['name']}"
        try:
            real.try_out(each, each["metadata"].get("namespace") or state["namespace"])
            accepted += 1
        except Refused as refused:
            faults.append(f"{title}: {refused}")
        pod = pod_of(each)
        if pod and (reason := misplaced(each["kind"], pod["spec"], pools)):
            faults.append(f"{title} can run nowhere: {reason}")
    faults += [
        f"an IAM role waits for the service account {name} of namespace {state['namespace']}, and no chart makes it"
        for name in missing_accounts
    ]
    hooks = [
        f"{each['kind']} {each['metadata']['name']}: {events}"
        for each in rendered
        if (events := (each["metadata"].get("annotations") or {}).get(_HOOK))
    ]
    return ChartResult(state["name"], " ".join(_chart_of(state)), len(rendered), accepted, tuple(hooks), tuple(faults))
