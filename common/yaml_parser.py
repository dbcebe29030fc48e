"""The fastest safe YAML parser there is. It reads `=` and days as texts, as Kubernetes does."""

from typing import Any

import yaml

PARSER: Any = type("Parser", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})  # libyaml: ten times as fast
PARSER.add_constructor("tag:yaml.org,2002:value", lambda _, node: node.value)
PARSER.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)
