"""The page about the policies matches the rules."""

from pathlib import Path

import pytest

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
