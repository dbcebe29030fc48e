"""Each alert has a section in the runbook of its group, which says what a person needs at night."""

import re
from pathlib import Path

import pytest

from catalog.charts import CHARTS
from components.core.metrics import Alert, RuleGroup
from tests.catalog.promql import read
from tests.catalog.test_metrics import recorded
from tests.components.observability.rules.every_rule import groups

FOLDER = Path(__file__).parents[4] / "docs" / "runbooks" / "alerts"
PARTS = ("Meaning", "Look", "Do", "Wake somebody")
TOLD = [group for group in groups() if any(isinstance(rule, Alert) for rule in group.rules)]
SECTIONS = {
    f"{page.stem}: {title}": body
    for page in sorted(FOLDER.glob("*.md"))
    for title, body in re.findall(r"^## (.+)\n((?:(?!^## ).*\n?)*)", page.read_text(encoding="utf-8"), re.MULTILINE)
}
NAMESPACES = {"kube-system", "default", *(chart.namespace for chart in CHARTS.values()), "node-exporter"}


@pytest.mark.parametrize("group", TOLD, ids=[group.name for group in TOLD])
def test_the_page_of_a_group_has_a_section_for_each_alert(group: RuleGroup) -> None:
    alerts = {f"{group.name}: {rule.name}" for rule in group.rules if isinstance(rule, Alert)}
    assert {title for title in SECTIONS if title.startswith(f"{group.name}: ")} == alerts, (
        f"sections of docs/runbooks/alerts/{group.name}.md, as `## Alert`"
    )


def test_no_page_is_left_of_a_group_that_is_gone() -> None:
    of_others = {"aws", "index"}  # alarms of CloudWatch are no rules
    assert {page.stem for page in FOLDER.glob("*.md")} - of_others == {group.name for group in TOLD}


@pytest.mark.parametrize("title", SECTIONS)
def test_a_section_says_what_it_means_how_to_look_what_to_do_and_when_to_wake_somebody(title: str) -> None:
    body = SECTIONS[title]
    said = {part: body.find(f"**{part}.** ") for part in PARTS}
    assert -1 not in said.values(), f"it lacks {[part for part, place in said.items() if place < 0]}"
    assert sorted(said.values()) == list(said.values()), "the parts are in one order, so that nobody has to search"
    look = body[said["Look"] : said["Do"]]
    assert "```" in look or "](" in look, "a person at night wants a command, or the section that has it"


@pytest.mark.parametrize("title", [title for title, body in SECTIONS.items() if "```promql" in body])
def test_its_queries_read_what_there_is(title: str) -> None:
    for query in re.findall(r"```promql\n(.*?)\n```", SECTIONS[title], re.DOTALL):
        assert read(query, recorded())[1] == []


@pytest.mark.parametrize("title", [title for title, body in SECTIONS.items() if "--namespace " in body])
def test_its_commands_name_namespaces_that_there_are(title: str) -> None:
    named = {each for each in re.findall(r"--namespace ([^\s`]+)", SECTIONS[title]) if not each.startswith("$")}
    assert named <= NAMESPACES


def test_links_between_sections_lead_somewhere() -> None:
    anchors = {f"{title.partition(': ')[0]}.md#{title.partition(': ')[2].lower()}" for title in SECTIONS}
    for title, body in SECTIONS.items():
        page = title.partition(": ")[0]
        for link in re.findall(r"\]\(([\w-]*(?:\.md)?#\w+)\)", body):
            assert (link if link.startswith(page) or ".md" in link else f"{page}.md{link}") in anchors, (
                f"{title}: {link}"
            )
