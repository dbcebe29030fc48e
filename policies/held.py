"""Writes the configuration of the rule `rel-data-kept`: the URNs of a stack's resources that hold data.

pulumi stack export --stack prod | python -m policies.held > held.json
pulumi preview --stack prod --policy-pack policies --policy-pack-config held.json
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

from policies.rules.reliability.rel_data_kept import HOLDS_DATA, RULE


def held(exported: Mapping[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Returns the configuration. exported: the output of `pulumi stack export`."""
    resources = (exported.get("deployment") or {}).get("resources") or []
    return {RULE.id: {"held": [resource["urn"] for resource in resources if resource["type"] in HOLDS_DATA]}}


if __name__ == "__main__":
    json.dump(held(json.load(sys.stdin)), sys.stdout, indent=2)
    print()
