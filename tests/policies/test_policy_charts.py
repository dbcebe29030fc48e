"""What the charts of our add-ons make of our values, judged; golden/charts.yaml has what each must have, with reasons.

It needs Helm, which `make conformance CHARTS=...` builds, and a folder with charts, as `helm pull --untar` makes it:
make test CHARTS=folder TESTS='tests/policies/test_policy_charts.py -n0'
CHARTS=folder python -m tests.policies.test_policy_charts writes the file anew; new findings then wait for a reason.
"""

import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.charts import CHARTS
from components.core.addon_spec import every_add_on
from components.stack.stack_file import load_file
from engine.progress import Progress
from policies.check import judge
from policies.manifests import resources_of_manifests
from simulator.conformance.charts import helm, helm_module, local_charts, template
from tests.components.conftest import PlatformCloud
from tests.components.stacks import CLUSTER, POOL, stack
from tests.policies.policy_harness import ALL, TODAY

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden" / "charts.yaml"
TINY = ROOT / "tests" / "simulator" / "conformance" / "charts" / "tiny"
FOLDER = os.environ.get("CHARTS", "")
KUBERNETES = "1.35"
STACKS = (
    *("Pulumi.prod.yaml", "examples/stacks/Pulumi.observability.yaml"),
    "examples/stacks/Pulumi.gpu-training.yaml",
)
CONFIG: Mapping[str, Any] = {
    "img-pinned": {"digest": False},  # the digest of the chart, which is pinned, says which images its templates name
    "img-trusted-registry": {
        "registries": [
            *("quay.io/jetstack", "quay.io/prometheus", "quay.io/prometheus-operator", "quay.io/kiwigrid"),
            *("ghcr.io/external-secrets", "ghcr.io/kyverno", "ghcr.io/opencost", "ghcr.io/open-telemetry"),
            *("cr.fluentbit.io/fluent", "cr.l5d.io/linkerd", "docker.io/grafana", "docker.io/prom", "docker.io/velero"),
            *("nvcr.io/nvidia", "public.ecr.aws/eks", "public.ecr.aws/karpenter", "reg.kyverno.io/kyverno"),
            "registry.k8s.io",
        ]
    },
    "secret-not-in-state": "disabled",  # a Release has no manifests in the state: what Helm makes is in the cluster
}
helm_is_built = pytest.mark.skipif(not helm_module().is_built(), reason="no Helm: make conformance CHARTS=...")
charts_are_there = pytest.mark.skipif(not FOLDER, reason="no charts: CHARTS names no folder")


@cache
def releases() -> Mapping[str, Mapping[str, Any]]:
    """Returns the releases of our stacks by name, and of one with the add-ons that none of them has."""
    gpu = {**POOL, "name": "gpu", "instance_types": ["g6.12xlarge"], "scaling": "auto", "taints": [{"key": "gpu"}]}
    rest = {**CLUSTER, "gpu_allocation": "dra", "addons": {"velero": {}}, "pools": [POOL, gpu]}
    found: dict[str, Mapping[str, Any]] = {}
    for settings in (
        *(load_file(ROOT / path) for path in STACKS),
        stack(clusters={"main": {**rest, "version": KUBERNETES}}, admission={"kyverno": {}}),
        stack(mesh={"viz": True}),
    ):
        cloud = PlatformCloud()
        cloud.up(settings)
        for release in cloud.all("helm.sh/v3:Release"):
            found.setdefault(release.inputs["name"], release.inputs)
    return found


def objects(folder: Path, release: Mapping[str, Any]) -> list[dict[str, Any]]:
    options = () if release.get("skipCrds") else ("--include-crds",)
    made = template(helm(Progress()), folder, release, KUBERNETES, "--skip-tests", *options)
    return resources_of_manifests(made, release["namespace"])


def findings(resources: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Returns rule -> where it found something."""
    found: dict[str, list[str]] = {}
    for each in judge(resources, CONFIG, "prod", today=lambda: TODAY):
        if each.status in ("failed", "crashed", "deferred"):
            _, _, kind, name = each.urn.split("::")
            found.setdefault(each.rule, []).append(f"{kind.rpartition(':')[2]} {name.rpartition('/')[2]}: {each.path}")
    return {rule: sorted(set(places)) for rule, places in sorted(found.items())}


@cache
def golden() -> Mapping[str, Any]:
    """Returns chart -> its version, and each rule with the places and the reason."""
    rows: Mapping[str, Any] = yaml.safe_load(GOLDEN.read_text(encoding="utf-8"))
    return rows


def local(name: str) -> Path | None:
    return local_charts(Path(FOLDER)).get((CHARTS[name].chart.rpartition("/")[2], CHARTS[name].version))


@helm_is_built
@charts_are_there
@pytest.mark.parametrize("name", sorted(every_add_on()))
def test_what_a_chart_makes_of_our_values_has_no_new_finding(name: str) -> None:
    folder = local(name)
    if folder is None:
        pytest.skip(f"{name} {CHARTS[name].version} is not in {FOLDER}")
    known = {each["rule"]: each["at"] for each in golden()[name]["findings"]}
    assert findings(objects(folder, releases()[name])) == known, "set a value, or write down why it must be"


def test_each_finding_in_a_chart_has_its_reason_at_the_version_that_we_install() -> None:
    assert sorted(golden()) == sorted(every_add_on())
    for name, row in golden().items():
        assert row["version"] == CHARTS[name].version, f"render {name} anew: see the first lines of this file"
        assert len(row.get("unread", "no reason is needed")) > 15, f"{name}: say why nobody has rendered it"
        for each in row["findings"] or ():
            assert each["rule"] in ALL
            assert len(each["why"]) > 20, f"{name}: {each['rule']} has no reason"


@helm_is_built
def test_a_rendered_chart_is_judged_object_by_object() -> None:
    release = {"name": "tiny", "namespace": "tiny", "values": {"hostNetwork": True}}
    found = findings(objects(TINY, release))
    assert found["pss-no-host-access"] == ["Deployment tiny: spec.template.spec.hostNetwork"]
    without = findings(objects(TINY, {**release, "values": {}}))
    assert "pss-no-host-access" not in without
    assert "ns-not-default" not in without, "its objects are in the namespace of the release"


def written() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields the rows of the file as they are now. A chart that is not there keeps its row."""
    for name in sorted(every_add_on()):
        row = golden().get(name) or {}
        folder = local(name)
        if folder is None:
            yield name, {"version": CHARTS[name].version, "unread": "", "findings": [], **row}
            continue
        whys = {each["rule"]: each["why"] for each in row.get("findings") or ()}
        found = findings(objects(folder, releases()[name]))
        rows = [{"rule": rule, "why": whys.get(rule, ""), "at": places} for rule, places in found.items()]
        yield name, {"version": CHARTS[name].version, "findings": rows}


if __name__ == "__main__":
    text = yaml.safe_dump(dict(written()), sort_keys=False, width=116)
    GOLDEN.write_text(
        f"# Findings in what the charts make of our values, and why each must be.\n{text}", encoding="utf-8"
    )
