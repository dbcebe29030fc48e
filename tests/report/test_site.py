"""The site has every page, and what pages link to."""

import tomllib

import pytest

from report import site


@pytest.fixture
def copied(tmp_path, monkeypatch):
    monkeypatch.setattr(site, "PAGES", tmp_path / "pages")
    site.copy_pages()
    return tmp_path / "pages"


def test_every_page_has_its_section(copied):
    configuration = tomllib.loads(site.CONFIGURATION.format(nav=site.navigation()))
    sections = {name: pages for section in configuration["project"]["nav"] for name, pages in section.items()}
    assert sections["Start"][0] == "README.md", "it is the first page of the site"
    assert all(sections.values())
    listed = [page for pages in sections.values() for page in pages]
    assert len(listed) == len(set(listed))
    assert {str(page.relative_to(copied)) for page in copied.rglob("*.md")} == set(listed)
    assert (copied / "examples" / "stacks" / "Pulumi.small.yaml").exists(), "a page links to it"


def test_a_page_without_a_section_is_told(copied):
    (copied / "docs" / "lost.md").write_text("# Lost\n")
    with pytest.raises(LookupError, match=r"no section has docs/lost\.md\. Add it to SECTIONS in report/site\.py\.$"):
        site.navigation()


def test_no_font_comes_from_elsewhere():
    assert "font = false" in site.CONFIGURATION
