"""The roles that deploy and preview: whether the run has one of them, or has to take on the first."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Deployer:
    """The roles of `deployer`.

    preview_role_arn: the role of runs that only look.
    assumed: whether the run takes it on. A run that has the role already cannot take it on again unless the role trusts
        itself, and a session that comes from another session ends after an hour.
    Source: IAM user guide, "Methods to assume a role", role chaining; read 2026-11.
    """

    role_arn: str
    preview_role_arn: str | None
    assumed: bool

    @classmethod
    def of(cls, role_arn: str, preview_role_arn: str | None, caller_arn: str) -> "Deployer":
        """Builds the deployer of a run. caller_arn: what `aws sts get-caller-identity` answers."""
        roles = [role_arn, *([preview_role_arn] if preview_role_arn else [])]
        assumed = not any(is_session_of(caller_arn, role) for role in roles)
        return cls(role_arn=role_arn, preview_role_arn=preview_role_arn, assumed=assumed)


def is_session_of(caller_arn: str, role_arn: str) -> bool:
    """Returns whether the caller has the role. The ARN of a session has no path of the role.

    `arn:aws:sts::123456789012:assumed-role/deployer/session` is a session of
    `arn:aws:iam::123456789012:role/platform/deployer`.
    """
    service, account, resource = _parts(caller_arn)
    _, account_of_role, role = _parts(role_arn)
    kind, _, session = resource.partition("/")
    return (service, kind, account) == ("sts", "assumed-role", account_of_role) and session.partition("/")[
        0
    ] == role.rpartition("/")[2]


def sessions_of(role_arn: str) -> str:
    """Returns what the ARNs of a role's sessions begin with, up to the name of the session."""
    _, account, role = _parts(role_arn)
    return f"arn:{role_arn.split(':')[1]}:sts::{account}:assumed-role/{role.rpartition('/')[2]}"


def _parts(arn: str) -> tuple[str, str, str]:
    """Returns service, account and resource of an ARN."""
    _, _, service, _, account, resource = arn.split(":", 5)
    return service, account, resource
