"""Garbage collection waits while modules are loaded, and leaves them alone afterwards."""

import gc

import pytest

from common.loading import loading


def test_what_is_loaded_is_never_looked_at_again() -> None:
    gc.unfreeze()
    loaded = []
    with loading():
        assert not gc.isenabled()
        loaded.append({"loaded": loaded})
    assert gc.isenabled()
    assert not any(each is loaded for each in gc.get_objects())


def test_garbage_is_collected_again_after_an_error() -> None:
    with pytest.raises(ImportError), loading():
        raise ImportError
    assert gc.isenabled()
