"""`python -m report cost FILE`: the cost of a stack from Pulumi's output, e.g. of a real account."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.urns import stack_of
from costs.estimate import estimate
from costs.resource import Resource
from costs.sources import SourceError, from_deployment, from_preview_json
from report.cost import as_text
from report.region import region_of
from report.simulated import ReportError


def price(file: str) -> int:
    """Prints the cost table for an output of `pulumi preview --json` or `pulumi stack export`; `-` is standard input.

    Raises ReportError for any other file.
    """
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text()
        resources = _resources(json.loads(text))
    except (OSError, ValueError, SourceError) as error:
        cause = str(error).rstrip(".")
        raise ReportError(
            f"{file} cannot be priced: {cause}. Give the output of `pulumi preview --json` or `pulumi stack export`."
        ) from None
    stack = stack_of(resources[0].urn) if resources else "an empty stack"
    parents = {resource.urn: resource.parent for resource in resources}
    region = region_of(resources) if resources else "no region"
    print(as_text(estimate(resources, region), parents, stack))
    return 0


def _resources(document: Any) -> tuple[Resource, ...]:
    if not isinstance(document, Mapping):
        raise SourceError("it is not a JSON object")
    return from_deployment(document) if "deployment" in document else from_preview_json(document)
