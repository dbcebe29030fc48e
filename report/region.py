"""Which region a stack is in, as its AWS provider says it."""

from collections.abc import Iterable

from costs.resource import Resource
from report.simulated import ReportError

AWS_PROVIDER = "pulumi:providers:aws"


def region_of(resources: Iterable[Resource]) -> str:
    """The region of the stack's AWS provider. Raises ReportError when no provider, or none with a region, is there."""
    for resource in resources:
        region = resource.inputs.get("region")
        if resource.type == AWS_PROVIDER and isinstance(region, str) and region:
            return region
    raise ReportError(
        "no AWS provider of the stack names its region, so there is no price list to use. Give the provider a region."
    )
