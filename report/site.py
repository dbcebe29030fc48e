"""Builds the site of all pages into `build/site`: `python -m report.site`, which is what `make docs` runs.

The pages are copied as they stand in the project, so that a link which is right there is right on the site. Zensical
ends the build at a link to a page or to a heading that is not there.
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

# Section -> its pages, as patterns. A page that no section has ends the build.
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
font = false  # those of the reader's system: nothing is fetched from elsewhere
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
    """Every page and what pages link to, at the same places as in the project."""
    shutil.rmtree(PAGES, ignore_errors=True)
    for folder in ("docs", "examples"):
        shutil.copytree(ROOT / folder, PAGES / folder, ignore=IGNORED)
    for page in ROOT.glob("*.md"):
        shutil.copy(page, PAGES)
    (PAGES / "site.css").write_text(STYLE, encoding="utf-8")


def navigation() -> str:
    """The sections as the configuration writes them. Raises LookupError for pages that no section has."""
    found = {section: list(_pages(patterns)) for section, patterns in SECTIONS.items()}
    listed = {page for pages in found.values() for page in pages}
    if lost := sorted({str(path.relative_to(PAGES)) for path in PAGES.rglob("*.md")} - listed):
        raise LookupError(f"no section has {', '.join(lost)}. Add it to SECTIONS in report/site.py.")
    entries = [f"  {{ {json.dumps(section)} = {json.dumps(pages)} }}," for section, pages in found.items()]
    return "\n".join(["[", *entries, "]"])


def _pages(patterns: tuple[str, ...]) -> Iterator[str]:
    for pattern in patterns:
        yield from sorted(str(path.relative_to(PAGES)) for path in PAGES.glob(pattern))


def main() -> int:
    """Builds the site; returns 1, and says what is wrong, when a page or a link is."""
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
