"""`secrets`: where the secrets of teams are kept."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from settings.core.base import Settings
from settings.core.services import Address
from settings.network.network_plan import range_has_hosts


class VaultSettings(Settings):
    """A HashiCorp Vault that is there already, with the Kubernetes or JWT authentication that its people set up."""

    address: Address = Field(
        pattern=r"^https://[a-z0-9.-]+(:[0-9]{1,5})?$",
        description="Address of the Vault, by https.",
        examples=["https://vault.example.com"],
    )
    mount: str = Field(default="secret", min_length=1, description="Where its KV engine, version 2, is mounted.")
    auth_mount: str = Field(
        default="kubernetes", min_length=1, description="Where its Kubernetes authentication is mounted."
    )
    ranges: tuple[Annotated[str, AfterValidator(range_has_hosts)], ...] = Field(
        default=(),
        description=(
            "Ranges of its addresses, where it is in the VPC or in a network that the VPC is connected to: network "
            "policies of `isolation` know no names."
        ),
        examples=[["10.200.0.0/28"]],
    )
    role_prefix: str = Field(
        default="",
        description="What its roles begin with: a team has the role <prefix><team>, which may read its path alone.",
    )


def _is_a_recovery_window(days: int) -> int:
    if days != 0 and not 7 <= days <= 30:
        raise ValueError(f"{days} days are no recovery window of Secrets Manager. Write 7 to 30, or 0 for none.")
    return days


class SecretsSettings(Settings):
    """The store that External Secrets reads. Each team has an identity of its own that reads its own prefix alone."""

    store: Literal["aws", "vault"] = Field(
        default="aws", description="aws: AWS Secrets Manager of the stack's account and region. vault: see there."
    )
    vault: VaultSettings | None = Field(
        default=None, validate_default=True, description="The Vault, with store: vault."
    )
    recovery_days: Annotated[int, AfterValidator(_is_a_recovery_window)] = Field(
        default=30,
        description=(
            "Days during which a secret that left the stack can be restored in Secrets Manager; its name stays taken. "
            "7 to 30, or 0: it is erased at once."
        ),
    )

    @field_validator("vault")
    @classmethod
    def the_vault_belongs_to_its_store(cls, vault: VaultSettings | None, info: ValidationInfo) -> VaultSettings | None:
        store = info.data.get("store")
        if store == "vault" and vault is None:
            raise ValueError("is missing, and secrets.store is vault. Write its address.")
        if store == "aws" and vault is not None:
            raise ValueError("is given while secrets.store is aws, so it would do nothing. Write store: vault.")
        return vault
