"""Which Helm add-ons a stack file may name: those that have a module in `components/addons/`, found by being there.

Only the names of the files are read: nothing is imported, so that checking a stack file needs no SDK.
"""

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "components" / "addons"


@cache
def addon_names() -> tuple[str, ...]:
    """Names of the add-ons, in alphabetical order: `cert_manager.py` is cert-manager."""
    modules = (path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
    return tuple(sorted(module.replace("_", "-") for module in modules))
