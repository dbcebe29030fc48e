"""Instance types, from `aws ec2 describe-instance-types`, which lists the types that a region offers.

To add a type, write an empty row: `"r9g.large": {}`. Facts that are not in EC2's answer stay unchanged: `efa_cards`,
accelerators that it leaves out (trn2u), types that no region offers. Form of the answer: EC2 API reference,
DescribeInstanceTypes; the rule for the number of pods: EKS best practices guide, prefix mode; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from catalog.regions import REGIONS
from catalog.renew.asking import Answers, Question, Renewal
from catalog.rows import DATA, laid_out, read_table

ACCOUNT = True
TABLE = DATA / "instance_types.json"
SOURCE = "aws ec2 describe-instance-types in each region that the account has turned on; max_pods by the rule of notes"
OTHER_SOURCES = ("p3:", "p6e", "trn2")  # the sources of facts that are not in EC2's answer
ARCHITECTURES = ("x86_64", "arm64")
# Corrections of EC2's answer. Source: AWS Neuron documentation (96 GiB a device, EC2 has 512); g7e's product page.
NAMES = {"RTX PRO Server 6000": "RTX PRO 6000"}
MEMORY_MIB = {"Trainium2": 98304}


def questions() -> list[Question]:
    return [_question(region) for region in REGIONS]


def _question(region: str) -> Question:
    command = ("aws", "ec2", "describe-instance-types", "--region", region, "--output", "json")
    return Question(name=f"instance-types-{region}.json", command=command)


def renew(answers: Answers, today: date) -> Renewal:
    """Renews the types. Regions without an answer, such as those that the account has not enabled, keep their types."""
    table = read_table("instance_types")
    seen: dict[str, Mapping[str, Any]] = {}
    offered = {name: set(row.get("regions", "").split()) for name, row in table["types"].items()}
    for region in REGIONS:
        answer = answers.json(_question(region))
        if answer is None:
            continue
        described = {each["InstanceType"]: each for each in answer["InstanceTypes"]}
        seen.update(described)
        for name, regions in offered.items():
            (regions.add if name in described else regions.discard)(region)
    if not seen:
        return Renewal({}, [])
    rows = {
        name: row_of(seen[name], offered[name], row) if name in seen else {**row, "regions": _as_text(offered[name])}
        for name, row in table["types"].items()
    }
    notes = [f"{name}: no region with an answer offers it" for name in rows if name not in seen]
    others = [each for each in table["source"] if each.startswith(OTHER_SOURCES)]
    text = laid_out({**table, "source": [SOURCE, *others], "read": f"{today:%Y-%m}", "types": rows})
    return Renewal({TABLE: text}, notes)


def row_of(described: Mapping[str, Any], regions: set[str], old: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the row of one type. Pods use the addresses of the default network card, except one per interface."""
    network, vcpus = described["NetworkInfo"], described["VCpuInfo"]["DefaultVCpus"]
    card = network["NetworkCards"][network.get("DefaultNetworkCardIndex", 0)]
    per_eni = network["Ipv4AddressesPerInterface"]
    slots = card["MaximumNetworkInterfaces"] * (per_eni - 1)
    nitro = described.get("Hypervisor") == "nitro" or described["BareMetal"]
    row = {
        "vcpus": vcpus,
        "memory_mib": described["MemoryInfo"]["SizeInMiB"],
        "arch": next(a for a in described["ProcessorInfo"]["SupportedArchitectures"] if a in ARCHITECTURES),
        "accelerator": accelerator_of(described) or old.get("accelerator"),
        "efa_interfaces": network.get("EfaInfo", {}).get("MaximumEfaInterfaces", 0),
        "efa_cards": old.get("efa_cards"),
        "local_nvme_gb": described.get("InstanceStorageInfo", {}).get("TotalSizeInGB", 0),
        "max_pods": slots + 2,
        "max_pods_prefix_delegation": min(slots * 16 + 2, 110 if vcpus < 30 else 250) if nitro else None,
        "max_enis": sum(each["MaximumNetworkInterfaces"] for each in network["NetworkCards"]),
        "ipv4_per_eni": per_eni,
        "usage_classes": sorted(described["SupportedUsageClasses"]),
        "bare_metal": described["BareMetal"],
        "current_generation": described["CurrentGeneration"],
        "regions": _as_text(regions),
    }
    defaults = {"accelerator": None, "efa_interfaces": 0, "efa_cards": None, "local_nvme_gb": 0, "bare_metal": False}
    return {key: value for key, value in row.items() if {**defaults, "current_generation": True}.get(key, ...) != value}


def accelerator_of(described: Mapping[str, Any]) -> dict[str, Any] | None:
    """Returns the first kind of GPU or Neuron device of a type. EC2 counts 0 GPUs when the type has a part of one."""
    for kind, key, devices in (("gpu", "GpuInfo", "Gpus"), ("neuron", "NeuronInfo", "NeuronDevices")):
        for device in described.get(key, {}).get(devices, ())[:1]:
            count = device["Count"] or device.get("LogicalGpuCount", 0)
            accelerator = {
                "kind": kind,
                "manufacturer": device.get("Manufacturer", "AWS"),
                "name": NAMES.get(device["Name"], device["Name"]),
                "count": count,
                "memory_mib": MEMORY_MIB.get(device["Name"], device["MemoryInfo"]["SizeInMiB"]),
            }
            return accelerator if device["Count"] else {**accelerator, "fractional": True}
    return None


def _as_text(regions: set[str]) -> str:
    return " ".join(sorted(regions))
