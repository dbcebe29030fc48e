"""Names and forms of inputs that the SDK does not know are refused with their path, at any depth."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simulator.aws.inputs import TYPES, Form, form_at, input_errors
from simulator.aws.registry import kinds
from simulator.aws.sdk_inputs import _merged, text
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
def test_a_misspelt_name_is_refused_with_its_path_and_a_suggestion(
    aws: Account, type_: str, inputs: dict[str, Any], path: str, near: str
) -> None:
    text_ = aws.problems(type_, "one", **inputs)
    assert f"{type_} has no argument {path}; did you mean {near}?. Examine values at 'one.{path}'." in text_


def test_all_misspelt_names_are_reported_at_once(aws: Account) -> None:
    inputs = {"scalingConfig": {"maxsize": 3, "minsize": 1}, "taints": [{"kay": "gpu"}]}
    problems = aws.problems(GROUP, **inputs)
    assert problems.count("has no argument") == 3, "with one message at a time, users would need three previews"


def test_an_object_with_arbitrary_keys_accepts_any_key(aws: Account) -> None:
    labels = {"ml-platform/pool": "gpu", "anything": "at all"}
    assert "no argument" not in aws.problems(GROUP, labels=labels, tags={"Any key": "any value"})


def test_the_content_of_a_json_document_is_not_checked(aws: Account) -> None:
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
def test_unknown_values_pass(inputs: dict[str, Any]) -> None:
    assert input_errors(CLUSTER, inputs) == []


def test_an_unknown_name_with_the_value_none_passes(aws: Account) -> None:
    assert "no argument" not in aws.problems(GROUP, scalingConfig={"maxsize": None})


def test_the_providers_own_keys_in_old_inputs_pass(aws: Account) -> None:
    """With ignoreChanges the engine sends old inputs back, including `__defaults` and `tagsAll`."""
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
        ({"scalingConfig": {"maxSize": "big"}}, "expected integer type, got string type. Examine values at 'one.scali"),
        ({"scalingConfig": {"maxSize": True}}, "expected integer type, got boolean type. Examine values at 'one.scali"),
        ({"forceUpdateVersion": "perhaps"}, "expected boolean type, got string type. Examine values at 'one.forceUp"),
        (
            {"forceUpdateVersion": 2},
            "expected boolean type, got number type. Examine values at 'one.forceUpdateVersion",
        ),
        ({"taints": [{"key": ["a"]}]}, "expected string type, got array type. Examine values at 'one.taints[0].key'."),
    ],
)
def test_a_value_of_a_wrong_form_is_refused_with_its_path(aws: Account, inputs: dict[str, Any], refused: str) -> None:
    (path,) = inputs
    problems = [line for line in aws.problems(GROUP, **inputs).splitlines() if f"'one.{path}" in line]
    assert len(problems) == 1, "constraints must not check a value of a wrong form"
    assert refused in problems[0]


def test_numbers_and_booleans_may_be_texts_and_texts_may_be_numbers() -> None:
    """The provider converts them."""
    inputs = {"scalingConfig": {"maxSize": "3"}, "forceUpdateVersion": "true", "launchTemplate": {"version": 3}}
    assert input_errors(GROUP, inputs) == []


def test_a_number_that_is_a_text_is_compared_with_its_limits(aws: Account) -> None:
    assert "scalingConfig" not in aws.problems(GROUP, scalingConfig={"maxSize": "3", "minSize": "1"})
    assert "in the range" in aws.problems(GROUP, updateConfig={"maxUnavailablePercentage": "101"})


def test_a_number_deep_in_lists_and_objects_is_checked(aws: Account) -> None:
    mapping = {"deviceName": "/dev/xvda", "ebs": {"volumeSize": "big", "encrypted": "true", "deleteOnTermination": 1}}
    (problem,) = aws.problems(TEMPLATE, "one", blockDeviceMappings=[mapping]).splitlines()
    assert (
        "expected integer type, got string type. Examine values at 'one.blockDeviceMappings[0].ebs.volumeSize"
        in problem
    )


def test_the_length_of_a_number_that_is_read_as_text_is_checked(aws: Account) -> None:
    assert "launchTemplate" not in aws.problems(GROUP, launchTemplate={"id": "lt-1", "version": 3})


def test_the_inputs_of_an_import_pass_the_check(aws: Account) -> None:
    cluster = aws.cluster()
    for resource in (cluster, aws.group(cluster), aws.make("aws:s3/bucket:Bucket", "logs")):
        imported = aws.package.read(aws.call(resource.type, resource.name), resource.id, {}, {})
        assert imported is not None
        assert not aws.check(resource.type, resource.name, **imported.inputs).failures


def test_a_refresh_shows_new_keys_in_a_map_inside_a_list(aws: Account) -> None:
    vault = aws.make("aws:backup/vault:Vault", "vault")
    rule = {"ruleName": "daily", "targetVaultName": vault.id, "recoveryPointTags": {"team": "ml"}}
    plan = aws.make(PLAN, rules=[rule])
    row = aws.cloud.get(PLAN, plan.id)
    assert row is not None
    changed = [{**rule, "recoveryPointTags": {"team": "ml", "stage": "dev"}, "startWindow": 60}]
    aws.cloud.put(PLAN, plan.id, {**row.state, "rules": changed}, row.urn)
    refreshed = aws.package.read(aws.call(PLAN, "one"), plan.id, plan.inputs, plan.state)
    assert refreshed is not None
    (refreshed_rule,) = refreshed.inputs["rules"]
    assert refreshed_rule["recoveryPointTags"] == {"team": "ml", "stage": "dev"}
    assert "startWindow" not in refreshed_rule, "values that AWS fills in are no inputs"


def test_the_form_at_a_path_is_found() -> None:
    assert form_at(GROUP, "taints[*].effect") == "string"
    assert form_at(GROUP, "scalingConfig.maxSize") == "integer"
    assert form_at(GROUP, "subnetIds") == ["string"]
    assert form_at(GROUP, "subnetIds[*]") == "string"
    for path in ("taint", "taints.effect", "scalingConfig[*].maxSize", "scalingConfig.maxSize.more", "labels.pool"):
        assert form_at(GROUP, path) is None, path


def test_every_declared_type_has_inputs_in_the_file() -> None:
    assert set(kinds()) <= set(TYPES), "run make generate"


def test_the_file_is_generated_from_the_sdk() -> None:
    """Tests one type, whose argument class has the name of an object type too. `make check` compares the whole file."""
    logging = "aws:s3/bucketLogging:BucketLogging"
    generated = text([logging]).splitlines()[1:-1]
    assert any(line.startswith(f'"{logging}": {{"bucket": "string"') for line in generated)
    assert TYPES[logging]["targetGrants"] == ["s3/BucketLoggingTargetGrant"]


def test_a_type_that_contains_itself_is_written_once() -> None:
    generated = text(["aws:wafv2/webAcl:WebAcl"])
    assert generated.count('"wafv2/WebAclRuleStatement": {') == 1, "otherwise the generator would never end"


def test_types_with_equal_fields_are_written_once() -> None:
    types: dict[str, dict[str, Form]] = {
        "aws:waf/acl:Acl": {"rules": ["waf/DeepRule"]},
        "aws:waf/set:Set": {"rules": ["waf/LastRule"]},
        "waf/Rule": {"not": ["waf/Rule"], "match": "waf/Match"},
        "waf/DeepRule": {"not": ["waf/DeepRule"], "match": "waf/DeepMatch"},
        "waf/LastRule": {"not": ["waf/Last"], "match": "waf/Match"},
        "waf/Match": {"text": "string"},
        "waf/DeepMatch": {"text": "string"},
        "waf/Last": {"text": "integer"},
    }
    kept = ("aws:waf/acl:Acl", "aws:waf/set:Set")
    assert _merged(types, kept) == {
        **{name: fields for name, fields in types.items() if "Deep" not in name},
        "aws:waf/acl:Acl": {"rules": ["waf/Rule"]},
    }


def test_resource_types_with_equal_fields_keep_their_names() -> None:
    types: dict[str, dict[str, Form]] = {"aws:waf/acl:Acl": {"name": "string"}, "aws:waf/set:Set": {"name": "string"}}
    assert _merged(types, types) == types, "a declaration looks its inputs up by the name of its type"


def test_a_type_that_the_sdk_does_not_have_is_an_error() -> None:
    with pytest.raises(LookupError, match=r"pulumi_aws\.eks has no Nodegroup\. Is it misspelt"):
        text(["aws:eks/nodegroup:Nodegroup"])


def imported_with(module: str, package: str) -> str:
    """Returns the modules of a package that a new Python process imports together with a module."""
    program = f"import sys, {module}; print([name for name in sys.modules if name.startswith('{package}')])"
    completed = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return completed.stdout.strip()


def test_the_simulator_does_not_import_the_aws_sdk() -> None:
    assert imported_with("simulator.session", "pulumi_aws") == "[]", "every preview would take seconds longer"


def test_the_generator_imports_declarations_only_after_it_has_dropped_the_old_file() -> None:
    assert imported_with("simulator.aws.sdk_inputs", "simulator.aws.services.") == "[]", (
        "a declaration with an input of a newer SDK would prevent the generation of the file"
    )
