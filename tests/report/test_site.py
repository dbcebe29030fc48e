"""The site has every page, and the files that pages link to."""

import tomllib

import pytest

from report import site


@pytest.fixture
def copied_pages(tmp_path, monkeypatch):
    monkeypatch.setattr(site, "PAGES", tmp_path / "pages")
    site.copy_pages()
    return tmp_path / "pages"


def test_every_page_has_its_section(copied_pages):
    configuration = tomllib.loads(site.CONFIGURATION.format(nav=site.navigation()))
    sections = {name: pages for section in configuration["project"]["nav"] for name, pages in section.items()}
    assert sections["Start"][0] == "README.md", "it is the first page of the site"
    assert all(sections.values())
    listed = [page for pages in sections.values() for page in pages]
    assert len(listed) == len(set(listed))
    assert {str(page.relative_to(copied_pages)) for page in copied_pages.rglob("*.md")} == set(listed)
    assert (copied_pages / "examples" / "stacks" / "Pulumi.small.yaml").exists(), "a page links to it"


def test_a_page_without_a_section_is_an_error(copied_pages):
    (copied_pages / "docs" / "lost.md").write_text("# Lost\n")
    with pytest.raises(LookupError, match=r"no section has docs/lost\.md\. Add it to SECTIONS in report/site\.py\.$"):
        site.navigation()


def test_no_font_is_loaded_from_another_server():
    assert "font = false" in site.CONFIGURATION
