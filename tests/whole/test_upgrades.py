"""Kubernetes from 1.34 to 1.36 on live stacks, one minor version at a time."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.whole.edits import Edit, make
from tests.whole.live import GONE, live

pytestmark = pytest.mark.engine

MAIN = "clusters.main"
DRIVER = f"{MAIN}.managed_addons.aws-fsx-csi-driver"
# The catalog has no version of the FSx driver for 1.34 and 1.36.
PINNED: Mapping[str, Mapping[str, Any]] = {"dev": {}, "prod": {DRIVER: {"version": "v1.9.0-eksbuild.1"}}}


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_a_live_stack_goes_up_one_version_after_the_other(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    first = {f"{MAIN}.version": "1.34", f"{MAIN}.support_type": "EXTENDED", **PINNED[name]}
    stack = live(tmp_path_factory.mktemp(name) / "project", name, first)
    make(stack, Edit({f"{MAIN}.version": "1.36"}, refused="Write 1.35 first"))
    make(stack, Edit({f"{MAIN}.version": "1.35", f"{MAIN}.support_type": GONE}, settles=True))
    make(stack, Edit({f"{MAIN}.version": "1.34", f"{MAIN}.support_type": "EXTENDED"}, refused="and not back"))
    make(stack, Edit({f"{MAIN}.version": "1.36"}, settles=True))
