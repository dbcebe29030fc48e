"""Workflows and forms of GitHub: they parse, actions are pinned, and no job has more rights than it needs."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from report.simulated import ROOT

FOLDER = ROOT / ".github"
WORKFLOWS = sorted((FOLDER / "workflows").glob("*.yml"))
FORMS = sorted((FOLDER / "ISSUE_TEMPLATE").glob("[!c]*.yml"))
USES = re.compile(r"^\s*(?:- )?uses: (\S+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$", re.MULTILINE)


def parsed(path: Path) -> dict[Any, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_says_what_it_may_do_and_pins_its_actions(path: Path) -> None:
    text, workflow = path.read_text(encoding="utf-8"), parsed(path)
    assert workflow["permissions"], "without it a job has every right of the token"
    assert all(job["timeout-minutes"] <= 45 for job in workflow["jobs"].values())
    assert len(USES.findall(text)) == text.count("uses: "), "a tag can be moved to other code; a commit cannot"


def test_an_action_has_one_version_in_all_workflows() -> None:
    pins = {found for path in WORKFLOWS for found in USES.findall(path.read_text(encoding="utf-8"))}
    assert len(pins) >= 5
    assert len({action for action, _, _ in pins}) == len(pins)


def test_code_of_a_fork_meets_no_secret_and_no_right_to_write() -> None:
    for path in WORKFLOWS:
        workflow = parsed(path)
        triggers = workflow[True]  # YAML reads the key `on` as true
        if "pull_request" in triggers and path.name != "preview.yml":
            assert workflow["permissions"] == {"contents": "read"}
            assert "secrets." not in path.read_text(encoding="utf-8")
        assert "pull_request_target" not in triggers


def test_a_preview_runs_where_the_api_is_reached_or_says_what_it_does_not_see() -> None:
    job = parsed(FOLDER / "workflows" / "preview.yml")["jobs"]["preview"]
    assert "vars.PREVIEW_RUNNER" in job["runs-on"], "a hosted runner reaches no private API"
    steps = [step for step in job["steps"] if "GITHUB_STEP_SUMMARY" in step.get("run", "")]
    preview = next(step for step in job["steps"] if "pulumi preview" in step.get("run", ""))
    assert len(steps) == 1
    assert steps[0]["env"] == preview["env"], "both ask the same backend"
    assert job["steps"].index(steps[0]) < job["steps"].index(preview), "also when the preview fails"


def test_the_page_of_a_pull_request_is_shown_also_when_its_change_is_refused() -> None:
    steps = parsed(FOLDER / "workflows" / "pull-request.yml")["jobs"]["rehearse"]["steps"]
    rehearsals = [index for index, step in enumerate(steps) if "make rehearse" in step.get("run", "")]
    assert [("BASE=" in steps[index]["run"]) for index in rehearsals] == [False, True], "from nothing, and the change"
    after = steps[rehearsals[-1] + 1 :]
    assert any("make report" in step.get("run", "") for step in after), "it reads the rehearsal of the change"
    assert any(step.get("with", {}).get("name", "").startswith("summary") for step in after), "the comment reads it"
    assert {step.get("if") for step in after} == {"always()"}


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_a_form_asks_for_something(path: Path) -> None:
    form = parsed(path)
    assert {"name", "description", "body"} <= form.keys()
    assert any(part.get("validations", {}).get("required") for part in form["body"])
    assert len({part["id"] for part in form["body"] if "id" in part}) >= 3


def test_placeholders_are_marked() -> None:
    owners = [
        line
        for line in (FOLDER / "CODEOWNERS").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    assert owners
    assert all("@your-org/" in line and line.endswith("# placeholder") for line in owners)
    contact = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert re.search(r"security@example\.com \(\*\*placeholder\*\*", contact), "nobody reads that mailbox"


def test_a_comment_names_a_stack_that_has_no_page(tmp_path: Path) -> None:
    """Runs the script of the comment with a `gh` that answers as GitHub would."""
    (script,) = (
        step["run"]
        for step in parsed(FOLDER / "workflows" / "comment.yml")["jobs"]["comment"]["steps"]
        if step.get("name") == "Comment"
    )
    gh = tmp_path / "gh"
    gh.write_text(
        '#!/bin/sh\ncase "$*" in *pulls*) echo 7;; *jobs*) printf "test\\nrehearse (dev)\\nrehearse (prod)\\n";; esac\n'
    )
    gh.chmod(0o755)
    page = tmp_path / "summaries" / "summary-dev" / "summary.md"
    page.parent.mkdir(parents=True)
    page.write_text("## Stack `dev`: no dangers\n")
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "RUN_URL": "https://run",
        "GH_REPO": "a/b",
        "RUN_ID": "1",
    }
    subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert (tmp_path / "comment.md").read_text() == (
        "## Stack `dev`: no dangers\n## Stack `prod`: no page\n\nIts job ended early: https://run\n\n"
    )
