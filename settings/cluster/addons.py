"""`clusters.<name>.addons`, installed by Helm, and `clusters.<name>.managed_addons`, installed by EKS."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from catalog.eks_addons import ADDONS
from settings.core.base import Settings
from settings.core.problems import nearest_or_all


def managed_addon_is_known(name: str) -> str:
    """The name as it is. Raises ValueError when the catalog has no such EKS add-on."""
    if name not in ADDONS:
        raise ValueError(f"{name} is no EKS add-on that the catalog knows.{nearest_or_all(name, ADDONS)}")
    return name


ManagedAddonName = Annotated[str, AfterValidator(managed_addon_is_known)]


class ManagedAddonSettings(Settings):
    """One EKS managed add-on. The catalog's pinned version when none is given."""

    version: str | None = Field(
        default=None,
        pattern=r"^v\d+\.\d+\.\d+-eksbuild\.\d+$",
        examples=["v1.21.1-eksbuild.8"],
        description="Version as `aws eks describe-addon-versions` lists it; the catalog's pin when not given.",
    )
    configuration: Mapping[str, Any] = Field(
        default_factory=dict, description="Laid over our configuration, in the add-on's own schema."
    )


class AddonSettings(Settings):
    """One Helm add-on: on or off, and values laid over ours."""

    enabled: bool = Field(default=True, description="Whether the add-on is installed.")
    values: Mapping[str, Any] = Field(default_factory=dict, description="Helm values, laid over ours key by key.")
