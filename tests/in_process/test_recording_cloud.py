"""What the recording cloud promises to component tests."""

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from simulator.provider import Refusal
from tests.in_process.recording_cloud import RecordingCloud, known

VPC = "aws:ec2/vpc:Vpc"


class Anything(pulumi.CustomResource):
    """A resource whose type and inputs no SDK has checked."""

    def __init__(self, type_: str, name: str, **inputs: Any) -> None:
        super().__init__(type_, name, inputs)


def vpc(**changes: Any) -> Anything:
    return Anything(VPC, "main", **{"cidrBlock": "10.0.0.0/16", **changes})


def subnet() -> None:
    Anything("aws:ec2/subnet:Subnet", "a", vpcId=vpc().id, cidrBlock="10.0.0.0/24")


@pytest.fixture
def cloud() -> RecordingCloud:
    return RecordingCloud()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: vpc(cidrBlok="10.0.0.0/16"), r"Vpc main: .*has no argument cidrBlok; did you mean cidrBlock\?"),
        (lambda: Anything("aws:ec2/routeTable:RouteTable", "r"), r'RouteTable r: .*argument "vpc_id" is required'),
        (lambda: vpc(cidrBlock="10.0.0.0/8"), r"between 16 and 28 significant bits"),
        (lambda: Anything("aws:ec2/vpcc:Vpcc", "v"), r"does not know the resource type aws:ec2/vpcc:Vpcc"),
        (lambda: Anything("random:index:RandomId", "r"), r"The simulator has no package random\."),
        (lambda: [vpc(), vpc()], r"::main is registered twice"),
    ],
)
def test_what_a_provider_refuses_fails_the_test_with_its_message(
    cloud: RecordingCloud, make: Callable[[], Any], message: str
) -> None:
    with pytest.raises(AssertionError, match=message):
        cloud.build(make)


def test_a_refusal_is_not_followed_by_those_of_what_depends_on_it(cloud: RecordingCloud) -> None:
    def program() -> None:
        Anything("aws:ec2/subnet:Subnet", "a", vpcId=vpc(tenancy="odd").id, cidrBlock="10.0.0.0/24")

    with pytest.raises(AssertionError) as failed:
        cloud.build(program)
    assert "Subnet" not in str(failed.value)


def test_a_function_that_is_not_simulated_is_refused_by_name(cloud: RecordingCloud) -> None:
    with pytest.raises(Refusal, match=r"does not know the function aws:ec2/getHost:getHost"):
        cloud.build(lambda: pulumi.runtime.invoke("aws:ec2/getHost:getHost", {}))


def test_the_same_resource_has_the_same_id_in_every_build_and_none_at_preview(cloud: RecordingCloud) -> None:
    ids = []
    for _ in range(2):
        cloud.build(subnet)
        ids.append((cloud.one(VPC).id, cloud.one("Subnet").id))
    assert ids[0] == ids[1], "tests compare two builds"
    assert cloud.one("Subnet").inputs["vpcId"] == cloud.one(VPC).id
    cloud.build(subnet, preview=True)
    assert cloud.one(VPC).id == ""
    assert not known(cloud.one("Subnet").inputs["vpcId"]), "a policy that reads it at preview judges nothing"
    assert not known(cloud.one(VPC).outputs["arn"])
