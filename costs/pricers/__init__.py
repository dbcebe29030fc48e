"""One module for each AWS service. Every module in this folder is loaded; `PRICERS` maps resource types to pricers."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from costs.pricing import Pricer


def _all_pricers() -> Mapping[str, Pricer]:
    all_pricers: dict[str, Pricer] = {}
    for module in sorted(iter_modules(__path__), key=lambda module: module.name):
        pricers: Mapping[str, Pricer] = import_module(f"{__name__}.{module.name}").PRICERS
        duplicates = all_pricers.keys() & pricers.keys()
        if duplicates:
            raise ValueError(
                f"costs/pricers/{module.name}.py prices {', '.join(sorted(duplicates))}, which another module"
                " prices too, so one of the two would be ignored. Remove one."
            )
        all_pricers.update(pricers)
    return all_pricers


PRICERS: Mapping[str, Pricer] = _all_pricers()
