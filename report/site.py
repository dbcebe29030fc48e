"""Builds a site of all pages in `build/site`: `python -m report.site`, which `make docs` runs.

The site has the same folders as the project, so links work in both. Zensical stops the build at a link to a page or a
heading that does not exist.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping

from report.simulated import ROOT, shown

BUILD = ROOT / "build"
PAGES, SITE, CONFIG = BUILD / "pages", BUILD / "site", BUILD / "zensical.toml"
IGNORED = shutil.ignore_patterns("__pycache__", ".simulator", "*.py")

# Section -> patterns of its pages. A page without a section stops the build.
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Start": ("README.md", "docs/index.md", "docs/architecture.md", "docs/glossary.md"),
    "Guides": ("docs/guides/**/*.md",),
    "Runbooks": ("docs/runbooks/**/*.md",),
    "Examples": ("examples/**/*.md",),
    "Reference": ("docs/reference/*.md", "docs/policies/*.md", "docs/presets.md", "docs/gpus.md"),
    "Contributing": ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"),
    "Decisions": ("docs/decisions/*.md",),
}

CONFIGURATION = """# Made by `python -m report.site`.
[project]
site_name = "ML platform"
docs_dir = "pages"
site_dir = "site"
use_directory_urls = false
extra_css = ["site.css"]
nav = {nav}

[project.theme]
font = false  # uses the reader's fonts, so that nothing is loaded from other servers
features = ["content.code.copy", "navigation.top", "toc.follow"]

[[project.theme.palette]]
media = "(prefers-color-scheme: light)"
scheme = "default"
toggle.icon = "lucide/moon"
toggle.name = "Dark"

[[project.theme.palette]]
media = "(prefers-color-scheme: dark)"
scheme = "slate"
toggle.icon = "lucide/sun"
toggle.name = "Light"

[project.markdown_extensions]
tables = {{}}
toc.permalink = true
pymdownx.highlight.pygments_lang_class = true
pymdownx.superfences.custom_fences = [
  {{ name = "mermaid", class = "mermaid", format = "pymdownx.superfences.fence_code_format" }},
]
"""

STYLE = """/* Tables need room, and the name of a setting stays on one line. */
.md-grid { max-width: 80rem; }
.md-typeset table:not([class]) td:first-child code { white-space: nowrap; }
"""


def copy_pages() -> None:
    """Copies every page and the files that pages link to, with the folders of the project."""
    shutil.rmtree(PAGES, ignore_errors=True)
    for folder in ("docs", "examples"):
        shutil.copytree(ROOT / folder, PAGES / folder, ignore=IGNORED)
    for page in ROOT.glob("*.md"):
        shutil.copy(page, PAGES)
    (PAGES / "site.css").write_text(STYLE, encoding="utf-8")


def navigation() -> str:
    """Returns the sections in the format of the configuration. Raises LookupError for pages without a section."""
    by_section = {section: list(_pages(patterns)) for section, patterns in SECTIONS.items()}
    listed = {page for pages in by_section.values() for page in pages}
    if missing := sorted({str(path.relative_to(PAGES)) for path in PAGES.rglob("*.md")} - listed):
        raise LookupError(f"no section has {', '.join(missing)}. Add it to SECTIONS in report/site.py.")
    entries = [f"  {{ {json.dumps(section)} = {json.dumps(pages)} }}," for section, pages in by_section.items()]
    return "\n".join(["[", *entries, "]"])


def _pages(patterns: tuple[str, ...]) -> Iterator[str]:
    for pattern in patterns:
        yield from sorted(str(path.relative_to(PAGES)) for path in PAGES.glob(pattern))


def main() -> int:
    """Builds the site. Returns 1 and prints the errors when a page has no section or a link is broken."""
    copy_pages()
    try:
        CONFIG.write_text(CONFIGURATION.format(nav=navigation()), encoding="utf-8")
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return 1
    shutil.rmtree(SITE, ignore_errors=True)
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean", "--config-file", str(CONFIG)]
    done = subprocess.run(
        command, env=os.environ | {"NO_COLOR": "1"}, capture_output=True, text=True, check=False, cwd=BUILD
    )
    if done.returncode:
        print((done.stdout + done.stderr).partition("Traceback")[0].rstrip(), file=sys.stderr)
        return 1
    print(f"The site is in {shown(SITE)}. Open index.html, or run: python -m http.server -d {shown(SITE)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
