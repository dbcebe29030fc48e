"""`teams[].members`: who is in a team, and what they may do in its namespaces."""

import re
from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from catalog.roles import Role
from settings.core.base import Settings
from settings.core.naming import SSO_ROLE, iam_principal_mistakes
from settings.core.problems import raise_if

GROUPS = "ml:"
"""Beginning of the groups of teams in Kubernetes: nobody else has one of them."""


class MemberSettings(Settings):
    """A person, or a group of people: an IAM principal, or a permission set of IAM Identity Center."""

    role: Role = Field(
        description="What they may do in the team's namespaces: docs/guides/tenancy/who-may-do-what.md.",
        examples=["data-scientist"],
    )
    principal_arn: str | None = Field(
        default=None,
        description="ARN of an IAM role or user: arn:aws:iam::<account>:role/<name>.",
        examples=["arn:aws:iam::123456789012:role/research"],
    )
    permission_set: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_+=,.@-]{1,32}$",
        validate_default=True,
        description=(
            "Permission set of IAM Identity Center, instead of principal_arn: its role in the account is looked up by "
            "name, since its ARN changes when it is assigned anew."
        ),
        examples=["MlResearch"],
    )

    @field_validator("principal_arn")
    @classmethod
    def principal_is_a_role_or_user(cls, arn: str | None) -> str | None:
        raise_if(iam_principal_mistakes(arn) if arn is not None else ())
        return arn

    @field_validator("permission_set", mode="before")
    @classmethod
    def it_is_the_set_and_not_its_role(cls, name: Any) -> Any:
        role = re.fullmatch(rf"\s*(.*/)?{SSO_ROLE}(.+?)(_[0-9a-f]{{16}})?\s*", name) if isinstance(name, str) else None
        if role:
            raise ValueError(
                f"{name} is the role that IAM Identity Center makes of a permission set, and it changes. Write the "
                f"name of the set: {role[2]}."
            )
        return name

    @field_validator("permission_set")
    @classmethod
    def there_is_one_principal(cls, name: str | None, info: ValidationInfo) -> str | None:
        if "principal_arn" in info.data and (name is None) == (info.data["principal_arn"] is None):
            given = "is missing, and so is principal_arn, so this is nobody"
            if name is not None:
                given = "is given, and so is principal_arn, which could be somebody else"
            raise ValueError(f"{given}. Write principal_arn or permission_set, and one of them alone.")
        return name
