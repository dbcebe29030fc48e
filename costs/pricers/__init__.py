"""One module for each AWS service. A module is found by being here; its `PRICERS` maps resource types to pricers."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from costs.pricing import Pricer


def _found() -> Mapping[str, Pricer]:
    found: dict[str, Pricer] = {}
    for module in sorted(iter_modules(__path__), key=lambda module: module.name):
        pricers: Mapping[str, Pricer] = import_module(f"{__name__}.{module.name}").PRICERS
        twice = found.keys() & pricers.keys()
        if twice:
            raise ValueError(
                f"costs/pricers/{module.name}.py prices {', '.join(sorted(twice))}, which another module"
                " prices already, so one of the two would be ignored. Keep one."
            )
        found.update(pricers)
    return found


PRICERS: Mapping[str, Pricer] = _found()
