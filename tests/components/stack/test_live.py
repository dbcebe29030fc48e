"""A stack that is up stays where it is, with its names, and so do zones that others rely on."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components.core.stage import Stage
from components.stack.live import LiveStack
from tests.components.conftest import PlatformCloud
from tests.components.stacks import CLUSTER, stack, stack_with_network

MAIN = {
    "name": "ml-platform-prod-main",
    "control_plane_zones": ["us-west-2b", "us-west-2c"],
    "service_cidr": "172.20.0.0/16",
}
NETWORK = {"cidr": "10.0.0.0/16", "zones": ["us-west-2b", "us-west-2c"], "nat_zones": ["us-west-2b"]}
LIVE: dict[str, Any] = {
    "region": "us-west-2",
    "account_id": "123456789012",
    "network": NETWORK,
    "clusters": {"main": MAIN},
}
OF_EARLIER_RELEASES = {
    "region": "us-west-2",
    "account_id": "123456789012",
    "clusters": {"main": {"name": "ml-platform-prod-main"}},
}


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Says what the stack that is up has given out."""

    def say(outputs: dict[str, Any]) -> None:
        monkeypatch.setattr(LiveStack, "read", lambda: LiveStack(outputs))

    say(LIVE)
    return say


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        (
            {"name": "other"},
            r"^name, environment: the stack is up with ml-platform-prod-main, and .* other-prod-main\.",
        ),
        ({"environment": "dev"}, r"^name, environment: the stack is up with ml-platform-prod-main, "),
        ({"region": "us-east-1", "network": {"zones": 2}}, r"^region: the stack is up with us-west-2, "),
        ({"account_id": "210987654321"}, r"^account_id: the stack is up with 123456789012, "),
        ({"network": {"zones": NETWORK["zones"], "cidr": "10.8.0.0/16"}}, r"^network\.cidr: .* with 10\.0\.0\.0/16, "),
    ],
)
def test_what_would_make_everything_anew_is_refused_with_the_way(
    cloud: PlatformCloud, live: Any, changed: dict[str, Any], where: str
) -> None:
    with pytest.raises(pulumi.RunError, match=rf"{where}.*docs/guides/stack/move-a-stack\.md\. A stack without data.*"):
        cloud.up(stack(**changed))
    assert not cloud.all("ec2/vpc:Vpc"), "it is said before anything is built"


@pytest.mark.parametrize(
    ("before", "present", "now", "advice"),
    [
        ("1.35", "1.35", "1.36", None),
        ("1.36", "1.36", "1.36", None),
        ("1.34", "1.36", "1.34", "Write 1.36:"),  # upgraded outside the program, with an unchanged stack file
        ("1.36", "1.40", "1.36", "which this release does not know"),
        (None, None, "1.36", None),  # a stack of an earlier release
        ("1.34", "1.34", "1.36", "Write 1.35 first"),
        ("1.36", "1.36", "1.35", "Write 1.36:"),
        ("1.36", "1.35", "1.35", None),  # somebody has rolled it back
        ("1.36", "1.35", "1.34", "Write 1.35:"),
        ("1.34", "1.36", "1.36", None),  # AWS has upgraded it, or somebody
        ("1.34", "1.35", "1.36", None),
        ("1.34", "1.36", "1.35", "Write 1.36:"),
        ("1.34", "gone", "1.36", None),  # deleted by hand: it is made again
    ],
)
def test_kubernetes_goes_one_minor_version_at_a_time_from_that_which_eks_has(
    before: str | None, present: str | None, now: str, advice: str | None
) -> None:
    """present: None where EKS is not asked, for the last run recorded no version."""
    up = LiveStack({"clusters": {"main": {**MAIN, **({"version": before} if before else {})}}})
    clusters = stack(clusters={"main": {**CLUSTER, "version": now}}).clusters
    asked: list[str] = []

    def version_of(key: str) -> str:
        asked.append(key)
        return str(present)

    running = () if present == "gone" else ("main",)
    with nullcontext() if advice is None else pytest.raises(pulumi.RunError, match=advice):
        up.check_versions(clusters, running, version_of)
    assert asked == ([] if present in (None, "gone") else ["main"])


def test_the_platform_asks_eks_for_the_version(
    cloud: PlatformCloud, live: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    live({**LIVE, "clusters": {"main": {**MAIN, "version": "1.34"}}})
    monkeypatch.setattr(aws.eks, "get_clusters", lambda **_: SimpleNamespace(names=[MAIN["name"]]))
    monkeypatch.setattr(aws.eks, "get_cluster", lambda **_: SimpleNamespace(version="1.34"))
    with pytest.raises(pulumi.RunError, match=r"Write 1\.35 first"):
        cloud.up(stack(clusters={"main": {**CLUSTER, "version": "1.36"}}, network={"zones": NETWORK["zones"]}))
    assert not cloud.all("ec2/vpc:Vpc"), "it is said before anything is built"


@pytest.mark.parametrize("now", [None, "172.20.0.0/16", "172.31.0.0/16"])
def test_a_cluster_keeps_the_range_of_its_services(cloud: PlatformCloud, live: Any, now: str | None) -> None:
    clusters = {"main": {**CLUSTER, "service_cidr": now}, "second": {**CLUSTER, "service_cidr": "172.31.0.0/16"}}
    changed = stack(clusters=clusters, network={"zones": NETWORK["zones"]})
    if now != "172.31.0.0/16":
        cloud.up(changed)
        return
    with pytest.raises(
        pulumi.RunError, match=r"^clusters\.main\.service_cidr: .* second cluster .*move-a-stack\.md\.$"
    ):
        cloud.up(changed)
    assert not cloud.all("ec2/vpc:Vpc"), "it is said before anything is built"


DEPLOYER, PIPELINE = (f"arn:aws:iam::123456789012:role/{name}" for name in ("deployer", "ci/pipeline"))


def admin(principal: str, **more: Any) -> dict[str, Any]:
    access = {"first": {"principal_arn": principal, "policy": "cluster-admin", **more}}
    return {"clusters": {"main": {**CLUSTER, "access": access}}}


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"deployer": {"role_arn": DEPLOYER}}, False),
        ({"deployer": {"role_arn": PIPELINE}}, False),
        (admin(DEPLOYER), False),
        (admin(PIPELINE), False),
        ({"clusters": {"second": CLUSTER}}, False),
        ({}, True),
        (admin(f"{DEPLOYER}-break-glass"), True),
        (admin(PIPELINE, namespaces=["research"]), True),
        (admin(PIPELINE, policy="edit"), True),
    ],
)
def test_who_runs_a_stack_stays_admin_of_its_clusters_when_the_deployer_goes(
    changed: dict[str, Any], refused: bool
) -> None:
    settings = stack(**{"network": {"zones": NETWORK["zones"]}, **changed})
    up = LiveStack({**LIVE, "deployer_role_arn": DEPLOYER})
    with pytest.raises(pulumi.RunError) if refused else nullcontext():
        up.check_way_in(settings, lambda: "arn:aws:sts::123456789012:assumed-role/pipeline/run-7")


def test_a_deployer_that_goes_is_said_before_anything_is_built(cloud: PlatformCloud, live: Any) -> None:
    outputs = cloud.up(stack(deployer={"role_arn": DEPLOYER})).outputs()
    live({**LIVE, "deployer_role_arn": outputs["deployer_role_arn"]})
    said = rf"^deployer\.role_arn: {DEPLOYER} loses clusters\.main, and .*assumed-role/pipeline/.*way-in\.md\.$"
    with pytest.raises(pulumi.RunError, match=said):
        cloud.up(stack_with_network(zones=NETWORK["zones"]), principal=PIPELINE)
    assert not cloud.all("ec2/vpc:Vpc")


@pytest.mark.parametrize("outputs", [{}, OF_EARLIER_RELEASES, LIVE])
def test_a_stack_that_stays_is_built(cloud: PlatformCloud, live: Any, outputs: dict[str, Any]) -> None:
    live(outputs)
    cloud.up(stack_with_network(zones=NETWORK["zones"]))


def test_another_cluster_beside_the_first_one_is_built(cloud: PlatformCloud, live: Any) -> None:
    more = {"main": CLUSTER, "second": CLUSTER}
    cloud.up(stack(clusters=more, network={"zones": NETWORK["zones"]}))


def test_a_zone_with_an_earlier_letter_moves_neither_control_plane_nor_nat(cloud: PlatformCloud, live: Any) -> None:
    cloud.up(stack_with_network(zones=["us-west-2a", *NETWORK["zones"]], nat="single"))
    subnets = {each.id: each.name for each in cloud.all("ec2/subnet:Subnet")}
    cluster = cloud.one("eks/cluster:Cluster").inputs["vpcConfig"]["subnetIds"]
    assert [subnets[id_] for id_ in cluster] == ["network-intra-us-west-2b", "network-intra-us-west-2c"]
    assert cloud.names("ec2/natGateway:NatGateway") == {"network-nat-us-west-2b"}, "its address is in allow lists"


def test_a_number_of_zones_keeps_those_that_are_there(cloud: PlatformCloud, live: Any) -> None:
    """The account may have got us-west-2a later."""
    cloud.up(stack_with_network(zones=2))
    zones = {each.inputs["availabilityZone"] for each in cloud.all("ec2/subnet:Subnet")}
    assert zones == set(NETWORK["zones"])


@pytest.mark.parametrize(
    "changed",
    [
        {"network": {"zones": ["us-west-2a", "us-west-2b"]}},
        {
            "network": {"zones": ["us-west-2a", *NETWORK["zones"]]},
            "clusters": {"main": {**CLUSTER, "control_plane_zones": ["us-west-2a", "us-west-2b"]}},
        },
    ],
)
def test_other_zones_of_a_control_plane_are_refused_before_anything_is_built(
    cloud: PlatformCloud, live: Any, changed: dict[str, Any]
) -> None:
    with pytest.raises(pulumi.RunError, match=r"^clusters\.main: the control plane is in us-west-2b, us-west-2c\. "):
        cloud.up(stack(**changed))
    assert not cloud.all("ec2/vpc:Vpc")


def test_an_address_that_goes_is_said(cloud: PlatformCloud, live: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", lambda text, *rest: said.append(text))
    live({**LIVE, "network": {**NETWORK, "nat_zones": ["us-west-2a", "us-west-2b"]}})
    cloud.up(stack_with_network(zones=NETWORK["zones"], nat="single"))
    gone = [text.partition(" go,")[0] for text in said if "support of Kubernetes" not in text]  # that is told by date
    assert gone == ["the NAT gateways of us-west-2a"]


def test_a_quota_that_was_asked_for_is_never_asked_to_be_less(cloud: PlatformCloud, live: Any) -> None:
    asked = {"L-417A185B": 1000}
    live({**LIVE, "requested_quotas": asked})
    outputs = cloud.up(stack(network={"zones": NETWORK["zones"]}, quotas={"request": True})).outputs()
    values = {each.inputs["quotaCode"]: each.inputs["value"] for each in cloud.all("serviceQuota:ServiceQuota")}
    assert asked.items() <= values.items()
    assert outputs["requested_quotas"] == values, "the next run has to know it too"


def test_a_door_goes_when_its_load_balancer_can_be_deleted(cloud: PlatformCloud, live: Any) -> None:
    certificate = {"arn": "arn:aws:acm:us-west-2:123456789012:certificate/12345678-1234-1234-1234-123456789012"}
    internal = {"internal": {"certificate": certificate}}
    for protected in ([], ["internal"]):
        live({**LIVE, "clusters": {"main": {**LIVE["clusters"]["main"], "protected_doors": protected}}})
        cloud.up(stack(ingress=internal))
    live({**LIVE, "clusters": {"main": {**LIVE["clusters"]["main"], "protected_doors": ["internal", "public"]}}})
    for ingress, door, under in (
        ({"ingress": internal}, "public", "ingress.public"),
        ({}, "internal, public", "ingress.internal and ingress.public"),
    ):
        with pytest.raises(
            pulumi.RunError, match=f"main loses the door {door}, whose load balancer .* under {under}, "
        ):
            cloud.up(stack(**ingress))


USED = {"used_by": [{"namespace": "research", "service_account": "researcher", "mode": "write"}], "purpose": "datasets"}
HOMES = {"used_by": [{"namespace": "research", "mode": "write"}], "purpose": "shared"}


@pytest.mark.parametrize(
    ("storage", "teams", "refused"),
    [
        ({"buckets": {"data": USED}}, [], r"storage\.buckets\.data names it"),
        ({"file_systems": {"home": HOMES}}, [("other", "lab")], r"storage\.file_systems\.home names it"),
        ({"file_systems": {"home": HOMES}}, [("other", "research")], None),
        ({}, [], None),
    ],
    ids=["a bucket", "a file system", "another team has it", "storage names it no more"],
)
def test_a_team_does_not_leave_data_that_storage_gives_to_its_namespace(
    storage: dict[str, Any], teams: list[tuple[str, str]], refused: str | None
) -> None:
    up = LiveStack({**LIVE, "clusters": {"main": {**MAIN, "teams": {"research": "lab"}}}})
    made = stack(storage=storage, teams=[{"name": name, "namespaces": [namespace]} for name, namespace in teams])
    stage = Stage.of(made, "123456789012")
    with (
        nullcontext()
        if refused is None
        else pytest.raises(
            pulumi.RunError,
            match=rf"^teams: research of main loses its team, lab, .*{refused}.*when-a-team-leaves\.md\.$",
        )
    ):
        up.check(stage, made)
