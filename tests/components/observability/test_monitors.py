"""What is read: each monitor finds its pods, its calls pass the network policies, its series have the right labels."""

import json
import re
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import promql_parser
import pytest

from components.cluster.scrapes import scrapes_of
from components.core.flows import PROMETHEUS
from components.core.metrics import Scrape
from components.observability.monitors import monitors
from components.observability.rules_of import prometheus_rule, rule_groups
from settings.stack.stack import StackSettings
from tests.catalog.promql import jobs_asked, selectors
from tests.components.cluster.test_against_charts import validator
from tests.components.conftest import PlatformCloud
from tests.components.observability.expressions import expressions
from tests.components.observability.rules.every_rule import rule_file
from tests.components.stacks import CLUSTER, POOL, stack
from tests.report.network_judge import Judge, Place, Pod
from tests.report.test_reach import built

NAMESPACES = ("inference", "lab")
CHAT: dict[str, Any] = {"namespace": "inference", "pods": {"app": "chat"}, "port": 8000, "samples": 900, "most_pods": 7}
SCRAPE = Scrape(job="exporter", pods={"app": "exporter"}, port=9400, namespace="gpus")


def measured(mode: str = "standard") -> StackSettings:
    """A stack with every add-on that is read, where all that nothing needs is closed."""
    gpu = {"name": "gpu", "instance_types": ["g6.12xlarge"], "min_per_zone": 0, "provisioner": "karpenter"}
    return stack(
        observability={},
        isolation={"mode": mode},
        clusters={"main": {**CLUSTER, "pools": [POOL, gpu], "service_cidr": "172.20.0.0/16", "addons": {"velero": {}}}},
        teams=[
            {"name": "serving", "namespaces": ["inference"], "metrics": {"chat": CHAT}},
            {"name": "lab", "namespaces": ["lab"]},
        ],
        mesh={"namespaces": ["inference"], "inbound": "deny", "viz": True},
        admission={"kyverno": {}},
    )


def scrapes() -> list[Scrape]:
    return scrapes_of(measured().parts_of("main"), NAMESPACES, measured().teams)


def of_a_team() -> dict[str, Any]:
    """The monitor of a program of a team."""
    (scrape,) = (each for each in scrapes() if each.team)
    (monitor,) = monitors([scrape], ["cluster_cost_usd", "gpu:requested"])
    return dict(monitor)


@pytest.mark.parametrize("mode", ["standard", "strict"])
def test_with_isolation_prometheus_reaches_each_port_that_a_monitor_names_and_nobody_else_does(mode: str) -> None:
    objects = built(measured(mode))
    tiers = dict(reversed(objects.subnets.values()))
    addresses = iter(range(20, 200))

    def pod(namespace: str, labels: Any) -> Pod:
        return Pod(namespace=namespace, labels=labels, address=tiers["pods"][next(addresses)])

    prometheus = pod(PROMETHEUS.namespace, PROMETHEUS.labels)
    grafana, job = pod("monitoring", {"app.kubernetes.io/name": "grafana"}), pod("lab", {"app": "job"})
    targets = [(scrape, pod(scrape.namespace, scrape.pods)) for scrape in scrapes()]
    node, api = Place("node", tiers["private"][9]), Place("API server", tiers["intra"][9])
    dns = pod("kube-system", {"k8s-app": "kube-dns"})
    judge = Judge(
        policies=objects.of("NetworkPolicy"), pods=[prometheus, grafana, job, dns, *(each for _, each in targets)]
    )
    assert len(targets) > 7
    for scrape, target in targets:
        where = node if scrape.host_network else target
        assert judge.lets(prometheus, where, scrape.port), scrape
        assert not judge.lets(prometheus, where, scrape.port + 1), scrape
        assert not judge.lets(job, where, scrape.port), scrape
        if not scrape.host_network and scrape.namespace != "kube-system":
            assert not judge.lets(grafana, target, scrape.port), scrape
    assert judge.lets(prometheus, node, 10250)
    assert judge.lets(prometheus, api, 443)
    assert judge.lets(prometheus, dns, 9153)
    for client in (prometheus, grafana, job):
        assert not judge.lets(client, node, 5555), "DCGM of the node agent asks nobody who they are"
        assert not judge.lets(client, Place("internet", IPv4Address("198.51.100.7")), 9090)


def test_the_parts_of_monitoring_reach_each_other_and_the_api_server_their_webhook() -> None:
    objects = built(measured())
    tiers = dict(reversed(objects.subnets.values()))
    first, second = (
        Pod(
            namespace="monitoring",
            labels={"app.kubernetes.io/name": "alertmanager", "n": str(n)},
            address=tiers["pods"][n],
        )
        for n in (20, 21)
    )
    judge = Judge(policies=objects.of("NetworkPolicy"), pods=[first, second])
    assert judge.lets(first, second, 9094)
    assert judge.lets(Place("EKS control plane", tiers["intra"][9]), first, 10250)
    (open_inside,) = [
        rule
        for policy in objects.of("NetworkPolicy")
        if policy["metadata"]["namespace"] == "monitoring" and policy["spec"]["podSelector"] == {}
        for rule in policy["spec"]["ingress"]
        if rule["from"] == [{"podSelector": {}}]
    ]
    assert "ports" not in open_inside, "Alertmanagers agree by UDP, too"


def endpoint(scrape: Scrape) -> dict[str, Any]:
    (monitor,) = monitors([scrape])
    assert monitor["spec"]["namespaceSelector"] == {"matchNames": [scrape.namespace]}
    (found,) = monitor["spec"]["podMetricsEndpoints"]
    return dict(found)


def labels(scrape: Scrape, **meta: str) -> dict[str, str]:
    """What Prometheus makes of the labels of one target: replacements, then the labels that go."""
    found = {"__meta_kubernetes_pod_ip": "100.64.0.9", "__meta_kubernetes_pod_node_name": "node-a", **meta}
    found |= {"namespace": "gpus", "pod": "exporter-x", "container": "main", "job": "monitoring/x"}
    for rule in endpoint(scrape)["relabelings"]:
        if rule["action"] == "replace":
            source = ";".join(found[each] for each in rule.get("sourceLabels", ()))
            found[rule["targetLabel"]] = rule.get("replacement", "$1").replace("$1", source)
        else:
            assert rule["action"] == "labeldrop"
            found = {key: value for key, value in found.items() if key not in rule["regex"].split("|")}
    return {key: value for key, value in found.items() if not key.startswith("__meta")}


def test_a_target_is_the_pod_with_the_port_whether_or_not_a_container_declares_it() -> None:
    assert "port" not in endpoint(SCRAPE)
    assert "portNumber" not in endpoint(SCRAPE)
    both = [labels(SCRAPE, __meta_kubernetes_pod_container_port_number=port) for port in ("9400", "8081")]
    assert (
        both[0]
        == both[1]
        == {"__address__": "100.64.0.9:9400", "job": "exporter", "namespace": "gpus", "pod": "exporter-x"}
    )


def test_the_exporter_of_a_node_tells_of_the_node_and_not_of_its_own_pod() -> None:
    assert labels(replace(SCRAPE, of_nodes=True)) == {
        "__address__": "100.64.0.9:9400",
        "job": "exporter",
        "node": "node-a",
    }
    kept = labels(replace(SCRAPE, of_nodes=True, keeps_pod=True))
    assert (kept["node"], kept["pod"]) == ("node-a", "exporter-x")


def test_a_monitor_says_how_often_and_which_metrics_go() -> None:
    said = endpoint(replace(SCRAPE, seconds=15, drop="kube_.*", keeps_labels=True))
    assert (said["interval"], said["honorLabels"]) == ("15s", True)
    assert said["metricRelabelings"] == [{"action": "drop", "sourceLabels": ["__name__"], "regex": "kube_.*"}]


def test_of_pods_of_people_only_what_a_proxy_serves_is_kept_and_of_no_pod_more_than_a_bound() -> None:
    for scrape in scrapes():
        (monitor,) = monitors([scrape])
        rules = monitor["spec"]["podMetricsEndpoints"][0].get("metricRelabelings", [])
        kept = [re.compile(rule["regex"]) for rule in rules if rule["action"] == "keep"]
        assert monitor["spec"]["labelLimit"] == 100
        if scrape.team:
            continue
        if scrape.namespace in NAMESPACES:
            assert [
                bool(kept[0].fullmatch(name)) for name in ("response_latency_ms_bucket", "tcp_open_connections")
            ] == [
                True,
                True,
            ]
            forged = ("DCGM_EXP_XID_ERRORS_COUNT", "node_total_hourly_cost", "cluster_cost_usd", "xresponse_total")
            assert not [name for name in forged if kept[0].fullmatch(name)]
            assert monitor["spec"]["sampleLimit"] == 20_000
        else:
            assert kept == []
            assert monitor["spec"]["sampleLimit"] > 200_000, "the alert of it is at 200,000"
    assert {scrape.namespace for scrape in scrapes()} & set(NAMESPACES)


def test_a_program_of_a_team_has_bounds_in_each_direction() -> None:
    spec = of_a_team()["spec"]
    assert (spec["sampleLimit"], spec["targetLimit"], spec["labelLimit"], spec["bodySizeLimit"]) == (
        900,
        7,
        100,
        "16MB",
    )
    assert (spec["labelNameLengthLimit"], spec["labelValueLengthLimit"]) == (256, 1024)
    assert errors(of_a_team()) == []


def test_a_program_of_a_team_has_a_job_and_a_team_that_it_cannot_choose() -> None:
    (scrape,) = (each for each in scrapes() if each.team)
    assert labels(scrape) == {
        "__address__": "100.64.0.9:8000",
        "job": "serving/chat",
        "team": "serving",
        "namespace": "gpus",
        "pod": "exporter-x",
    }
    (said,) = of_a_team()["spec"]["podMetricsEndpoints"]
    assert (said["honorLabels"], said["honorTimestamps"]) == (False, False)
    assert not {each.job for each in scrapes() if not each.team and "/" in each.job}, "so no exporter has such a job"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "ALERTS",
            "ALERTS_FOR_STATE",
            "cluster_cost_usd",
            "gpu:requested",
            "apiserver_request:burnrate5m",
            "count:up1",
            *("up", "scrape_series_added"),
        ),
        *("node_namespace_pod_container:container_memory_rss", "cluster:node_cpu:ratio", ":node_memory_Mem_bytes:sum"),
    ],
)
def test_what_rules_record_is_not_kept_of_a_program_of_a_team(name: str) -> None:
    (said,) = of_a_team()["spec"]["podMetricsEndpoints"]
    drop, moved, external = said["metricRelabelings"]
    assert [each["action"] for each in (drop, moved, external)] == ["drop", "labelmap", "labeldrop"]
    assert moved["regex"] == f"({external['regex']})", "what is taken away stands under another name"
    assert re.fullmatch(drop["regex"], name)
    for own in ("vllm:num_requests_running", "process_cpu_seconds_total", "ALERTS_SENT", "my_cluster_cost_usd"):
        assert not re.fullmatch(drop["regex"], own)
    assert [each for each in ("cluster", "__replica__", "team", "model") if re.fullmatch(external["regex"], each)] == [
        *("cluster", "__replica__")
    ], "a workspace elsewhere would take its series for those of another Prometheus"


def test_the_built_monitors_drop_every_recording(cloud: PlatformCloud) -> None:
    cloud.up(
        stack(observability={}, teams=[{"name": "serving", "namespaces": ["inference"], "metrics": {"chat": CHAT}}])
    )
    monitor = cloud.one("monitoring.coreos.com/v1:PodMonitor", "main-observability-podmonitor-serving.inference.chat")
    drop = monitor.inputs["spec"]["podMetricsEndpoints"][0]["metricRelabelings"][0]["regex"]
    names = [
        rule["record"]
        for each in cloud.all("monitoring.coreos.com/v1:PrometheusRule")
        for group in each.inputs["spec"]["groups"]
        for rule in group["rules"]
        if "record" in rule
    ]
    assert len(names) > 20
    assert not [name for name in names if not re.fullmatch(drop, name)], "teams would write the platform's numbers"


READ_BY_THE_CHART = (
    *("kubernetes_build_info", "reloader_last_reload_successful", "node_cpu_seconds_total"),
    *("node_network_receive_bytes_total", "node_nf_conntrack_entries_limit", "kube_pod_status_phase"),
    *("kubelet_certificate_manager_client_ttl_seconds", "kubelet_server_expiration_renew_errors"),
    "apiserver_request_sli_duration_seconds_bucket",
)
"""Without a job, by rules of kube-prometheus-stack-88.5.3."""


RULES = [rule for group in rule_file()["groups"] for rule in group["rules"]]


@pytest.mark.parametrize(
    ("where", "expr"),
    [
        *expressions(),
        *((rule.get("alert", rule.get("record")), rule["expr"]) for rule in RULES),
        *((f"chart: {name}", name) for name in READ_BY_THE_CHART),
    ],
)
def test_no_program_of_a_team_is_taken_for_an_exporter(where: str, expr: str) -> None:
    (monitor,) = monitors([replace(SCRAPE, team="lab", job="lab/mine")], [r["record"] for r in RULES if "record" in r])
    dropped = monitor["spec"]["podMetricsEndpoints"][0]["metricRelabelings"][0]["regex"]
    for selector in selectors(promql_parser.parse(re.sub(r"\$(?!\d)\w+", "5m", expr))):
        asked = jobs_asked(selector)
        of_exporters = bool(asked) and all(re.fullmatch(r"[\w-]+", job) for job in asked)
        safe = of_exporters or re.fullmatch(dropped, selector.name or "")
        assert safe, f"{where}: a team may serve {selector.prettify()}"


def test_programs_of_two_teams_have_two_monitors_whatever_they_are_called() -> None:
    def named(team: str, namespace: str) -> Scrape:
        return replace(SCRAPE, job=f"{team}/x", team=team, namespace=namespace)

    found = monitors([named("c", "a-b"), named("b-c", "a"), replace(SCRAPE, namespace="a-b", job="c-x")])
    assert len({each["metadata"]["name"] for each in found}) == 3


def test_two_monitors_of_one_job_have_two_names() -> None:
    found = monitors([SCRAPE, replace(SCRAPE, port=9401)])
    assert [each["metadata"]["name"] for each in found] == ["gpus-exporter-9400", "gpus-exporter-9401"]


def errors(manifest: Any) -> list[str]:
    held = validator(manifest["apiVersion"], manifest["kind"])
    return [error.message for error in held.iter_errors(json.loads(json.dumps(manifest)))]


def test_the_definitions_take_each_monitor_and_each_rule_as_it_is() -> None:
    made = [
        *monitors(scrapes()),
        *(prometheus_rule(group, "docs") for group in rule_groups(measured().parts_of("main"), "us-west-2")),
    ]
    for manifest in made:
        assert errors(manifest) == [], manifest["metadata"]["name"]
    (wrong,) = monitors([SCRAPE])
    wrong["spec"]["podMetricsEndpoints"][0]["relabeling"] = []
    assert errors(wrong), "an unknown field, which the API server would drop"


def test_nothing_is_read_where_nothing_is_measured() -> None:
    assert scrapes_of(stack().parts_of("main"), NAMESPACES) == []
