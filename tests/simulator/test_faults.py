import pytest

from simulator import fault_targets
from simulator.__main__ import main
from simulator.faults import FaultError, Faults


def test_a_fault_with_a_count_strikes_that_often():
    faults = Faults(["quota=L-F678F1CE:2"])
    assert [faults.strikes("quota", "L-F678F1CE") for _ in range(3)] == [True, True, False]


def test_a_fault_without_a_count_never_ends():
    faults = Faults(["capacity=p5.48xlarge"])
    assert all(faults.strikes("capacity", "p5.48xlarge") for _ in range(5))


def test_a_fault_strikes_only_its_kind_and_target():
    faults = Faults(["quota=L-F678F1CE"])
    assert not faults.strikes("quota", "L-1216C47A")
    assert not faults.strikes("capacity", "L-F678F1CE")


KEY = "urn:pulumi:dev::project::parent$aws:kms/key:Key::main"
CALLS = ("create", "read", "update", "delete")


@pytest.mark.parametrize(
    ("spec", "struck"),
    [
        ("after=aws:kms/key:Key", ["create", "update", "delete"]),
        ("die-before=delete:aws:kms/key:Key:9", ["delete"]),
        ("before=read:aws:kms/key:Key", ["read"]),
        (f"die-after=create:{KEY}", ["create"]),
        (f"die-after={KEY}:9", ["create", "update", "delete"]),
        ("die-after=urn:pulumi:dev::project::aws:kms/key:Key::other", []),
        ("throttle=aws:kms/key:Key", ["create", "update"]),
    ],
)
def test_a_fault_of_calls_strikes_the_operations_and_the_resources_that_it_names(spec, struck):
    kind = spec.partition("=")[0]
    faults = Faults([spec])
    assert [operation for operation in CALLS if faults.strikes_call(kind, operation, KEY)] == struck


@pytest.mark.parametrize("spec", ["", "throttle", "throttle=", "after=create:", "flood=aws:ec2/vpc:Vpc"])
def test_an_invalid_fault_is_refused_with_the_valid_forms(spec):
    with pytest.raises(FaultError, match=r"(?s)throttle=TARGET.*die-after=TARGET"):
        Faults([spec])


def test_an_invalid_fault_is_refused_with_the_nearest_kind():
    with pytest.raises(FaultError, match=r"^--fault throtle=x is not valid\. Did you mean throttle\? Write one of:"):
        Faults(["throtle=x"])
    with pytest.raises(FaultError, match=r"^--fault is given without a fault\. Write one of:"):
        Faults([""])


@pytest.mark.parametrize("kind", ["missing-gateway", "pending-gateway"])
def test_a_fault_of_a_gateway_names_one(kind):
    fault_targets.check(Faults([f"{kind}=tgw-0123456789abcdef0"]))
    with pytest.raises(FaultError, match=rf"would never strike: .* Write for example {kind}=tgw-0123456789abcdef0\.$"):
        fault_targets.check(Faults([f"{kind}=company"]))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--falt", "throttle=x", "--", "true"], "there is no option --falt. Did you mean --fault?"),
        (["--fault=x", "pulumi", "preview"], "pulumi is not an action. A command comes after `--`."),
    ],
)
def test_a_wrong_command_line_is_refused_with_what_to_write(capsys, arguments, sentence):
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith(f"simulator: {sentence}\nusage: ")
