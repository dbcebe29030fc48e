"""A name or a form that the SDK does not know is refused by its path, at any depth."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simulator.aws.inputs import TYPES, form_at, input_errors
from simulator.aws.registry import kinds
from simulator.aws.sdk_inputs import text
from simulator.values import UNKNOWN
from tests.simulator.aws.account import Account

ROOT = Path(__file__).parents[3]
CLUSTER = "aws:eks/cluster:Cluster"
GROUP = "aws:eks/nodeGroup:NodeGroup"
PLAN = "aws:backup/plan:Plan"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
VPC = "aws:ec2/vpc:Vpc"


@pytest.mark.parametrize(
    ("type_", "inputs", "path", "near"),
    [
        (VPC, {"cidrBlok": "10.0.0.0/16"}, "cidrBlok", "cidrBlock"),
        (GROUP, {"scalingConfig": {"maxsize": 3}}, "scalingConfig.maxsize", "maxSize"),
        (
            CLUSTER,
            {"storageConfig": {"blockStorage": {"enable": True}}},
            "storageConfig.blockStorage.enable",
            "enabled",
        ),
        (GROUP, {"taints": [{"key": "gpu"}, {"efect": "NO_SCHEDULE"}]}, "taints[1].efect", "effect"),
        (
            TEMPLATE,
            {"blockDeviceMappings": [{"ebs": {"volumetype": "gp3"}}]},
            "blockDeviceMappings[0].ebs.volumetype",
            "volumeType",
        ),
    ],
    ids=["on top", "in an object", "in an object of an object", "in a list of objects", "in an object of a list"],
)
def test_a_misspelt_name_is_refused_by_its_path_with_the_nearest(
    aws: Account, type_: str, inputs: dict[str, Any], path: str, near: str
) -> None:
    text_ = aws.problems(type_, "one", **inputs)
    assert f"{type_} has no argument {path}; did you mean {near}?. Examine values at 'one.{path}'." in text_


def test_every_misspelt_name_is_told_at_once(aws: Account) -> None:
    asked = {"scalingConfig": {"maxsize": 3, "minsize": 1}, "taints": [{"kay": "gpu"}]}
    found = aws.problems(GROUP, **asked)
    assert found.count("has no argument") == 3, "who mends one at a time previews three times"


def test_an_object_with_free_keys_takes_any_key(aws: Account) -> None:
    labels = {"ml-platform/pool": "gpu", "anything": "at all"}
    assert "no argument" not in aws.problems(GROUP, labels=labels, tags={"Any key": "any value"})


def test_a_json_document_is_left_alone(aws: Account) -> None:
    document = '{"Statement": [{"Efect": "Allow"}]}'
    assert aws.problems("aws:sqs/queuePolicy:QueuePolicy", queueUrl="url", policy=document) == ""


@pytest.mark.parametrize(
    "inputs",
    [
        {"vpcConfig": UNKNOWN},
        {"vpcConfig": {"subnetIds": UNKNOWN}},
        {"vpcConfig": {"subnetIds": [UNKNOWN]}},
        {"encryptionConfig": {"provider": UNKNOWN, "resources": [UNKNOWN]}},
    ],
)
def test_a_value_that_is_not_known_yet_passes(inputs: dict[str, Any]) -> None:
    assert input_errors(CLUSTER, inputs) == []


def test_a_name_that_is_given_nothing_is_not_given(aws: Account) -> None:
    assert "no argument" not in aws.problems(GROUP, scalingConfig={"maxsize": None})


def test_the_providers_notes_among_old_inputs_are_no_arguments(aws: Account) -> None:
    """With ignoreChanges the engine hands old inputs back, notes and all tags included."""
    old = aws.checked(CLUSTER, **aws.cluster_inputs())
    assert "__defaults" in old["vpcConfig"]
    assert "tagsAll" in old
    assert aws.problems(CLUSTER, **old) == ""


@pytest.mark.parametrize(
    ("inputs", "refused"),
    [
        ({"taints": {"key": "gpu"}}, "expected array type, got object type. Examine values at 'one.taints'."),
        ({"subnetIds": "subnet-1"}, "expected array type, got string type. Examine values at 'one.subnetIds'."),
        ({"scalingConfig": [{"maxSize": 3}]}, "expected object type, got array type. Examine values at 'one.scal"),
        ({"launchTemplate": "lt-1"}, "expected object type, got string type. Examine values at 'one.launchTemplate'."),
        ({"labels": "gpu"}, "expected object type, got string type. Examine values at 'one.labels'."),
        ({"labels": {"pool": {"name": "gpu"}}}, "expected string type, got object type. Examine values at 'one.labels"),
        ({"tags": "gpu"}, "expected object type, got string type. Examine values at 'one.tags'."),
        ({"clusterName": {"name": "main"}}, "expected string type, got object type. Examine values at 'one.cluste"),
        ({"scalingConfig": {"maxSize": [3]}}, "expected integer type, got array type. Examine values at 'one.scaling"),
        ({"taints": [{"key": ["a"]}]}, "expected string type, got array type. Examine values at 'one.taints[0].key'."),
    ],
)
def test_a_value_of_another_form_is_refused_by_its_path(aws: Account, inputs: dict[str, Any], refused: str) -> None:
    (path,) = inputs
    found = [line for line in aws.problems(GROUP, **inputs).splitlines() if f"'one.{path}" in line]
    assert len(found) == 1, "the constraints have nothing to say of a value of another form"
    assert refused in found[0]


def test_numbers_and_booleans_may_be_text_and_text_a_number() -> None:
    """The provider reads one as the other."""
    asked = {"scalingConfig": {"maxSize": "3"}, "forceUpdateVersion": "true", "launchTemplate": {"version": 3}}
    assert input_errors(GROUP, asked) == []


def test_a_number_for_text_is_as_long_as_it_is_written(aws: Account) -> None:
    assert "launchTemplate" not in aws.problems(GROUP, launchTemplate={"id": "lt-1", "version": 3})


def test_what_a_resource_shows_can_be_given_back_as_its_inputs(aws: Account) -> None:
    """An import hands the state in as inputs."""
    cluster = aws.cluster()
    for held in (cluster, aws.group(cluster), aws.make("aws:s3/bucket:Bucket", "logs")):
        found = aws.package.read(aws.call(held.type, held.name), held.id, {}, {})
        assert found is not None
        assert not aws.check(held.type, held.name, **found.inputs).failures


def test_a_refresh_shows_what_others_wrote_under_a_free_key_inside_a_list(aws: Account) -> None:
    vault = aws.make("aws:backup/vault:Vault", "vault")
    rule = {"ruleName": "daily", "targetVaultName": vault.id, "recoveryPointTags": {"team": "ml"}}
    plan = aws.make(PLAN, rules=[rule])
    row = aws.cloud.get(PLAN, plan.id)
    assert row is not None
    changed = [{**rule, "recoveryPointTags": {"team": "ml", "stage": "dev"}, "startWindow": 60}]
    aws.cloud.put(PLAN, plan.id, {**row.state, "rules": changed}, row.urn)
    found = aws.package.read(aws.call(PLAN, "one"), plan.id, plan.inputs, plan.state)
    assert found is not None
    (shown,) = found.inputs["rules"]
    assert shown["recoveryPointTags"] == {"team": "ml", "stage": "dev"}
    assert "startWindow" not in shown, "what AWS fills in is no input"


def test_paths_of_the_sdk_are_found_by_name() -> None:
    assert form_at(GROUP, "taints[*].effect") == "string"
    assert form_at(GROUP, "scalingConfig.maxSize") == "integer"
    assert form_at(GROUP, "subnetIds") == ["string"]
    assert form_at(GROUP, "subnetIds[*]") == "string"
    for path in ("taint", "taints.effect", "scalingConfig[*].maxSize", "scalingConfig.maxSize.more", "labels.pool"):
        assert form_at(GROUP, path) is None, path


def test_every_entry_has_its_inputs() -> None:
    assert set(kinds()) <= set(TYPES), "run make generate"


def test_the_file_says_what_the_sdk_says() -> None:
    """Of one entry, whose arguments share their name with an object type; `make check` compares the whole file."""
    logging = "aws:s3/bucketLogging:BucketLogging"
    made = text([logging]).splitlines()[1:-1]
    assert any(line.startswith(f'"{logging}": {{"bucket": "string"') for line in made)
    assert TYPES[logging]["targetGrants"] == ["s3/BucketLoggingTargetGrant"]


def test_a_type_that_holds_itself_is_written_once() -> None:
    made = text(["aws:wafv2/webAcl:WebAcl"])
    assert made.count('"wafv2/WebAclRuleStatement": {') == 1, "a file without end would be made of it"


def test_a_type_that_the_sdk_does_not_have_is_named() -> None:
    with pytest.raises(LookupError, match=r"pulumi_aws\.eks has no Nodegroup\. Is it misspelt"):
        text(["aws:eks/nodegroup:Nodegroup"])


def imported_with(module: str, package: str) -> str:
    """Which modules of a package a fresh Python imports with a module."""
    program = f"import sys, {module}; print([name for name in sys.modules if name.startswith('{package}')])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_simulator_does_without_the_sdk() -> None:
    assert imported_with("simulator.session", "pulumi_aws") == "[]", "every preview would wait for it"


def test_entries_are_imported_after_the_generator_forgot_the_old_file() -> None:
    assert imported_with("simulator.aws.sdk_inputs", "simulator.aws.services") == "[]", (
        "an entry that names an input of a newer SDK would keep the file from being made"
    )
