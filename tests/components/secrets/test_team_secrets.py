"""Secrets of teams: who may read which, what comes before what, and that no value is anywhere in the stack."""

import json
from typing import Any

import pytest

from components.core.addon_spec import AddOnContext
from components.secrets.addons import external_secrets
from components.secrets.secret_iam import reader_name, reader_path
from components.stack.live import LiveStack
from settings.compute.node_pool import NodePoolSettings
from settings.secrets.secrets import SecretsSettings
from settings.stack.stack import StackSettings
from simulator.aws.access import DeniedError, assume, pod_session, read_secret
from simulator.kubernetes.clusters import EKS_CLUSTER, Cluster, cluster_of
from simulator.kubernetes.external_secrets import why_not_ready, why_unread
from tests.components.conftest import PlatformCloud
from tests.components.stacks import POOL, stack, stage
from tests.in_process.providers import REGION

TOKEN = {"keys": ["token"]}
TEAMS: list[dict[str, Any]] = [
    {
        "name": "research",
        "namespaces": ["research", "lab"],
        "secrets": {
            "hub-token": TOKEN,
            "session": {"keys": ["password", "salt"], "filled": "generated", "namespaces": ["lab"]},
        },
    },
    {"name": "agents", "namespaces": ["agents"], "secrets": {"provider": {"keys": ["api-key"], "refresh_minutes": 5}}},
]
API = "external-secrets.io/v1"
VAULT = {"store": "vault", "vault": {"address": "https://vault.example.com", "role_prefix": "ml-"}}


def settings(**changes: Any) -> StackSettings:
    return stack(network={"zones": ["us-west-2a", "us-west-2b"]}, **{"teams": TEAMS, **changes})


@pytest.fixture(scope="module")
def built() -> PlatformCloud:
    cloud = PlatformCloud()
    cloud.up(settings())
    return cloud


def cluster(cloud: PlatformCloud) -> Cluster:
    simulated = cloud.providers.cloud
    return cluster_of(simulated, simulated.of_type(EKS_CLUSTER)[0])


def spec(cloud: PlatformCloud, kind: str, name: str) -> Any:
    return cloud.one(kind, name).inputs["spec"]


def external(namespace: str, store: str, key: str) -> dict[str, Any]:
    """Returns an ExternalSecret as a team would write it."""
    return {
        "apiVersion": API,
        "kind": "ExternalSecret",
        "metadata": {"name": "copy", "namespace": namespace},
        "spec": {
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": store},
            "data": [{"secretKey": "token", "remoteRef": {"key": key}}],
        },
    }


def test_each_team_has_a_store_for_its_namespaces_and_a_reader_of_its_prefix(built: PlatformCloud) -> None:
    store = spec(built, "ClusterSecretStore", "main-team-research.secrets.store")
    role = built.one("iam/role:Role", "main-team-research.secrets.reader")
    assert store["conditions"] == [{"namespaces": ["research", "lab"]}]
    assert store["provider"]["aws"] == {"service": "SecretsManager", "region": REGION, "role": role.outputs["arn"]}
    assert "auth" not in store["provider"]["aws"], "a service account would need IRSA, which no cluster here has"
    (trust,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert set(trust["Action"]) == {"sts:AssumeRole", "sts:TagSession"}, "tags of Pod Identity are passed on"
    policy = json.loads(built.one("iam/rolePolicy:RolePolicy", "main-team-research.secrets.reader").inputs["policy"])
    read = next(each for each in policy["Statement"] if each["Sid"] == "ReadSecrets")
    assert read["Action"] == ["secretsmanager:GetSecretValue"]
    assert [each.rpartition(":")[2] for each in read["Resource"]] == ["ml-platform-prod/research/*"]
    decrypt = next(each for each in policy["Statement"] if each["Sid"] == "DecryptSecrets")
    assert decrypt["Condition"] == {
        "StringEquals": {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"},
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/ml-platform-prod-secrets"},
    }, "keys of the account are many, and this is of secrets alone"


def test_every_role_has_the_boundary_that_the_deployer_names(cloud: PlatformCloud) -> None:
    boundary = "arn:aws:iam::123456789012:policy/ml-platform-boundary"
    deployer = {"role_arn": "arn:aws:iam::123456789012:role/deployer", "permissions_boundary_arn": boundary}
    cloud.up(settings(deployer=deployer, images={"cache": {"upstreams": ["quay"]}}))
    roles = cloud.all("iam/role:Role")
    assert {"main-team-research.secrets.reader", "image-cache-creator"} <= {each.name for each in roles}
    assert {each.inputs.get("permissionsBoundary") for each in roles} == {boundary}, "IAM refuses one without it"


def test_the_operator_may_do_nothing_but_become_a_reader(built: PlatformCloud) -> None:
    document = json.loads(built.one("iam/rolePolicy:RolePolicy", "main-external-secrets-permissions").inputs["policy"])
    assert [each["Action"] for each in document["Statement"]] == [["sts:AssumeRole", "sts:TagSession"]]
    session = pod_session(built.providers.cloud, cluster(built).name, REGION, "external-secrets", "external-secrets")
    assert session is not None
    with pytest.raises(DeniedError, match="GetSecretValue"):
        read_secret(built.providers.cloud, session, REGION, "ml-platform-prod/research/hub-token")


def test_the_secret_of_one_team_is_denied_to_every_other(built: PlatformCloud) -> None:
    cloud, where = built.providers.cloud, cluster(built)
    operator = pod_session(cloud, where.name, REGION, "external-secrets", "external-secrets")
    keys = {"research": "ml-platform-prod/research/hub-token", "agents": "ml-platform-prod/agents/provider"}
    assert operator is not None
    for team, own in keys.items():
        reader = assume(cloud, operator, built.one("iam/role:Role", f"main-team-{team}.secrets.reader").outputs["arn"])
        assert read_secret(cloud, reader, REGION, own) is not None
        for other in {*keys.values()} - {own}:
            with pytest.raises(DeniedError, match="GetSecretValue"):
                read_secret(cloud, reader, REGION, other)
    assert why_unread(where, external("research", "research", keys["research"])) == ""
    assert "secretsmanager:GetSecretValue" in why_unread(where, external("research", "research", keys["agents"]))
    assert "denied by spec.condition" in why_unread(where, external("research", "agents", keys["agents"]))


def test_a_store_that_somebody_else_makes_reads_nothing(built: PlatformCloud) -> None:
    where = cluster(built)
    made: dict[str, Any] = {"apiVersion": API, "metadata": {"name": "mine"}}
    aws: dict[str, Any] = {"service": "SecretsManager", "region": REGION}
    cluster_store = {**made, "kind": "ClusterSecretStore", "spec": {"provider": {"aws": aws}}}
    assert why_not_ready(where, cluster_store) == "", "it is ready, as the operator itself"
    where.put(cluster_store, "")
    assert "GetSecretValue" in why_unread(where, external("lab", "mine", "ml-platform-prod/agents/provider"))
    own = {**made, "kind": "SecretStore", "spec": {"provider": {"aws": aws}}}
    assert "leave SecretStores alone" in str(why_not_ready(where, own))
    role = {**aws, "role": "arn:aws:iam::123456789012:role/admin"}
    other = {**cluster_store, "spec": {"provider": {"aws": role}}}
    assert "sts:AssumeRole on resource: arn:aws:iam::123456789012:role/admin" in str(why_not_ready(where, other))


def test_pods_of_other_service_accounts_and_clusters_become_no_reader(built: PlatformCloud) -> None:
    cloud, where = built.providers.cloud, cluster(built)
    operator = pod_session(cloud, where.name, REGION, "external-secrets", "external-secrets")
    assert operator is not None
    arn = built.one("iam/role:Role", "main-team-research.secrets.reader").outputs["arn"]
    for tag, value in {
        "eks-cluster-arn": "arn:aws:eks:us-west-2:123456789012:cluster/ml-platform-dev-main",
        "kubernetes-namespace": "research",
        "kubernetes-service-account": "default",
    }.items():
        with pytest.raises(DeniedError, match="sts:AssumeRole"):
            assume(cloud, type(operator)(operator.role, {**operator.tags, tag: value}), arn)


def test_a_store_comes_after_the_operator_and_goes_before_it(built: PlatformCloud) -> None:
    release = built.one("helm.sh/v3:Release", "main-external-secrets")
    store = built.one("ClusterSecretStore", "main-team-research.secrets.store")
    assert built.comes_after(store, release), "its webhooks refuse a store while their pods are not there"
    assert built.comes_after(store, built.one("iam/rolePolicy:RolePolicy", "main-team-research.secrets.reader"))
    assert store.inputs["metadata"]["annotations"] == {"pulumi.com/waitFor": "condition=Ready"}
    identity = built.one("podIdentityAssociation:PodIdentityAssociation", "main-external-secrets-identity")
    assert built.comes_after(release, identity), "pods that start before it have no credentials until they restart"
    objects = [*built.all(f"{API}:ExternalSecret"), *built.all("v1alpha1:Password")]
    assert len(objects) == 5
    for each in objects:
        assert built.comes_after(each, release), "its finalizer needs the operator"
        assert built.comes_after(each, built.one("Namespace", f"main-namespace-{each.inputs['metadata']['namespace']}"))
        assert not each.inputs["metadata"].get("annotations"), "`up` does not wait for a secret that is empty"


def test_a_secret_is_made_empty_with_the_key_of_secrets(built: PlatformCloud) -> None:
    made = built.one("secretsmanager/secret:Secret", "main-team-research.secrets.hub-token")
    assert made.inputs["name"] == "ml-platform-prod/research/hub-token"
    assert made.inputs["kmsKeyId"] == built.one("kms/key:Key", "keys-secrets").outputs["arn"]
    assert made.inputs["recoveryWindowInDays"] == 30
    assert made.inputs["tags"]["ml-platform:team"] == "ml-platform-prod-us-west-2-research", "its budget counts by it"
    assert not built.all("secretVersion:SecretVersion"), "the bridge keeps what it is given, write-only inputs as well"
    found = spec(built, "ExternalSecret", "main-team-agents.secrets.agents.provider")
    assert (found["refreshPolicy"], found["refreshInterval"]) == ("Periodic", "5m")
    assert found["target"] == {"name": "provider", "creationPolicy": "Owner", "deletionPolicy": "Retain"}
    assert found["data"] == [
        {"secretKey": "api-key", "remoteRef": {"key": "ml-platform-prod/agents/provider", "property": "api-key"}}
    ]


def test_a_rotation_is_planned_and_not_begun(cloud: PlatformCloud) -> None:
    function = f"arn:aws:lambda:{REGION}:123456789012:function:rotate"
    name, rotation = "main-team-research.secrets.hub-token", {"function_arn": function, "every_days": 30}
    team = {**TEAMS[0], "secrets": {"hub-token": {**TOKEN, "rotation": rotation, "refresh_minutes": 5}}}
    cloud.up(settings(teams=[team]))
    made = cloud.one("secretRotation:SecretRotation", f"{name}.rotation")
    assert made.inputs["secretId"] == cloud.one("secretsmanager/secret:Secret", name).outputs["arn"]
    assert made.inputs["rotationLambdaArn"] == function
    assert made.inputs["rotationRules"] == {"automaticallyAfterDays": 30}
    assert made.inputs["rotateImmediately"] is False, "the secret is empty, and `up` changes no value"
    assert not cloud.all("lambda"), "the function and its policy are its owner's"


def test_a_password_is_made_once_in_the_cluster_and_is_not_in_aws(built: PlatformCloud) -> None:
    found = spec(built, "ExternalSecret", "main-team-research.secrets.lab.session")
    reference = {
        "apiVersion": "generators.external-secrets.io/v1alpha1",
        "kind": "Password",
        "name": "research-session",
    }
    assert found["refreshPolicy"] == "CreatedOnce", "by default there is another password every hour"
    assert found["dataFrom"] == [{"sourceRef": {"generatorRef": reference}}]
    generator = spec(built, "Password", "main-team-research.secrets.lab.session.generator")
    assert (generator["secretKeys"], generator["length"]) == (["password", "salt"], 32)
    assert {each.inputs["name"] for each in built.all("secretsmanager/secret:Secret")} == {
        "ml-platform-prod/research/hub-token",
        "ml-platform-prod/agents/provider",
    }


def test_the_definitions_outlive_the_release_and_what_reads_for_others_is_off(built: PlatformCloud) -> None:
    values = built.one("helm.sh/v3:Release", "main-external-secrets").inputs["values"]
    assert values["crds"]["annotations"] == {"helm.sh/resource-policy": "keep"}, "with them goes every ExternalSecret"
    assert not any(values[name] for name in external_secrets.OFF)
    assert not any(values["rbac"].values()), "who may edit a namespace could make stores"
    namespace = built.one("core/v1:Namespace", "main-namespace-external-secrets")
    assert namespace.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_with_a_vault_nothing_is_in_aws_and_each_team_logs_in_as_its_own_role(cloud: PlatformCloud) -> None:
    cloud.up(settings(secrets=VAULT))
    store = cloud.one("ClusterSecretStore", "main-team-agents.secrets.store")
    assert store.inputs["spec"]["provider"]["vault"] == {
        "server": "https://vault.example.com",
        "path": "secret",
        "version": "v2",
        "auth": {
            "kubernetes": {
                "mountPath": "kubernetes",
                "role": "ml-agents",
                "serviceAccountRef": {"name": "external-secrets", "namespace": "external-secrets"},
            }
        },
    }
    assert not store.inputs["metadata"].get("annotations"), "its people make the role when they can"
    assert not cloud.all("secretsmanager/secret:Secret")
    assert "keys-secrets" not in cloud.names("kms/key:Key")
    assert not [each for each in cloud.registered.values() if each.name == "main-external-secrets-identity"]
    values = cloud.one("helm.sh/v3:Release", "main-external-secrets").inputs["values"]
    assert values["rbac"]["serviceAccountTokenCreate"] is True


def test_a_cluster_whose_teams_have_no_secrets_has_no_operator(cloud: PlatformCloud) -> None:
    cloud.up(settings(teams=[{"name": "research", "namespaces": ["research"]}]))
    assert not [each for each in cloud.registered.values() if "external-secrets" in each.name]
    assert "keys-secrets" not in cloud.names("kms/key:Key")


def test_the_key_stays_while_there_are_teams_since_a_secret_that_is_restored_needs_it(
    cloud: PlatformCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keys_after(teams: list[dict[str, Any]], live: dict[str, Any]) -> tuple[bool, dict[str, Any]]:
        monkeypatch.setattr(LiveStack, "read", lambda: LiveStack(live))
        kept = {"kept": cloud.up(settings(teams=teams)).outputs()["kept"]}
        return "keys-secrets" in cloud.names("kms/key:Key"), kept

    bare = [{"name": "research", "namespaces": ["research"]}]
    _, first = keys_after(TEAMS, {})
    stays, second = keys_after(bare, first)
    still, third = keys_after(bare, second)
    gone, _ = keys_after([], third)
    assert (stays, still, gone) == (True, True, False)


def test_one_replica_has_no_disruption_budget() -> None:
    def values(zones: int) -> Any:
        pool = NodePoolSettings.model_validate(POOL)
        return external_secrets.values(
            AddOnContext(
                stage=stage(),
                cluster="main",
                kubernetes_version="1.35",
                pools=(pool,),
                gpu_allocation="device-plugin",
                secrets=SecretsSettings(),
                zones=zones,
            )
        )

    assert values(2)["webhook"]["podDisruptionBudget"] == {"enabled": True, "maxUnavailable": 1}
    assert values(1)["webhook"] | {"resources": None} == {
        "replicaCount": 1,
        "priorityClassName": "system-cluster-critical",
        "podDisruptionBudget": {"enabled": False, "maxUnavailable": 1},
        "resources": None,
        "livenessProbe": {"enabled": True},
        "startupProbe": {"enabled": True},
    }, "the webhook answers nothing for up to two minutes, while it waits for its certificate"
    assert "startupProbe" not in values(1)["certController"], "it answers from the start"


def test_names_of_readers_fit_iam_and_differ_between_regions() -> None:
    long = "x" * 30
    here, there = stage(name="m" * 21), stage(name="m" * 21, region="eu-west-1", network={"zones": 2})
    assert len(reader_name(here, long)) <= 64
    assert reader_name(here, long) != reader_name(there, long)
    assert reader_path(here, "main") == f"/{'m' * 21}-prod/us-west-2/secrets/main/"
