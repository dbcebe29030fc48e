"""The way into a cluster: who is its admin, who reaches its API, and what waits for that."""

import json

import pytest

from components.cluster.access import entry_name
from tests.components.stacks import CLUSTER, stack, stack_with_cluster
from tests.in_process.providers import INSIDE

ROLE = "arn:aws:iam::123456789012:role/ml-platform-deployer"
ENTRY, POLICY = "accessEntry:AccessEntry", "accessPolicyAssociation:AccessPolicyAssociation"
RULE = "securityGroupIngressRule:SecurityGroupIngressRule"


def provider(cloud):
    return cloud.one("pulumi:providers:aws", "platform-aws").inputs


def kubernetes(cloud):
    return cloud.one("pulumi:providers:kubernetes", "main-kubernetes")


def test_a_caller_without_the_role_takes_it_on_in_aws_and_in_kubernetes(cloud):
    cloud.up(stack(deployer={"role_arn": ROLE}))
    assert json.loads(provider(cloud)["assumeRoles"]) == [{"roleArn": ROLE}]
    caller = cloud.one("pulumi:providers:aws", "platform-caller").inputs
    assert "assumeRoles" not in caller, "it tells who the caller is"
    arguments = json.loads(kubernetes(cloud).inputs["kubeconfig"])["users"][0]["user"]["exec"]["args"]
    assert arguments[-2:] == ["--role", ROLE], "the AWS CLI does not have the credentials of the provider"


def test_the_role_is_taken_on_in_every_region(cloud):
    models = {"purpose": "models", "replicate_to": "us-east-2", "used_by": [{"namespace": "a", "service_account": "b"}]}
    cloud.up(stack(deployer={"role_arn": ROLE}, storage={"buckets": {"models": models}}))
    providers = {each.name: each.inputs for each in cloud.all("pulumi:providers:aws")}
    del providers["platform-caller"]
    assert {each["region"] for each in providers.values()} == {"us-west-2", "us-east-2"}
    for name, inputs in providers.items():
        assert json.loads(inputs["assumeRoles"]) == [{"roleArn": ROLE}], f"{name} would build as somebody else"


@pytest.mark.parametrize("role", [ROLE, f"{ROLE}-preview"], ids=["deployer", "preview"])
def test_a_caller_with_one_of_the_roles_does_not_take_on_another(cloud, role):
    """As in a pipeline, which gets its role by OIDC. The role of previews may only look, so nothing is built by it."""
    settings = stack(deployer={"role_arn": ROLE, "preview_role_arn": f"{ROLE}-preview"})
    cloud.up(settings, preview=role != ROLE, principal=role)
    assert "assumeRoles" not in provider(cloud), "a role that does not trust itself is refused"
    assert "providerCredentialOpts" not in cloud.one("eks:index:Cluster").inputs


def test_the_deployer_is_admin_by_an_entry_and_the_creator_is_not(cloud):
    cloud.up(stack(deployer={"role_arn": ROLE}))
    assert cloud.one(ENTRY).inputs["principalArn"] == ROLE
    policy = cloud.one(POLICY).inputs
    assert policy["policyArn"].endswith("/AmazonEKSClusterAdminPolicy")
    assert policy["accessScope"] == {"type": "cluster"}
    cluster = cloud.one("eks/cluster:Cluster")
    assert cluster.replace_with == {cloud.one("ec2/vpc:Vpc").urn}, "it still goes with its VPC"
    access = cluster.inputs["accessConfig"]
    assert access == {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}


def test_the_role_of_previews_may_only_look(cloud):
    cloud.up(stack(deployer={"role_arn": ROLE, "preview_role_arn": f"{ROLE}-preview"}))
    policy = cloud.one(POLICY, entry_name("main", f"{ROLE}-preview")).inputs
    assert policy["principalArn"] == f"{ROLE}-preview"
    assert policy["policyArn"].endswith("/AmazonEKSViewPolicy")


def test_without_a_deployer_the_creator_stays_admin_or_nobody_would_be(cloud):
    cloud.up(stack())
    assert cloud.one("eks/cluster:Cluster").inputs["accessConfig"]["bootstrapClusterCreatorAdminPermissions"] is True
    assert not cloud.names(ENTRY)


def entries(cloud):
    """Returns principal -> (name, names that a live stack may know it by)."""
    return {each.inputs["principalArn"]: (each.name, each.earlier_names) for each in cloud.all(ENTRY)}


def test_a_principal_that_moves_to_another_key_keeps_its_entry(cloud):
    """EKS knows an entry by its principal: one that is made before the other is deleted is refused with 409."""
    name = entry_name("main", ROLE)
    assert name == "main-ml-platform-deployer-f6991cba"
    assert name != entry_name("main", ROLE.replace("role/", "role/other/")), "the path is part of the principal"
    admin = {"principal_arn": ROLE, "policy": "cluster-admin"}
    cloud.up(stack_with_cluster(access={"ci": admin}))
    assert entries(cloud)[ROLE] == (name, {"main-ci"}), "a stack that knows it by its key renames it"


def test_a_role_that_becomes_the_deployer_keeps_its_entry(cloud):
    cloud.up(stack(deployer={"role_arn": ROLE}))
    assert entries(cloud)[ROLE] == (entry_name("main", ROLE), {"main-deployer"})


def test_keys_of_access_may_have_the_names_of_our_own(cloud):
    other = {"principal_arn": f"{ROLE}-other"}
    clusters = {"main": {**CLUSTER, "access": {"deployer": other}}}
    cloud.up(stack(deployer={"role_arn": ROLE}, clusters=clusters))
    assert entries(cloud)[ROLE][1] == {"main-deployer"}
    assert entries(cloud)[f"{ROLE}-other"] == (entry_name("main", f"{ROLE}-other"), set()), "one alias has one owner"


def test_everything_in_the_cluster_waits_for_the_way_in(cloud):
    network = {
        "zones": ["us-west-2a", "us-west-2b"],
        "transit_gateway": {"id": "tgw-0123456789abcdef0", "cidrs": ["10.200.0.0/16"]},
    }
    clusters = {"main": {**CLUSTER, "endpoint": {"private_cidrs": ["10.200.8.0/24"]}}}
    cloud.up(stack(deployer={"role_arn": ROLE, "from": "10.200.8.10"}, network=network, clusters=clusters))
    waits = kubernetes(cloud)
    admin = cloud.one(POLICY)
    assert waits.stands_on(admin), "until then the API answers 401"
    assert waits.stands_on(cloud.one(RULE, "main-api-10.200.8.0-24")), "until then nothing reaches the API"
    assert waits.stands_on(cloud.one("ec2/route:Route", "network-intra-to-10.200.0.0-16")), "answers need it"
    nodes = cloud.all("eks/nodeGroup:NodeGroup")
    assert nodes
    assert all(waits.stands_on(each) for each in nodes), "an entry works only some seconds after EKS has made it"
    assert all(each.stands_on(admin) for each in nodes), "and nodes take minutes from then on"
    objects = [each for each in cloud.custom() if each.type.startswith("kubernetes:")]
    assert objects
    assert all("main-kubernetes" in each.provider for each in objects)


def test_named_ranges_and_groups_reach_the_api_by_https_alone(cloud):
    ways = {"private_cidrs": [f"{INSIDE}/32"], "private_security_group_ids": ["sg-0123456789abcdef0"]}
    cloud.up_cluster(stack_with_cluster(endpoint=ways))
    rules = [each.inputs for each in cloud.all(RULE) if each.name.startswith("main-api-")]
    sources = {rule.get("cidrIpv4") or rule.get("referencedSecurityGroupId") for rule in rules}
    assert sources == {f"{INSIDE}/32", "sg-0123456789abcdef0"}
    assert {(rule["ipProtocol"], rule["fromPort"], rule["toPort"]) for rule in rules} == {("tcp", 443, 443)}
    group = cloud.one("eks/cluster:Cluster").outputs["vpcConfig"]["clusterSecurityGroupId"]
    assert {rule["securityGroupId"] for rule in rules} == {group}
