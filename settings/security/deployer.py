"""`deployer`: who runs `pulumi up`, and where."""

import re
from ipaddress import AddressValueError, IPv4Address

from pydantic import Field, ValidationInfo, field_validator

from settings.core.base import Settings
from settings.core.naming import iam_principal_mistakes
from settings.core.problems import raise_if

_POLICY = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):policy/(?:[!-~]+/)?[\w+=,.@-]{1,128}", re.ASCII)


class DeployerSettings(Settings):
    """Who runs `pulumi up`, and where. It makes the clusters and everything in them."""

    role_arn: str | None = Field(
        default=None,
        description=(
            "ARN of an existing IAM role. The run takes it on unless it has it already; it is admin of each cluster "
            "by an access entry. Without it, the principal that makes a cluster is its admin, and no state or policy "
            "shows that. A cluster that was made with it has no such admin."
        ),
        examples=["arn:aws:iam::123456789012:role/ml-platform-deployer"],
    )
    preview_role_arn: str | None = Field(
        default=None,
        description=(
            "ARN of an existing role that only reads, for previews of pull requests. A run that has it does not take "
            "on role_arn; an access entry lets it look at each cluster, without secrets."
        ),
        examples=["arn:aws:iam::123456789012:role/ml-platform-preview"],
    )
    permissions_boundary_arn: str | None = Field(
        default=None,
        description=(
            "ARN of an existing policy of the account: the most that a role of the stack may do, whatever is written "
            "into it. Every role carries it. Without it, who may make roles may do everything by one of them."
        ),
        examples=["arn:aws:iam::123456789012:policy/ml-platform-boundary"],
    )
    address: str | None = Field(
        default=None,
        alias="from",
        description=(
            "Address from which AWS sees the run: a public one, or one of the company's network. It is checked "
            "against the ways to each API, and rehearsals run from it."
        ),
        examples=["203.0.113.10"],
    )

    @field_validator("role_arn", "preview_role_arn")
    @classmethod
    def role_is_a_role(cls, arn: str | None) -> str | None:
        if arn is not None:
            raise_if(iam_principal_mistakes(arn))
            if ":user/" in arn:
                raise ValueError(f"{arn!r} is a user, and a run takes on a role. Name a role that the user may assume.")
        return arn

    @field_validator("preview_role_arn")
    @classmethod
    def previews_have_a_role_of_their_own(cls, arn: str | None, info: ValidationInfo) -> str | None:
        if arn is not None and info.data.get("role_arn", arn) is None:
            raise ValueError("is given without role_arn, so it would do nothing. Add role_arn, or drop it.")
        if arn is not None and arn == info.data.get("role_arn"):
            raise ValueError(
                "is role_arn too, so the code of every pull request would be admin. Name a role that only reads, or "
                "drop it."
            )
        return arn

    @field_validator("permissions_boundary_arn")
    @classmethod
    def boundary_is_a_policy_of_the_account(cls, arn: str | None, info: ValidationInfo) -> str | None:
        if arn is None:
            return None
        account = _POLICY.fullmatch(arn)
        if account is None:
            raise ValueError(
                f"{arn!r} is not a policy of an account. Write arn:aws:iam::<account>:policy/<name>; a policy that AWS "
                "maintains limits no more than it gives to everybody."
            )
        role = info.data.get("role_arn")
        if role is not None and role.split(":")[4] != account[1]:
            raise ValueError(
                f"is of the account {account[1]}, and role_arn of {role.split(':')[4]}: IAM takes a boundary of the "
                "account of the roles alone. Name a policy of that account."
            )
        return arn

    @field_validator("address")
    @classmethod
    def address_is_one_of_ipv4(cls, address: str | None) -> str | None:
        try:
            if address is not None:
                IPv4Address(address)
        except AddressValueError:
            raise ValueError(
                f"{address!r} is not an IPv4 address. Write one address, for example 203.0.113.10, without a prefix "
                "length."
            ) from None
        return address
