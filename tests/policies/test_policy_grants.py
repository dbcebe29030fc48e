"""Statements of policy documents with verdicts, through each rule about resource policies and about trust."""

import itertools
import json
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import pytest

from common.values import UNKNOWN, UNKNOWN_TEXT
from policies import grants
from policies.grants import Grant
from policies.rule import PROVIDER, Case, Rule
from policies.views import EvaluationContext, NotKnownError, Reads, Resource
from tests.policies.mutation import QUICK, in_shared, unargued
from tests.policies.policy_harness import ALL, TODAY, check_resource

OURS, STRANGERS = "111122223333", "999999999999"
ORG = "o-0123456789"
ANY: dict[str, Any] = {"Principal": "*"}
ROOT, FOREIGN = f"arn:aws:iam::{OURS}:root", f"arn:aws:iam::{STRANGERS}:root"


def anybody(operator: str, key: str, value: object) -> dict[str, Any]:
    return {**ANY, "Condition": {operator: {key: value}}}


CLOSED: Mapping[str, Mapping[str, Any]] = {
    "a role of ours": {"Principal": {"AWS": f"arn:aws:iam::{OURS}:role/reader"}},
    "two roles of ours": {"Principal": {"AWS": [f"arn:aws:iam::{OURS}:role/a", f"arn:aws:iam::{OURS}:user/b"]}},
    "a service": {"Principal": {"Service": "logs.us-west-2.amazonaws.com"}},
    "everybody denied": {"Effect": "Deny", **ANY},
    "all but one denied": {"Effect": "Deny", "NotPrincipal": {"AWS": ROOT}},
    "our account": anybody("StringEquals", "aws:PrincipalAccount", OURS),
    "our account, in another case": anybody("stringequals", "AWS:principalaccount", [OURS]),
    "our account, as the key knows it": anybody("StringEquals", "kms:CallerAccount", OURS),
    "our account through an access point": anybody("StringEquals", "s3:DataAccessPointAccount", OURS),
    "our account as the source": anybody("StringEquals", "aws:SourceAccount", OURS),
    "our account as the owner of a source": anybody("StringEquals", "aws:SourceOwner", OURS),
    "our account as a number": anybody("StringEquals", "aws:SourceAccount", int(OURS)),
    "roles of our account": anybody("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{OURS}:role/*"),
    "any value of a set": anybody("ForAnyValue:StringEquals", "aws:PrincipalOrgPaths", f"{ORG}/r-ab12/*"),
    "our organization": anybody("StringEquals", "aws:PrincipalOrgID", ORG),
    "a source in our organization": anybody("StringEqualsIgnoreCase", "aws:SourceOrgID", ORG),
    "a bucket as the source": anybody("ArnEquals", "aws:SourceArn", "arn:aws:s3:::our-own-bucket"),
    "a rule as the source": anybody("ArnLike", "aws:SourceArn", f"arn:aws:events:us-west-2:{OURS}:rule/*"),
    "an endpoint": anybody("StringEquals", "aws:SourceVpce", ["vpce-0a1b2c3d", "vpce-0a1b2c3e"]),
    "a network": anybody("StringEquals", "aws:SourceVpc", "vpc-0a1b2c3d"),
    "endpoints of our account": anybody("StringEquals", "aws:VpceAccount", OURS),
    "a role by its id": anybody("StringLike", "aws:userid", "AROAEXAMPLEEXAMPLE12:*"),
    "addresses of an office": anybody("IpAddress", "aws:SourceIp", ["203.0.113.7/24", "2001:db8::/48"]),
    "two conditions of which one restricts": {
        **ANY,
        "Condition": {"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:SourceAccount": OURS}},
    },
    "a role of another account, and our organization": {
        "Principal": {"AWS": f"arn:aws:iam::{STRANGERS}:role/ci"},
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": ORG}},
    },
    "all but one, in our organization": {
        "NotPrincipal": {"AWS": ROOT},
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": ORG}},
    },
}
OPEN: Mapping[str, Mapping[str, Any]] = {
    "everybody": ANY,
    "everybody, as a map": {"Principal": {"AWS": "*"}},
    "everybody, in a list": {"Principal": {"AWS": [ROOT, "*"]}},
    "everybody of a federation": {"Principal": {"Federated": "*"}},
    "every service": {"Principal": {"Service": "*"}},
    "every role": {"Principal": {"AWS": f"arn:aws:iam::{OURS}:role/*"}},
    "every account": {"Principal": {"AWS": "arn:aws:iam::*:root"}},
    "every account of one digit": {"Principal": {"AWS": "arn:aws:iam::11112222333?:root"}},
    "another account": {"Principal": {"AWS": STRANGERS}},
    "the root of another account": {"Principal": {"AWS": FOREIGN}},
    "a role of another account": {"Principal": {"AWS": f"arn:aws:iam::{STRANGERS}:role/ci"}},
    "a session of another account": {"Principal": {"AWS": f"arn:aws:sts::{STRANGERS}:assumed-role/ci/x"}},
    "a canonical user": {
        "Principal": {"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}
    },
    "all but one": {"NotPrincipal": {"AWS": ROOT}},
    "all but one, over TLS": {"NotPrincipal": {"AWS": ROOT}, "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    "over TLS": anybody("Bool", "aws:SecureTransport", "true"),
    "with a second factor": anybody("Bool", "aws:MultiFactorAuthPresent", "true"),
    "services of AWS": anybody("Bool", "aws:PrincipalIsAWSService", True),
    "without an account": anybody("Null", "aws:SourceAccount", "true"),
    "not one endpoint": anybody("StringNotEquals", "aws:SourceVpce", "vpce-0a1b2c3d"),
    "not like our account": anybody("StringNotLike", "aws:PrincipalAccount", OURS),
    "not these addresses": anybody("NotIpAddress", "aws:SourceIp", "203.0.113.0/24"),
    "our account or none": anybody("StringEqualsIfExists", "aws:SourceAccount", OURS),
    "no value, or ours": anybody("ForAllValues:StringEquals", "aws:PrincipalOrgID", ORG),
    "any account": anybody("StringLike", "kms:CallerAccount", "*"),
    "our account or any": anybody("StringLike", "aws:PrincipalAccount", [OURS, "*"]),
    "no values": anybody("StringEquals", "aws:PrincipalAccount", []),
    "another account by condition": anybody("StringEquals", "aws:PrincipalAccount", STRANGERS),
    "ours and another account by condition": anybody("StringEquals", "aws:PrincipalAccount", [OURS, STRANGERS]),
    "any role": anybody("ArnLike", "aws:PrincipalArn", "*"),
    "any role of any account": anybody("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/admin"),
    "a role by its name alone": anybody("StringLike", "aws:PrincipalArn", "*role/admin"),
    "any source": anybody("ArnLike", "aws:SourceArn", "*"),
    "any bucket as the source": anybody("ArnLike", "aws:SourceArn", "arn:aws:s3:::*"),
    "buckets of one beginning": anybody("ArnLike", "aws:SourceArn", "arn:aws:s3:::our-*"),
    "any topic": anybody("ArnLike", "aws:SourceArn", "arn:aws:sns:*:*:*"),
    "the source is whoever asks": anybody("StringEquals", "aws:SourceAccount", "${aws:PrincipalAccount}"),
    "any organization": anybody("StringLike", "aws:PrincipalOrgID", "o-*"),
    "any endpoint": anybody("StringLike", "aws:SourceVpce", "vpce-*"),
    "any id": anybody("StringLike", "aws:userid", "A*"),
    "the whole Internet in two halves": anybody("IpAddress", "aws:SourceIp", ["0.0.0.0/1", "128.0.0.0/1"]),
    "all addresses": anybody("IpAddress", "aws:SourceIp", "0.0.0.0/0"),
    "all addresses of IPv6": anybody("IpAddress", "aws:SourceIp", "::/0"),
    "a third of IPv6": anybody("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "2000::/3"]),
    "many ranges": anybody("IpAddress", "aws:SourceIp", [f"{each}.0.0.0/9" for each in range(1, 200)]),
    "an address that is none": anybody("IpAddress", "aws:SourceIp", "everywhere"),
    "addresses as text": anybody("StringLike", "aws:SourceIp", "203.0.113.*"),
    "a referer": anybody("StringLike", "aws:Referer", "https://example.com/*"),
    "an agent": anybody("StringEquals", "aws:UserAgent", "secret"),
    "through a service": anybody("StringEquals", "kms:ViaService", "s3.us-west-2.amazonaws.com"),
    "a tag that everybody may set": anybody("StringEquals", "aws:PrincipalTag/team", "research"),
    "an address within a network": anybody("StringEquals", "aws:VpcSourceIp", "10.0.0.1"),
    "a later date": anybody("DateGreaterThan", "aws:CurrentTime", "2020-01-01T00:00:00Z"),
}
RULES = {
    "s3-no-public-acl-or-policy": ("aws:s3/bucketPolicy:BucketPolicy", "policy"),
    "kms-policy-not-open": ("aws:kms/key:Key", "policy"),
    "sqs-policy-not-open": ("aws:sqs/queue:Queue", "policy"),
    "ecr-policy-not-open": ("aws:ecr/repositoryPolicy:RepositoryPolicy", "policy"),
    "iam-trust-no-wildcard": ("aws:iam/role:Role", "assumeRolePolicy"),
}


def statement(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*", **given}


def spellings(given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yields the document in ways that mean the same to AWS: lists or single values, other orders, a later place."""
    wanted = statement(given)
    harmless = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
    yield {"Version": "2012-10-17", "Statement": wanted}
    yield {"Version": "2012-10-17", "Statement": [harmless, dict(reversed(wanted.items()))]}
    listed = {
        key: as_lists(value) if key in ("Principal", "NotPrincipal", "Condition") else value
        for key, value in wanted.items()
    }
    yield {"Id": "x", "Statement": [listed, harmless]}


def as_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: as_lists(each) for key, each in value.items()}
    return value if isinstance(value, list) or value == "*" else [value]


def is_found(rule: Rule, kind: str, path: str, document: object) -> bool:
    return bool(check_resource(rule, Case({path: json.dumps(document)}, type=kind)))


@pytest.mark.parametrize("rule_id", RULES)
@pytest.mark.parametrize("name", OPEN)
def test_an_open_statement_is_found_in_every_spelling(rule_id: str, name: str) -> None:
    rule = ALL[rule_id]
    assert isinstance(rule, Rule)
    assert [is_found(rule, *RULES[rule_id], each) for each in spellings(OPEN[name])] == [True] * 3


@pytest.mark.parametrize("rule_id", RULES)
@pytest.mark.parametrize("name", CLOSED)
def test_a_closed_statement_is_no_finding_in_any_spelling(rule_id: str, name: str) -> None:
    rule = ALL[rule_id]
    assert isinstance(rule, Rule)
    assert [is_found(rule, *RULES[rule_id], each) for each in spellings(CLOSED[name])] == [False] * 3


@pytest.mark.parametrize("rule_id", RULES)
def test_without_a_known_account_no_named_account_is_a_stranger(rule_id: str) -> None:
    rule, (kind, path) = ALL[rule_id], RULES[rule_id]
    assert isinstance(rule, Rule)
    role = {"Principal": {"AWS": f"arn:aws:iam::{STRANGERS}:role/ci"}}
    for given, found in ((role, False), (ANY, True)):
        case = Case({path: json.dumps({"Statement": statement(given)})}, type=kind, provider={"region": "us-west-2"})
        assert bool(check_resource(rule, case)) is found


@pytest.mark.parametrize("rule_id", RULES)
@pytest.mark.parametrize(
    ("given", "places"),
    [
        ({"Principal": {"AWS": f"arn:aws:iam::{STRANGERS}:role/ci"}}, {"provider"}),
        ({"Principal": {"Service": "logs.us-west-2.amazonaws.com"}}, set()),
        (ANY, {"policy", "provider"}),
    ],
)
def test_an_account_that_is_known_later_defers_the_question_whether_another_is_a_stranger(
    rule_id: str, given: Mapping[str, Any], places: set[str]
) -> None:
    rule, (kind, path) = ALL[rule_id], RULES[rule_id]
    assert isinstance(rule, Rule)
    provider = {"region": "us-west-2", "allowedAccountIds": UNKNOWN_TEXT}
    case = Case({path: json.dumps({"Statement": statement(given)})}, type=kind, provider=provider, environment="dev")
    told = "".join(each.message for each in check_resource(rule, case))
    at = {"policy": f"{path}.Statement", "provider": "provider.allowedAccountIds is unknown"}
    assert {place for place, words in at.items() if words in told} == places


def verdicts(module: ModuleType) -> list[object]:
    """Returns all that a version of the module says about the statements and a few more."""
    said: list[object] = []
    for given in itertools.chain(OPEN.values(), CLOSED.values(), MORE):
        document = {"assumeRolePolicy": json.dumps({"Statement": [statement(given)]})}
        for own in (frozenset({OURS}), frozenset()):
            try:
                found: Grant = next(iter(module.grants(resource(document), "assumeRolePolicy")))
                said.append((found.open_to(own), found.whole_accounts(), found.unscoped_identity(), found.source(own)))
                said.append([(found.is_for(action), found.is_on(arn)) for action in ACTIONS for arn in ARNS])
                said.append([found.denies_plaintext(ACTIONS[:1], ARNS[:end]) for end in (0, 1)])
            except Exception as error:
                said.append(type(error).__name__)
    for given in (no_tls(), {"Principal": {"Service": "ec2.amazonaws.com"}}, ANY):
        document = {"policy": json.dumps({"Statement": [statement(given)]})}
        later = resource(document, {"allowedAccountIds": UNKNOWN})
        try:
            said.append([module.open_to(each, []) for each in module.grants(later, "policy")])
        except NotKnownError as error:
            said.append(str(error))
    for allowed in (None, [OURS], json.dumps([OURS]), "[]"):
        said.append(sorted(module.own_accounts(resource({}, {"allowedAccountIds": allowed}), [STRANGERS])))
    said.extend(module.is_own_key(resource({"key": key}), "key") for key in KEYS)
    for text in ("", "{", "[]", "null", '{"Statement": [{"Effect": "Allow", "Principal": 3}]}'):
        try:
            said.append([each.open_to([OURS]) for each in module.grants(resource({"policy": text}), "policy")])
        except Exception as error:
            said.append(str(error))
    return said


def resource(properties: Mapping[str, Any], provider: Mapping[str, Any] = PROVIDER) -> Resource:
    return Resource(
        urn="urn:pulumi:prod::ml-platform::aws:iam/role:Role::it",
        kind="aws:iam/role:Role",
        read=lambda: properties,
        read_provider=lambda: provider,
        context=EvaluationContext("prod", TODAY),
        reads=Reads(),
    )


KEYS = (None, "", "alias/aws/s3", "arn:aws:kms:us-west-2:111122223333:alias/aws/s3", "alias/ours", "alias/aws-like")
ACTIONS = ("sts:AssumeRole", "STS:assumerole", "sts:TagSession")
ARNS = ("arn:aws:s3:::data", "arn:aws:s3:::data/x")
HOST, CLUSTER = "token.actions.githubusercontent.com", "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE"


def federated(host: str, claims: Mapping[str, object], operator: str = "StringLike") -> dict[str, Any]:
    condition = {operator: {f"{host}:{key}": value for key, value in claims.items()}}
    return {"Principal": {"Federated": f"arn:aws:iam::{OURS}:oidc-provider/{host}"}, "Condition": condition}


def no_tls(**more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", **ANY, "Condition": {"Bool": {"aws:SecureTransport": "false"}}, **more}


MORE: tuple[Mapping[str, Any], ...] = (
    {"Principal": {"AWS": ROOT}},
    {"Principal": {"AWS": OURS}},
    {"Principal": {"AWS": ROOT}, "Effect": "Deny"},
    *(
        {"Principal": {"AWS": ROOT}, "Condition": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OURS}:{name}"}}}
        for name in ("root", "*", "role/*", "role/a*", "user/?*", "assumed-role/*", "r*", "role/*a*", "role/*-deployer")
    ),
    *(
        {"Principal": {"AWS": ROOT}, "Condition": {operator: {"aws:PrincipalTag/team": value}}}
        for operator in (
            "StringEquals",
            "StringLike",
            "ForAnyValue:StringEquals",
            "StringEqualsIfExists",
            "StringNotEquals",
        )
        for value in ("platform", "*", "p*")
    ),
    {
        "Principal": {"AWS": ROOT},
        "Condition": {"ArnLike": {"aws:PrincipalArn": [f"arn:aws:iam::{OURS}:role/{each}*" for each in "abcdefghijk"]}},
    },
    {"Principal": {"AWS": ROOT}, "Condition": {"StringEquals": {"aws:PrincipalAccount": OURS}}},
    {"Principal": {"AWS": ROOT}, "Condition": {"StringLike": {"aws:userid": "AROAEXAMPLEEXAMPLE12:*"}}},
    {"Principal": {"Service": "pods.eks.amazonaws.com"}},
    {"Principal": {"Service": "pods.eks.amazonaws.com"}, "Effect": "Deny"},
    {"Principal": {"Service": "ec2.amazonaws.com"}},
    {"Principal": {"Service": "pods.eks.amazonaws.com"}, "Condition": {"StringEquals": {"aws:SourceAccount": OURS}}},
    *(
        federated(HOST, {"aud": aud, "sub": sub})
        for aud in ("sts.amazonaws.com", "*", ["a", "*"])
        for sub in ("repo:org/x:*", "repo:org/*", "repo:*", "*", ["repo:org/x:ref", "repo:*"], "${aws:username}", [])
    ),
    *(
        federated(CLUSTER, {"aud": "sts.amazonaws.com", "sub": f"system:serviceaccount:{name}"})
        for name in ("a:b", "a:*", "*:b", "a:b*")
    ),
    federated(HOST, {"aud": "a", "sub": "repo:org/x:ref"}, "StringEqualsIfExists"),
    federated(HOST, {"aud": "a", "sub": "repo:org/x:ref"}, "ForAnyValue:StringEquals"),
    federated(HOST, {"aud": "a"}),
    federated(HOST, {"sub": "repo:org/x:ref"}),
    federated("login.example.com", {"aud": "a", "sub": "b*"}),
    federated("login.example.com", {"aud": "a", "sub": "b"}),
    {
        "Principal": {"Federated": "cognito-identity.amazonaws.com"},
        "Condition": {"StringEquals": {"cognito-identity.amazonaws.com:aud": "us-west-2:x"}},
    },
    {"Principal": {"Federated": "cognito-identity.amazonaws.com"}},
    {"Principal": {"Federated": f"arn:aws:iam::{OURS}:saml-provider/login"}},
    no_tls(),
    no_tls(Effect="Allow"),
    no_tls(Principal={"AWS": ROOT}),
    no_tls(Action="sts:TagSession"),
    no_tls(Resource="arn:aws-cn:s3:::data"),
    no_tls(Resource="arn:aws:s3:::other"),
    no_tls(Condition={"BoolIfExists": {"aws:SecureTransport": [False]}}),
    no_tls(Condition={"Bool": {"aws:SecureTransport": "true"}}),
    no_tls(Condition={"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:SourceAccount": OURS}}),
    {**ANY, "Action": "sts:*", "Resource": "arn:aws:s3:::data/?"},
    {**ANY, "Action": None, "NotAction": "sts:TagSession", "Resource": None, "NotResource": "arn:aws:s3:::data"},
    {**ANY, "Condition": []},
    {"Principal": {"AWS": [3]}},
    {**ANY, "Condition": {"StringEquals": "x"}},
    anybody("ArnLike", "aws:SourceArn", "arn:aws:s3:::"),
    anybody("ArnLike", "aws:SourceArn", "arn:aws:s3:::*/x"),
    anybody("ArnLike", "aws:SourceArn", "arn:aws:s3:::a/*"),
    *(
        {**ANY, "Condition": {"StringEquals": {"aws:SourceAccount": STRANGERS, "aws:SourceOrgID": ORG}}},
        {**ANY, "Condition": {"ArnLike": {"aws:SourceArn": ["arn:aws:s3:::a", "arn:aws:s3:::b"]}}},
        {
            **ANY,
            "Condition": {
                "StringEquals": {"aws:SourceAccount": STRANGERS},
                "ArnLike": {"aws:SourceArn": "arn:aws:s3:::a"},
            },
        },
    ),
    anybody("IpAddress", "aws:SourceIp", "203.0.0.0/16"),
    anybody("IpAddress", "aws:SourceIp", "203.0.0.0/15"),
    anybody("IpAddress", "aws:SourceIp", "2001:db8::/31"),
    anybody("StringEquals", "aws:PrincipalAccount", ["${aws:SourceAccount}", OURS]),
)


def test_the_statements_notice_every_small_mistake_in_the_reading() -> None:
    expected = verdicts(grants)
    assert unargued(in_shared("grants", QUICK, first=lambda: verdicts(grants) != expected)) == []
