"""Wrong changes of the stack prod, each of one property, are noticed by the rule that is about it.

A sample: `python -m tests.policies.program_mutation` makes them all, and prints those that nobody notices.
"""

import pytest

from tests.policies.program_mutation import Change, Judge, changes_of

NOTICED = [
    ("Cluster", "vpcConfig.endpointPublicAccess", "left out", "eks-endpoint-private"),
    ("Cluster", "deletionProtection", "turned", "eks-deletion-protection"),
    ("Cluster", "enabledClusterLogTypes", "emptied", "eks-control-plane-logs"),
    ("Cluster", "accessConfig.authenticationMode", "left out", "eks-auth-mode-api"),
    ("Key", "enableKeyRotation", "turned", "kms-rotation"),
    ("Key", "policy", "Principal *", "kms-policy-not-open"),
    ("BucketPublicAccessBlock", "blockPublicAcls", "turned", "s3-block-public-access"),
    ("BucketPolicy", "policy", "left out", "s3-tls-only"),
    ("Bucket", "forceDestroy", "turned", "rel-stateful-protected"),
    ("FileSystem", "encrypted", "turned", "efs-encrypted"),
    ("LaunchTemplate", "metadataOptions.httpTokens", "left out", "node-imdsv2"),
    ("LaunchTemplate", "metadataOptions.httpPutResponseHopLimit", "x 100", "node-imds-hop-limit"),
    ("LaunchTemplate", "blockDeviceMappings[0].ebs.encrypted", "turned", "node-volume-encrypted"),
    ("Role", "assumeRolePolicy", "no Condition", "iam-workload-trust-scoped"),
    ("RolePolicy", "policy", "Resource *", "iam-no-broad-grants"),
    ("RolePolicy", "policy", "Action *", "iam-no-admin-policy"),
    ("LogGroup", "retentionInDays", "left out", "log-retention-bounded"),
    ("Namespace", 'metadata.labels["pod-security.kubernetes.io/enforce"]', "left out", "ns-pod-security"),
    ("ResourceQuota", 'spec.hard["requests.cpu"]', "left out", "ns-team-bounded"),
    ("ServiceAccountPatch", "automountServiceAccountToken", "turned", "wl-no-default-sa-token"),
    ("NetworkPolicy", "spec.egress[3].to[0].ipBlock.except", "emptied", "net-policy-ranges"),
    ("Role", "rules[0].verbs", "*", "rbac-no-wildcard"),
    ("ValidatingAdmissionPolicy", "spec.failurePolicy", "Ignore", "admission-denies"),
    ("QueuePolicy", "policy", "no Condition", "iam-service-source-bound"),
    ("LimitRange", "spec.limits", "emptied", "ns-team-bounded"),
]


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge("prod")


@pytest.mark.parametrize(("kind", "path", "what", "rule"), NOTICED, ids=[" ".join(each[1:3]) for each in NOTICED])
def test_a_wrong_change_of_our_own_stack_is_noticed(judge: Judge, kind: str, path: str, what: str, rule: str) -> None:
    made = [
        (urn, change)
        for urn, resource in judge.resources.items()
        if resource.type.endswith(f":{kind}")
        for change in changes_of(resource.type, judge.props[urn])
        if (change.path, change.what) == (path, what)
    ]
    assert made, "prod has no such property any more: choose another"
    assert any(rule in judge.notice(urn, change) for urn, change in made), "the pack lets this mistake through"


def test_a_change_is_one_change() -> None:
    props = {"a": {"b": [True, {"c": 1}]}, "serviceAccount": "x"}
    made = {(change.path, change.what): change.props for change in changes_of("aws:x", props)}
    assert made["a.b[0]", "turned"] == {"a": {"b": [False, {"c": 1}]}, "serviceAccount": "x"}
    assert made["a.b[1].c", "left out"] == {"a": {"b": [True, {}]}, "serviceAccount": "x"}
    assert made["serviceAccount", "*"] == {**props, "serviceAccount": "*"}
    assert props == {"a": {"b": [True, {"c": 1}]}, "serviceAccount": "x"}, "the stack itself stays as it is"


def test_what_aws_refuses_and_what_is_the_same_as_before_is_no_change(judge: Judge) -> None:
    urn, props = next((urn, judge.props[urn]) for urn, each in judge.resources.items() if each.type.endswith(":Key"))
    kind = judge.resources[urn].type
    assert not judge.is_possible(
        urn, Change(kind, "deletionWindowInDays", "x 100", {**props, "deletionWindowInDays": 3000})
    )
    assert not judge.is_possible(urn, Change(kind, "", "the same", dict(props)))
    assert judge.is_possible(
        urn, Change(kind, "deletionWindowInDays", "a hundredth", {**props, "deletionWindowInDays": 7})
    )


@pytest.mark.parametrize(
    ("kind", "rule"), [("FlowLog", "net-vpc-flow-logs"), ("ValidatingAdmissionPolicyBinding", "admission-bound")]
)
def test_a_guard_that_is_left_out_is_noticed(judge: Judge, kind: str, rule: str) -> None:
    urn = next(urn for urn, each in judge.resources.items() if each.type.endswith(f":{kind}"))
    gone = Change(judge.resources[urn].type, "", "the resource left out", judge.props[urn], gone=True)
    assert rule in judge.notice(urn, gone)
    assert rule not in judge.notice(urn, Change(judge.resources[urn].type, "", "the same", judge.props[urn]))


def test_protection_that_is_taken_away_is_noticed(judge: Judge) -> None:
    urn = next(urn for urn, each in judge.resources.items() if each.type.endswith(":Vault"))
    bare = Change(judge.resources[urn].type, "", "protect taken away", judge.props[urn], protect=False)
    assert "rel-stateful-protected" in judge.notice(urn, bare)
