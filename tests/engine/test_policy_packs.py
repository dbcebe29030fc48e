"""Policy packs on the real engine, through the project's own language host."""

import json

import pytest

from policies.check import CannotJudgeError, resources_of, settings_of
from tests.engine.real_project import Project

pytestmark = pytest.mark.engine

PACK = """
    import os
    import pulumi
    from pulumi_policy import EnforcementLevel, PolicyPack, StackValidationPolicy

    print("loaded in", os.path.basename(os.getcwd()))
    STACK = (pulumi.get_organization(), pulumi.get_project(), pulumi.get_stack(), pulumi.Config("tiny").get("size"))

    def tell(arguments, report):
        report(f"stack {STACK}, preview {pulumi.runtime.is_dry_run()}, resources {len(arguments.resources)}")

    PolicyPack("tell", [StackValidationPolicy("tell", "Tells.", tell, EnforcementLevel.MANDATORY)])
"""


def test_a_pack_knows_the_stack_when_it_starts(project: Project) -> None:
    project.program("")
    project.pulumi("config", "set", "size", "large")

    preview = project.pulumi("preview", "--policy-pack", str(project.pack(PACK)))

    assert "stack ('organization', 'tiny', 'dev', 'large'), preview True, resources 1" in preview.stdout, preview.stdout
    assert "loaded in pack" in preview.stdout, "the output of a pack must not be lost"
    assert preview.returncode == 1, "a mandatory violation must not exit with 0"


def test_a_pack_can_analyze_a_state_file_without_a_stack(project: Project) -> None:
    urn = "urn:pulumi:dev::tiny::pulumi:pulumi:Stack::tiny-dev"
    resource = {"urn": urn, "custom": False, "type": "pulumi:pulumi:Stack"}
    state = project.folder / "state.json"
    state.write_text(json.dumps({"version": 3, "deployment": {"manifest": {}, "resources": [resource]}}))

    analyzed = project.pulumi("policy", "analyze", "--policy-pack", str(project.pack(PACK)), "--file", str(state))

    assert "resources 1" in analyzed.stdout, analyzed.stdout
    assert analyzed.returncode == 1


def test_a_pack_that_cannot_start_says_why(project: Project) -> None:
    project.program("")

    preview = project.pulumi("preview", "--policy-pack", str(project.pack("import no_such_module\n")))

    assert preview.returncode == 1
    assert "No module named 'no_such_module'" in preview.stdout, preview.stdout
    assert "ended with exit status 1 before it served" in preview.stdout, preview.stdout


def test_a_preview_of_a_stack_that_is_up_is_judged_when_it_shows_what_stays(project: Project) -> None:
    project.program("""
        import pulumi

        for name, note in (("a", "x"), ("b", pulumi.Config().get("note"))):
            pulumi.ComponentResource("tiny:index:Part", name, {"note": note})
        if pulumi.Config().get("note") == "wrong":
            raise ValueError("no such note")
    """)
    assert project.pulumi("up", "--yes").returncode == 0
    project.pulumi("config", "set", "note", "other")
    project.pulumi("config", "set", "--secret", "word", "hidden")

    changed = json.loads(project.pulumi("preview", "--json").stdout)
    with pytest.raises(CannotJudgeError, match=r"leaves out 1 resources .* --show-sames"):
        resources_of(changed)
    whole = json.loads(project.pulumi("preview", "--json", "--show-sames").stdout)
    assert {each["urn"].rpartition("::")[2] for each in resources_of(whole)} == {"tiny-dev", "a", "b"}
    assert settings_of(whole) == {"tiny:note": "other"}

    project.pulumi("config", "set", "note", "wrong")
    with pytest.raises(CannotJudgeError, match=r"preview failed.*no such note"):
        resources_of(json.loads(project.pulumi("preview", "--json", "--show-sames").stdout))
