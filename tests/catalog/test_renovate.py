"""Renovate proposes newer versions for everything that we pin."""

import json
import re
from pathlib import Path
from typing import Any

from catalog.charts import CHARTS

ROOT = Path(__file__).parents[2]
RULES: Any = json.loads((ROOT / ".github" / "renovate.json").read_text(encoding="utf-8"))


def files(manager: dict[str, Any]) -> list[Path]:
    """Returns the files of a manager; its patterns are between slashes."""
    patterns = [pattern.strip("/") for pattern in manager["managerFilePatterns"]]
    paths = [path for folder in (".", ".github/workflows", "catalog/data/charts") for path in (ROOT / folder).iterdir()]
    return [path for path in paths if any(re.search(p, path.relative_to(ROOT).as_posix()) for p in patterns)]


def named_groups(manager: dict[str, Any]) -> list[dict[str, str]]:
    """Returns the named groups that Renovate reads from the files; it writes them as JavaScript does."""
    (pattern,) = [text.replace("(?<", "(?P<") for text in manager["matchStrings"]]
    return [match.groupdict() for path in files(manager) for match in re.finditer(pattern, path.read_text("utf-8"))]


def test_every_chart_is_looked_up_in_the_repository_of_its_row() -> None:
    indexed, registries, _ = RULES["customManagers"]
    looked_up = sorted((each["depName"], each["currentValue"], each["registryUrl"]) for each in named_groups(indexed))
    looked_up += sorted(
        (each["depName"], each["currentValue"], f"oci://{each['packageName']}") for each in named_groups(registries)
    )
    assert sorted(looked_up) == sorted((c.chart, c.version, c.repository) for c in CHARTS.values())
    assert (indexed["datasourceTemplate"], registries["datasourceTemplate"]) == ("helm", "docker")


def test_all_pins_of_the_engine_have_one_version_and_are_renewed_together() -> None:
    (workflow,) = named_groups(RULES["customManagers"][2])
    pinned = re.search(r"github\.com/pulumi/pulumi/pkg/v3 v(\S+)", (ROOT / "engine/go.mod").read_text("utf-8"))
    package = re.search(r"^pulumi==(\S+)$", (ROOT / "requirements.in").read_text("utf-8"), re.MULTILINE)
    assert pinned
    assert package
    assert workflow["currentValue"] == pinned[1] == package[1], "a preview with another engine shows another plan"
    (group,) = [rule for rule in RULES["packageRules"] if rule.get("groupName") == "engine"]
    assert {"pulumi", "pulumi/pulumi", "github.com/pulumi/pulumi/pkg/v3"} <= set(group["matchPackageNames"])
    order = [rule.get("groupName") for rule in RULES["packageRules"]]
    assert order.index("engine") > order.index(None), "the last rule that matches decides"


def test_every_requirement_file_is_read() -> None:
    requirement_files = {path.name for path in ROOT.glob("requirements*")}
    assert len(requirement_files) == 6
    assert {path.name for path in files(RULES["pip_requirements"])} == requirement_files
