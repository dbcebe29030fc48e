"""The pack judges exported states and previews without an engine."""

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
import yaml

from common.values import SECRET_SIGNATURE, SIGNATURE_KEY, UNKNOWN_TEXT
from policies import check
from policies.check import CannotJudgeError, Page, is_refused, judge, resources_of
from policies.manifests import resources_of_manifests

STACK = "urn:pulumi:prod::shop"
PROVIDER = f"{STACK}::pulumi:providers:aws::ours"
QUEUE = f"{STACK}::aws:sqs/queue:Queue::orders"
OPEN = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}]}
CLOSED = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "*"}]}
TAGGED = {
    "sqsManagedSseEnabled": True,
    "policy": json.dumps(CLOSED),
    "tags": dict.fromkeys(("environment", "owner", "cost-center", "project"), "shop"),
}
PASSWORD = "hunter2-hunter2-hunter2"


def state(*resources: Mapping[str, Any]) -> dict[str, Any]:
    provider = {
        "urn": PROVIDER,
        "type": "pulumi:providers:aws",
        "id": "0",
        "inputs": {"region": "us-west-2", "allowedAccountIds": '["111122223333"]'},
    }
    return {"version": 3, "deployment": {"resources": [provider, *resources]}}


def queue(policy: object = OPEN, **more: Any) -> dict[str, Any]:
    inputs = {
        "sqsManagedSseEnabled": True,
        "policy": policy if isinstance(policy, dict) and SIGNATURE_KEY in policy else json.dumps(policy),
    }
    given = {"urn": QUEUE, "type": "aws:sqs/queue:Queue", "inputs": inputs, "outputs": inputs}
    return {**given, "provider": f"{PROVIDER}::0", "sourcePosition": "project:///app/queues.py#12,5", **more}


def outcomes(*resources: Mapping[str, Any], **more: Any) -> dict[str, check.Outcome]:
    """Returns rule -> its gravest outcome."""
    found: dict[str, check.Outcome] = {}
    for each in judge(resources_of(state(*resources)), **more):
        found.setdefault(each.rule, each)
    return found


def test_a_state_is_judged_with_the_line_of_the_program() -> None:
    found = outcomes(queue())
    failed = found["sqs-policy-not-open"]
    assert (failed.status, failed.level, failed.urn) == ("failed", "mandatory", QUEUE)
    assert (failed.path, failed.file, failed.line) == ("policy.Statement[0].Principal", "app/queues.py", 12)
    assert found["sqs-encrypted"].status == "passed"
    assert found["node-imdsv2"].status == "not applicable"
    assert found["eks-endpoint-private"].status == "not applicable"


def test_the_accounts_of_the_provider_are_known() -> None:
    by_role = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "999999999999"}, "Action": "*"}]}
    assert outcomes(queue(by_role))["sqs-policy-not-open"].status == "failed"
    ours = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "*"}]}
    assert outcomes(queue(ours))["sqs-policy-not-open"].status == "passed"


def test_what_was_replaced_or_only_read_is_not_judged() -> None:
    assert outcomes(queue(delete=True))["sqs-policy-not-open"].status == "not applicable"
    assert outcomes(queue(external=True))["sqs-policy-not-open"].status == "not applicable"


def test_links_between_resources_are_known() -> None:
    bucket = {
        "urn": f"{STACK}::aws:s3/bucket:Bucket::data",
        "type": "aws:s3/bucket:Bucket",
        "id": "data",
        "inputs": {"bucket": "data"},
    }
    versions = {
        "urn": f"{STACK}::aws:s3/bucketVersioning:BucketVersioning::data",
        "type": "aws:s3/bucketVersioning:BucketVersioning",
        "inputs": {"bucket": "data", "versioningConfiguration": {"status": "Enabled"}},
        "propertyDependencies": {"bucket": [bucket["urn"]], "versioningConfiguration": None},
    }
    assert outcomes(bucket)["s3-tls-only"].status == "failed"
    assert outcomes(bucket, versions)["s3-versioned"].status == "passed"


NODE_GROUP, ATTACHMENT = "aws:eks/nodeGroup:NodeGroup", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
ARN = "arn:aws:iam::111122223333:role/nodes"
NAMED: Mapping[str, Mapping[str, Any]] = {  # type -> inputs, and the id that AWS gives
    "aws:s3/bucket:Bucket": {"bucket": "data"},
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {
        "bucket": "data",
        **dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True),
    },
    "aws:iam/role:Role": {"name": "nodes", "assumeRolePolicy": "{}"},
    NODE_GROUP: {"nodeRoleArn": ARN},
    ATTACHMENT: {"role": "nodes", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
}


def test_resources_that_name_each_other_by_literal_names_are_linked_before_and_after_they_exist() -> None:
    for ids in ({}, {"aws:s3/bucket:Bucket": "data", "aws:iam/role:Role": "nodes"}):
        resources = [
            {"urn": f"{STACK}::{kind}::it", "type": kind, "inputs": inputs, "outputs": {**inputs, "id": UNKNOWN_TEXT}}
            | ({"id": ids[kind], "outputs": {**inputs, "id": ids[kind]}} if kind in ids else {})
            for kind, inputs in NAMED.items()
        ]
        found = {each.rule: each.status for each in reversed(judge(resources))}
        assert found["s3-block-public-access"] == "passed", ids
        assert found["iam-node-role-minimal"] == "failed", ids


def both(kind: str, there: Mapping[str, Any], inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Two resources of one name, the second with another provider or region."""
    here = {"region": "us-west-2", "allowedAccountIds": '["111122223333"]'}
    providers = [
        {"urn": f"{STACK}::pulumi:providers:aws::{name}", "type": "pulumi:providers:aws", "id": "0", "inputs": each}
        for name, each in (("here", here), ("there", {**here, **there}))
    ]
    return [*providers, *(placed(kind, name, inputs) for name in ("here", "there"))]


def placed(kind: str, provider: str, inputs: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    urn = f"{STACK}::{kind}::{name or provider}"
    return {"urn": urn, "type": kind, "inputs": inputs, "provider": f"{STACK}::pulumi:providers:aws::{provider}::0"}


VAULT, LOCK = "aws:backup/vault:Vault", "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
ANOTHER = {"allowedAccountIds": '["444455556666"]'}
LOCKED = {"backupVaultName": "main", "minRetentionDays": 7}


@pytest.mark.parametrize("there", [{"region": "us-east-2"}, ANOTHER])
def test_a_name_is_that_of_its_region_and_account_alone(there: Mapping[str, Any]) -> None:
    vaults = both(VAULT, there, {"name": "main"})
    for locks, open_vaults in ((["here"], ["there"]), (["there"], ["here"]), (["here", "there"], [])):
        found = judge([*vaults, *(placed(LOCK, each, LOCKED) for each in locks)])
        failed = [each.urn for each in found if (each.rule, each.status) == ("rel-backup-locked", "failed")]
        assert failed == [f"{STACK}::{VAULT}::{name}" for name in open_vaults]


@pytest.mark.parametrize(
    ("there", "fails"),
    [
        (ANOTHER, False),
        ({"region": "us-east-2"}, True),
        ({"assumeRoles": [{"roleArn": "arn:aws:iam::444455556666:role/x"}]}, False),
    ],
)
def test_a_role_of_another_account_is_no_node_role_though_it_has_its_name(there: Any, fails: bool) -> None:
    roles = both("aws:iam/role:Role", there, {"name": "nodes", "assumeRolePolicy": "{}"})
    attachment = {"role": "nodes", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    found = judge(
        [*roles[:3], placed(NODE_GROUP, "here", {"nodeRoleArn": ARN}), placed(ATTACHMENT, "there", attachment)]
    )
    assert bool([each for each in found if (each.rule, each.status) == ("iam-node-role-minimal", "failed")]) is fails


def test_a_preview_is_judged_like_a_state() -> None:
    plan = {"steps": [{"op": "create", "newState": queue()}, {"op": "delete", "oldState": queue()}]}
    assert [each.rule for each in judge(resources_of(plan)) if each.status == "failed"][:1]
    assert len(resources_of(plan)) == 1
    assert resources_of({"checkpoint": {"latest": {"resources": [queue()]}}})
    assert resources_of({"version": 3, "deployment": {}}) == []


def planned(*steps: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"steps": [{"op": "create", "newState": each} for each in steps], **more}


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"changeSummary": {"create": "1"}}, "changeSummary.create is no number"),
        ({"changeSummary": {"same": 696, "create": 1}}, "leaves out 696 resources .* --show-sames"),
        ({"diagnostics": [{"severity": "error", "message": "no such\nbucket"}]}, "preview failed, .* no such bucket"),
    ],
)
def test_a_preview_that_does_not_show_all_is_not_judged(more: Mapping[str, Any], problem: str) -> None:
    assert resources_of(planned(queue(), changeSummary={"create": 1}, diagnostics=[{"severity": "warning"}]))
    with pytest.raises(CannotJudgeError, match=problem):
        resources_of(planned(queue(), **more))


def test_the_default_provider_of_a_preview_is_its_configuration() -> None:
    ours = queue(CLOSED, provider=f"{PROVIDER.replace('ours', 'default_7_1_0')}::id")
    for config, status in (({"aws:allowedAccountIds": '["111122223333"]'}, "passed"), ({}, "failed")):
        found = {each.rule: each.status for each in judge(resources_of(planned(ours, config=config)))}
        assert found["res-account-pinned"] == status


def test_options_of_a_preview_are_in_its_configuration(tmp_path: Path) -> None:
    plan, misspelt = tmp_path / "plan.json", {"ml-platform:policies": '{"cost-monthly-cap": {"uds": 1}}'}
    for config, status in ((misspelt, 2), ({"ml-platform:policies": "[secret]"}, 1)):
        plan.write_text(json.dumps(planned(queue(), config=config)), encoding="utf-8")
        assert check.main(["--plan", str(plan)]) == status


def test_a_state_is_judged_with_the_options_of_a_stack_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, settings = tmp_path / "state.json", tmp_path / "Pulumi.prod.yaml"
    file.write_text(json.dumps(state(queue())), encoding="utf-8")
    settings.write_text("config: {'ml-platform:policies': {cost-monthly-cap: {uds: 1}}, 'a:b': {secure: x}}")
    assert check.main(["--state", str(file), "--settings", str(settings)]) == 2
    assert "Did you mean usd?" in capsys.readouterr().err
    settings.write_text("config: [")
    assert check.main(["--state", str(file), "--settings", str(settings)]) == 2
    assert "is not YAML" in capsys.readouterr().err
    for text in ("", "{}", "config:", "{config: {'other:policies': {}}}", "{1: 2}", "{config: {1: 2}}"):
        settings.write_text(text)
        assert check.main(["--state", str(file), "--settings", str(settings)]) == 2, text
        assert "has no setting of ml-platform" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"inputs": [1]}, "inputs"),
        ({"outputs": "x"}, "outputs"),
        ({"parent": 5}, "parent"),
        ({"propertyDependencies": [1]}, "propertyDependencies"),
        ({"propertyDependencies": {"a": "b"}}, "propertyDependencies"),
        ({"propertyDependencies": {"a": [1]}}, "propertyDependencies"),
        ({"inputs": {"a": {SIGNATURE_KEY: SECRET_SIGNATURE, "plaintext": 5}}}, "a secret"),
        ({"inputs": {"a": {SIGNATURE_KEY: SECRET_SIGNATURE, "plaintext": "{"}}}, "a secret"),
    ],
)
def test_what_no_engine_writes_is_refused_with_its_place(more: dict[str, Any], wrong: str) -> None:
    for document in (state({**queue(), **more}), planned({**queue(), **more})):
        with pytest.raises(CannotJudgeError, match=wrong):
            judge(resources_of(document))


def test_a_preview_with_steps_of_replacement_is_whole_and_has_each_resource_once() -> None:
    for ops in (("create-replacement",), ("create-replacement", "replace"), ("replace",)):
        steps = [{"op": op, "newState": queue()} for op in ops]
        assert len(resources_of({"steps": steps, "changeSummary": {"replace": 1}})) == 1


def test_a_secret_is_nowhere_in_what_is_written() -> None:
    secret = {SIGNATURE_KEY: SECRET_SIGNATURE, "plaintext": json.dumps(json.dumps({**OPEN, "Id": PASSWORD}))}
    page = Page(judge(resources_of(state(queue(secret)))))
    assert any(each.rule == "sqs-policy-not-open" and each.status == "failed" for each in page.outcomes)
    assert all(PASSWORD not in write(page) for write in check.FORMATS.values())


def test_a_secret_that_is_encrypted_is_not_known() -> None:
    secret = {SIGNATURE_KEY: SECRET_SIGNATURE, "ciphertext": "v1:AAAA"}
    found = outcomes(queue(secret))["sqs-policy-not-open"]
    assert (found.status, found.path) == ("deferred", "policy")
    assert found.message.endswith("--show-secrets")


def test_waivers_levels_and_options_apply(tmp_path: Path) -> None:
    waivers = tmp_path / "waivers.yaml"
    entry = {"rule": "sqs-policy-not-open", "urn": QUEUE, "reason": "until it is closed", "owner": "team:shop"}
    waivers.write_text(yaml.safe_dump([{**entry, "expires": date(2026, 11, 20)}]), encoding="utf-8")
    day = date(2026, 11, 1)
    assert outcomes(queue(), waivers=waivers, today=lambda: day)["sqs-policy-not-open"].status == "waived"
    level = {"sqs-policy-not-open": "advisory"}
    found = outcomes(queue(), config=level)["sqs-policy-not-open"]
    assert (found.status, found.level) == ("failed", "advisory")
    trusted = {"sqs-policy-not-open": {"trusted_accounts": ["999999999999"]}}
    by_role = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "999999999999"}, "Action": "*"}]}
    assert outcomes(queue(by_role), config=trusted)["sqs-policy-not-open"].status == "passed"
    assert outcomes(queue(), environment="dev")["sqs-policy-not-open"].level == "mandatory"


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"sqs-policy-open": "advisory"}, "is no rule of the policy pack"),
        ({"node-no-ssh": "off"}, 'there is no level "off"'),
        ({"cost-monthly-cap": 5}, "cost-monthly-cap is 5. Write a level, or a map of options"),
    ],
)
def test_a_configuration_with_a_mistake_is_refused(config: Mapping[str, Any], problem: str) -> None:
    with pytest.raises(CannotJudgeError, match=problem):
        judge([], config)


def test_the_settings_of_a_stack_apply_as_in_a_preview() -> None:
    region = {"ml-platform:policies": json.dumps({"res-allowed-regions": {"regions": ["us-east-1"]}})}
    assert outcomes(queue())["res-allowed-regions"].status == "passed"
    assert outcomes(queue(), settings=region)["res-allowed-regions"].status == "failed"
    abroad = {"ml-platform:policies": region["ml-platform:policies"].replace("us-east-1", "eu-central-1")}
    with pytest.raises(CannotJudgeError, match=r"no looser than .*as floors in policies/production\.yaml"):
        judge(resources_of(state(queue())), settings=abroad)
    with pytest.raises(CannotJudgeError, match=r"Did you mean regions\?"):
        judge([], settings={"ml-platform:policies": '{"res-allowed-regions": {"region": []}}'})
    lowered = {"eks-endpoint-private": "advisory"}
    with pytest.raises(CannotJudgeError, match="eks-endpoint-private is critical, and stack prod is production"):
        judge(resources_of(state(queue())), lowered)


def test_a_stack_of_pulumi_is_judged_with_its_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "pulumi"
    policies = json.dumps({"cost-monthly-cap": {"uds": 1}})
    settings = {"ml-platform:policies": {"value": policies, "secret": False}, "shop:key": {"secret": True}}
    for name, answer in (("export", state(queue())), ("config", settings)):
        (tmp_path / name).write_text(json.dumps(answer), encoding="utf-8")
    program.write_text(f'#!/bin/sh\n[ "$1" = config ] && exec cat {tmp_path}/config\nexec cat {tmp_path}/export\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert check.main(["--stack", "prod"]) == 2, "the misspelt option is read"
    (tmp_path / "config").write_text("{}", encoding="utf-8")
    assert check.main(["--stack", "prod"]) == 1


def test_every_form_has_what_failed() -> None:
    page = Page(judge(resources_of(state(queue()))))
    sarif = json.loads(page.sarif())["runs"][0]
    result = next(each for each in sarif["results"] if each["ruleId"] == "sqs-policy-not-open")
    assert result["level"] == "error"
    place = result["locations"][0]
    assert place["physicalLocation"]["region"] == {"startLine": 12}
    assert place["logicalLocations"][0]["fullyQualifiedName"] == QUEUE
    assert {each["ruleId"] for each in sarif["results"]} <= {each["id"] for each in sarif["tool"]["driver"]["rules"]}
    suite = Xml.fromstring(page.junit())
    failed = [case.get("name") for case in suite if case.find("failure") is not None]
    assert "sqs-policy-not-open" in failed
    assert suite.get("failures") == str(len(failed)) == str(page.counts["failed"])
    assert len(suite) == int(suite.get("tests", "0")) == sum(page.counts.values())
    assert "### sqs-policy-not-open: failed, mandatory, high, 1 finding" in page.markdown()
    assert json.loads(page.json())["counts"] == page.counts
    assert page.text().splitlines()[-1].startswith(f"{sum(page.counts.values())} rules: ")


def test_what_is_the_same_for_all_findings_of_a_rule_is_said_once() -> None:
    second = QUEUE.replace("orders", "mails")
    page = Page(judge(resources_of(state(queue(), queue(urn=second)))), date(2026, 11, 1))
    part = page.text().partition("sqs-policy-not-open: ")[2].partition("\n\n")[0]
    assert [line.partition(": ")[0] for line in part.splitlines()] == [
        "failed, mandatory, high, 2 findings",
        "  aws:sqs/queue:Queue mails (app/queues.py:12)",
        "  aws:sqs/queue:Queue orders (app/queues.py:12)",
        "  Why",
        "  Fix",
        "  More",
        "  Waive",
        "  # or",
    ]
    (block,) = re.findall(r"### sqs-policy-not-open.*?```yaml\n(.*?)```", page.markdown(), re.DOTALL)
    assert [each["urn"] for each in yaml.safe_load(block)] == [second]
    assert QUEUE in block


def test_machines_get_the_edit_of_a_finding() -> None:
    page = Page(judge(resources_of(state(queue()))))
    edit = {"policy.Statement[0].Principal": {"AWS": "arn:aws:iam::<account>:role/<name>"}}
    said = json.loads(page.json())
    (outcome,) = (each for each in said["outcomes"] if each["rule"] == "sqs-policy-not-open")
    assert outcome["edit"] == edit
    assert said["rules"]["sqs-policy-not-open"]["fix"] in page.text()
    results = json.loads(page.sarif())["runs"][0]["results"]
    assert [each["properties"]["edit"] for each in results if each["ruleId"] == "sqs-policy-not-open"] == [edit]


NOT_TO_JUDGE = {
    "": "is not JSON",
    "{": "is not JSON",
    "[]": "neither resources nor steps",
    "{}": "neither resources nor steps",
    '{"checkpoint": 5}': "neither resources nor steps",
    '{"steps": []}': "no resource to judge",
    '{"steps": 5}': "no resource to judge",
    '{"steps": [{"op": "create", "newState": 5}]}': "number 1 in it is no resource with urn and type",
    '{"version": 3, "deployment": {}}': "no resource to judge",
    '{"deployment": {"resources": null}}': "no resource to judge",
    '{"deployment": 5}': "no resource to judge",
    '{"deployment": {"resources": 5}}': "number 1 in it is no resource",
    '{"deployment": {"resources": [{"type": "aws:s3/bucket:Bucket"}]}}': "is no resource with urn and type",
    '{"deployment": {"resources": [{"urn": "urn:pulumi:prod::shop::x::y"}]}}': "is no resource with urn and type",
    json.dumps(state()): "no resource to judge",
}


def test_the_exit_status_tells_the_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "state.json"
    file.write_text(json.dumps(state(queue())), encoding="utf-8")
    assert check.main(["--state", str(file)]) == 1
    file.write_text(json.dumps(state(queue(inputs=TAGGED, outputs=TAGGED))), encoding="utf-8")
    assert check.main(["--state", str(file), "--format", "json"]) == 0
    assert "give its --settings" in capsys.readouterr().err
    for text, problem in NOT_TO_JUDGE.items():
        file.write_text(text, encoding="utf-8")
        assert check.main(["--state", str(file)]) == 2, text
        assert problem in capsys.readouterr().err
    file.write_text("", encoding="utf-8")
    assert check.main(["--objects", str(file)]) == 2
    assert "no resource to judge" in capsys.readouterr().err
    assert check.main(["--plan", str(tmp_path / "none.json")]) == 2
    assert "cannot be read" in capsys.readouterr().err


MANIFESTS = f"""
apiVersion: v1
kind: List
items:
  - {{apiVersion: v1, kind: Service, metadata: {{name: door}}, spec: {{type: LoadBalancer}}}}
---
apiVersion: apps/v1
kind: DeploymentList
items:
  - metadata: {{name: web, namespace: shop}}
    spec: {{template: {{spec: {{hostNetwork: true, containers: [{{name: web, image: web}}]}}}}}}
---
# a document without an object
---
{{apiVersion: v1, kind: Secret, metadata: {{generateName: login-}}, stringData: {{password: {PASSWORD}}}}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: things.example.com}}
spec: {{enum: [=, "!="]}}
"""


def test_manifests_are_judged_as_resources_of_a_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "manifests.yaml"
    file.write_text(MANIFESTS, encoding="utf-8")
    assert check.main(["--objects", str(file), "--format", "json"]) == 1
    written = capsys.readouterr().out
    found = {each["rule"]: each["urn"] for each in json.loads(written)["outcomes"] if each["status"] == "failed"}
    assert found["pss-no-host-access"].endswith("::kubernetes:apps/v1:Deployment::shop/web")
    assert found["lb-service-closed"].endswith("::kubernetes:core/v1:Service::door")
    assert found["secret-not-in-state"].endswith("::kubernetes:core/v1:Secret::login-")
    assert PASSWORD not in written


def test_manifests_without_a_namespace_are_in_the_given_one() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": [{"name": "x"}]}}
    for namespace, status in (("", "failed"), ("team", "passed")):
        outcomes = {each.rule: each.status for each in judge(resources_of_manifests(json.dumps(pod), namespace))}
        assert outcomes["ns-not-default"] == status


def test_days_and_keys_that_are_no_texts_are_read_as_kubernetes_does() -> None:
    text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {day: 2026-11-30, 5: a, on: b}}"
    (made,) = resources_of_manifests(text, "team")
    assert made["inputs"]["data"] == {"day": "2026-11-30", "5": "a", "true": "b"}
    assert judge([made])


def test_what_belongs_to_no_namespace_gets_none() -> None:
    things = """
{apiVersion: v1, kind: Namespace, metadata: {name: a}}
---
{apiVersion: example.com/v1, kind: Thing, metadata: {name: b}}
---
{apiVersion: example.com/v1, kind: Part, metadata: {name: c}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec: {scope: Cluster, names: {kind: Thing}}
"""
    made = resources_of_manifests(things, "team")
    assert [each["inputs"]["metadata"].get("namespace") for each in made] == [None, None, "team", None]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [", "it is not YAML"),
        ("a: 1", '{"a": 1} has no apiVersion and kind'),
        ("- 1", r"\[1\] has no apiVersion"),
        ("{apiVersion: v1, kind: List, items: [1]}", "1 has no apiVersion and kind"),
        ("{apiVersion: v1, kind: Pod, metadata: x}", "has no apiVersion and kind, or no map as metadata"),
    ],
)
def test_what_is_no_object_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        resources_of_manifests(text)


def test_an_advisory_failure_stops_nothing() -> None:
    tagged = queue(outputs={"tagsAll": dict.fromkeys(("team", "project"), "shop"), "policy": json.dumps(OPEN)})
    failed = [each for each in judge(resources_of(state(tagged))) if each.status == "failed"]
    assert is_refused(failed)
    assert not is_refused(judge(resources_of(state(tagged)), {each.rule: "advisory" for each in failed}))


def waivers_of(folder: Path, *entries: Mapping[str, Any]) -> Path:
    file = folder / "waivers.yaml"
    given = {"rule": "sqs-policy-not-open", "reason": "until the shop is closed", "owner": "team:shop"}
    file.write_text(yaml.safe_dump([{**given, "expires": date(2026, 11, 20), **each} for each in entries]))
    return file


def test_what_the_pack_says_of_waivers_is_in_every_form_and_in_the_exit_status(tmp_path: Path) -> None:
    queues = [queue(urn=f"{QUEUE}-{number}") for number in range(15)]
    others = {"urn": f"{QUEUE}-none", "expires": date(2026, 10, 20)}, {"urn": f"{QUEUE}-nowhere"}
    file = waivers_of(tmp_path, {"urn": f"{QUEUE}-*"}, *others)
    only = {"sqs-policy-not-open", "waiver-broad", "waiver-expired", "waiver-unused"}
    told = judge(resources_of(state(*queues)), waivers=file, today=lambda: date(2026, 11, 1))
    page = Page([each for each in told if each.rule in only])
    assert is_refused(page.outcomes), "a waiver for many, and one that has ended, are mandatory findings"
    assert page.counts == dict.fromkeys(check.STATUSES, 0) | {"failed": 3, "waived": 1}
    for form, write in check.FORMATS.items():
        for shown in ("Covers 15 resources", "Expired: ", "Unused: ", "until 2026-11-20 (team:shop: until the shop"):
            assert shown in write(page), form
    unused = [each for each in page.outcomes if each.rule == "waiver-unused"]
    assert len(unused) == 1
    assert not is_refused(unused), "it could hide a later finding, and hides none today"


def test_a_stack_that_is_production_in_silence_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "production.yaml"
    file.write_text("{accounts: [], stacks: [prod], floors: {}}", encoding="utf-8")
    monkeypatch.setattr(check, "PRODUCTION", file)
    told = outcomes(queue(), settings={"ml-platform:environment": "dev"})["production"]
    assert (told.status, told.level) == ("failed", "advisory")
    assert "is judged as prod" in told.message


def test_a_finding_that_waits_for_a_value_has_no_level_in_sarif() -> None:
    secret = {SIGNATURE_KEY: SECRET_SIGNATURE, "ciphertext": "v1:AAAA"}
    results = json.loads(Page(judge(resources_of(state(queue(secret))))).sarif())["runs"][0]["results"]
    levels = {(each["kind"], each["level"]) for each in results}
    assert ("open", "none") in levels
    assert {level for kind, level in levels if kind == "open"} == {"none"}, "the level of what is open is none"


def test_findings_about_one_place_are_told_apart() -> None:
    twice = [check.Outcome("net-policy-not-open", "failed", "mandatory", "high", QUEUE, "spec", each) for each in "ab"]
    results = json.loads(Page(twice).sarif())["runs"][0]["results"]
    prints = [each["partialFingerprints"]["urn/v1"] for each in results]
    assert len({*prints}) == len(prints) == 2
    assert prints[0] == f"net-policy-not-open {QUEUE} spec", "findings that are known stay the same"


def test_a_name_with_a_control_character_is_xml() -> None:
    page = Page(judge(resources_of(state(queue(urn=f"{QUEUE}\x1b[31m\x00\ufffe")))))
    assert Xml.fromstring(page.junit()).get("name") == "ml-platform"
    assert f"{QUEUE}\ufffd[31m" in page.junit()
