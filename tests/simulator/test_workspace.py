import stat

import pytest
import yaml

from simulator.workspace import Workspace, WorkspaceError, find_project

STACK = """\
# the platform team's prod stack
secretsprovider: awskms://alias/pulumi?region=us-west-2
encryptedkey: AQICAHg
config:
  ml-platform:environment: prod
  ml-platform:token:
    secure: v1:cipher
  ml-platform:clusters:
    main: {version: "1.35", keys: [{secure: v1:other}]}
"""

PULUMI = """\
#!/bin/sh
echo "$@" >> "$PULUMI_HOME/calls"
"""


@pytest.fixture
def workspace(tmp_path):
    project = tmp_path / "project"
    (project / "components").mkdir(parents=True)
    (project / "components" / "network.py").write_text("x = 1\n")
    (project / "Pulumi.yaml").write_text("name: ml-platform\nruntime: python\n")
    (project / "Pulumi.prod.yaml").write_text(STACK)
    pulumi = tmp_path / "pulumi"
    pulumi.write_text(PULUMI)
    pulumi.chmod(0o755)
    return Workspace(project, project / ".simulator")


def prepare(workspace, *command):
    environment = workspace.environment(workspace.project, {"aws": 1})
    workspace.prepare(workspace.project.parent / "pulumi", environment, command)
    calls = workspace.home / "pulumi" / "calls"
    return calls.read_text().splitlines() if calls.exists() else []


def copy_of(workspace):
    return yaml.safe_load((workspace.shadow / "Pulumi.prod.yaml").read_text())


def test_a_stack_file_is_copied_without_its_secrets_provider_and_is_not_changed(workspace):
    prepare(workspace)
    assert not {"secretsprovider", "encryptedkey"} & set(copy_of(workspace)), "the engine would call the cloud's KMS"
    assert (workspace.project / "Pulumi.prod.yaml").read_text() == STACK


def test_every_stack_file_becomes_a_stack_and_encrypted_values_are_replaced(workspace):
    calls = prepare(workspace)
    assert "stack init prod --non-interactive" in calls
    secured = [call.split("--path ")[1].split(" ")[0] for call in calls if call.startswith("config set")]
    assert secured == ["ml-platform:token", 'ml-platform:clusters["main"]["keys"][0]']


def test_a_setting_changed_in_the_simulator_stays_until_the_stack_file_changes(workspace):
    prepare(workspace)
    copy = workspace.shadow / "Pulumi.prod.yaml"
    copy.write_text(yaml.safe_dump({"encryptionsalt": "v1:salt", "config": {"ml-platform:environment": "staging"}}))
    prepare(workspace)
    assert copy_of(workspace)["config"] == {"ml-platform:environment": "staging"}
    (workspace.project / "Pulumi.prod.yaml").write_text("config: {ml-platform:environment: dev}\n")
    prepare(workspace)
    assert copy_of(workspace) == {"config": {"ml-platform:environment": "dev"}, "encryptionsalt": "v1:salt"}


def test_the_shadow_follows_changes_of_the_project(workspace):
    prepare(workspace)
    (workspace.project / "policies").mkdir()
    (workspace.project / "components" / "network.py").write_text("x = 2\n")
    prepare(workspace)
    assert (workspace.shadow / "components" / "network.py").read_text() == "x = 2\n"
    assert (workspace.shadow / "policies").is_dir()
    assert not (workspace.shadow / ".simulator").exists(), "the shadow would contain itself"


def test_a_file_that_a_command_writes_is_moved_to_the_project(workspace):
    prepare(workspace)
    (workspace.shadow / "state.json").write_text("{}")
    workspace.bring_back()
    assert (workspace.project / "state.json").read_text() == "{}"
    assert not (workspace.project / "Pulumi.prod.yaml").is_symlink()


def test_the_environment_names_no_real_cloud_account_or_backend(workspace, monkeypatch):
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "PULUMI_ACCESS_TOKEN", "PULUMI_BACKEND_URL", "KUBECONFIG"):
        monkeypatch.setenv(name, "nonsense")
    monkeypatch.setenv("PULUMI_DEBUG_COMMANDS", "true")
    environment = workspace.environment(workspace.project, {"aws": 4001, "eks": 4002})
    assert "nonsense" not in environment.values()
    assert environment["PULUMI_BACKEND_URL"] == f"file://{workspace.home}/state"
    assert environment["PULUMI_DEBUG_PROVIDERS"] == "aws:4001,eks:4002"
    assert environment["PULUMI_DEBUG_COMMANDS"] == "true", "callers need it for the engine's event log"


def test_the_passphrase_is_generated_once_and_only_its_owner_can_read_it(workspace):
    first = workspace.environment(workspace.project, {})["PULUMI_CONFIG_PASSPHRASE"]
    again = workspace.environment(workspace.project, {})["PULUMI_CONFIG_PASSPHRASE"]
    assert first == again
    assert len(first) > 20
    assert stat.S_IMODE((workspace.home / "passphrase").stat().st_mode) == 0o600


def test_the_engine_keeps_no_log_of_every_value(workspace):
    (workspace.home / "pulumi" / "logs").mkdir(parents=True)
    prepare(workspace)
    with pytest.raises(FileExistsError):  # as the engine, which then goes on without a log
        (workspace.home / "pulumi" / "logs").mkdir(parents=True, exist_ok=True)


BROKEN = {
    "no YAML": b"config: [",
    "no map": b"- a",
    "no UTF-8": "config: {a: M\u00fcller}".encode("latin-1"),
    "a control character": b"config: {a: \x07}",
    "too deep": b"config: " + b"[" * 3000,
    "too large": b"config: [" + b"a, " * 400_000 + b"]",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=list(BROKEN))
def test_a_broken_stack_file_only_stops_its_own_stack(workspace, capsys, content):
    (workspace.project / "Pulumi.other.yaml").write_bytes(content)
    assert prepare(workspace, "pulumi", "preview", "--stack", "prod"), "the requested stack must be created"
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("simulator: Pulumi.other.yaml")
    assert line.endswith("The stack other is left out.")
    with pytest.raises(WorkspaceError, match=r"^Pulumi\.other\.yaml"):
        prepare(workspace, "pulumi", "preview", "--stack", "other")


def test_a_file_that_is_not_utf_8_is_refused_with_the_place(workspace):
    (workspace.project / "Pulumi.prod.yaml").write_bytes(
        "config:\n  a: \u00e9\n".encode() + "  b: M\u00fcller\n".encode("latin-1")
    )
    with pytest.raises(WorkspaceError, match=r"^Pulumi\.prod\.yaml:3:7 is not UTF-8 text\. Save it as UTF-8\.$"):
        prepare(workspace, "pulumi", "preview", "--stack", "prod")


def test_nested_aliases_are_copied_quickly(workspace):
    lines = ["  a0: &a0 [x, x]", *(f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))]
    (workspace.project / "Pulumi.other.yaml").write_text("config:\n" + "\n".join(lines) + "\n")
    prepare(workspace)
    assert (workspace.shadow / "Pulumi.other.yaml").exists(), "the program, not the simulator, decides if it is valid"


def test_every_line_of_a_stack_file_keeps_its_number(workspace):
    prepare(workspace)
    lines = (workspace.shadow / "Pulumi.prod.yaml").read_text().splitlines()
    assert lines[:5] == ["# the platform team's prod stack", "", "", *STACK.splitlines()[3:5]]
    assert lines[7:9] == ["  ml-platform:clusters:", '    main: {version: "1.35", keys: [""]}']


def test_outside_a_project_the_simulator_refuses_to_run(tmp_path):
    with pytest.raises(WorkspaceError, match=r"Run the simulator in a Pulumi project\.$"):
        find_project(tmp_path)


def test_a_stack_file_that_is_not_a_map_is_refused(workspace):
    (workspace.project / "Pulumi.prod.yaml").write_text("- a\n")
    with pytest.raises(WorkspaceError, match=r"^Pulumi\.prod\.yaml is not a map"):
        prepare(workspace, "pulumi", "preview", "--stack=prod")
