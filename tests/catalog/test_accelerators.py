"""Accelerators: their texts and labels, their MIG layouts, and the machine images of their nodes."""

import re

import pytest

from catalog.instance_types import INSTANCE_TYPES, Accelerator
from catalog.machine_images import KARPENTER_ALIASES
from catalog.mig import MIG_GPUS, mig_gpu
from catalog.sharing import Sharing, accelerator_label


def accelerator(name: str) -> Accelerator:
    of_type = INSTANCE_TYPES[name].accelerator
    assert of_type is not None
    return of_type


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("p4d.24xlarge", "8 x A100 40 GB"),
        ("p4de.24xlarge", "8 x A100 80 GB"),
        ("g6.xlarge", "1 x L4 24 GB"),
        ("g6e.48xlarge", "8 x L40S 48 GB"),
        ("p5en.48xlarge", "8 x H200 141 GB"),
        ("g6f.large", "1 x part of L4 3 GB"),
        ("p6e-gb200.36xlarge", "4 x GB200"),
        ("inf2.xlarge", "1 x Inferentia2 32 GB"),
    ],
)
def test_an_accelerator_is_named_as_its_maker_names_it(name: str, words: str) -> None:
    assert str(accelerator(name)) == words


def test_a_part_of_a_gpu_is_never_taken_for_a_whole_one() -> None:
    parts = {name for name, row in INSTANCE_TYPES.items() if row.accelerator and row.accelerator.fractional}
    assert parts == {n for n in INSTANCE_TYPES if n.startswith(("g6f.", "gr6f."))}, "EC2 counts these as having no GPU"
    assert accelerator_label(accelerator("g6f.large")) != accelerator_label(accelerator("g6.xlarge"))


def test_gpus_with_different_memory_have_different_labels() -> None:
    accelerators = {accelerator(n) for n, row in INSTANCE_TYPES.items() if row.accelerator and row.regions}
    by_label = {(accelerator_label(a), a.memory_mib) for a in accelerators}
    assert len({label for label, _ in by_label}) == len(by_label), "a selector would give pods a smaller GPU"
    for label, _ in by_label:
        assert re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?", label), "Kubernetes refuses such a label value"


@pytest.mark.parametrize("name", MIG_GPUS)
def test_a_layout_can_be_read_from_its_label(name: str) -> None:
    for profile in MIG_GPUS[name].profiles.values():
        sharing = Sharing("mig", 1, ((profile.name, profile.max_instances),))
        assert Sharing.of_label(sharing.label) == sharing, "prices and policies read the label"
        assert len(sharing.label) <= 63, "Kubernetes refuses such a label value"


def test_the_cost_shares_of_a_layout_add_up_to_the_whole_gpu() -> None:
    for name in ("p4d.24xlarge", "p5.48xlarge", "p6-b200.48xlarge"):
        gpu = mig_gpu(accelerator(name))
        assert gpu is not None
        for profile in gpu.profiles.values():
            sharing = Sharing("mig", 1, ((profile.name, profile.max_instances),))
            shares = sharing.shares(accelerator(name))
            assert sum(shares.values()) * profile.max_instances == pytest.approx(1), (
                "costs would be lost or counted twice"
            )


def test_karpenter_nodes_start_from_a_named_release() -> None:
    assert set(KARPENTER_ALIASES) == {"al2023", "bottlerocket"}, "the operating systems of a pool"
    for system, alias in KARPENTER_ALIASES.items():
        assert re.fullmatch(rf"{system}@v[0-9.]+", alias), "latest replaces all nodes when AWS publishes an image"
