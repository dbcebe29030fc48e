"""The JSON Schema that editors complete stack files by."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import BaseModel

from components.core.addon_spec import every_add_on
from report.schema import TARGET
from settings.compute.presets import PRESETS
from settings.stack.schema import stack_file_schema
from settings.stack.stack import StackSettings
from tests.settings.stacks import stack

SCHEMA = stack_file_schema(every_add_on())
ROOT = Path(__file__).parents[3]


def fields(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[tuple[str, Any]]:
    """Every setting of a model and of the models in it."""
    seen.add(model)
    for name, field in model.model_fields.items():
        yield f"{model.__name__}.{name}", field
        for inner in models_in(field.annotation):
            if inner not in seen:
                yield from fields(inner, seen)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for arm in getattr(annotation, "__args__", ()):
        yield from models_in(arm)


def test_every_setting_says_what_it_is() -> None:
    found = dict(fields(StackSettings, set()))
    assert len(found) > 40, "the walk has to have walked"
    silent = [name for name, field in found.items() if not (field.description or "").endswith(".")]
    assert silent == [], "editors, messages and reports show the description; it is a sentence"


def test_the_committed_schema_is_what_the_models_say() -> None:
    assert json.loads(TARGET.read_text()) == SCHEMA, "run `python -m report.schema`"


@pytest.mark.parametrize("name", ["Pulumi.dev.yaml", "Pulumi.prod.yaml"])
def test_the_stack_files_fit_and_name_it(name: str) -> None:
    text = (ROOT / name).read_text()
    jsonschema.validate(yaml.safe_load(text), SCHEMA)
    assert text.startswith("# yaml-language-server: $schema=docs/stack-file.schema.json\n"), "else no editor finds it"


@pytest.mark.parametrize(
    "config",
    [
        {"ml-platform:enviroment": "dev"},
        {"ml-platform:region": "us-west-9"},
        {"ml-platform:clusters": {"main": {"version": "1.22", "pools": []}}},
        {"ml-platform:clusters": {"main": {"version": "1.35", "pools": [{"max_per_zone": 2}]}}},
        {"ml-platform:clusters": {"main": {"version": "1.35", "pools": [{"preset": "h10"}]}}},
        {
            "ml-platform:clusters": {
                "main": {"version": "1.35", "pools": [{"name": "a", "instance_types": ["g7.xlarge"]}]}
            }
        },
    ],
)
def test_an_editor_marks_what_the_loader_would_refuse(config: dict[str, Any]) -> None:
    right = {f"ml-platform:{key}": value for key, value in stack().items()}
    jsonschema.validate({"config": right}, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"config": {**right, **config}}, SCHEMA)


@pytest.mark.parametrize("preset", PRESETS)
def test_an_editor_lets_a_pool_be_a_preset_alone(preset: str) -> None:
    right = {f"ml-platform:{key}": value for key, value in stack().items()}
    pools = {"main": {"version": "1.35", "pools": [{"preset": preset}]}}
    jsonschema.validate({"config": {**right, "ml-platform:clusters": pools}}, SCHEMA)


def test_a_switch_may_be_text_as_the_command_line_writes_it() -> None:
    right = {f"ml-platform:{key}": value for key, value in stack().items()}
    jsonschema.validate({"config": {**right, "ml-platform:deletion_protection": "false"}}, SCHEMA)
