"""The Kubernetes API can be reached only from inside the network."""

from collections.abc import Iterator

from policies.rule import Case, Option, Resource, Rule, flag

PUBLIC, PRIVATE = "vpcConfig.endpointPublicAccess", "vpcConfig.endpointPrivateAccess"


def check(resource: Resource, *, public: str) -> Iterator[tuple[str, str]]:
    if public != "allowed" and flag(resource, PUBLIC, default=True):  # AWS's own default
        yield PUBLIC, "is not false, so the internet can reach the API server"
    if not flag(resource, PRIVATE):
        yield PRIVATE, "is not true, so nodes reach the API server through the internet"


RULE = Rule(
    id="eks-endpoint-private",
    applies_to="aws:eks/cluster:Cluster",
    severity="critical",
    standards=("FSBP EKS.1", "CKV_AWS_39", "CIS EKS 5.4.2"),
    why="The next flaw in authentication does not expose an API server that the internet cannot reach.",
    fix="Close the public endpoint, and admit a security group, or by endpoint.private_cidrs a network with a route.",
    mend={"endpointPublicAccess": False, "endpointPrivateAccess": True},
    stack_file={
        "clusters.<name>.endpoint.public": False,
        "clusters.<name>.endpoint.public_cidrs": None,
        "clusters.<name>.endpoint.private_security_group_ids": ["<your group>"],
    },
    on_unknown="fail",
    staging="advisory",
    options={
        "public": Option(
            "Whether the API may answer on the internet: refused or allowed. eks-public-cidrs-narrow limits to whom.",
            "refused",
            {"dev": "allowed"},
            stricter="refused",
        )
    },
    check=check,
    good={
        "private": {"vpcConfig": {"endpointPublicAccess": False, "endpointPrivateAccess": True}},
        "open in dev": Case({"vpcConfig": {"endpointPrivateAccess": True}}, environment="dev"),
    },
    bad={
        "nothing set, so AWS opens it": Case({"vpcConfig": {"endpointPrivateAccess": True}}, at=PUBLIC),
        "opened on purpose": Case(
            {"vpcConfig": {"endpointPublicAccess": True, "endpointPrivateAccess": True}}, at=PUBLIC
        ),
        "open in staging": Case({"vpcConfig": {"endpointPrivateAccess": True}}, environment="staging", at=PUBLIC),
        "not private in dev": Case({"vpcConfig": {"endpointPublicAccess": True}}, environment="dev", at=PRIVATE),
        "neither public nor private": Case({"vpcConfig": {"endpointPublicAccess": False}}, at=PRIVATE),
    },
)
