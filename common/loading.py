"""Loads modules without garbage collection.

The SDKs are half a million objects that stay. Looking through them again and again, while they are loaded and while the
program runs, takes a third of the CPU time of a preview.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG = 20_000


@contextmanager
def loading() -> Iterator[None]:
    """Holds the garbage collector until the block ends. It never looks at what exists by then, and runs less often."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(_YOUNG)
        gc.enable()
