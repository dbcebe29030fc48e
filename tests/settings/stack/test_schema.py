"""The JSON Schema with which editors complete stack files."""

import json
import re
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
from settings.core.base import fields_by_key
from settings.core.naming import IAM_PRINCIPAL
from settings.ingress.ingress import CERTIFICATE
from settings.stack.schema import stack_file_schema
from settings.stack.stack import StackSettings
from settings.tenancy.team_secrets import FUNCTION
from tests.settings.stacks import stack

SCHEMA = stack_file_schema(every_add_on())
ROOT = Path(__file__).parents[3]


def fields(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[tuple[str, Any]]:
    """Yields every setting of a model and of the models in it."""
    seen.add(model)
    for name, field in fields_by_key(model).items():
        yield f"{model.__name__}.{name}", field
        for inner in models_in(field.annotation):
            if inner not in seen:
                yield from fields(inner, seen)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for arm in getattr(annotation, "__args__", ()):
        yield from models_in(arm)


def test_every_setting_has_a_description() -> None:
    all_fields = dict(fields(StackSettings, set()))
    assert len(all_fields) > 40, "the test must have seen the settings"
    undescribed = [name for name, field in all_fields.items() if not (field.description or "").endswith(".")]
    assert undescribed == [], "editors, messages and reports show the description; it is a sentence"


def test_the_committed_schema_is_up_to_date() -> None:
    assert json.loads(TARGET.read_text()) == SCHEMA, "run `python -m report.schema`"


@pytest.mark.parametrize("name", ["Pulumi.dev.yaml", "Pulumi.prod.yaml"])
def test_the_stack_files_are_valid_and_name_the_schema(name: str) -> None:
    text = (ROOT / name).read_text()
    jsonschema.validate(yaml.safe_load(text), SCHEMA)
    assert text.startswith("# yaml-language-server: $schema=docs/stack-file.schema.json\n"), (
        "otherwise no editor finds it"
    )


@pytest.mark.parametrize(
    "config",
    [
        {"ml-platform:enviroment": "dev"},
        {"ml-platform:region": "us-west-9"},
        {"ml-platform:policies": {"cost-monthly-cup": {"usd": 1}}},
        {"ml-platform:policies": {"cost-monthly-cap": {"usd": -1}}},
        {"ml-platform:policies": {"eks-endpoint-private": {"public": "alowed"}}},
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
def test_an_editor_marks_what_the_loader_refuses(config: dict[str, Any]) -> None:
    valid = {f"ml-platform:{key}": value for key, value in stack().items()}
    jsonschema.validate({"config": valid}, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"config": {**valid, **config}}, SCHEMA)


def test_an_editor_accepts_options_of_policies() -> None:
    valid = {f"ml-platform:{key}": value for key, value in stack().items()}
    policies = {"cost-monthly-cap": {"usd": 30000}, "res-allowed-regions": {"regions": ["eu-central-1"]}}
    jsonschema.validate({"config": {**valid, "ml-platform:policies": policies}}, SCHEMA)


@pytest.mark.parametrize("preset", PRESETS)
def test_an_editor_accepts_a_pool_with_only_a_preset(preset: str) -> None:
    valid = {f"ml-platform:{key}": value for key, value in stack().items()}
    pools = {"main": {"version": "1.35", "pools": [{"preset": preset}]}}
    jsonschema.validate({"config": {**valid, "ml-platform:clusters": pools}}, SCHEMA)


def test_a_boolean_may_be_text_as_the_command_line_writes_it() -> None:
    valid = {f"ml-platform:{key}": value for key, value in stack().items()}
    jsonschema.validate({"config": {**valid, "ml-platform:deletion_protection": "false"}}, SCHEMA)


def test_no_pattern_takes_digits_or_letters_of_other_scripts() -> None:
    r"""`\d` of Python and of pydantic takes each digit of Unicode, and AWS takes ten."""
    patterns = re.findall(r'"pattern": ("(?:[^"\\]|\\.)*")', json.dumps(SCHEMA))
    assert len(patterns) > 5
    assert [each for each in map(json.loads, patterns) if re.search(r"\\[dw]", each)] == []
    account = "\uff11" * 12
    for form, arn in (
        (CERTIFICATE, f"arn:aws:acm:us-west-2:{account}:certificate/{'0' * 8}-0000-0000-0000-{'0' * 12}"),
        (IAM_PRINCIPAL, f"arn:aws:iam::{account}:role/a"),
        (FUNCTION, f"arn:aws:lambda:us-west-2:{account}:function:a"),
    ):
        assert form.fullmatch(arn.replace("\uff11", "1"))
        assert not form.fullmatch(arn)
