"""Stack files are read in the same way from the file and from Pulumi's config, and no mistake is ignored."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from components.stack.stack_file import load, load_file, load_pulumi_config
from settings.cluster.parts import ClusterParts
from settings.core import strict_yaml
from settings.core.problems import PathPart
from settings.core.stack_file import read_stack_file
from settings.stack.loader import SettingsError, read_file
from settings.stack.parts import parts_of
from settings.stack.profiles import with_defaults
from settings.stack.stack import StackSettings
from tests.settings.stacks import RIGHT, SOURCE, TODAY, problems, stack

ROOT = Path(__file__).parents[3]
STACK_FILES = ("Pulumi.dev.yaml", "Pulumi.prod.yaml")


def config_as_pulumi_hands_it(path: Path) -> dict[str, str]:
    """Returns what a program gets in PULUMI_CONFIG: scalars as they are written, structures as JSON."""
    config = yaml.load(path.read_text(), Loader=yaml.BaseLoader)["config"]  # every scalar as text
    typed = yaml.safe_load(path.read_text())["config"]
    return {key: text if isinstance(text, str) else json.dumps(typed[key]) for key, text in config.items()}


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / SOURCE
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", STACK_FILES)
def test_the_loader_reads_a_file_as_pulumi_does(name: str) -> None:
    config = config_as_pulumi_hands_it(ROOT / name)
    assert load_file(ROOT / name, TODAY) == load_pulumi_config(config, Path(name), TODAY), (
        "what is checked at a desk must be what is deployed"
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
def test_any_top_level_value_gives_settings_or_a_report(changes: dict[str, object]) -> None:
    raw = {**stack(), **changes}
    with suppress(SettingsError):
        assert load(raw, SOURCE, TODAY), "any other exception would be a traceback in the user's terminal"


def paths(value: object, path: tuple[PathPart, ...] = ()) -> list[tuple[PathPart, ...]]:
    """Returns the path of every value in a stack file."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [each for key, item in inner for each in [(*path, key), *paths(item, (*path, key))]]


@given(st.lists(st.tuples(st.sampled_from(paths(RIGHT)), values), min_size=1, max_size=3))
def test_any_value_at_any_path_gives_settings_or_a_report(changes: list[tuple[tuple[PathPart, ...], object]]) -> None:
    try:
        raw = stack(*changes)
    except (TypeError, KeyError, IndexError, AttributeError):
        assume(False)  # the first change removed the parent of the second one
    with suppress(SettingsError):
        assert load(raw, SOURCE, TODAY), "any other exception would be a traceback in the user's terminal"


def test_a_boolean_set_on_the_command_line_is_read() -> None:
    # `pulumi config set ml-platform:deletion_protection false` writes the text "false"
    assert load({**stack(), "deletion_protection": False}, SOURCE, TODAY).deletion_protection is False
    config = {f"ml-platform:{k}": v if isinstance(v, str) else json.dumps(v) for k, v in stack().items()}
    config["ml-platform:deletion_protection"] = "false"
    assert load_pulumi_config(config, Path(SOURCE), TODAY).deletion_protection is False, (
        "otherwise a stack could not be retired"
    )


def test_text_that_looks_like_a_number_stays_text(tmp_path: Path) -> None:
    config = {f"ml-platform:{k}": v if isinstance(v, str) else json.dumps(v) for k, v in stack().items()}
    config |= {"ml-platform:account_id": "012345678901", "ml-platform:cost_center": "0042"}
    settings = load_pulumi_config(config, Path(SOURCE), TODAY)
    assert (settings.account_id, settings.cost_center) == ("012345678901", "0042"), "leading zeros are part of the name"


def test_keys_of_other_namespaces_are_ignored() -> None:
    config = {f"ml-platform:{k}": v if isinstance(v, str) else json.dumps(v) for k, v in stack().items()}
    assert load_pulumi_config({**config, "aws:region": "us-east-1"}, Path(SOURCE), TODAY).region == "us-west-2", (
        "they belong to Pulumi's providers"
    )


@pytest.mark.parametrize(
    ("text", "position", "ending"),
    [
        (
            "config:\n  ml-platform:owner: a\n  ml-platform:owner: b\n",
            (3, 3),
            "is already in line 2, and only one of the two could count. Drop one.",
        ),
        ("config:\n  ml-platform:network: {cidr: a, cidr: b}\n", (2, 34), "Drop one."),
        ("secretsprovider: awskms://x\n", None, "each key beginning with `ml-platform:`."),
        ("config:\n", (1, 1), "each key beginning with `ml-platform:`."),
        ("config:\n  - ml-platform:owner: me\n", (1, 1), "each key beginning with `ml-platform:`."),
        ("confg:\n  ml-platform:owner: me\n", (1, 1), "Did you mean config?"),
        ("config: {}\nml-platform:owner: me\n", (2, 1), "so nothing reads it. Write it there, indented."),
        ("ml-platform:environment: dev\n", (1, 1), "so nothing reads it. Write it there, indented."),
        ("", None, "each key beginning with `ml-platform:`."),
        ("- a\n", (1, 1), "each key beginning with `ml-platform:`."),
        ("config:\n  ml-platform:owner: \x07\n", (2, 22), "control character U+0007, which YAML refuses. Delete it."),
        (f"config:\n  ml-platform:tags: {'[' * 3000}\n", (2, 59), "and no setting is. Correct the brackets."),
        ("config:\n  ml-platform:tags: &a [*a]\n", (2, 25), "so it would never end. Write the values out."),
        (
            "config:\n  a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
            + "".join(f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)),
            None,
            "without aliases of aliases.",
        ),
        (f"config:\n  ml-platform:tags: [{'a, ' * 100_000}]\n", None, "or split it into several stacks."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_position(
    tmp_path: Path, text: str, position: tuple[int, int] | None, ending: str
) -> None:
    with pytest.raises(SettingsError) as error:
        read_file(write(tmp_path, text))
    (problem,) = error.value.problems
    assert (problem.source, problem.position) == (SOURCE, position), "the reader must know where"
    assert problem.message.endswith(ending), str(error.value)


NOT_YAML = {
    # what is wrong: (the line after `config:`, the column, what is said)
    "a tab before a key": ("\tml-platform:tags: {}", 1, "has a tab, which YAML refuses before a key or value."),
    "a tab after spaces": ("  ml-platform:tags:\n  \ta: b", 3, "Use spaces."),
    "a list that is not closed": ("  ml-platform:tags: [a, b", 21, "has a [ that is not closed. Add ]"),
    "a map that is not closed": ("  ml-platform:tags: {a: b\n  c: d", 21, "has a { that is not closed. Add }"),
    "the wrong closing bracket": ("  ml-platform:tags: {a: [}", 26, "has a } that closes nothing."),
    "one closing bracket too many": ("  ml-platform:tags: [a]]", 24, "has a ] that closes nothing."),
    "a quote that is not closed": ('  ml-platform:name: "x\n  a: b', 21, "has a quote that is not closed."),
    "text after a quote": ('  ml-platform:name: "x" y', 25, "has text after a closing quote."),
    "a list as a key": ("  ml-platform:tags: {[a]: b}", 22, "a key must be text. Write it in quotes."),
    "a tag": ("  ml-platform:tags: {a: !Ref b}", 25, "has a YAML tag, which no setting needs."),
    "bytes": ("  ml-platform:owner: !!binary aGVsbG8=", 22, "has the YAML tag !!binary"),
    "two documents": ("  a: b\n---\nconfig: {}", 1, "has a second document"),
    "indented too far": ("  ml-platform:a: b\n   ml-platform:c: d", 17, "Indent both in the same way."),
    "indented too little": ("  ml-platform:a: b\n ml-platform:c: d", 2, "does not fit the lines around it."),
    "a list among keys": ("  ml-platform:a:\n    b: c\n    - d", 5, "does not fit the lines around it."),
    "a list on the line of its key": ("  ml-platform:a: - b", 18, "`- value`."),
    "no space after a colon": ("  a: b\n  ml-platform:a:b", 3, "Write `key: value`"),
    "a colon in a value": ("  ml-platform:name: a: b", 22, "has a colon with a space after it inside a value."),
    "a reserved character": ("  ml-platform:name: @b", 21, "begins with @, which YAML reserves."),
    "an alias of nothing": ("  ml-platform:name: *b", 21, "begins with *, which is an alias without an anchor."),
    "an anchor without a name": ("  ml-platform:name: &", 22, "begins with & or *"),
    "a backslash": ('  ml-platform:name: "a\\d"', 23, "Write the value in single quotes."),
}


@pytest.mark.parametrize("case", NOT_YAML)
@pytest.mark.parametrize("parser", [strict_yaml.PARSER, yaml.SafeLoader], ids=["libyaml", "PyYAML"])
def test_what_yaml_refuses_is_reported_in_plain_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parser: type[yaml.SafeLoader], case: str
) -> None:
    monkeypatch.setattr(strict_yaml, "PARSER", parser)
    text, column, sentence = NOT_YAML[case]
    with pytest.raises(SettingsError) as error:
        read_file(write(tmp_path, f"config:\n{text}\n"))
    (problem,) = error.value.problems
    assert sentence in problem.message
    assert "is not valid YAML" not in problem.message, "the parser's own text names its inner states"
    assert problem.position
    assert problem.position.column in {column, column + (case == "a backslash")}, "PyYAML counts the backslash"


@pytest.mark.parametrize(("encoding", "byte"), [("latin-1", "0xfc"), ("utf-16", "0xff")])
def test_a_file_that_is_not_utf_8_is_refused_with_the_byte(tmp_path: Path, encoding: str, byte: str) -> None:
    (tmp_path / SOURCE).write_bytes("config: {ml-platform:owner: Müller}\n".encode(encoding))
    with pytest.raises(SettingsError) as error:
        read_file(tmp_path / SOURCE)
    (problem,) = error.value.problems
    assert f"it holds the byte {byte}." in problem.message
    assert problem.message.endswith("Save it as UTF-8.")


def mistakes(tmp_path: Path, text: str) -> list[tuple[str, tuple[int, int] | None, str]]:
    """Returns path, position and sentence of every problem of a file with this text."""
    with pytest.raises(SettingsError) as error:
        load_file(write(tmp_path, text), TODAY)
    return [(problem.path, problem.position, problem.message) for problem in error.value.problems]


SECURE = "is encrypted, but it would be in plain text in the resources"


@pytest.mark.parametrize(
    ("text", "path", "sentence"),
    [
        ("  ml-platform:owner: {secure: abc}\n", "owner", SECURE),
        ("  ml-platform:tags: {a: {secure: abc}}\n", "tags.a", SECURE),
        ("  ml_platform:owner: me\n", '["ml_platform:owner"]', "Write ml-platform:owner."),
        ("  owner: me\n", "owner", "has no namespace. Write ml-platform:owner."),
        ("  ml-platform:ownr: me\n", "ownr", "Did you mean owner?"),
        ("  ml-platform:account_id: 012345678901\n", "account_id", 'Write it in quotes: "012345678901".'),
        ("  ml-platform:network: {zones: two}\n", "network.zones", "Write a number, for example zones: 2."),
        ("  ml-platform:network: {zones: 02}\n", "network.zones", "Write 2, without quotes."),
        ("  ml-platform:keys: {deletion_window_days: 1e1}\n", "keys.deletion_window_days", "_days: 10."),
        ("  ml-platform:secrets: {recovery_days: 3_0}\n", "secrets.recovery_days", "_days: 30."),
        ("  ml-platform:tags: {'': x}\n", 'tags[""]', "has an empty key, which AWS refuses."),
        ('  ml-platform:tags: {a: "b\\nc"}\n', "tags.a", "has characters that AWS refuses in tags."),
        ("  ml-platform:tags: {a: AKIAIOSFODNN7EXAMPLE}\n", "tags.a", "holds an AWS access key"),
    ],
)
def test_a_mistake_is_reported_at_its_line_with_what_to_write(
    tmp_path: Path, text: str, path: str, sentence: str
) -> None:
    reported = mistakes(tmp_path, f"config:\n{text}")
    at_path = [(position, message) for where, position, message in reported if where == path]
    assert len(at_path) == 1, f"one mistake, one line: {reported}"
    position, message = at_path[0]
    assert position is not None
    assert position[0] == 2
    assert sentence in message


def test_a_misspelt_required_key_is_one_mistake(tmp_path: Path) -> None:
    text = "config:\n  ml-platform:ownr: me\n"
    assert "owner" not in {path for path, _, _ in mistakes(tmp_path, text)}, "it is not missing, it is misspelt"
    assert "owner" in {path for path, _, _ in mistakes(tmp_path, "config:\n  ml-platform:tags: {}\n")}


OURS = "config:\n  ml-platform:region: us-west-2\n"


@pytest.mark.parametrize(
    ("key", "ours", "advice"),
    [
        ("ml_platform:owner", "owner", "Write ml-platform:owner."),
        ("ML-Platform:owner", "owner", "Write ml-platform:owner."),
        ("owner", "owner", "Write ml-platform:owner."),
        ("aws:allowedAccountIds", "account_id", "Write ml-platform:account_id."),
        ("aws:regoin", "region", "Drop it: ml-platform:region is in the file too."),
        ("aws:region", "region", "Drop it: ml-platform:region is in the file too."),
        ("aws:profile", None, "Drop it, and set the environment variable AWS_PROFILE."),
        ("aws:maxRetries", None, "provider, from the settings. Drop it."),
        ("kubernetes:context", None, "provider, from the settings. Drop it."),
    ],
)
def test_a_key_that_nothing_reads_is_the_only_mistake_about_it(
    tmp_path: Path, key: str, ours: str | None, advice: str
) -> None:
    reported = mistakes(tmp_path, f"{OURS}  {key}: me\n")
    (message,) = [message for _, position, message in reported if position == (3, 3)]
    assert message.endswith(advice)
    assert ours not in {path for path, position, _ in reported if position != (3, 3)}, (
        "it is not missing, its key is wrong"
    )


@pytest.mark.parametrize("key", ["pulumi:tags", "other:setting"])
def test_a_key_of_pulumi_or_of_another_program_is_ignored(tmp_path: Path, key: str) -> None:
    assert not [each for each in mistakes(tmp_path, f"{OURS}  {key}: me\n") if each[1] == (3, 3)]


def test_the_region_of_the_provider_is_the_only_mistake_where_ours_is_missing(tmp_path: Path) -> None:
    reported = mistakes(tmp_path, "config:\n  aws:region: us-west-2\n")
    assert "Write ml-platform:region." in reported[-1][2]
    assert "region" not in {path for path, _, _ in reported}


def test_a_version_that_yaml_shortens_is_quoted_as_it_is_written(tmp_path: Path) -> None:
    text = "config:\n  ml-platform:clusters: {main: {version: 1.30, pools: []}}\n"
    (message,) = [text for path, _, text in mistakes(tmp_path, text) if path == "clusters.main.version"]
    assert message == 'is read by YAML as the number 1.3, not as 1.30. Write it in quotes: "1.30".'


def test_mistakes_are_reported_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "config:\n  ml-platform:tags: {a: 007}\n  ml-platform:network: {cidr: x}\n  ml_platform:owner: me\n"
    lines = [position[0] for _, position, _ in mistakes(tmp_path, text) if position]
    assert lines == sorted(lines)
    assert {2, 3, 4} <= set(lines), "an unreadable key must not hide a wrong value"


SECRETS = {
    "AWS access key": "AKIAIOSFODNN7EXAMPLE",
    "private key": "-----BEGIN RSA PRIVATE KEY-----",
    "GitHub token": f"ghp_{'a1' * 18}",
    "Hugging Face token": f"hf_{'a' * 34}",
    "URL with a password": "postgres://user:pass@host/db",
    "JSON web token": f"eyJ{'a' * 10}.eyJ{'b' * 10}.{'c' * 10}",
}


@pytest.mark.parametrize("value", SECRETS.values(), ids=list(SECRETS))
def test_what_looks_like_a_secret_is_refused_and_not_repeated(value: str) -> None:
    values = {"config": {"url": value}}
    (problem,) = problems(stack((("clusters", "main", "addons"), {"cert-manager": {"values": values}})))
    assert problem.path == "clusters.main.addons.cert-manager.values.config.url"
    assert problem.message.endswith("Keep it in AWS Secrets Manager, and name the secret here.")
    assert value not in str(problem)


@pytest.mark.parametrize("key", ["password", "adminPassword", "apiKey", "client_secret", "redis-password", "token"])
def test_a_value_under_the_name_of_a_secret_is_refused(key: str) -> None:
    addons = {"cert-manager": {"values": {key: "hunter22"}}}
    (problem,) = problems(stack((("clusters", "main", "addons"), addons)))
    assert problem.message.startswith("has the name of a secret")
    assert "hunter22" not in str(problem)


@pytest.mark.parametrize("key", ["existingSecret", "secretName", "passwordSecret", "tokenTTL", "secretKeyRef"])
def test_a_key_that_only_names_a_secret_is_accepted(key: str) -> None:
    addons = {"cert-manager": {"values": {"config": {key: "grafana-admin"}}}}
    assert problems(stack((("clusters", "main", "addons"), addons))) == ()


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"Pulumi\.none\.yaml: cannot be read") as error:
        read_file(tmp_path / "Pulumi.none.yaml")
    assert str(error.value).endswith("Give the path of a Pulumi.<stack>.yaml."), "the message says what to give"


def test_a_secrets_provider_does_not_change_how_a_file_is_read(tmp_path: Path) -> None:
    text = (ROOT / "Pulumi.dev.yaml").read_text()
    path = write(tmp_path, f"secretsprovider: awskms://alias/x\nencryptedkey: AQ==\n{text}")
    assert load_file(path, TODAY) == load_file(ROOT / "Pulumi.dev.yaml", TODAY), "no setting is a secret"


def test_yes_is_text_as_in_pulumi(tmp_path: Path) -> None:
    raw = read_file(write(tmp_path, "config:\n  ml-platform:tags: {a: yes, b: off, c: 12:30:45}\n"))
    assert raw["tags"] == {"a": "yes", "b": "off", "c": "12:30:45"}, "PyYAML alone would change all three"


@pytest.mark.parametrize(
    "value", ["007", "012345678901", "1_000", "0x1F", "1e3", "+5", ".5", "5.", ".inf", "2026-01-01"]
)
def test_a_value_that_pulumi_reads_as_something_else_must_be_quoted(tmp_path: Path, value: str) -> None:
    file = read_stack_file(write(tmp_path, f"config:\n  ml-platform:tags:\n    - {{a: {value}}}\n"))
    ((path, sentence),) = file.mistakes
    assert (path, sentence.endswith(f'Write it in quotes: "{value}".')) == (("tags", 0, "a"), True), sentence
    assert file.positions[path] == (3, 8)
    assert read_file(write(tmp_path, f'config:\n  ml-platform:name: "{value}"\n')) == {"name": value}, "as advised"


@pytest.mark.parametrize("name", ["AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "HF_TOKEN", "OPENAI_API_KEY"])
def test_the_value_of_a_variable_with_the_name_of_a_secret_is_refused(name: str) -> None:
    values = {"extraEnv": [{"name": name, "value": "hunter22"}]}
    (problem,) = problems(stack((("clusters", "main", "addons"), {"cert-manager": {"values": values}})))
    assert problem.path.endswith("values.extraEnv[0].value")
    assert "hunter22" not in str(problem)


BLOCKS = "grafana:", "logs:", "traces:", "cloud_alarms:", "metrics:\n      remote_write:"


@pytest.mark.parametrize("block", BLOCKS)
def test_a_key_with_nothing_after_its_colon_could_mean_two_things(tmp_path: Path, block: str) -> None:
    path = f"observability.{block.replace(':', '.').replace(' ', '').replace(chr(10), '')}".rstrip(".")
    told = "alerts: {platform: {mail: [ml@example.com]}}"
    text = f"config:\n  ml-platform:observability:\n    {told}\n    "
    found = [each for each in mistakes(tmp_path, f"{text}{block} # nothing\n") if each[0] == path]
    ((_, position, message),) = found
    assert message.startswith("has nothing after its colon")
    assert message.endswith("Write {} for its defaults, null for none, or drop it.")
    assert position is not None
    for written in ("null", "~", "{}"):
        assert path not in {where for where, _, _ in mistakes(tmp_path, f"{text}{block} {written}\n")}, "as advised"


def test_a_bare_key_is_refused_wherever_null_is_taken_and_in_no_values_of_a_chart(tmp_path: Path) -> None:
    ours = "config:\n  ml-platform:clusters: {main: {addons: {opencost: {values: {a: , b: {c: }}}}}}\n"
    told = {path: message for path, _, message in mistakes(tmp_path, ours)}
    assert not [path for path, said in told.items() if "after its colon" in said], (
        "Helm reads null there, and people write it so"
    )
    sso = "config:\n  ml-platform:observability: {grafana: {sso: }, metrics: {replicas: }, alerts: }\n"
    told = {path: message for path, _, message in mistakes(tmp_path, sso)}
    assert "Write its keys under it, null for none" in told["observability.grafana.sso"]
    assert "Write a value, null for none" in told["observability.metrics.replicas"]
    assert told["observability.alerts"].startswith("is empty, but a map"), "told once"


@pytest.mark.parametrize("key", ["~", "null", "NULL"])
def test_a_null_key_is_refused_at_its_position(tmp_path: Path, key: str) -> None:
    with pytest.raises(SettingsError) as error:
        read_file(write(tmp_path, f"config:\n  ml-platform:tags: {{{key}: x}}\n"))
    (problem,) = error.value.problems
    assert problem.position == (2, 22)
    assert "has a key that is null" in problem.message


def test_what_a_stack_file_leaves_out_is_the_same_for_checks_and_for_what_is_built():
    """The checks run on the parts of a file that may be wrong elsewhere, so they take defaults by themselves."""
    raw = stack()
    settings = load(raw, SOURCE, TODAY)
    parts = parts_of(with_defaults(raw), ())
    assert (parts.name, parts.environment, parts.region) == (settings.name, settings.environment, settings.region)
    for key, cluster in settings.clusters.items():
        assert parts.clusters[key] == ClusterParts.of(cluster)
