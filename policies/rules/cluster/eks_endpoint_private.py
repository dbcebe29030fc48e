"""The Kubernetes API can be reached only from inside the network."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, flag

PUBLIC, PRIVATE = "vpcConfig.endpointPublicAccess", "vpcConfig.endpointPrivateAccess"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if flag(resource, PUBLIC, default=True):  # AWS's own default
        yield PUBLIC, "is not false, so the internet can reach the API server"
    if not flag(resource, PRIVATE):
        yield PRIVATE, "is not true, so nodes reach the API server through the internet"


RULE = Rule(
    id="eks-endpoint-private",
    applies_to="aws:eks/cluster:Cluster",
    severity="critical",
    standards=("FSBP EKS.1", "CKV_AWS_39", "CIS EKS 5.4.2"),
    why="The next flaw in authentication does not expose an API server that the internet cannot reach.",
    fix="Set clusters.<name>.endpoint.public: false, and deploy from inside the VPC or through a VPN.",
    on_unknown="fail",
    dev="advisory",
    staging="advisory",
    check=check,
    good={"private": {"vpcConfig": {"endpointPublicAccess": False, "endpointPrivateAccess": True}}},
    bad={
        "nothing set, so AWS opens it": Case({"vpcConfig": {"endpointPrivateAccess": True}}, at=PUBLIC),
        "opened on purpose": Case(
            {"vpcConfig": {"endpointPublicAccess": True, "endpointPrivateAccess": True}}, at=PUBLIC
        ),
        "neither public nor private": Case({"vpcConfig": {"endpointPublicAccess": False}}, at=PRIVATE),
    },
)
