"""`quotas`: the EC2 quotas of the account in this region, as far as the pools need them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from settings.core.base import Settings


class QuotaSettings(Settings):
    """EC2 counts running instances in vCPUs, by family and by how they are bought."""

    vcpus: Mapping[str, Annotated[int, Field(ge=0)]] = Field(
        default_factory=dict,
        description="Quota code -> vCPUs that the account has, as `aws service-quotas get-service-quota` says. "
        "Pools that need more at their maximum are then refused.",
        examples=[{"L-417A185B": 384}],
    )
    request: bool = Field(
        default=False,
        description="Whether the stack asks AWS to raise the quotas to what its pools need at most. Say under vcpus "
        "what the account has: AWS refuses to be asked for less.",
    )


@dataclass(frozen=True, kw_only=True)
class QuotaNeed:
    """vCPUs of one quota that the pools take at their maximum. have: what the account has, as far as it was given."""

    code: str
    name: str
    default: int
    vcpus: int
    pools: tuple[str, ...]
    have: int | None

    @property
    def enough(self) -> bool | None:
        """None where nobody said what the account has."""
        return None if self.have is None else self.have >= self.vcpus
