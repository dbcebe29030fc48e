"""The page about the policies matches the rules."""

import re
from pathlib import Path

import pytest
import yaml

from policies import docs
from policies.registry import statement_of
from tests.policies.policy_harness import ALL


def test_the_page_in_this_repository_is_up_to_date() -> None:
    assert docs.main(["--check"]) == 0, "run python -m policies.docs"


def test_the_page_has_each_rule_with_its_statement_and_reason() -> None:
    page = docs.page()
    for rule in ALL.values():
        assert f"\n## {rule.id}\n" in page, "findings link to this heading"
        assert f"\n{statement_of(rule.id)}\n" in page, "a rule starts with what it demands"
        assert rule.why.replace("<", "&lt;") in page


@pytest.mark.parametrize("standard", docs.covered())
def test_each_control_of_a_standard_has_a_rule_or_a_reason_and_not_both(standard: str) -> None:
    controls = docs.covered()[standard]
    given = yaml.safe_load(docs.CONTROLS.read_text(encoding="utf-8"))[standard]
    assert list(controls) == given["all"].split(), "a reason or a rule for what is no control of the standard"
    wrong = {control: found for control, found in controls.items() if bool(found[0]) == bool(found[1])}
    assert wrong == {}, "nobody sees from the page whether somebody looks after these"


def test_a_rule_names_no_control_that_its_standard_does_not_have() -> None:
    for standard, controls in docs.covered().items():
        given = yaml.safe_load(docs.CONTROLS.read_text(encoding="utf-8"))[standard]["all"].split()
        services = {control.partition(".")[0] for control in given}
        named = {
            text.removeprefix(f"{standard} ")
            for rule in ALL.values()
            for text in rule.standards
            if text.startswith(f"{standard} ") and text not in ("PSS baseline", "PSS restricted")
        }
        of_services = {control for control in named if control.partition(".")[0] in services}
        assert of_services <= {*controls} & {*given}, "a control that was retired, or a slip"


def test_what_others_check_is_all_there() -> None:
    controls = docs.covered()["Catalogue"]
    assert len(controls) == 88 + 28, "the first 88 matter most"
    assert controls["node-imdsv2"][0] == ["node-imdsv2"], "a rule of the same name is the answer"
    assert controls["netpol-no-allow-all"][0] == ["net-policy-not-open", "net-policy-ranges"]


def test_a_rule_or_setting_that_a_reason_names_exists() -> None:
    kinds = {name.partition("-")[0] for name in ALL}
    for controls in docs.covered().values():
        words = {
            word for _, reason in controls.values() for word in re.findall(r"\b[a-z0-9]+(?:-[a-z0-9]+)+\b", reason)
        }
        looks_like_a_rule = {word for word in words if word.partition("-")[0] in kinds}
        assert looks_like_a_rule <= {*ALL}, "a reader follows the name to nothing"
        assert {rule for rules, _ in controls.values() for rule in rules} <= {*ALL}


def test_an_outdated_page_is_reported_and_rewritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "docs" / "policies" / "README.md"
    monkeypatch.setattr(docs, "PAGE", page)
    monkeypatch.setattr(docs, "OPTIONS", tmp_path / "settings" / "stack" / "policy_options.json")
    assert docs.main(["--check"]) == 1
    assert "python -m policies.docs" in capsys.readouterr().err, "the message in a pipeline must say what to do"
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0
