"""Writes the configuration that the pack needs for a stack that is up: which resources hold data, for `rel-data-kept`.

pulumi stack export --stack prod | python -m policies.held > held.json
pulumi preview --stack prod --policy-pack policies --policy-pack-config held.json

With `--advisory prod`, rules and notices that are mandatory in that environment are advisory, so that a preview goes on
to its end. One with a level in this configuration would have stopped it. In production the pack takes these levels only
with ML_PLATFORM_POLICIES_ONLY_SHOW=true in the environment.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Any

from policies.analyzer import NOTICES
from policies.registry import rules
from policies.rule import ENVIRONMENTS, Environment
from policies.rules.reliability.rel_data_kept import HOLDS_DATA, RULE

Config = dict[str, dict[str, Any]]


def held(exported: Mapping[str, Any]) -> Config:
    """Returns the configuration. exported: the output of `pulumi stack export`."""
    resources = (exported.get("deployment") or {}).get("resources") or []
    data = [resource for resource in resources if resource["type"] in HOLDS_DATA]
    retained = [resource["urn"] for resource in data if resource.get("retainOnDelete")]
    return {RULE.id: {"held": [resource["urn"] for resource in data], "retained": retained}}


def advisory(environment: Environment) -> Config:
    """Returns the configuration under which no rule stops a preview."""
    levels = {each.id: each.level(environment) for each in rules().values()} | {each.id: each.level for each in NOTICES}
    return {name: {"enforcementLevel": "advisory"} for name, level in levels.items() if level == "mandatory"}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m policies.held")
    parser.add_argument("--advisory", choices=ENVIRONMENTS, help="let no rule stop a preview in this environment")
    environment = parser.parse_args().advisory
    config = advisory(environment) if environment else {}
    for name, options in held(json.load(sys.stdin)).items():
        config.setdefault(name, {}).update(options)
    json.dump(config, sys.stdout, indent=2)
    print()
