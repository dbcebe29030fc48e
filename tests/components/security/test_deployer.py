"""The role that deploys is taken on by those who do not have it."""

import pytest

from components.security.deployer import Deployer, is_session_of

ROLE = "arn:aws:iam::123456789012:role/platform/deployer"


@pytest.mark.parametrize(
    ("caller", "has_it"),
    [
        ("arn:aws:sts::123456789012:assumed-role/deployer/pipeline-17", True),
        ("arn:aws:sts::123456789012:assumed-role/deployer/name/with/slashes", True),
        ("arn:aws:sts::210987654321:assumed-role/deployer/pipeline-17", False),
        ("arn:aws:sts::123456789012:assumed-role/deployer-2/pipeline-17", False),
        ("arn:aws:sts::123456789012:assumed-role/platform/deployer", False),
        ("arn:aws:iam::123456789012:user/deployer", False),
        ("arn:aws:sts::123456789012:federated-user/deployer", False),
        ("arn:aws:iam::123456789012:root", False),
    ],
)
def test_a_session_of_the_role_has_it(caller: str, has_it: bool) -> None:
    assert is_session_of(caller, ROLE) is has_it, "the ARN of a session has the name of the role, without its path"
    assert Deployer.of(ROLE, None, caller).assumed is not has_it


def test_in_every_partition() -> None:
    caller = "arn:aws-cn:sts::123456789012:assumed-role/deployer/me"
    assert is_session_of(caller, "arn:aws-cn:iam::123456789012:role/deployer")


def test_a_preview_keeps_its_own_role() -> None:
    reader = "arn:aws:iam::123456789012:role/preview"
    assert not Deployer.of(ROLE, reader, "arn:aws:sts::123456789012:assumed-role/preview/pull-17").assumed
    assert Deployer.of(ROLE, reader, "arn:aws:iam::123456789012:user/preview").assumed
