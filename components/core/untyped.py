"""What no SDK has types for: its misspelt keys are found by the schema of a CRD or chart, not by a type checker."""

from collections.abc import Mapping
from typing import Any

Manifest = Mapping[str, Any]
"""A custom resource, as its CRD spells it."""

Values = Mapping[str, Any]
"""Values of a Helm chart, or the configuration of an EKS add-on."""
