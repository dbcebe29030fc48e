"""A question without an answer is a result of its own: neither "it is there" nor "it is not there"."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    SSLError,
)

from components.stack.stack_file import load_file
from preflight.account import Account, Ask, CouldNotLookError, UndeclaredCallError, action_of
from preflight.check import Check, Finding, ok
from preflight.checks import every_check
from preflight.needs import Needs
from preflight.policy import every_call
from preflight.run import NOT_KNOWN, NOT_READY, look, preflight, run, status
from preflight.table import as_text
from report.simulated import ROOT
from tests.preflight import accounts
from tests.preflight.answers import Asked, Denied, missing
from tests.preflight.conftest import SECRET

HERE = ("AWS CLI", "Engine and plugins")
CHECKS = [each for each in every_check() if each.title not in HERE]
VERSIONS = "eks:DescribeClusterVersions"


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "UnauthorizedOperation", "AccessDenied", "AuthorizationError"]
)
def test_a_caller_without_rights_is_told_which_one_is_missing(aws: None, code: str) -> None:
    with pytest.raises(CouldNotLookError) as error:
        Ask(Asked({VERSIONS: Denied(code)}), (VERSIONS,))(VERSIONS)
    assert str(error.value) == f"the caller may not {VERSIONS} ({code})"
    assert error.value.fix.endswith("preflight/policy.json.")


def test_without_any_right_nothing_is_known_and_nothing_is_said_to_be_missing(needs: Needs, aws: None) -> None:
    asked = Asked({call: Denied() for call in every_call() if not call.startswith("sts:")})
    findings = run(CHECKS, needs, asked)
    results = [[each.result for each in found] for found in findings.values() if found]  # some ask nothing
    results.remove(["ok", "could not look"])  # whose account it is, everybody may ask
    assert results == [["could not look"]] * len(results)
    assert status(findings) == NOT_KNOWN
    assert "Not known: 37 could not look" in as_text(findings, "", "")


def test_one_denied_call_leaves_the_other_checks_alone(needs: Needs, aws: None) -> None:
    accounts.furnish(needs)
    denied = {"kms:ListAliases": Denied("AccessDeniedException")}
    findings = run(CHECKS, needs, Asked({**accounts.ready(needs), **denied}))
    results = {title: [each.result for each in found] for title, found in findings.items()}
    other = {title: found for title, found in results.items() if {*found} - {"ok"}}
    assert other == {"Aliases of keys": ["could not look"]}
    assert status(findings) == NOT_KNOWN


def test_what_was_found_before_stays(needs: Needs, aws: None) -> None:
    def half(needs: Needs, ask: Ask) -> Iterator[Finding]:
        yield ok("one")
        ask(VERSIONS)

    check = Check(title="half", calls=(VERSIONS,), look=half)
    assert [each.result for each in look(check, needs, Asked({VERSIONS: Denied()}))] == ["ok", "could not look"]


def test_moto_that_does_not_know_a_call_is_not_an_account_without_the_thing(needs: Needs, aws: None) -> None:
    """It answers 404 about versions and add-ons of EKS and settings of Backup, and of quotas it knows those of VPC."""
    answers = accounts.ready(needs)
    for call in [each for each in answers if each.startswith(("eks:", "backup:", "service-quotas:"))]:
        del answers[call]
    accounts.furnish(needs)
    findings = run(CHECKS, needs, Asked(answers))
    unseen = [title for title, found in findings.items() for each in found if each.result == "could not look"]
    assert sorted(unseen) == [
        *("AWS Backup", "EKS add-on values", "EKS add-on versions", "Kubernetes version"),
        *("Node groups of a cluster", "Resource quotas", "vCPU quotas"),
    ]
    assert not [each for found in findings.values() for each in found if each.result == "failure"]


def test_a_code_is_not_there_only_where_the_check_says_so(aws: None) -> None:
    ask = Ask(Asked({VERSIONS: missing("ResourceNotFoundException")}), (VERSIONS,))
    assert ask(VERSIONS, absent=("ResourceNotFoundException",)) is None
    with pytest.raises(CouldNotLookError, match="answers ResourceNotFoundException: there is none"):
        ask(VERSIONS)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (NoCredentialsError(), "there are no credentials that work: NoCredentialsError, profile default"),
        (
            CredentialRetrievalError(provider="custom-process", error_msg=f"token={SECRET} failed"),
            "there are no credentials that work: CredentialRetrievalError, profile default",
        ),
        (HTTPClientError(error=f"http://me:{SECRET}@proxy"), "the endpoint of sts in us-west-2 does not answer"),
        (SSLError(endpoint_url="https://sts", error=SECRET), "the certificate of sts in us-west-2 is not one that"),
        (ValueError(SECRET), "sts in us-west-2 gives no answer: ValueError"),
        (FileNotFoundError(2, SECRET), "sts in us-west-2 gives no answer: FileNotFoundError"),
        (ConnectTimeoutError(endpoint_url="https://sts"), "the endpoint of sts in us-west-2 does not answer"),
    ],
)
def test_without_a_way_to_aws_it_says_so_and_stops(monkeypatch, aws: None, error: Exception, why: str) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    asked = Asked({})
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", fails)
    _, findings = preflight("prod", load_file(ROOT / "Pulumi.prod.yaml"), asked)
    (found,) = findings["Caller"]
    assert found.result == "could not look"
    assert found.seen.startswith(why)
    assert found.fix
    assert ("AWS_CA_BUNDLE" in found.fix) == isinstance(error, SSLError), "a proxy does not mend a certificate"
    assert (list(findings), status(findings)) == (["Caller"], NOT_KNOWN)
    assert SECRET not in as_text(findings, "", "")


def test_expired_credentials_say_how_to_log_in(aws: None) -> None:
    _, findings = preflight(
        "prod", load_file(ROOT / "Pulumi.prod.yaml"), Asked({"sts:GetCallerIdentity": Denied("ExpiredToken", 403)})
    )
    (found,) = findings["Caller"]
    assert found.seen == "AWS does not take these credentials (ExpiredToken)"
    assert "aws sso login" in found.fix


def test_a_region_that_is_off_is_a_failure_and_not_a_wrong_password(aws: None) -> None:
    asked = Asked({"sts:GetCallerIdentity@us-west-2": Denied("InvalidClientTokenId", 403)})
    _, findings = preflight("prod", load_file(ROOT / "Pulumi.prod.yaml"), asked)
    (found,) = findings["Caller"]
    assert found.seen.startswith("us-west-2 is off")
    assert found.command == "aws account enable-region --region-name us-west-2"
    assert status(findings) == NOT_READY


def test_another_account_is_not_looked_at(aws: None) -> None:
    settings = load_file(ROOT / "Pulumi.prod.yaml").model_copy(update={"account_id": "999999999999"})
    asked = Asked({})
    _, findings = preflight("prod", settings, asked)
    assert (
        findings["Caller"][0].seen == "these credentials are of account 123456789012, and account_id names 999999999999"
    )
    assert asked.operations == ["sts:GetCallerIdentity"]
    assert status(findings) == NOT_READY


def test_a_check_asks_only_what_it_has_declared(aws: None) -> None:
    with pytest.raises(UndeclaredCallError, match="not among the calls of this check"):
        Ask(Asked({}), ("ec2:DescribeVpcs",))("ec2:DescribeSubnets")


def test_a_client_refuses_what_no_check_has_declared_and_what_changes_something(aws: None) -> None:
    client = Account("us-west-2", every_call()).client("ec2", "us-west-2")
    with pytest.raises(UndeclaredCallError, match="ec2:DescribeVolumes"):
        client.describe_volumes()
    with pytest.raises(UndeclaredCallError, match="ec2:CreateVpc"):
        client.create_vpc(CidrBlock="10.0.0.0/16")
    reckless = Account("us-west-2", {"ec2:CreateVpc", "secretsmanager:GetSecretValue"})
    with pytest.raises(UndeclaredCallError, match="is no question"):
        reckless.client("ec2", "us-west-2").create_vpc(CidrBlock="10.0.0.0/16")
    with pytest.raises(UndeclaredCallError, match="GetSecretValue"):
        reckless.client("secretsmanager", "us-west-2").get_secret_value(SecretId="a")


def test_the_actions_of_iam_have_their_own_names() -> None:
    assert action_of("s3:HeadBucket") == "s3:ListBucket"
    assert action_of("service-quotas:GetServiceQuota") == "servicequotas:GetServiceQuota"
