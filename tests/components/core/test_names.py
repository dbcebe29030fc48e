"""Names that people choose may be long: what is made from them still fits the limits of AWS."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.eks_addons import ADDONS
from components.core.addon_spec import every_add_on
from components.core.names import shortened, with_digest
from components.stack.stack_file import load
from tests.components.conftest import PlatformCloud

NAMES, LIMITS = st.text("ab-", min_size=1, max_size=80), st.integers(20, 64)


@given(NAMES, NAMES, LIMITS)
def test_a_shortened_name_fits_and_is_another_for_another_name(one, other, limit):
    assert len(shortened(one, limit)) <= limit
    assert shortened(one, limit) == one or len(one) > limit, "a name that fits keeps the resource that has it"
    assert (shortened(one, limit) == shortened(other, limit)) == (one == other)


def test_the_digest_of_a_name_never_changes():
    assert with_digest("ml-platform-prod-main.research.default", 64, "us-west-2/main.research.default") == (
        "ml-platform-prod-main.research.default-9ac3f99b"
    ), "another digest would replace the roles of every stack"


KARPENTER_POOL = {"name": "k" * 31, "instance_types": ["m5.2xlarge"], "provisioner": "karpenter"}


def longest_names(name, environment, more_pools, region="us-west-2"):
    """Builds a stack in which every name is as long as the settings allow. Returns its cloud and its cluster's key."""
    cluster, user = "c" * 30, {"namespace": "n" * 63, "service_account": ".".join(["s" * 63] * 3), "mode": "write"}
    addons = {name: {} for name, add_on in every_add_on().items() if add_on.instead is None}
    raw = {
        "environment": environment,
        "name": name,
        "region": region,
        "account_id": "123456789012",
        "owner": "platform-team",
        "cost_center": "ml-42",
        "deployer": {"from": "10.0.0.10"},
        "security": {"guardduty": {"detector": "make", "features": ["runtime"]}},
        "network": {"zones": [f"{region}a", f"{region}b"], "flow_logs": {"destination": "s3"}},
        "clusters": {
            cluster: {
                "version": "1.35",
                "pools": [
                    {"name": "p" * 13, "instance_types": ["m5.2xlarge", "m5.4xlarge"]},
                    *more_pools,
                ],
                "addons": addons,
                "managed_addons": {
                    **{name: {"version": "v1.35.0-eksbuild.4"} for name in ADDONS},
                    "vpc-cni": {"version": "v1.23.0-eksbuild.1"},
                    "aws-efs-csi-driver": {"version": "v3.0.1-eksbuild.1"},
                },
            }
        },
        "storage": {
            "buckets": {"d" * 21: {"purpose": "datasets", "used_by": [user], "replicate_to": "us-west-1"}},
            "file_systems": {"f" * 21: {"purpose": "shared", "used_by": [{"namespace": "n" * 63, "mode": "write"}]}},
        },
    }
    cloud = PlatformCloud()
    cloud.up(load(raw, "the longest names"))
    return cloud, cluster


@pytest.mark.parametrize(
    ("name", "environment", "more_pools"),
    [
        ("p" * 21, "staging", []),
        ("p" * 13, "prod", [KARPENTER_POOL]),  # with more, the name of the role of Karpenter's nodes would be refused
    ],
)
def test_a_stack_with_the_longest_names_is_built(name, environment, more_pools):
    """The simulator refuses a name that AWS would refuse."""
    cloud, cluster = longest_names(name, environment, more_pools)
    long = f"{cluster}-amazon-cloudwatch-observability"
    assert cloud.names("iam/role:Role") >= {shortened(long, 56)}
    assert long not in cloud.names("iam/role:Role"), "the longest of the names was tried"


def test_names_in_iam_are_others_in_another_region():
    """IAM belongs to no region, so a stack of the same name in a second region would fail half-way."""
    given = []
    for region in ("us-west-2", "us-east-2"):
        cloud, _ = longest_names("p" * 13, "prod", [KARPENTER_POOL], region)
        ours = [r for r in cloud.custom() if r.type.startswith("aws:iam/") and "Attachment" not in r.type]
        given.append({r.inputs["name"] for r in ours if r.inputs.get("name")})  # Pulumi makes the others unique
    assert len(given[0]) > 1
    assert not given[0] & given[1]
