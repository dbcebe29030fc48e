"""Dangers of Prometheus: samples that go, and volumes that do not follow."""

from collections.abc import Sequence
from typing import Any

import pytest

from components.observability.alerting import config
from components.observability.collectors import agent, gateway
from components.observability.fluent_bit import configuration, script
from components.observability.grafana import oauth
from components.observability.remote_write import kept
from report.dangers.danger import GRAVE, LOST, SERIOUS
from report.dangers.doors import RELEASE
from report.dangers.sinks import COLLECTOR
from settings.observability.alerts import AlertSettings
from settings.observability.grafana import SsoSettings
from settings.observability.logs import LogSettings
from settings.observability.traces import TraceSettings
from tests.components.stacks import CLUSTER, stage
from tests.report.edits import edit
from tests.report.logs import UNKNOWN_TEXT, step, urn
from tests.report.test_dangers import found, of, openings


def prometheus(retention: str = "15d", size: int = 100, replicas: int = 2) -> dict[str, Any]:
    claim = {"spec": {"resources": {"requests": {"storage": f"{size}Gi"}}}}
    spec = {
        "retention": retention,
        "retentionSize": f"{size * 8 // 10}GiB",
        "replicas": replicas,
        "storageSpec": {"volumeClaimTemplate": claim},
    }
    return {"chart": "kube-prometheus-stack", "values": {"prometheus": {"prometheusSpec": spec}}}


def told(before: Any, after: Any) -> list[Any]:
    other = step("same", urn("kubernetes:core/v1:Namespace", "other"))
    return [
        each for each in found(other, of(RELEASE, before, after, "main-kps"), kind="data") if "rometheus" in str(each)
    ]


def test_without_it_all_samples_are_lost_for_ever() -> None:
    (lost,) = told(prometheus(), None)
    assert lost.severity == LOST
    assert lost.opening == "all samples of Prometheus go, by main-kps"


def test_a_shorter_time_deletes_older_samples() -> None:
    assert [each.opening for each in told(prometheus(), prometheus("5d"))] == [
        "Prometheus keeps 5d of samples, not 15d, by main-kps"
    ]
    assert not told(prometheus(), prometheus("30d"))


@pytest.mark.parametrize(("was", "now", "less"), [("15d", "1y", False), ("10d", "36h", True), ("2w", "14d", False)])
def test_times_are_compared_whatever_their_units(was: str, now: str, less: bool) -> None:
    assert bool(told(prometheus(was), prometheus(now))) == less


def test_sizes_are_compared_whatever_their_units() -> None:
    def sized(claim: str, kept: str) -> dict[str, Any]:
        values = prometheus()
        spec = values["values"]["prometheus"]["prometheusSpec"]
        spec["storageSpec"]["volumeClaimTemplate"]["spec"]["resources"]["requests"]["storage"] = claim
        return {**values, "values": {"prometheus": {"prometheusSpec": {**spec, "retentionSize": kept}}}}

    small, large = sized("100Gi", "80GiB"), sized("1Ti", "1TiB")
    assert ["may fill 1Ti" in each.opening for each in told(small, large)] == [True]
    assert ["keeps 80GiB" in each.opening or "keep 1Ti, not 100Gi" in each.opening for each in told(large, small)] == [
        True,
        True,
    ]


def test_a_larger_volume_is_filled_before_it_is_larger() -> None:
    (full,) = told(prometheus(), prometheus(size=200))
    assert full.consequence == "all of its pods end at once, a gap in samples and alerts, and a full volume ends it"
    assert "docs/guides/observability/metrics.md#a-larger-volume" in full.gently


def test_a_smaller_volume_is_none_and_its_samples_go() -> None:
    assert [each.opening for each in told(prometheus(), prometheus(size=50))] == [
        "Prometheus keeps 40GiB of samples, not 80GiB, by main-kps",
        "volumes of Prometheus keep 100Gi, not 50Gi, by main-kps",
    ]


def test_the_samples_of_the_second_one_go_with_it() -> None:
    assert [each.opening for each in told(prometheus(), prometheus(replicas=1))] == [
        "one Prometheus goes with its samples, by main-kps"
    ]


def test_what_people_made_in_grafana_goes_with_it() -> None:
    off = prometheus()
    on = {**off, "values": {**off["values"], "grafana": {"enabled": True}}}
    (gone,) = [each for each in found(of(RELEASE, on, off, "main-kps"), kind="data") if "Grafana" in str(each)]
    assert gone.consequence == "dashboards that people made in it, and their preferences, are gone"
    assert not [each for each in found(of(RELEASE, off, on, "main-kps"), kind="data") if "Grafana" in str(each)]


MAIL = {"mail": ["platform@example.com"]}


def hearing(**alerts: Any) -> list[Any]:
    """Returns the dangers of a change from receivers of everybody to these."""
    everybody = {
        "platform": {**MAIL, "slack": "#alerts", "pagerduty": True},
        "teams": {"research": {**MAIL, "webhook": True}},
        "heartbeat": True,
    }
    before, after = (
        {"chart": "kube-prometheus-stack", "values": {"alertmanager": {"config": routes(each)}}}
        for each in (everybody, {**everybody, **alerts})
    )
    namespace = {"metadata": {"name": "research", "labels": {"ml-platform/team": "research"}}}
    space = step("same", urn("kubernetes:core/v1:Namespace", "research"), inputs=namespace)
    return found(space, of(RELEASE, before, after, "main-kps"), kind="protection")


def test_with_all_of_observability_alerts_and_the_heartbeat_end_and_nothing_is_there_again() -> None:
    heard = {"platform": MAIL, "teams": {"research": MAIL}, "heartbeat": True}
    before = prometheus()
    before["values"] |= {"alertmanager": {"config": routes(heard)}, "grafana": {"enabled": True}}
    other = step("same", urn("kubernetes:core/v1:Namespace", "other"))
    gone = found(other, of(RELEASE, before, None, "main-kps"))
    assert [each.opening for each in gone if "Release" not in each.opening] == [
        "all samples of Prometheus go, by main-kps",
        "Grafana goes with its volume, by main-kps",
        "alerts of the whole cluster reach nobody any more, by main-kps",
        "nobody outside of the platform hears any more that alerts work, by main-kps",
    ]
    assert gone[0].consequence == "nothing brings them back"
    made_anew = found(of(RELEASE, before, before, "main-kps", op="replace"))
    assert made_anew[0].consequence == "nothing brings them back, and until it is there again nobody hears of an alert"
    assert not [each for each in made_anew if each.kind == "protection"]
    assert not [each for each in found(other, of(RELEASE, prometheus(), None)) if each.kind == "protection"]


def test_a_password_that_goes_with_grafana_is_no_data_and_another_one_is() -> None:
    password, external = (
        f"kubernetes:{kind}"
        for kind in ("generators.external-secrets.io/v1alpha1:Password", "external-secrets.io/v1:ExternalSecret")
    )
    reads = {
        "spec": {
            "target": {"name": "grafana-admin"},
            "dataFrom": [{"sourceRef": {"generatorRef": {"name": "made"}}}],
        }
    }
    on = {
        "chart": "kube-prometheus-stack",
        "values": {"grafana": {"enabled": True, "admin": {"existingSecret": "grafana-admin"}}},
    }
    off = {**on, "values": {"grafana": {"enabled": False}}}

    def lost(after: Any, name: str = "made") -> list[Any]:
        steps = (of(external, reads, None, "read"), of(password, {"metadata": {"name": name}}, None, "password"))
        return found(*steps, of(RELEASE, on, after, "main-kps"), kind="data")

    assert lost(off)[0].opening == "Grafana goes with its volume, by main-kps"
    assert not [each for after in (off, None) for each in lost(after) if "Password" in each.opening]
    for after, name in ((on, "made"), (off, "of-a-team")):
        assert lost(after, name)[0].opening == "Password password deleted"


def test_of_what_is_lost_a_password_comes_last() -> None:
    password = "kubernetes:generators.external-secrets.io/v1alpha1:Password"
    table = of("aws:dynamodb/table:Table", {}, None, "t")
    said = openings(of(password, {"metadata": {"name": "p"}}, None, "p"), table, kind="data")
    assert said == ["Table t deleted", "Password p deleted"]


def routes(alerts: dict[str, Any]) -> dict[str, Any]:
    settings = AlertSettings.model_validate(alerts)
    return config(settings, {team: [team] for team in settings.teams}, stage())


@pytest.mark.parametrize(
    ("alerts", "severity", "says"),
    [
        ({"platform": {**MAIL, "slack": "#alerts"}}, GRAVE, "critical alerts of the platform page nobody any more"),
        (
            {"platform": {**MAIL, "pagerduty": True}},
            SERIOUS,
            "alerts of the platform no longer reach Slack",
        ),
        ({"platform": {}}, GRAVE, "alerts of the platform reach nobody any more"),
        (
            {"teams": {}},
            SERIOUS,
            "alerts of namespace research reach the platform's people, and no longer the team",
        ),
        ({"teams": {"research": MAIL}}, SERIOUS, "alerts of namespace research no longer reach their webhook"),
        ({"heartbeat": False}, GRAVE, "nobody outside of the platform hears any more that alerts work"),
    ],
)
def test_who_no_longer_hears_of_an_alert_is_told(alerts: dict[str, Any], severity: int, says: str) -> None:
    (told_,) = hearing(**alerts)
    assert (told_.severity, told_.opening) == (severity, f"{says}, by main-kps")


RESEARCH = {**MAIL, "slack": "#research", "pagerduty": True}
ON_CALL = {**MAIL, "pagerduty": True}
CHANGED_HANDS = [  # teams with their namespaces and receivers; what becomes of them; what is told of alerts
    (
        ({"research": ["research"]}, {"teams": {"research": RESEARCH}}),
        ({"study": ["research"]}, {}),
        ["alerts of namespace research reach nobody any more"],
    ),
    (
        ({"research": ["research"]}, {"platform": MAIL, "teams": {"research": RESEARCH}}),
        ({"study": ["research"]}, {"platform": MAIL}),
        [
            "critical alerts of namespace research page nobody any more",
            "alerts of namespace research reach the platform's people, and no longer the team",
        ],
    ),
    (
        ({"research": ["research"]}, {"teams": {"research": RESEARCH}}),
        ({"study": ["research"]}, {"teams": {"study": RESEARCH}}),
        ["alerts of namespace research do not come by Slack, mail, PagerDuty until a new receiver is ready"],
    ),
    (
        ({"research": ["research"]}, {"teams": {"research": MAIL}}),
        ({"research": ["research"]}, {"teams": {"research": RESEARCH}}),
        [],
    ),
    (
        (
            {"serving": ["inference", "web"], "research": ["research"]},
            {"teams": {"serving": ON_CALL, "research": {"slack": "#research"}}},
        ),
        (
            {"serving": ["web"], "research": ["research", "inference"]},
            {"teams": {"serving": ON_CALL, "research": {"slack": "#research"}}},
        ),
        [
            "critical alerts of namespace inference page nobody any more",
            "alerts of namespace inference no longer reach mail",
        ],
    ),
    (
        ({"a": ["a"], "b": ["b"], "c": ["c"]}, {"platform": ON_CALL, "teams": {"c": MAIL}}),
        ({"a": ["a"], "b": ["b"], "c": ["c"]}, {"platform": MAIL, "teams": {"c": MAIL}}),
        ["critical alerts of the platform, namespace a, namespace b page nobody any more"],
    ),
]


@pytest.mark.parametrize(("before", "after", "says"), CHANGED_HANDS)
def test_alerts_of_each_namespace_are_followed_to_whom_they_reach(before: Any, after: Any, says: list[str]) -> None:
    def heard(teams: dict[str, list[str]], alerts: dict[str, Any]) -> dict[str, Any]:
        of_teams = [{"name": name, "namespaces": spaces} for name, spaces in teams.items()]
        return {"teams": of_teams, "observability": {"alerts": alerts}}

    told_ = [each.opening for each in edit(heard(*before), heard(*after)) if "alerts of " in each.opening]
    assert told_ == [f"{each}, by main-kube-prometheus-stack" for each in says]


def test_a_team_that_moves_to_another_cluster_is_followed_there() -> None:
    def at_home(cluster: str, platform: Any = MAIL) -> dict[str, Any]:
        team = {"name": "research", "namespaces": ["research"], "cluster": cluster}
        alerts = {"platform": platform, "teams": {"research": RESEARCH}}
        return {
            "clusters": {"main": CLUSTER, "other": CLUSTER},
            "teams": [team],
            "observability": {"alerts": alerts},
        }

    assert not [each for each in edit(at_home("main"), at_home("other")) if "alerts of " in each.opening]
    paged = [each.opening for each in edit(at_home("other", ON_CALL), at_home("other")) if "alerts of " in each.opening]
    assert paged
    assert not [each for each in paged if "namespace" in each], "it is in one cluster, and hears itself"


def test_who_hears_more_or_elsewhere_is_no_danger() -> None:
    assert not hearing(platform={**MAIL, "slack": "#other", "pagerduty": True, "webhook": True})


def test_a_team_that_goes_has_no_alerts_any_more() -> None:
    before, after = (
        {"chart": "kube-prometheus-stack", "values": {"alertmanager": {"config": routes({"platform": MAIL, **each})}}}
        for each in ({"teams": {"research": MAIL}}, {})
    )
    assert not found(of(RELEASE, before, after, "main-kps"), kind="protection")


def landing(pool: str, groups: dict[str, str]) -> Any:
    """Returns the inputs of a release whose pods ask for a pool, and node groups: subnet -> pool."""
    release = prometheus()
    spec = release["values"]["prometheus"]["prometheusSpec"]
    spec |= {"nodeSelector": {"ml-platform/pool": pool}, "externalLabels": {"cluster": "stack-main"}}
    return release, {
        subnet: {"clusterName": "stack-main", "labels": {"ml-platform/pool": of_pool}, "subnetIds": [subnet]}
        for subnet, of_pool in groups.items()
    }


@pytest.mark.parametrize(
    ("pool", "after", "lost"),
    [
        ("system", {"subnet-a": "system", "subnet-b": "system"}, []),
        ("system", {"subnet-a": "system"}, ["us-west-2b"]),
        ("first", {"subnet-a": "first", "subnet-b": "first"}, []),
        ("first", {"subnet-b": "first", "subnet-a": "system"}, ["us-west-2a"]),
        ("system", {"subnet-a": "system", UNKNOWN_TEXT: "system"}, ["us-west-2b"]),
        ("system", {UNKNOWN_TEXT: "system"}, ["us-west-2a, us-west-2b"]),
    ],
)
def test_volumes_in_a_zone_that_the_landing_pool_leaves_find_no_node(
    pool: str, after: dict[str, str], lost: list[str]
) -> None:
    old, had = landing("system", {"subnet-a": "system", "subnet-b": "system"})
    new, has = landing(pool, after)
    subnets = [
        step(
            "same",
            urn("aws:ec2/subnet:Subnet", zone),
            id=f"subnet-{zone}",
            inputs={"availabilityZone": f"us-west-2{zone}"},
        )
        for zone in "ab"
    ]
    groups = [
        of("aws:eks/nodeGroup:NodeGroup", had.get(subnet), has.get(subnet), subnet)
        for subnet in ("subnet-a", "subnet-b", UNKNOWN_TEXT)
        if subnet in {**had, **has}
    ]
    subnets.append(of("aws:ec2/subnet:Subnet", None, {"availabilityZone": "us-west-2c"}, "c"))
    dangers = [
        each for each in found(*subnets, *groups, of(RELEASE, old, new, "main-kps")) if "Grafana" in each.opening
    ]
    assert [each.opening.rpartition(" in ")[2] for each in dangers] == lost


def test_other_subnets_of_the_same_zones_keep_the_nodes_of_volumes() -> None:
    old, had = landing("system", {"subnet-a": "system"})
    _, has = landing("system", {UNKNOWN_TEXT: "system"})
    zone, subnet = {"availabilityZone": "us-west-2a"}, "aws:ec2/subnet:Subnet"
    steps = [
        of(subnet, zone, zone, "private", op="same", id="subnet-a"),
        of(subnet, None, zone, "pods"),
        of("aws:eks/nodeGroup:NodeGroup", had["subnet-a"], has[UNKNOWN_TEXT], "system-a", op="replace"),
    ]
    assert not [each for each in found(*steps, of(RELEASE, old, old, "main-kps")) if "Grafana" in each.opening]


def outside(**remote_write: Any) -> dict[str, Any]:
    alerts = {"platform": MAIL, "heartbeat": True}
    return {"observability": {"alerts": alerts, "metrics": {"remote_write": remote_write}}}


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (
            {"metrics": ["up", "gpu:.*", "gpu:hours", "node_count"]},
            {"metrics": ["up", "gpu:.*"]},
            "Prometheus no longer writes node_count to its workspace, by main-kube-prometheus-stack",
        ),
        (
            {"max_series": 200_000},
            {"max_series": 1000},
            "series that workspace main-kube-prometheus-stack-workspace takes: 200000 → 1000",
        ),
    ],
)
def test_what_is_no_longer_kept_outside_of_the_cluster_is_told(before: Any, after: Any, says: str) -> None:
    (less,) = edit(outside(**before), outside(**after))
    assert (less.kind, less.severity, less.opening) == ("data", SERIOUS, says)
    assert not [each for each in edit(outside(**after), outside(**before)) if each.kind == "data"]


def test_a_secret_of_a_receiver_that_goes_stops_no_pod() -> None:
    """The volumes of Alertmanager are optional, and go with the same change."""
    both, mail = ({"observability": {"alerts": {"platform": each}}} for each in (RESEARCH, MAIL))
    says = [each.opening for each in edit(both, mail) if "goes from namespace" in each.opening]
    assert not says, "who no longer hears is told instead"
    assert any("page nobody" in each.opening for each in edit(both, mail))


def of_logs(**logs: Any) -> dict[str, Any]:
    return {"chart": "fluent-bit", "values": {"luaScripts": {"records.lua": script("c", LogSettings(**logs))}}}


def test_what_was_taken_out_of_logs_and_is_shown_from_now_on_is_told() -> None:
    before = of_logs(redact=["EMP%-%d%d"], drop_keys=["prompt", "Messages"])
    assert openings(of(RELEASE, before, of_logs(drop_keys=["prompt"]), "main-fluent-bit"), kind="access") == [
        "logs, by main-fluent-bit, show what was taken out of them: messages, EMP%-%d%d"
    ]
    more = of_logs(redact=["EMP%-%d%d", "more"], drop_keys=["prompt", "messages", "completion"])
    assert not openings(of(RELEASE, before, more, "main-fluent-bit"), kind="access")


@pytest.mark.parametrize("scripts", [None, {}, {"records.lua": None}])
def test_without_its_script_everything_is_shown(scripts: Any) -> None:
    before, after = of_logs(), {"chart": "fluent-bit", "values": {"luaScripts": scripts}}
    (shown,) = openings(of(RELEASE, before, after, "main-fluent-bit"), kind="access")
    assert shown.startswith("logs, by main-fluent-bit, show what was taken out of them: ")


def of_grafana(host: str = "login.example.com", **groups: Any) -> dict[str, Any]:
    urls = {f"{name}_url": f"https://{host}" for name in ("auth", "token", "api")}
    sso = SsoSettings(client_id="grafana", **urls, **groups)
    ini = {"auth.generic_oauth": oauth(sso)}
    return {"chart": "kube-prometheus-stack", "values": {"grafana": {"enabled": True, "grafana.ini": ini}}}


@pytest.mark.parametrize(
    ("after", "who"),
    [
        ({"admins": ["sre", "ml"], "viewers": ["all"]}, ["ml as Admin"]),
        ({"admins": ["sre"]}, ["everybody who logs in as Viewer"]),
        ({"admins": ["all", "sre"], "viewers": ["ml"]}, ["all as Admin, ml as Viewer"]),
        ({"admins": ["sre"], "viewers": ["all"]}, []),
        ({"viewers": ["all"]}, []),
    ],
)
def test_a_group_that_gets_a_role_in_grafana_is_told(after: dict[str, Any], who: list[str]) -> None:
    changed = of(RELEASE, of_grafana(admins=["sre"], viewers=["all"]), of_grafana(**after), "main-kps")
    said = openings(changed, kind="access")
    assert said == [f"groups get roles in Grafana, by main-kps: {each}" for each in who]


def test_a_role_that_another_expression_gives_as_before_is_none() -> None:
    before, after = (of_grafana(admins=["sre"], viewers=["all"]) for _ in range(2))
    ini = before["values"]["grafana"]["grafana.ini"]["auth.generic_oauth"]
    ini["role_attribute_path"] = "contains(groups[*], 'sre') && 'Admin' || contains(groups[*], 'all') && 'Viewer' || ''"
    assert not openings(of(RELEASE, before, after, "main-kps"), kind="access")


@pytest.mark.parametrize("host", ["login.example.com:443", "Login.Example.COM"])
def test_the_same_host_in_another_spelling_is_no_danger(host: str) -> None:
    before, after = of_grafana(viewers=["all"]), of_grafana(viewers=["all"])
    sso = after["values"]["grafana"]["grafana.ini"]["auth.generic_oauth"]
    sso.update(dict.fromkeys(("auth_url", "token_url", "api_url"), f"https://{host}"))
    for pair in ((before, after), (after, before)):
        assert not openings(of(RELEASE, *pair, "main-kps"), kind="access")
    sso["token_url"] = "https://login.example.com:8443"
    (told,) = openings(of(RELEASE, before, after, "main-kps"), kind="access")
    assert told.endswith("login.example.com:8443"), "another port is another program"


def test_another_host_that_decides_who_logs_in_is_told() -> None:
    before, after = of_grafana(viewers=["all"]), of_grafana("evil.example.org", viewers=["all"])
    assert openings(of(RELEASE, before, after, "main-kps"), kind="access") == [
        "who is let in to Grafana, by main-kps, is decided by evil.example.org"
    ]
    first = {"chart": "kube-prometheus-stack", "values": {"grafana": {"enabled": True}}}
    assert not [each for each in openings(of(RELEASE, first, after, "main-kps")) if "decided" in each]


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("login.example.com/realms/a", "login.example.com/realms/b", ["login.example.com/realms/b"]),
        ("login.example.com", "login.example.com:8443", ["login.example.com:8443"]),
        ("login.example.com/realms/a", "login.example.com/realms/a/", []),
    ],
)
def test_another_realm_of_the_same_host_is_told(was: str, becomes: str, told: list[str]) -> None:
    before, after = (of_grafana(each, viewers=["all"]) for each in (was, becomes))
    says = [f"who is let in to Grafana, by main-kps, is decided by {each}" for each in told]
    assert openings(of(RELEASE, before, after, "main-kps"), kind="access") == says


@pytest.mark.parametrize(
    ("operator", "was", "becomes", "how"),
    [
        ("GreaterThanThreshold", 80, 95, ["80 → 95"]),
        ("GreaterThanThreshold", 80, 70, []),
        ("LessThanThreshold", 10, 5, ["10 → 5"]),
        ("LessThanThreshold", 10, 20, []),
        ("GreaterThanThreshold", 80, "known after up", []),
    ],
)
def test_an_alarm_that_tells_later_is_told(operator: str, was: int, becomes: Any, how: list[str]) -> None:
    before, after = ({"comparisonOperator": operator, "threshold": each} for each in (was, becomes))
    said = openings(of("aws:cloudwatch/metricAlarm:MetricAlarm", before, after))
    assert said == [f"alarm it tells somebody from another value on: {each}" for each in how]


def test_a_budget_that_is_raised_tells_later_and_a_lower_one_earlier() -> None:
    low, high = ({"name": "stack", "limitAmount": each} for each in ("20000", "30000"))
    assert openings(of("aws:budgets/budget:Budget", low, high)) == ["budget it is raised: 20000 USD → 30000 USD"]
    assert not openings(of("aws:budgets/budget:Budget", high, low))


def test_the_budget_of_the_stack_is_told_also_when_all_its_alarms_go() -> None:
    alarms = urn("mlplatform:observability:CloudAlarms", "cloud-alarms")
    gone = of("aws:budgets/budget:Budget", {"name": "stack-us-west-2"}, None, "budget", alarms)
    for op in ("same", "delete"):
        (danger,) = found(step(op, alarms), gone)
        assert danger.consequence == "nobody is told any more what the whole stack costs"


def test_definitions_that_the_chart_keeps_outlive_its_release() -> None:
    keeps = {"crds": {"annotations": {"helm.sh/resource-policy": "keep"}}}
    (stay,) = found(of(RELEASE, {"chart": "prometheus-operator-crds", "values": keeps}, None, "main-crds"))
    assert (stay.severity, stay.opening) == (SERIOUS, "Release of kept definitions main-crds deleted")
    assert stay.consequence.startswith("its definitions stay with all their objects")


def test_a_class_that_is_made_anew_leaves_its_volumes_as_they_are() -> None:
    kind = "kubernetes:storage.k8s.io/v1:StorageClass"
    old, new = ({"metadata": {"name": "telemetry"}, "parameters": {"kmsKeyId": each}} for each in "ab")
    assert openings(of(kind, old, new, "telemetry", op="replace")) == [
        "volumes of storage class telemetry are made otherwise: parameters"
    ]
    assert not openings(of(kind, old, None, "telemetry")), "its claims go with Prometheus"


MONITOR = "kubernetes:monitoring.coreos.com/v1:PodMonitor"


def program(name: str = "research.lab.chat") -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "monitoring"}}


def unread(before: Any, after: Any, *others: str) -> list[Any]:
    kps = step("same", urn(RELEASE, "main-kps"), inputs={"chart": "kube-prometheus-stack"})
    return found(*(others or (kps,)), of(MONITOR, before, after, "main-monitor"))


def test_a_program_of_a_team_that_is_read_no_more_is_told_by_its_job() -> None:
    (danger,) = unread(program(), None)
    assert (danger.severity, danger.opening) == (SERIOUS, "nobody reads research/chat any more")


def test_monitors_of_the_platform_and_those_that_go_with_prometheus_are_no_danger_of_their_own() -> None:
    assert not unread(program("lab-linkerd-proxy"), None)
    other = step("same", urn("kubernetes:core/v1:Namespace", "other"))
    assert not unread(program(), None, other)
    gone = step("delete", urn("kubernetes:core/v1:Namespace", "lab"), inputs={"metadata": {"name": "lab"}})
    kps = step("same", urn(RELEASE, "main-kps"), inputs={"chart": "kube-prometheus-stack"})
    assert not [each for each in unread(program(), None, kps, gone) if "reads" in each.opening]


def collectors(**traces: Any) -> dict[str, Any]:
    settings = TraceSettings.model_validate({"gateways": 2, **traces})
    config = gateway("us-west-2", settings)
    config["processors"] |= {"transform": agent("main", settings, 2)["processors"]["transform"]}  # of the other object
    return {"spec": {"replicas": settings.gateways, "config": config}}


@pytest.mark.parametrize(
    ("before", "after", "kind", "severity", "opening"),
    [
        (
            *({"drop_attributes": ["app.a", "app.prompt"]}, {"drop_attributes": ["app.a"]}, "protection", GRAVE),
            "traces keep the attributes app.prompt again, by gateway",
        ),
        (
            *({"sample_ratio": 0.005}, {"sample_ratio": 1}, "money", SERIOUS),
            "100 % of the traces without an error are kept, not 0.5 %, by gateway",
        ),
        (
            *({"memory_gib": 4}, {"memory_gib": 1}, "data", SERIOUS),
            "gateways hold 40,000 traces, not 160,000, by gateway",
        ),
        ({}, {"gateways": 1}, "data", SERIOUS, "gateways hold 40,000 traces, not 80,000, by gateway"),
    ],
)
def test_of_traces_more_is_kept_or_less_is_judged(
    before: Any, after: Any, kind: str, severity: int, opening: str
) -> None:
    (danger,) = found(of(COLLECTOR, collectors(**before), collectors(**after), "gateway"), kind=kind)
    assert (danger.severity, danger.opening) == (severity, opening)
    back = of(COLLECTOR, collectors(**after), collectors(**before), "gateway")
    assert not [each for each in found(back, kind=kind) if "gateway" in str(each)]


def test_an_attribute_that_an_older_version_dropped_by_name_is_told_too() -> None:
    before, after = collectors(drop_attributes=["app.prompt"]), collectors()
    (group,) = (
        each
        for each in before["spec"]["config"]["processors"]["transform"]["trace_statements"]
        if "span.attributes" in str(each)
    )
    group["statements"][-1] = 'delete_key(span.attributes, "app.prompt")'
    (danger,) = found(of(COLLECTOR, before, after, "gateway"), kind="protection")
    assert danger.opening == "traces keep the attributes app.prompt again, by gateway"


def sends(**logs: Any) -> dict[str, Any]:
    return {"chart": "fluent-bit", "values": {"config": configuration("c", "us-west-2", LogSettings(**logs))}}


def to_loki(host: str) -> dict[str, Any]:
    return sends(to="loki", loki={"address": f"https://{host}"})


def traces(**settings: Any) -> dict[str, Any]:
    return {"metadata": {"name": "gateway"}, "spec": {"config": gateway("us-west-2", TraceSettings(**settings))}}


def otlp(host: str) -> dict[str, Any]:
    return traces(otlp={"address": f"https://{host}:4318"})


def writes(*urls: str, metrics: Sequence[str] = ("up",)) -> dict[str, Any]:
    entries = [{"url": each, "writeRelabelConfigs": kept(metrics)} for each in urls]
    return {"chart": "kube-prometheus-stack", "values": {"prometheus": {"prometheusSpec": {"remoteWrite": entries}}}}


AWS_URL, FOREIGN = "https://aps.amazonaws.com/workspaces/ws-own/api/v1/remote_write", "https://m.example.com/write"


@pytest.mark.parametrize(
    ("type_", "before", "after", "says", "severity"),
    [
        (RELEASE, to_loki("a.example.com"), to_loki("b.example.com"), "logs of all teams go to b.example.com", GRAVE),
        (RELEASE, sends(), to_loki("a.example.com"), "logs of all teams go to a.example.com", GRAVE),
        (RELEASE, None, to_loki("a.example.com"), "logs of all teams go to a.example.com", GRAVE),
        (RELEASE, sends(), to_loki("l.loki.svc"), "logs of all teams go to l.loki.svc", SERIOUS),
        (COLLECTOR, otlp("a.example.com"), otlp("b.example.com"), "traces of all teams go to b.example.com", GRAVE),
        (COLLECTOR, traces(), otlp("a.example.com"), "traces of all teams go to a.example.com", GRAVE),
        (RELEASE, writes(AWS_URL), writes(AWS_URL, FOREIGN), "metrics of all teams go to m.example.com", GRAVE),
    ],
)
def test_where_telemetry_goes_from_now_on_is_told(
    type_: str, before: Any, after: Any, says: str, severity: int
) -> None:
    other = step("same", urn("kubernetes:core/v1:Namespace", "other"))
    (told_,) = found(other, of(type_, before, after, "sends"), kind="access")
    assert (told_.opening, told_.severity) == (f"{says}, by sends", severity)
    assert not openings(of(type_, after, before or after, "sends", op="same"), kind="access")


def test_what_stays_with_aws_in_its_own_account_goes_nowhere_else() -> None:
    own = step("same", urn("aws:amp/workspace:Workspace", "own"), id="ws-own")
    for type_, before, after in (
        (RELEASE, to_loki("a.example.com"), sends()),
        (COLLECTOR, otlp("a.example.com"), traces()),
        (RELEASE, writes(), writes(AWS_URL)),
        (RELEASE, writes(), writes("known after up")),
        (RELEASE, writes(AWS_URL, FOREIGN), writes(AWS_URL)),
        (
            COLLECTOR,
            *({"metadata": {"name": "agent"}, "spec": {"config": agent("c", TraceSettings(), n)}} for n in (2, 1)),
        ),
    ):
        assert not openings(own, of(type_, before, after, "sends"), kind="access")


def test_more_that_is_billed_by_use_is_told() -> None:
    few, more = (
        writes(AWS_URL, metrics=each) for each in (["up", "gpu:.*"], ["up", "gpu:.*", "vllm:.*", "node_count"])
    )
    assert openings(of(RELEASE, few, more, "main-kps"), kind="money") == [
        "more metrics go to Amazon Managed Prometheus, by main-kps: node_count, vllm:.*"
    ]
    for narrower in (few, writes(AWS_URL, metrics=["up", "gpu:used", "node_count"])):
        assert not openings(of(RELEASE, more, narrower, "main-kps"), kind="money")


def test_a_higher_limit_of_series_is_money() -> None:
    parent = urn("mlplatform:observability:ManagedPrometheus", "main")
    workspace = step("same", urn("aws:amp/workspace:Workspace", "main"), parent, id="ws-1")
    low, high = (
        {"workspaceId": "ws-1", "limitsPerLabelSets": [{"limits": {"maxSeries": each}}]}
        for each in (100_000, 5_000_000)
    )
    kind = "aws:amp/workspaceConfiguration:WorkspaceConfiguration"
    (money,) = openings(step("same", parent), workspace, of(kind, low, high, "main", parent), kind="money")
    assert money.startswith("most +15,"), money
    assert not openings(step("same", parent), workspace, of(kind, high, low, "main", parent), kind="money")


OWN = {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}


def reading(**selectors: Any) -> dict[str, Any]:
    spec = {f"{kind}NamespaceSelector": selector for kind, selector in selectors.items()}
    return {"chart": "kube-prometheus-stack", "values": {"prometheus": {"prometheusSpec": spec}}}


@pytest.mark.parametrize("kind", ["podMonitor", "probe", "scrapeConfig", "serviceMonitor"])
@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        (None, OWN, True),
        ({}, OWN, True),
        (OWN, {"matchLabels": {**OWN["matchLabels"], "team": "ml"}}, True),
        (OWN, {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["x"]}]}, True),
        (OWN, OWN, False),
        (OWN, {}, False),
        (OWN, None, False),
        (OWN, {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "Exists"}]}, False),
    ],
)
def test_monitors_that_stand_where_prometheus_reads_none_any_more_are_told(
    kind: str, was: Any, now: Any, told: bool
) -> None:
    before, after = (reading(**{} if each is None else {kind: each}) for each in (was, now))
    dangers = found(of(RELEASE, before, after, "main-kps"))
    assert [(each.kind, each.severity, each.opening) for each in dangers] == [
        ("protection", SERIOUS, "Prometheus reads monitors of fewer namespaces, by main-kps")
    ] * told
    assert all("move them to monitoring, or write teams[].metrics" in each.gently for each in dangers)


def test_selectors_of_several_kinds_are_told_once_and_those_of_a_first_build_never() -> None:
    all_ = reading(podMonitor=OWN, serviceMonitor=OWN)
    assert len(found(of(RELEASE, reading(), all_, "main-kps"))) == 1
    other = step("same", urn("kubernetes:core/v1:Namespace", "other"))
    assert not [each for each in found(other, of(RELEASE, None, all_, "main-kps")) if "monitors" in each.opening]
