"""`teams[].secrets`: secrets that a team's workloads name, and that nobody writes into a stack file."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from settings.core.base import Settings
from settings.core.problems import listed, raise_if, repeated
from settings.core.services import NamespaceName


def secret_name_can_name_resources(name: str) -> str:
    """Returns the name unchanged. Raises ValueError when a Kubernetes Secret cannot have it."""
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name):
        raise ValueError(
            f"{name!r} cannot name a Secret or a program: use up to 63 lower-case letters, digits and '-'. A path or "
            "a prefix is not part of it: the platform puts the team's own before it."
        )
    return name


SecretName = Annotated[str, AfterValidator(secret_name_can_name_resources)]


FUNCTION = re.compile(
    r"arn:aws[\w-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]{1,64}(:(\$LATEST|[\w-]{1,128}))?", re.ASCII
)
_MINUTES_A_DAY = 24 * 60


class RotationSettings(Settings):
    """The Lambda function that writes new values of a secret into the store. It belongs to somebody else.

    Secrets Manager may call it once its own policy allows that, and it writes with the rights of its own role:
    docs/guides/tenancy/give-a-workload-a-secret.md. `up` starts no rotation; the schedule and people do.
    """

    function_arn: str = Field(
        description="ARN of the function: arn:aws:lambda:<region>:<account>:function:<name>.",
        examples=["arn:aws:lambda:us-west-2:123456789012:function:rotate-hub-token"],
    )
    every_days: int = Field(ge=1, le=1000, description="Days from one new value to the next.", examples=[30])

    @field_validator("function_arn")
    @classmethod
    def arn_is_of_a_function(cls, arn: str) -> str:
        if not FUNCTION.fullmatch(arn):
            raise ValueError(
                f"{arn!r} is no Lambda function, and Secrets Manager calls nothing else. Write "
                "arn:aws:lambda:REGION:ACCOUNT:function:NAME."
            )
        return arn


class TeamSecretSettings(Settings):
    """One secret of a team, kept outside the stack and brought into its namespaces as a Kubernetes Secret of its name.

    filled: by people, in the store, after `pulumi up`, which makes it empty; or with a password that is made once in
    the cluster and is nowhere else.
    """

    namespaces: tuple[NamespaceName, ...] = Field(
        default=(), description="Namespaces of the team that get it. Empty: all of them.", examples=[["research"]]
    )
    keys: tuple[str, ...] = Field(
        min_length=1,
        description="Keys of the Secret: fields of the JSON object that the store holds.",
        examples=[["token"]],
    )
    filled: Literal["outside", "generated"] = Field(
        default="outside",
        description=(
            "outside: people or a rotation write it into the store. generated: a random password for each key, made "
            "once in each namespace."
        ),
    )
    refresh_minutes: int = Field(
        default=60, ge=1, le=44_640, description="How often a new value in the store is brought into the cluster."
    )

    rotation: RotationSettings | None = Field(
        default=None, description="What writes a new value every so many days. Not given: people do, when they want."
    )

    @field_validator("rotation")
    @classmethod
    def new_values_come_into_the_cluster(
        cls, rotation: RotationSettings | None, info: ValidationInfo
    ) -> RotationSettings | None:
        if rotation is not None and info.data.get("filled") == "generated":
            raise ValueError("does nothing where filled is generated: the password is in the cluster alone. Drop it.")
        minutes = info.data.get("refresh_minutes")
        if rotation is not None and minutes is not None and minutes >= rotation.every_days * _MINUTES_A_DAY:
            raise ValueError(
                f"makes a value every {rotation.every_days} days, and the cluster asks every {minutes} minutes: pods "
                f"would have none that holds. Write refresh_minutes below {rotation.every_days * _MINUTES_A_DAY}, for "
                "example 5."
            )
        return rotation

    @field_validator("refresh_minutes")
    @classmethod
    def only_a_store_is_asked_again(cls, minutes: int, info: ValidationInfo) -> int:
        if info.data.get("filled") == "generated":
            raise ValueError("does nothing where filled is generated: the password is made once. Drop it.")
        return minutes

    @field_validator("keys")
    @classmethod
    def keys_are_keys_of_a_secret(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        mistakes = [
            f"{key!r} cannot be a key of a Secret: use letters, digits, '-', '_' and '.', and no '.' alone "
            "or '..' at its beginning."
            for key in keys
            if not re.fullmatch(r"[-._a-zA-Z0-9]{1,253}", key) or key == "." or key.startswith("..")
        ]
        if twice := repeated(keys):
            mistakes.append(f"{listed(twice)} is named twice. Name each once.")
        raise_if(mistakes)
        return keys
