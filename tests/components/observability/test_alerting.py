"""Each alert reaches those who can do something about it: the routes are tried in the real amtool.

The text that is tried is that of the real operator, which checks it, and drops what its Alertmanager does not know.
"""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.core.metrics import Alert
from components.observability.alerting import config, flows
from components.observability.rules_of import every_group
from settings.observability.alerts import AlertSettings
from simulator.aws.access import DeniedError, assume, pod_session, read_secret
from simulator.kubernetes.clusters import EKS_CLUSTER, cluster_of
from simulator.telemetry.build import programs
from tests.components.conftest import PlatformCloud
from tests.components.stacks import CLUSTER, stack, stage
from tests.in_process.providers import REGION
from tests.simulator.telemetry.configurations import ConfigurationError, alertmanager_configuration
from tests.simulator.telemetry.programs import is_built

PLATFORM = {"mail": ["platform@example.com"], "pagerduty": True}
RESEARCH = {"slack": "#research-gpus"}
TEAMS = {"research": ("research", "lab"), "agents": ("agents",)}
ALERTS: dict[str, Any] = {"platform": PLATFORM, "teams": {"research": RESEARCH}, "heartbeat": True}
Routes = Callable[..., str]


def text(alerts: dict[str, Any] = ALERTS) -> str:
    settings = AlertSettings.model_validate(alerts)
    teams = {name: each for name, each in TEAMS.items() if name in settings.teams}
    return alertmanager_configuration(config(settings, teams, stage()))


def amtool(*arguments: str) -> str:
    done = subprocess.run([programs().amtool, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("alertmanager") / "alertmanager.yaml"
    path.write_text(text())
    return path


@pytest.fixture(scope="module")
def routes(file: Path) -> Routes:
    """Returns the receiver of an alert with these labels."""

    def receiver(**labels: str) -> str:
        given = [f"{key}={value}" for key, value in {"cluster": "ml-platform-prod-main", **labels}.items()]
        return amtool("config", "routes", "test", f"--config.file={file}", *given).strip()

    return receiver


@is_built
@pytest.mark.parametrize(
    "alerts",
    [
        {},
        {"platform": {"mail": ["a@example.com"]}},
        {"platform": {"webhook": True, "pagerduty": True, "slack": "C0123456789"}},
        {"teams": {"research": RESEARCH}},
        ALERTS,
    ],
)
def test_every_configuration_is_accepted(alerts: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "alertmanager.yaml"
    path.write_text(made := text(alerts))

    assert "SUCCESS" in amtool("check-config", str(path))
    assert "secret" not in made.lower(), "what is secret comes from files"
    dropped = [key for key in ("app_token_file", "url_file", "routing_key_file") if key in str(expected(alerts))]
    assert [key for key in dropped if key not in made] == [], "the operator knows all of it"


def expected(alerts: dict[str, Any]) -> dict[str, Any]:
    return config(AlertSettings.model_validate(alerts), {}, stage())


@is_built
def test_what_the_operator_refuses_is_told() -> None:
    with pytest.raises(ConfigurationError, match="undefined receiver"):
        alertmanager_configuration({"route": {"receiver": "x"}, "receivers": [{"name": "y"}]})


@is_built
def test_each_alert_of_ours_reaches_somebody_and_a_teams_own_alone_the_team(routes: Routes) -> None:
    rules = [rule for group in every_group() for rule in group.rules if isinstance(rule, Alert)]
    kinds = {(each.severity, each.audience) for each in rules} | {
        *(("critical", "platform"), ("warning", "platform"), ("info", "platform")),
        *(("critical", "team"), ("warning", "team"), ("info", "team")),
    }
    for severity, audience in kinds:
        labels = {"alertname": "X", "severity": severity, "audience": audience}
        critical = ".critical" if severity == "critical" else ""
        if severity == "info":
            assert routes(**labels) == routes(**labels, namespace="lab") == "nobody"
            continue
        of_team = f"team-research{critical}" if audience == "team" else f"platform{critical}"
        assert routes(**labels) == f"platform{critical}", "a node has no namespace"
        assert routes(**labels, namespace="lab") == routes(**labels, namespace="research") == of_team
        assert routes(**labels, namespace="agents") == f"platform{critical}", "a team without an entry"
        assert routes(**labels, namespace="kube-system") == f"platform{critical}"
        assert routes(**labels, namespace="lab-2") == f"platform{critical}", "not the beginning of another's name"


@is_built
def test_no_name_of_a_team_makes_one_receiver_of_two(tmp_path: Path) -> None:
    """The text after the name of a team ends a receiver: another team may have it in its name."""
    teams = {f"x{ending}": {"webhook": True} for ending in ("", "-critical", "-critical-critical")}
    made = config(AlertSettings.model_validate({"teams": teams}), {name: (name,) for name in teams}, stage())
    path = tmp_path / "alertmanager.yaml"
    path.write_text(alertmanager_configuration(made))

    amtool("check-config", str(path))
    for severity, ending in (("warning", ""), ("critical", ".critical")):
        for name in teams:
            given = [f"severity={severity}", "audience=team", f"namespace={name}"]
            found = amtool("config", "routes", "test", f"--config.file={path}", *given).strip()
            assert found == f"team-{name}{ending}"


@is_built
def test_the_charts_own_alerts_reach_the_platform(routes: Routes) -> None:
    assert routes(alertname="KubePodCrashLooping", severity="warning", namespace="lab") == "platform"
    assert routes(alertname="InfoInhibitor", severity="none") == "nobody"


@is_built
@pytest.mark.parametrize("severity", [None, "page", "high", "Critical", "Warning", "information", "nonexistent"])
def test_an_alert_of_somebodys_own_reaches_somebody_whatever_its_severity(severity: str | None, routes: Routes) -> None:
    labels = {"alertname": "X", **({"severity": severity} if severity else {})}
    assert routes(**labels) == routes(**labels, namespace="lab") == "platform"
    assert routes(**labels, audience="everybody", namespace="lab") == "platform"
    assert routes(**labels, audience="team", namespace="lab") == "team-research"


@is_built
def test_the_heartbeat_goes_outside_or_to_nobody(routes: Routes, tmp_path: Path) -> None:
    assert routes(alertname="Watchdog", severity="none") == "heartbeat"
    path = tmp_path / "alertmanager.yaml"
    path.write_text(text({"platform": PLATFORM}))
    silent = amtool("config", "routes", "test", f"--config.file={path}", "alertname=Watchdog", "severity=none")
    assert silent.strip() == "nobody"


def test_only_critical_alerts_page() -> None:
    receivers = {each["name"]: each for each in expected(ALERTS)["receivers"]}

    assert set(receivers["platform"]) == {"name", "sns_configs"}
    assert set(receivers["platform.critical"]) == {"name", "sns_configs", "pagerduty_configs"}


def test_alertmanager_publishes_to_its_topics_alone_and_only_where_there_are_mails(built: PlatformCloud) -> None:
    (policy,) = [
        each.inputs["policy"]
        for each in built.all("aws:iam/rolePolicy:RolePolicy")
        if "sns:Publish" in str(each.inputs["policy"])
    ]
    send, encrypt = json.loads(policy)["Statement"]

    topic = "arn:aws:sns:us-west-2:123456789012:ml-platform-prod-alerts-platform"
    assert (send["Action"], send["Resource"]) == (["sns:Publish"], [topic])
    assert encrypt["Condition"]["StringEquals"] == {"kms:ViaService": "sns.us-west-2.amazonaws.com"}
    (topic_made,) = [each for each in built.all("aws:sns/topic:Topic") if each.outputs["arn"] == topic]
    assert topic_made.inputs["kmsMasterKeyId"] == built.one("aws:kms/key:Key", "keys-logs").outputs["arn"]
    assert config_of(built)["receivers"][2]["sns_configs"][0]["topic_arn"] == topic


def config_of(cloud: PlatformCloud) -> Any:
    release = cloud.one("helm.sh/v3:Release", "main-kube-prometheus-stack")
    return release.inputs["values"]["alertmanager"]["config"]


@pytest.fixture(scope="module")
def built() -> PlatformCloud:
    cloud = PlatformCloud()
    team = {"name": "research", "namespaces": ["research", "lab"]}
    cloud.up(stack(observability={"alerts": ALERTS}, teams=[team, {"name": "agents", "namespaces": ["agents"]}]))
    return cloud


def test_alertmanager_starts_before_anybody_has_filled_a_secret(built: PlatformCloud) -> None:
    release = built.one("helm.sh/v3:Release", "main-kube-prometheus-stack")
    spec = release.inputs["values"]["alertmanager"]["alertmanagerSpec"]

    assert "secrets" not in spec, "the operator mounts these as they are, and the pod would wait for them"
    assert {each["secret"]["secretName"]: each["secret"]["optional"] for each in spec["volumes"]} == {
        "alerts-platform": True,
        "alerts-team-research": True,
        "alerts-heartbeat": True,
    }
    files = re.findall(r"/etc/alertmanager/receivers/([\w-]+)/(\w+)", json.dumps(config_of(built)))
    assert set(files) == {("platform", "pagerduty"), ("team-research", "slack"), ("heartbeat", "url")}
    assert {each["mountPath"] for each in spec["volumeMounts"]} == {
        f"/etc/alertmanager/receivers/{name}" for name, _ in files
    }
    for each in built.all("external-secrets.io/v1:ExternalSecret"):
        brought = each.inputs["spec"]
        name = brought["target"]["name"].removeprefix("alerts-")
        assert {(name, data["secretKey"]) for data in brought["data"]} <= set(files)


def test_one_identity_of_the_cluster_reads_the_secrets_of_receivers_and_no_others(built: PlatformCloud) -> None:
    store = built.one("external-secrets.io/v1:ClusterSecretStore", "main-alerts.store").inputs
    assert store["spec"]["conditions"] == [{"namespaces": ["monitoring"]}]
    simulated = built.providers.cloud
    cluster = cluster_of(simulated, simulated.of_type(EKS_CLUSTER)[0])
    operator = pod_session(simulated, cluster.name, REGION, "external-secrets", "external-secrets")
    assert operator is not None
    reader = assume(simulated, operator, store["spec"]["provider"]["aws"]["role"])

    for name in ("platform", "team-research", "heartbeat"):
        read_secret(simulated, reader, REGION, f"ml-platform-prod/platform.alerts/{name}")
    for other in ("ml-platform-prod/research/hub-token", "ml-platform-prod/platform/x"):
        with pytest.raises(DeniedError):
            read_secret(simulated, reader, REGION, other)


def test_no_object_of_anybody_adds_a_route(built: PlatformCloud) -> None:
    release = built.one("helm.sh/v3:Release", "main-kube-prometheus-stack")
    selector = release.inputs["values"]["alertmanager"]["alertmanagerSpec"]["alertmanagerConfigSelector"]
    assert selector["matchLabels"], "an empty selector takes all of them"


def test_each_cluster_reads_the_same_secrets_and_addresses_confirm_once() -> None:
    cloud = PlatformCloud()
    cloud.up(stack(observability={"alerts": ALERTS}, clusters={"main": CLUSTER, "other": CLUSTER}))

    assert len(cloud.all("aws:sns/topicSubscription:TopicSubscription")) == 1
    names = [each.inputs["name"] for each in cloud.all("aws:secretsmanager/secret:Secret")]
    assert sorted(names) == [
        f"ml-platform-prod/platform.alerts/{name}" for name in ("heartbeat", "platform", "team-research")
    ]
    stores = [
        cloud.one("external-secrets.io/v1:ClusterSecretStore", f"{name}-alerts.store") for name in ("main", "other")
    ]
    assert len({each.inputs["spec"]["provider"]["aws"]["role"] for each in stores}) == 2, "a role is of one cluster"
    keys = [
        data["remoteRef"]["key"]
        for each in cloud.all("external-secrets.io/v1:ExternalSecret")
        for data in each.inputs["spec"]["data"]
    ]
    assert sorted(keys) == sorted([*names, *names])


def test_a_vault_keeps_them_where_teams_have_theirs() -> None:
    cloud = PlatformCloud()
    vault = {"store": "vault", "vault": {"address": "https://vault.example.com", "role_prefix": "ml-"}}
    cloud.up(stack(observability={"alerts": ALERTS}, secrets=vault))

    assert cloud.all("aws:secretsmanager/secret:Secret") == []
    store = cloud.one("external-secrets.io/v1:ClusterSecretStore", "main-alerts.store").inputs
    assert store["spec"]["provider"]["vault"]["auth"]["kubernetes"]["role"] == "ml-platform.alerts"


@pytest.mark.parametrize(
    ("alerts", "peers"),
    [
        ({}, set()),
        ({"platform": {"mail": ["a@example.com"]}}, {"pod-identity", "aws"}),
        ({"platform": {"slack": "#ml"}}, {"outside"}),
        ({"heartbeat": True}, {"outside"}),
        (ALERTS, {"pod-identity", "aws", "outside"}),
    ],
)
def test_alertmanager_reaches_whom_it_tells_and_nobody_else(alerts: dict[str, Any], peers: set[str]) -> None:
    found = flows(stack(observability={"alerts": alerts}).parts_of("main"))

    assert {each.peer for each in found} == peers
    assert {each.pods["app.kubernetes.io/name"] for each in found} <= {"alertmanager"}
