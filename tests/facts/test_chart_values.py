"""The facts that are kept of a chart."""

import json
from pathlib import Path

import pytest
import yaml

from tests.facts import chart_values
from tests.facts.chart_values import row_of


def test_values_become_types_and_tolerations_stay(tmp_path: Path) -> None:
    everything = [{"operator": "Exists"}]
    values = {"replicas": 1, "image": {"tag": "v1"}, "tolerations": everything, "labels": {}, "port": None, "on": True}
    (tmp_path / "Chart.yaml").write_text(yaml.safe_dump({"name": "small", "dependencies": [{"name": "part"}]}))
    (tmp_path / "values.yaml").write_text(yaml.safe_dump(values))
    row = row_of(tmp_path, "1.2.3", "example/small at v1.2.3", "2026-11")
    assert (row["version"], row["brings"]) == ("1.2.3", ["part"])
    assert row["values"] == {
        "replicas": "number",
        "image": {"tag": "string"},
        "tolerations": everything,
        "labels": {},
        "port": "null",
        "on": "boolean",
    }
    assert "schema" not in row, "a chart without a schema accepts anything"


def test_the_file_has_the_name_of_the_chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chart_values, "FOLDER", tmp_path)
    folder = tmp_path / "small-1.2.3"
    folder.mkdir()
    (folder / "Chart.yaml").write_text("name: small")
    (folder / "values.yaml").write_text("")
    assert chart_values.write(folder, "1.2.3", "example/small at v1.2.3", "2026-11") == tmp_path / "small.json"
    assert json.loads((tmp_path / "small.json").read_text())["version"] == "1.2.3"


def test_a_schema_keeps_no_descriptions_and_requires_only_inside_lists(tmp_path: Path) -> None:
    item = {"type": "object", "properties": {"name": {"type": "string", "description": "prose"}}, "required": ["name"]}
    schema = {"$schema": "…", "properties": {"parts": {"items": item, "default": []}}, "required": ["parts"]}
    (tmp_path / "Chart.yaml").write_text("name: small")
    (tmp_path / "values.yaml").write_text("")
    (tmp_path / "values.schema.json").write_text(json.dumps(schema))
    kept = row_of(tmp_path, "1", "example", "2026-11")["schema"]
    inner = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    assert kept == {"properties": {"parts": {"items": inner}}}, "the chart's own values set the required keys"
