"""Writes the diagrams of imports into `docs/architecture.md`: `python -m report.diagram [--check]`.

Each arrow is an import in the code. An arrow that follows from others is left out.
"""

import sys
from graphlib import TopologicalSorter

import grimp

from report import pages
from report.simulated import ROOT

PAGE = "docs/architecture.md"
ROOMS = (
    *("common", "catalog", "settings", "components", "costs", "policies", "simulator", "engine", "report", "preflight"),
)
DIVIDED = ("settings", "components")  # rooms that are divided into domains
BEGIN, END = "<!-- The diagrams are made by `python -m report.diagram`. -->", "<!-- End of the diagrams. -->"

Edge = tuple[str, str]


def edges(graph: grimp.ImportGraph) -> tuple[set[Edge], set[Edge]]:
    """Returns the imports between rooms, and the imports between the domains of the divided rooms."""
    rooms, domains = set(), set()
    for module in graph.modules:
        room, *path = module.split(".")
        for imported in graph.find_modules_directly_imported_by(module):
            imported_room, *imported_path = imported.split(".")
            if room != imported_room:
                rooms.add((room, imported_room))
            elif room in DIVIDED and path and imported_path and path[0] != imported_path[0]:
                domains.add((path[0], imported_path[0]))
    return rooms, domains


def reduced(all_edges: set[Edge]) -> list[Edge]:
    """Returns the edges that do not follow from others. The graph is layered, so it has no cycles."""
    reachable: dict[str, set[str]] = {}
    for node in TopologicalSorter(_successors(all_edges)).static_order():
        successors = _successors(all_edges).get(node, set())
        reachable[node] = successors.union(*(reachable[successor] for successor in successors))
    return sorted(
        (source, target)
        for source, target in all_edges
        if not any(target in reachable[other] for other in _successors(all_edges)[source] if other != target)
    )


def _successors(all_edges: set[Edge]) -> dict[str, set[str]]:
    return {node: {target for source, target in all_edges if source == node} for node, _ in all_edges}


def diagrams() -> str:
    """Returns both graphs as Mermaid, each under a line that names it."""
    rooms, domains = edges(grimp.build_graph(*ROOMS, cache_dir=None))
    return f"Rooms:\n\n{_mermaid(rooms)}\n\nDomains of `settings/` and `components/`:\n\n{_mermaid(domains)}"


def _mermaid(all_edges: set[Edge]) -> str:
    arrows = (f"  {source} --> {target}" for source, target in reduced(all_edges))
    return "\n".join(["```mermaid", "flowchart LR", *arrows, "```"])


def page() -> str:
    """Returns the page with the diagrams between its markers."""
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{diagrams()}\n\n{END}{after}"


if __name__ == "__main__":
    sys.exit(pages.run("report.diagram", {PAGE: page()}, sys.argv[1:]))
