"""Prose uses the words of the glossary: the phrases that it rules out stand neither in docs nor in the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs" / "glossary.md"
ROOMS = (
    "catalog",
    "common",
    "components",
    "costs",
    "engine",
    "policies",
    "preflight",
    "report",
    "settings",
    "simulator",
)


def ruled_out() -> list[str]:
    """The phrases in the first column of the last table."""
    table = GLOSSARY.read_text().partition("\n## Instead of\n")[2]
    rows = re.findall(r"^\| ([^|]+?) \|", table, re.MULTILINE)
    return [row for row in rows if row not in ("instead of", "---")]


def texts(source: str) -> Iterator[tuple[int, str]]:
    """Each text of a module: messages and docstrings, with the line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def test_the_glossary_rules_something_out():
    assert len(ruled_out()) >= 5


def test_no_page_and_no_message_uses_a_phrase_that_the_glossary_rules_out():
    phrases = re.compile("|".join(rf"\b{re.escape(phrase)}\b" for phrase in ruled_out()), re.IGNORECASE)
    pages = [page for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")) if page != GLOSSARY]
    uses = [f"{page.relative_to(ROOT)}: {use}" for page in pages for use in phrases.findall(page.read_text())]
    modules = [module for room in ROOMS for module in (ROOT / room).rglob("*.py")]
    uses += [
        f"{module.relative_to(ROOT)}:{line}: {use}"
        for module in modules
        for line, text in texts(module.read_text())
        for use in phrases.findall(text)
    ]
    assert len(modules) > 300, "the rooms were read"
    assert not uses, "write it as docs/glossary.md says:\n" + "\n".join(uses)
