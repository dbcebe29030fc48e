"""Draws who imports whom into `docs/architecture.md`: `python -m report.diagram [--check]`.

The arrows are the imports that the code has. One that follows from others is left out.
"""

import sys
from graphlib import TopologicalSorter

import grimp

from report import pages
from report.simulated import ROOT

PAGE = "docs/architecture.md"
ROOMS = ("common", "catalog", "settings", "components", "costs", "policies", "simulator", "engine", "report")
DIVIDED = ("settings", "components")  # rooms that are divided into domains
BEGIN, END = "<!-- The diagrams are made by `python -m report.diagram`. -->", "<!-- End of the diagrams. -->"

Edge = tuple[str, str]


def edges(graph: grimp.ImportGraph) -> tuple[set[Edge], set[Edge]]:
    """Which room imports which, and which domain which inside the divided rooms."""
    rooms, domains = set(), set()
    for module in graph.modules:
        room, *place = module.split(".")
        for imported in graph.find_modules_directly_imported_by(module):
            other, *there = imported.split(".")
            if room != other:
                rooms.add((room, other))
            elif room in DIVIDED and place and there and place[0] != there[0]:
                domains.add((place[0], there[0]))
    return rooms, domains


def reduced(found: set[Edge]) -> list[Edge]:
    """The edges that do not follow from others, as a layered graph has none that leads back."""
    below: dict[str, set[str]] = {}
    for part in TopologicalSorter(_steps(found)).static_order():
        steps = _steps(found).get(part, set())
        below[part] = steps.union(*(below[step] for step in steps))
    return sorted(
        (one, other)
        for one, other in found
        if not any(other in below[step] for step in _steps(found)[one] if step != other)
    )


def _steps(found: set[Edge]) -> dict[str, set[str]]:
    return {part: {other for one, other in found if one == part} for part, _ in found}


def diagrams() -> str:
    """Both graphs as Mermaid, each under a line that names it."""
    rooms, domains = edges(grimp.build_graph(*ROOMS, cache_dir=None))
    return f"Rooms:\n\n{_drawn(rooms)}\n\nDomains of `settings/` and `components/`:\n\n{_drawn(domains)}"


def _drawn(found: set[Edge]) -> str:
    arrows = (f"  {one} --> {other}" for one, other in reduced(found))
    return "\n".join(["```mermaid", "flowchart LR", *arrows, "```"])


def page() -> str:
    """The page with the diagrams between its marks."""
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{diagrams()}\n\n{END}{after}"


if __name__ == "__main__":
    sys.exit(pages.run("report.diagram", {PAGE: page()}, sys.argv[1:]))
