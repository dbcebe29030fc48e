"""Types for values without SDK types. The schema of a CRD or chart finds misspelt keys in them, not a type checker."""

from collections.abc import Mapping
from typing import Any

Manifest = Mapping[str, Any]
"""A custom resource, in the form of its CRD."""

Values = Mapping[str, Any]
"""Values of a Helm chart, or the configuration of an EKS add-on."""
