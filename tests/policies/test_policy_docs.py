"""The page about the policies says what the rules say."""

from pathlib import Path

import pytest

from policies import docs
from tests.policies.policy_harness import ALL


def test_the_page_in_this_repository_is_up_to_date() -> None:
    assert docs.main(["--check"]) == 0, "run python -m policies.docs"


def test_the_page_has_each_rule_with_its_reason_and_remedy() -> None:
    page = docs.page()
    for rule in ALL.values():
        assert f"\n## {rule.id}\n" in page, "findings point to this heading"
        assert rule.why.replace("<", "&lt;") in page


def test_an_outdated_page_is_noticed_and_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "docs" / "policies" / "README.md"
    monkeypatch.setattr(docs, "PAGE", page)
    assert docs.main(["--check"]) == 1
    assert "python -m policies.docs" in capsys.readouterr().err, (
        "whoever reads this in a pipeline has to know what to do"
    )
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0
