"""Pages that are made from the code: they are complete, and an outdated page is reported."""

import pytest

from components.core.addon_spec import every_add_on
from report import diagram, pages, reference
from report.simulated import ROOT
from settings.core.base import Settings, fields_by_key


def section(page: str, heading: str) -> str:
    return page.split(f"\n### {heading}\n")[1].split("\n### ")[0].split("\n## ")[0]


def test_every_setting_has_its_type_default_and_meaning():
    page = reference.settings_page()
    fields = {name for model in reference.models(Settings) for name in fields_by_key(model)}
    assert len(fields) > 80
    assert not [name for name in fields if f"| `{name}` |" not in page]
    pool = section(page, "`clusters.<name>.pools[]`")
    assert "| `max_per_zone` | number, 1 to 1000 | `3` | Maximum number of nodes in each zone;" in pool
    assert '| `capacity_type` | `on-demand`, `spot`, `reserved` | `"on-demand"`, dev: `"spot"` |' in pool
    assert "| `sharing` | [settings](#clustersnamepoolssharing) |  |" in pool
    assert "| `instance_types` | list: text | **required** |" in pool
    assert "| `retention_days` | number, 1 to 3653 | `90`, dev: `14`, staging: `30`, prod: `365` |" in page


def test_every_setting_has_a_meaning():
    assert not [line for line in reference.settings_page().splitlines() if line.endswith("|  |") and "| `" in line]


def test_every_component_has_its_arguments_and_outputs():
    page = reference.components_page()
    modules = [
        path
        for path in (ROOT / "components").rglob("*.py")
        if "(pulumi.ComponentResource):" in path.read_text(encoding="utf-8")
    ]
    assert len(modules) > 15
    assert not [path for path in modules if f"`{path.relative_to(ROOT)}`" not in page]
    pool = section(page, "NodePool")
    assert "| `subnet_ids` | `Mapping[str, pulumi.Input[str]]` | **required** |" in pool
    assert "- `after`: what nodes need from start to end" in pool
    assert "| `node_group_names` | `Mapping[str, pulumi.Output[str]]` |" in pool


def test_every_add_on_has_a_section():
    page = reference.addons_page()
    assert all(section(page, name) for name in every_add_on())
    assert "- after [karpenter-crd](#karpenter-crd)\n" in section(page, "karpenter")


def test_the_list_of_decisions_has_date_and_status():
    assert (
        "| 1 | [Rooms, and who may import whom](0001-rooms.md) | 2026-11-21 | accepted |" in reference.decisions_page()
    )


def test_an_import_that_follows_from_others_has_no_arrow():
    assert diagram.reduced({("a", "b"), ("b", "c"), ("a", "c"), ("d", "c")}) == [("a", "b"), ("b", "c"), ("d", "c")]
    diagrams = diagram.diagrams()
    assert "  components --> settings\n" in diagrams
    assert "components --> catalog" not in diagrams, "it follows from settings --> catalog"
    assert "  cluster --> compute\n" in diagrams


def test_an_outdated_page_is_reported_and_rewritten(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    assert pages.run("report.x", {"docs/x.md": "new\n"}, ["--check"]) == 1
    assert capsys.readouterr().err == "docs/x.md is out of date. Run: python -m report.x\n"
    assert pages.run("report.x", {"docs/x.md": "new\n"}, []) == 0
    assert (tmp_path / "docs/x.md").read_text() == "new\n"
    assert pages.run("report.x", {"docs/x.md": "new\n"}, ["--check"]) == 0


@pytest.mark.parametrize("room", ["settings", "components"])
def test_domains_are_those_of_the_contract(room):
    assert set(reference.domains(room)) == {
        path.name for path in (ROOT / room).iterdir() if (path / "__init__.py").exists()
    }
