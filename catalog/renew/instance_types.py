"""Instance types, from EC2: `aws ec2 describe-instance-types`, which answers what a region offers.

A type is added by an empty row, `"r9g.large": {}`. What EC2 does not say stays: `efa_cards`, accelerators
that it leaves out (trn2u), types that no region offers. Form of the answer: EC2 API reference, DescribeInstanceTypes;
the rule of pods: EKS best practices guide, prefix mode; read 2026-11.
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
OTHER_SOURCES = ("p3:", "p6e", "trn2")  # of what EC2 does not answer
ARCHITECTURES = ("x86_64", "arm64")
# Where EC2's own answer misleads. Source: AWS Neuron documentation (96 GiB a device, EC2 has 512); g7e's product page.
NAMES = {"RTX PRO Server 6000": "RTX PRO 6000"}
MEMORY_MIB = {"Trainium2": 98304}


def questions() -> list[Question]:
    return [_question(region) for region in REGIONS]


def _question(region: str) -> Question:
    command = ("aws", "ec2", "describe-instance-types", "--region", region, "--output", "json")
    return Question(name=f"instance-types-{region}.json", command=command)


def renew(answers: Answers, today: date) -> Renewal:
    """Regions without an answer, such as those that the account has not turned on, keep the types that they had."""
    table = read_table("instance_types")
    seen: dict[str, Mapping[str, Any]] = {}
    offered = {name: set(row.get("regions", "").split()) for name, row in table["types"].items()}
    for region in REGIONS:
        answer = answers.json(_question(region))
        if answer is None:
            continue
        found = {each["InstanceType"]: each for each in answer["InstanceTypes"]}
        seen.update(found)
        for name, regions in offered.items():
            (regions.add if name in found else regions.discard)(region)
    if not seen:
        return Renewal({}, [])
    rows = {
        name: row_of(seen[name], offered[name], row) if name in seen else {**row, "regions": _spelt(offered[name])}
        for name, row in table["types"].items()
    }
    notes = [f"{name}: no region that answered offers it" for name in rows if name not in seen]
    others = [each for each in table["source"] if each.startswith(OTHER_SOURCES)]
    text = laid_out({**table, "source": [SOURCE, *others], "read": f"{today:%Y-%m}", "types": rows})
    return Renewal({TABLE: text}, notes)


def row_of(said: Mapping[str, Any], regions: set[str], old: Mapping[str, Any]) -> dict[str, Any]:
    """The row of one type. Pods take the addresses of the default network card, less the first of each interface."""
    network, vcpus = said["NetworkInfo"], said["VCpuInfo"]["DefaultVCpus"]
    card = network["NetworkCards"][network.get("DefaultNetworkCardIndex", 0)]
    per_eni = network["Ipv4AddressesPerInterface"]
    slots = card["MaximumNetworkInterfaces"] * (per_eni - 1)
    nitro = said.get("Hypervisor") == "nitro" or said["BareMetal"]
    row = {
        "vcpus": vcpus,
        "memory_mib": said["MemoryInfo"]["SizeInMiB"],
        "arch": next(a for a in said["ProcessorInfo"]["SupportedArchitectures"] if a in ARCHITECTURES),
        "accelerator": accelerator_of(said) or old.get("accelerator"),
        "efa_interfaces": network.get("EfaInfo", {}).get("MaximumEfaInterfaces", 0),
        "efa_cards": old.get("efa_cards"),
        "local_nvme_gb": said.get("InstanceStorageInfo", {}).get("TotalSizeInGB", 0),
        "max_pods": slots + 2,
        "max_pods_prefix_delegation": min(slots * 16 + 2, 110 if vcpus < 30 else 250) if nitro else None,
        "max_enis": sum(each["MaximumNetworkInterfaces"] for each in network["NetworkCards"]),
        "ipv4_per_eni": per_eni,
        "usage_classes": sorted(said["SupportedUsageClasses"]),
        "bare_metal": said["BareMetal"],
        "current_generation": said["CurrentGeneration"],
        "regions": _spelt(regions),
    }
    usual = {"accelerator": None, "efa_interfaces": 0, "efa_cards": None, "local_nvme_gb": 0, "bare_metal": False}
    return {key: value for key, value in row.items() if {**usual, "current_generation": True}.get(key, ...) != value}


def accelerator_of(said: Mapping[str, Any]) -> dict[str, Any] | None:
    """GPUs or Neuron devices; of several kinds the first. EC2 counts no GPU where a type has a part of one."""
    for kind, key, devices in (("gpu", "GpuInfo", "Gpus"), ("neuron", "NeuronInfo", "NeuronDevices")):
        for device in said.get(key, {}).get(devices, ())[:1]:
            count = device["Count"] or device.get("LogicalGpuCount", 0)
            found = {
                "kind": kind,
                "manufacturer": device.get("Manufacturer", "AWS"),
                "name": NAMES.get(device["Name"], device["Name"]),
                "count": count,
                "memory_mib": MEMORY_MIB.get(device["Name"], device["MemoryInfo"]["SizeInMiB"]),
            }
            return found if device["Count"] else {**found, "fractional": True}
    return None


def _spelt(regions: set[str]) -> str:
    return " ".join(sorted(regions))
