"""`quotas`: the EC2 quotas of the account in this region that the pools need."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from settings.core.base import Settings


class QuotaSettings(Settings):
    """EC2 quotas count the vCPUs of running instances, by instance family and capacity type."""

    vcpus: Mapping[str, Annotated[int, Field(ge=0)]] = Field(
        default_factory=dict,
        description=(
            "Quota code -> vCPUs that the account has, as `aws service-quotas get-service-quota` shows. Pools that "
            "need more at their maximum are then refused."
        ),
        examples=[{"L-417A185B": 384}],
    )
    request: bool = Field(
        default=False,
        description=(
            "Whether the stack asks AWS to raise the quotas to what its pools need at their maximum. Write under "
            "vcpus what the account has: AWS refuses a request for less. A need that shrinks leaves a request as it is."
        ),
    )


@dataclass(frozen=True, kw_only=True)
class QuotaNeed:
    """vCPUs of one quota that the pools need at their maximum. have: the account's value; None when not given."""

    code: str
    name: str
    default: int
    vcpus: int
    pools: tuple[str, ...]
    have: int | None

    @property
    def enough(self) -> bool | None:
        """Whether the account's value is enough. None where that value is not given."""
        return None if self.have is None else self.have >= self.vcpus
