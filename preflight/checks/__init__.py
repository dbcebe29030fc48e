"""The checks, one module for each domain. A check is found by being in one of them."""

import importlib
import pkgutil
from functools import cache

from preflight.check import Check


@cache
def every_check() -> tuple[Check, ...]:
    """Returns the checks, by module and in the order of each module. Raises ValueError when two have one title."""
    names = sorted(each.name for each in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    checks = tuple(each for module in modules for each in vars(module).values() if isinstance(each, Check))
    if len({each.title for each in checks}) < len(checks):
        raise ValueError("two checks have the same title. Rename one.")
    return checks
