"""Dashboards: what a cluster gets, how it is laid out, where clicks lead, and that a change is an update."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from components.core.dashboards import Dashboard, Panel, Row, every_dashboard, lines, stat
from components.observability.dashboard_json import HEADINGS, as_text, dashboard_json, of_cluster, placed
from components.observability.dashboard_objects import MOST_BYTES, manifest
from settings.cluster.parts import ClusterParts
from settings.stack.stack import StackSettings
from tests.components.conftest import PlatformCloud
from tests.components.observability.expressions import expressions
from tests.components.observability.units import KNOWN
from tests.components.stacks import POOL, stack

CHOSEN = re.compile(r"\$(\w+)")
GPU_POOL = {"name": "h100", "instance_types": ["p5.48xlarge"], "zones": ["us-west-2a"], "provisioner": "karpenter"}


def settings(*pools: dict[str, Any], **changes: Any) -> StackSettings:
    clusters = {"main": {"version": "1.35", "pools": [POOL, *pools]}}
    return stack(**{"observability": {"grafana": {}}, "clusters": clusters, **changes})


def everything() -> ClusterParts:
    return settings(GPU_POOL, mesh={"namespaces": []}).parts_of("main")


def shown() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields uid and JSON of each dashboard of a cluster that has all of them."""
    for uid, dashboard in of_cluster(everything()).items():
        yield uid, dashboard_json(dashboard, everything())


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    yield from ((uid, panel) for uid, dashboard in shown() for panel in dashboard["panels"] if panel["type"] != "row")


def test_a_cluster_has_the_dashboards_of_what_it_has() -> None:
    always = {"platform", "costs", "storage", "cluster"}
    assert set(of_cluster(settings().parts_of("main"))) == always
    assert (
        set(of_cluster(everything()))
        == set(every_dashboard())
        == {
            *always,
            *("gpus", "gpu-workload", "karpenter", "mesh"),
        }
    )


def test_panels_of_gpus_are_only_where_gpus_are() -> None:
    without, own = settings().parts_of("main"), every_dashboard()["platform"]
    assert "gpu" not in as_text(own, without).lower().replace("gpuidle", "")
    assert "gpu:allocatable" in as_text(own, everything())


def test_no_panel_lies_over_another_and_each_line_is_full() -> None:
    for uid, dashboard in shown():
        squares = [
            {(x, y) for x in range(each["x"], each["x"] + each["w"]) for y in range(each["y"], each["y"] + each["h"])}
            for each in (panel["gridPos"] for panel in dashboard["panels"])
        ]
        assert len(squares) > 5
        assert not any(one & other for one, other in combinations(squares, 2)), uid
        bottom = max(y for square in squares for _, y in square)
        assert set().union(*squares) == {(x, y) for x in range(24) for y in range(bottom + 1)}, f"{uid} has holes"
        assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def panel(width: int, height: int = 8) -> Panel:
    return lines("a", "short", "up", "", width=width, height=height)


@pytest.mark.parametrize("line", [[panel(12)], [panel(12), panel(8), panel(8)], [panel(12), panel(12, height=4)]])
def test_a_line_that_is_not_full_is_refused(line: list[Panel]) -> None:
    with pytest.raises(ValueError, match=r"(Make its panels wider|Change its width or its height)\.$"):
        placed(line, 0)


def test_each_panel_has_a_unit_that_is_known_a_title_and_says_what_it_is() -> None:
    for uid, each in panels():
        defaults = each["fieldConfig"]["defaults"]
        columns = [
            one["value"]
            for override in each["fieldConfig"]["overrides"]
            for one in override["properties"]
            if one["id"] == "unit"
        ]
        assert {defaults["unit"], *columns} <= set(KNOWN), (uid, each["title"])
        assert each["description"].endswith("."), (uid, each["title"])
        assert each["datasource"]["uid"] == "prometheus"
        assert all(target["legendFormat"] for target in each["targets"]), f"{uid}: {each['title']} would show its query"


def links(uid: str, each: dict[str, Any]) -> Iterator[str]:
    yield from (link["url"] for link in each["fieldConfig"]["defaults"]["links"])
    for override in each["fieldConfig"]["overrides"]:
        yield from (link["url"] for one in override["properties"] if one["id"] == "links" for link in one["value"])


def test_each_level_opens_the_next_one_with_what_was_clicked() -> None:
    known = {uid: {each["name"] for each in dashboard["templating"]["list"]} for uid, dashboard in shown()}
    found = {(uid, url) for uid, each in panels() for url in links(uid, each)}
    for _, url in found:
        target, _, query = url.removeprefix("/d/").partition("?")
        assert set(re.findall(r"var-(\w+)=", query)) <= known[target], url
    opened = {(uid, url.removeprefix("/d/").partition("?")[0]) for uid, url in found}
    assert {("platform", "gpus"), ("platform", "costs"), ("platform", "cluster"), ("gpus", "gpu-workload")} <= opened
    (workload,) = [url for uid, url in found if uid == "gpus" and "gpu-workload" in url]
    assert "var-namespace=${__data.fields.namespace}&var-pod=${__data.fields.pod}" in workload
    (of_costs,) = [url for uid, url in found if uid == "costs" and "gpu-workload" in url]
    assert "var-namespace=${__data.fields.namespace}" in of_costs


def test_a_link_to_what_the_cluster_has_not_is_left_out_and_one_to_nothing_is_an_error() -> None:
    without = dashboard_json(every_dashboard()["platform"], settings().parts_of("main"))
    assert "/d/karpenter" not in json.dumps(without)
    broken = Row(title="a", panels=(stat("b", "short", "up", "c.", width=24, to="nowhere"),))
    dashboard = Dashboard(uid="x", title="x", folder="GPUs", about="x", rows=(broken,))
    with pytest.raises(ValueError, match=r"which is no dashboard\. Write the uid of one\.$"):
        dashboard_json(dashboard, everything())


def test_each_query_says_which_exporter_it_means_and_has_windows_of_four_scrapes() -> None:
    """OpenCost has copies of the series of kube-state-metrics, and since 3.0 `rate(x[1m])` sees one sample."""
    found = list(expressions())
    assert len(found) > 100
    for where, expr in found:
        for series in re.findall(r"\bkube_\w+(?:\{[^}]*\})?", expr):
            assert 'job="kube-state-metrics"' in series, where
        short = [window for window in re.findall(r"\[(\d+)m", expr) if int(window) < 2]
        assert not short, where


def test_figures_of_pods_and_gpus_come_from_recorded_rules() -> None:
    """Metrics still have the requests of pods that ended, and a MIG instance is no whole GPU: rules know both."""
    for where, expr in expressions():
        assert not re.search(r"kube_pod_container_resource_(requests|limits)|kube_pod_status_phase", expr), where
        assert not re.search(r"(?<![:\w])gpu_utilization", expr), where


def test_queries_name_only_variables_that_their_dashboard_has() -> None:
    for uid, dashboard in shown():
        names = {each["name"] for each in dashboard["templating"]["list"]}
        used = set(
            CHOSEN.findall(
                json.dumps([target["expr"] for each in dashboard["panels"] for target in each.get("targets", ())])
            )
        )
        assert used == names, uid


def test_a_table_has_a_column_of_each_label_and_value() -> None:
    tables = [(uid, each) for uid, each in panels() if each["type"] == "table"]
    assert tables
    for uid, each in tables:
        merge, organize = each["transformations"]
        names = organize["options"]["renameByName"]
        values = [name for name in names if name.startswith("Value")]
        wanted = [f"Value #{target['refId']}" for target in each["targets"]] if len(each["targets"]) > 1 else ["Value"]
        assert merge["id"] == "merge"
        assert values == wanted, uid
        assert each["options"]["sortBy"][0]["displayName"] == names[values[0]]
        least_first = any("bottomk" in target["expr"] or "< 0" in target["expr"] for target in each["targets"])
        assert each["options"]["sortBy"][0]["desc"] != least_first, each["title"]
        for label in set(names) - set(values):
            assert any(
                re.search(rf"by \([^)]*\b{label}\b", target["expr"]) or label in ("namespace",)
                for target in each["targets"]
            )
            assert names[label] == HEADINGS.get(label, label)


def test_dashboards_are_config_maps_that_the_sidecar_finds_in_a_folder() -> None:
    for dashboard in of_cluster(everything()).values():
        made = manifest(dashboard, everything())
        assert made["metadata"]["labels"] == {"grafana_dashboard": "1"}
        assert made["metadata"]["annotations"] == {"grafana_folder": dashboard.folder}
        ((key, text),) = made["data"].items()
        assert key == f"{dashboard.uid}.json"
        assert json.loads(text)["uid"] == dashboard.uid
        assert len(text) < MOST_BYTES / 10, "far from what Kubernetes refuses"


def test_a_dashboard_that_kubernetes_would_refuse_is_an_error() -> None:
    large = Dashboard(uid="x", title="x" * MOST_BYTES, folder="GPUs", about="", rows=())
    with pytest.raises(ValueError, match=r"Make two of it\.$"):
        manifest(large, everything())


def test_a_change_of_a_dashboard_is_an_update_and_they_come_after_grafana(cloud: PlatformCloud) -> None:
    cloud.up(settings())
    provider = cloud.one("pulumi:providers:kubernetes", "main-kubernetes")
    assert str(provider.inputs["enableConfigMapMutable"]).lower() == "true", "or it is deleted, and made again"
    made = {each.name: each for each in cloud.all("core/v1:ConfigMap")}
    assert set(made) == {f"main-observability-dashboard-{uid}" for uid in of_cluster(settings().parts_of("main"))}
    release = cloud.one("helm.sh/v3:Release", "main-kube-prometheus-stack")
    assert all(cloud.comes_after(each, release) for each in made.values())


def test_without_grafana_there_are_no_dashboards(cloud: PlatformCloud) -> None:
    cloud.up(settings(observability={}))
    assert not cloud.all("core/v1:ConfigMap")
