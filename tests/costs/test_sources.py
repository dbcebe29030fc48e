"""The readers of Pulumi's formats: previews, stack exports and event logs."""

import json

import pytest

from common.urns import type_of
from common.values import UNKNOWN, UNKNOWN_TEXTS
from costs.sources import (
    SourceError,
    before_from_event_log,
    from_deployment,
    from_event_log,
    from_preview_json,
)

PREFIX = "urn:pulumi:dev::ml-platform::"
EIP = f"{PREFIX}aws:ec2/eip:Eip::nat"


def state(urn=EIP, **more):
    return {"urn": urn, "type": type_of(urn), "inputs": {"domain": "vpc"}, "id": "", **more}


def event(op, new=None, old=None):
    return json.dumps({"sequence": 1, "resourcePreEvent": {"metadata": {"op": op, "new": new, "old": old}}})


def test_a_preview_has_each_new_state_with_its_dependencies():
    subnet = f"{PREFIX}aws:ec2/subnet:Subnet::a"
    new = state(propertyDependencies={"subnetId": [subnet]}, parent="urn:parent")
    (resource,) = from_preview_json({"steps": [{"op": "create", "urn": EIP, "newState": new}]})
    assert (resource.urn, resource.type, resource.name) == (EIP, "aws:ec2/eip:Eip", "nat")
    assert resource.property_dependencies == {"subnetId": [subnet]}
    assert resource.parent == "urn:parent"


def test_a_deleted_resource_is_left_out():
    assert from_preview_json({"steps": [{"op": "delete", "urn": EIP, "oldState": state()}]}) == ()
    assert from_event_log([event("delete", old=state(), new=None)]) == ()


def test_a_replacement_counts_once():
    log = [event("create-replacement", state(), state()), event("replace", state(), state()), event("delete-replaced")]
    assert len(from_event_log(log)) == 1, "the old resource is deleted once the new one exists"


def test_a_resource_that_pulumi_only_reads_is_left_out():
    assert from_event_log([event("read", state(external=True))]) == ()
    assert from_deployment({"deployment": {"resources": [state(external=True)]}}) == ()


def test_events_of_other_kinds_are_skipped():
    log = ['{"sequence":0,"preludeEvent":{"config":{}}}', "", event("same", state(), state()), '{"cancelEvent":{}}']
    assert [resource.urn for resource in from_event_log(log)] == [EIP]


def test_the_state_before_the_operation_is_in_the_same_log():
    log = [event("create", state()), event("delete", None, state(f"{PREFIX}aws:kms/key:Key::old"))]
    assert [resource.name for resource in before_from_event_log(log)] == ["old"]
    assert [resource.name for resource in from_event_log(log)] == ["nat"]


def test_a_stack_export_has_the_resources_of_the_stack():
    (resource,) = from_deployment({"version": 3, "deployment": {"resources": [state(id="eipalloc-1")]}})
    assert resource.id == "eipalloc-1"


def test_an_empty_stack_is_not_an_error():
    assert from_deployment({"version": 3, "deployment": {"manifest": {}}}) == ()


def test_secrets_and_outputs_are_unwrapped_or_unknown():
    signature = "4dabf18193072939515e22adb298388d"
    secret = {signature: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}
    output = {signature: "d0e6a833031e9bbcd3f4e8bde6ca49a4", "value": ["m5.large"]}
    pending = {signature: "d0e6a833031e9bbcd3f4e8bde6ca49a4"}
    inputs = {"a": secret, "b": [output], "c": pending, "d": {"e": "[secret]"}}
    (resource,) = from_deployment({"deployment": {"resources": [state() | {"inputs": inputs}]}})
    assert resource.inputs == {"a": UNKNOWN, "b": [["m5.large"]], "c": UNKNOWN, "d": {"e": UNKNOWN}}


@pytest.mark.parametrize("text", sorted(UNKNOWN_TEXTS))
def test_each_marker_of_an_unknown_value_is_read_as_unknown(text):
    (resource,) = from_event_log([event("create", state() | {"inputs": {"a": {"b": [text]}}})])
    assert resource.inputs == {"a": {"b": [UNKNOWN]}}


@pytest.mark.parametrize(
    ("reader", "wrong", "advice"),
    [
        (from_preview_json, {"deployment": {}}, "Make one with `pulumi preview --json`."),
        (from_preview_json, [], "Make one with `pulumi preview --json`."),
        (from_deployment, {"steps": []}, "Make one with `pulumi stack export`."),
    ],
)
def test_the_wrong_file_is_refused_with_the_command_for_the_right_one(reader, wrong, advice):
    with pytest.raises(SourceError) as refused:
        reader(wrong)
    assert str(refused.value).endswith(advice)


def test_a_broken_event_log_names_the_line():
    with pytest.raises(SourceError, match="line 2 of the event log is not JSON"):
        from_event_log(["{}", "{half"])
