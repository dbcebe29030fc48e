"""`clusters.<name>.addons`, installed by Helm, and `clusters.<name>.managed_addons`, installed by EKS."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from catalog.eks_addons import ADDONS
from settings.core.base import Settings
from settings.core.problems import nearest_or_all


def managed_addon_is_known(name: str) -> str:
    """Returns the name unchanged. Raises ValueError when the catalog has no such EKS add-on."""
    if name not in ADDONS:
        raise ValueError(f"{name} is not an EKS add-on of the catalog.{nearest_or_all(name, ADDONS)}")
    return name


ManagedAddonName = Annotated[str, AfterValidator(managed_addon_is_known)]


class ManagedAddonSettings(Settings):
    """One EKS add-on. Without a version it gets the one that the catalog pins."""

    version: str | None = Field(
        default=None,
        pattern=r"^v[0-9]+\.[0-9]+\.[0-9]+-eksbuild\.[0-9]+$",
        examples=["v1.22.4-eksbuild.3"],
        description=(
            "Version as `aws eks describe-addon-versions` lists it; when not given, the one that the catalog pins."
        ),
    )
    configuration: Mapping[str, Any] = Field(
        default_factory=dict,
        description="Overrides the platform's configuration key by key, in the add-on's own schema.",
    )


class AddonSettings(Settings):
    """One Helm add-on: on or off, and values that override ours."""

    enabled: bool = Field(default=True, description="Whether the add-on is installed.")
    values: Mapping[str, Any] = Field(
        default_factory=dict, description="Helm values that override the platform's values key by key."
    )
