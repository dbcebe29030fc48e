"""Finds the region of a stack, which its AWS provider sets."""

from collections.abc import Iterable

from costs.resource import Resource
from report.simulated import ReportError

AWS_PROVIDER = "pulumi:providers:aws"


def region_of(resources: Iterable[Resource]) -> str:
    """Returns the region of the stack's AWS provider. Raises ReportError when no AWS provider sets a region."""
    for resource in resources:
        region = resource.inputs.get("region")
        if resource.type == AWS_PROVIDER and isinstance(region, str) and region:
            return region
    raise ReportError(
        "no AWS provider of the stack sets a region, so there is no price list to use. Give the provider a region."
    )
