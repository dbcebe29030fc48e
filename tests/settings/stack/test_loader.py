"""Reading stack files: Pulumi's way and the file's way come to the same, and nothing is read in silence."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from components.stack.stack_file import load, load_file, load_pulumi_config
from settings.core.problems import PathPart
from settings.stack.loader import SettingsError, read_file
from settings.stack.stack import StackSettings
from tests.settings.stacks import RIGHT, SOURCE, TODAY, stack

ROOT = Path(__file__).parents[3]
STACK_FILES = ("Pulumi.dev.yaml", "Pulumi.prod.yaml")


def as_pulumi_hands_it(path: Path) -> dict[str, str]:
    """What a program finds in PULUMI_CONFIG: scalars as they are written, structures as JSON."""
    config = yaml.load(path.read_text(), Loader=yaml.BaseLoader)["config"]  # every scalar as text
    typed = yaml.safe_load(path.read_text())["config"]
    return {key: text if isinstance(text, str) else json.dumps(typed[key]) for key, text in config.items()}


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / SOURCE
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", STACK_FILES)
def test_a_file_says_the_same_to_the_loader_and_to_pulumi(name: str) -> None:
    config = as_pulumi_hands_it(ROOT / name)
    assert load_file(ROOT / name, TODAY) == load_pulumi_config(config, name, TODAY), (
        "what is checked on a desk has to be what is deployed"
    )


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.sampled_from(["", "true", "yes", "1.35", "null", "10.0.0.0/16"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)
keys = st.sampled_from([*StackSettings.model_fields, "unknown"])


@given(st.dictionaries(keys, values, max_size=3))
def test_whatever_is_written_gives_settings_or_a_report(changes: dict[str, object]) -> None:
    raw = {**stack(), **changes}
    with suppress(SettingsError):
        assert load(raw, SOURCE, TODAY), "anything but SettingsError would be a traceback in somebody's terminal"


def places(value: object, path: tuple[PathPart, ...] = ()) -> list[tuple[PathPart, ...]]:
    """Every place in a stack file."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in inner for found in [(*path, key), *places(item, (*path, key))]]


@given(st.lists(st.tuples(st.sampled_from(places(RIGHT)), values), min_size=1, max_size=3))
def test_a_wrong_value_anywhere_gives_settings_or_a_report(changes: list[tuple[tuple[PathPart, ...], object]]) -> None:
    try:
        raw = stack(*changes)
    except (TypeError, KeyError, IndexError, AttributeError):
        assume(False)  # the second change went into what the first one had taken away
    with suppress(SettingsError):
        assert load(raw, SOURCE, TODAY), "anything but SettingsError would be a traceback in somebody's terminal"


def test_a_switch_set_on_the_command_line_counts() -> None:
    # `pulumi config set ml-platform:deletion_protection false` writes the text "false"
    assert load({**stack(), "deletion_protection": False}, SOURCE, TODAY).deletion_protection is False
    config = {f"ml-platform:{k}": v if isinstance(v, str) else json.dumps(v) for k, v in stack().items()}
    config["ml-platform:deletion_protection"] = "false"
    assert load_pulumi_config(config, SOURCE, TODAY).deletion_protection is False, "else a stack could not be retired"


def test_text_that_looks_like_a_number_stays_text(tmp_path: Path) -> None:
    config = {f"ml-platform:{k}": v if isinstance(v, str) else json.dumps(v) for k, v in stack().items()}
    config |= {"ml-platform:account_id": "012345678901", "ml-platform:cost_center": "0042"}
    settings = load_pulumi_config(config, SOURCE, TODAY)
    assert (settings.account_id, settings.cost_center) == ("012345678901", "0042"), "leading zeros are part of the name"


def test_other_namespaces_are_left_alone() -> None:
    config = {f"ml-platform:{k}": v if isinstance(v, str) else json.dumps(v) for k, v in stack().items()}
    assert load_pulumi_config({**config, "aws:region": "us-east-1"}, SOURCE, TODAY).region == "us-west-2", (
        "the keys of Pulumi's providers are not ours to refuse"
    )


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        (
            "config:\n  ml-platform:owner: a\n  ml-platform:owner: b\n",
            "only one of them could count. Correct that line.",
        ),
        ("config:\n  ml-platform:network: {cidr: a, cidr: b}\n", "only one of them could count. Correct that line."),
        ("config: [\n", "Correct that line."),
        ("secretsprovider: awskms://x\n", "each key beginning with `ml-platform:`."),
        ("", "each key beginning with `ml-platform:`."),
        ("config:\n  ml-platform:owner: {secure: abc}\n", "`pulumi config set ml-platform:owner ...`."),
        ("config:\n  ml-platform:tags: {a: {secure: abc}}\n", "`pulumi config set ml-platform:tags ...`."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path, text: str, ending: str) -> None:
    with pytest.raises(SettingsError) as error:
        read_file(write(tmp_path, text))
    assert [p.source for p in error.value.problems] == [SOURCE], "the reader has to know which file"
    assert error.value.problems[0].message.endswith(ending), str(error.value)


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"Pulumi\.none\.yaml: cannot be read") as error:
        read_file(tmp_path / "Pulumi.none.yaml")
    assert str(error.value).endswith("Give the path of a Pulumi.<stack>.yaml."), "and told what to give"


def test_a_file_with_a_secrets_provider_is_read_as_any_other(tmp_path: Path) -> None:
    text = (ROOT / "Pulumi.dev.yaml").read_text()
    path = write(tmp_path, f"secretsprovider: awskms://alias/x\nencryptedkey: AQ==\n{text}")
    assert load_file(path, TODAY) == load_file(ROOT / "Pulumi.dev.yaml", TODAY), "no setting is a secret"


def test_yes_is_text_as_in_pulumi(tmp_path: Path) -> None:
    raw = read_file(write(tmp_path, "config:\n  ml-platform:tags: {a: yes, b: off, c: 12:30:45}\n"))
    assert raw["tags"] == {"a": "yes", "b": "off", "c": "12:30:45"}, "PyYAML alone would change all three"


@pytest.mark.parametrize(
    "value", ["007", "012345678901", "1_000", "0x1F", "1e3", "+5", ".5", "5.", ".inf", "2026-01-01"]
)
def test_a_value_that_pulumi_reads_as_another_has_to_be_quoted(tmp_path: Path, value: str) -> None:
    with pytest.raises(SettingsError) as error:
        read_file(write(tmp_path, f"config:\n  ml-platform:tags:\n    - {{a: {value}}}\n"))
    (problem,) = error.value.problems
    assert (problem.path, problem.message.endswith(f'Write it in quotes: "{value}".')) == ("tags[0].a", True), problem
    assert read_file(write(tmp_path, f'config:\n  ml-platform:name: "{value}"\n')) == {"name": value}, "as advised"
