"""Checks options of policies against those that the pack has."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from common.policy_options import Known
from common.policy_options import mistakes as option_mistakes
from settings.core.problems import Mistake
from settings.stack.parts import Parts

_OPTIONS = Path(__file__).parent.parent / "policy_options.json"


@cache
def options_of_rules() -> Known:
    """Returns rule -> option -> schema. `python -m policies.docs` writes them from the rules."""
    rules: Known = json.loads(_OPTIONS.read_text(encoding="utf-8"))["rules"]
    return rules


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields every rule and option that the pack does not have, and every value that it does not take."""
    if parts.policies:
        for path, sentence in option_mistakes(parts.policies, options_of_rules()):
            yield ("policies", *path), sentence
