"""A release has the version of the code, and notes about it."""

import pytest

from common.version import VERSION
from report.release import main, notes
from report.simulated import ReportError

CHANGELOG = """# Changelog

## Unreleased

- new

## 0.2.0 - 2026-12-01

### Added
- a mesh

## 0.1.0 - 2026-11-01

- the first version
"""


def test_the_notes_are_the_section_of_the_version():
    assert notes("v0.2.0", CHANGELOG, "0.2.0") == "### Added\n- a mesh\n"
    assert notes("v0.1.0", CHANGELOG, "0.1.0") == "- the first version\n"


def test_a_tag_of_another_version_is_refused():
    with pytest.raises(ReportError, match=r"Tag v0\.2\.0, or change the version\.$"):
        notes("v0.3.0", CHANGELOG, "0.2.0")


def test_a_version_without_notes_is_refused():
    with pytest.raises(ReportError, match=r"Write `## 0\.3\.0 - <date>` under Unreleased\.$"):
        notes("v0.3.0", CHANGELOG, "0.3.0")


def test_the_command_says_why_it_refuses(capsys):
    assert main(["v9.9.9"]) == 1
    assert capsys.readouterr().err.startswith(f"release: the tag is v9.9.9, but common/version.py has {VERSION}")
    assert main([]) == 2
