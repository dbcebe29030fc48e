import pytest

from simulator.faults import FaultError, Faults


def test_a_fault_with_a_count_strikes_that_often():
    faults = Faults(["throttle=aws:ec2/subnet:Subnet:2"])
    assert [faults.strikes("throttle", "aws:ec2/subnet:Subnet") for _ in range(3)] == [True, True, False]


def test_a_fault_without_a_count_never_ends():
    faults = Faults(["capacity=p5.48xlarge"])
    assert all(faults.strikes("capacity", "p5.48xlarge") for _ in range(5))


def test_a_fault_strikes_only_its_kind_and_target():
    faults = Faults(["throttle=aws:ec2/subnet:Subnet"])
    assert not faults.strikes("throttle", "aws:ec2/vpc:Vpc")
    assert not faults.strikes("crash", "aws:ec2/subnet:Subnet")


@pytest.mark.parametrize("spec", ["", "throttle", "throttle=", "flood=aws:ec2/vpc:Vpc"])
def test_an_invalid_fault_is_refused_with_the_valid_forms(spec):
    with pytest.raises(FaultError, match=r"(?s)throttle=TARGET.*crash=TARGET"):
        Faults([spec])
