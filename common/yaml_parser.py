"""The fastest safe YAML parser there is. It reads `=` as a text, which lists of operators in definitions have."""

from typing import Any

import yaml

PARSER: Any = type("Parser", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})  # libyaml: ten times as fast
PARSER.add_constructor("tag:yaml.org,2002:value", lambda _, node: node.value)
