"""Tests each source with answers in the documented form. Tests use no network, so no real source is read."""

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.charts import CHARTS, UNRESOLVED
from catalog.eks_addons import ADDONS
from catalog.images import IMAGES
from catalog.kubernetes import VERSIONS
from catalog.renew import (
    actions,
    charts,
    eks_addons,
    iam_names,
    images,
    instance_prices,
    instance_types,
    service_prices,
)
from catalog.renew.__main__ import SOURCES, main
from catalog.renew.asking import Answers, Question, Renewal, Source
from catalog.rows import DATA, laid_out, read_table

TODAY = date(2027, 2, 1)
Renew = Callable[[Source, Mapping[str, str]], Renewal]


@pytest.fixture
def renew(tmp_path: Path) -> Renew:
    """Returns a function that renews a source with answers, given by the names of its questions."""

    def renewed(source: Source, answers: Mapping[str, str]) -> Renewal:
        assert set(answers) <= {question.name for question in source.questions()}, "an answer without a question"
        for name, text in answers.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        return source.renew(Answers(tmp_path), TODAY)

    return renewed


def only_table(renewal: Renewal) -> Any:
    (text,) = renewal.files.values()
    return json.loads(text)


def rows_that_differ(after: Any, before: Any) -> set[str]:
    assert after.keys() == before.keys(), "rows are missing, or have no source"
    return {name for name in after if after[name] != before[name]}


# Instance types.
L4 = {"Name": "L4", "Manufacturer": "NVIDIA", "Count": 1, "MemoryInfo": {"SizeInMiB": 22888}}


def described(name: str, **changed: Any) -> dict[str, Any]:
    """Returns a row of DescribeInstanceTypes; its values are those of g6.xlarge, except the changed ones."""
    card = {"NetworkCardIndex": 0, "MaximumNetworkInterfaces": 4}
    return {
        "InstanceType": name,
        "CurrentGeneration": True,
        "SupportedUsageClasses": ["spot", "on-demand"],
        "BareMetal": False,
        "Hypervisor": "nitro",
        "ProcessorInfo": {"SupportedArchitectures": ["i386", "x86_64"]},
        "VCpuInfo": {"DefaultVCpus": 4},
        "MemoryInfo": {"SizeInMiB": 16384},
        "InstanceStorageInfo": {"TotalSizeInGB": 250},
        "NetworkInfo": {
            "MaximumNetworkInterfaces": 4,
            "DefaultNetworkCardIndex": 0,
            "NetworkCards": [card],
            "Ipv4AddressesPerInterface": 15,
            "EfaSupported": False,
        },
        "GpuInfo": {"Gpus": [L4], "TotalGpuMemoryInMiB": 22888},
        **changed,
    }


def offered(*types: dict[str, Any]) -> str:
    return json.dumps({"InstanceTypes": types})


def test_an_instance_type_is_written_as_the_catalog_has_it(renew: Renew) -> None:
    before = read_table("instance_types")["types"]
    regions = before["g6.xlarge"]["regions"].split()
    answer = {f"instance-types-{region}.json": offered(described("g6.xlarge")) for region in regions}
    after = only_table(renew(instance_types, answer))
    assert after["read"] == "2027-02"
    assert after["types"]["g6.xlarge"] == before["g6.xlarge"], "the catalog has the same facts as EC2's answer"
    assert list(after["types"]["g6.xlarge"]) == list(before["g6.xlarge"]), (
        "a row in another order would show as changed"
    )


def test_a_region_without_an_answer_keeps_its_types(renew: Renew) -> None:
    before = read_table("instance_types")["types"]["g6.xlarge"]["regions"].split()
    renewal = renew(instance_types, {"instance-types-us-east-1.json": offered(described("m7i.large"))})
    regions = only_table(renewal)["types"]["g6.xlarge"]["regions"].split()
    assert regions == [region for region in before if region != "us-east-1"], (
        "only the region with an answer lost the type"
    )
    assert "g6.xlarge: no region with an answer offers it" in renewal.notes


def test_a_part_of_a_gpu_counts_as_one_and_neuron_memory_is_corrected() -> None:
    part = {**L4, "Count": 0, "LogicalGpuCount": 1, "GpuPartitionSize": 0.125, "MemoryInfo": {"SizeInMiB": 2861}}
    accelerator = instance_types.accelerator_of({"GpuInfo": {"Gpus": [part]}})
    assert accelerator == {
        "kind": "gpu",
        "manufacturer": "NVIDIA",
        "name": "L4",
        "count": 1,
        "memory_mib": 2861,
        "fractional": True,
    }
    device = {"Count": 16, "Name": "Trainium2", "MemoryInfo": {"SizeInMiB": 524288}}
    neuron = instance_types.accelerator_of({"NeuronInfo": {"NeuronDevices": [device]}})
    assert neuron == {"kind": "neuron", "manufacturer": "AWS", "name": "Trainium2", "count": 16, "memory_mib": 98304}


def test_an_empty_row_is_filled_and_facts_that_ec2_lacks_stay() -> None:
    cards = [{"NetworkCardIndex": card, "MaximumNetworkInterfaces": 2} for card in range(2)]
    network = {"NetworkCards": cards, "Ipv4AddressesPerInterface": 50, "EfaInfo": {"MaximumEfaInterfaces": 2}}
    description = described(
        "new.metal", NetworkInfo=network, VCpuInfo={"DefaultVCpus": 96}, BareMetal=True, Hypervisor=""
    )
    row = instance_types.row_of(description, {"us-west-2", "us-east-1"}, {"efa_cards": [1]})
    assert (row["max_pods"], row["max_pods_prefix_delegation"], row["max_enis"]) == (2 * 49 + 2, 250, 4)
    assert (row["efa_interfaces"], row["efa_cards"], row["bare_metal"]) == (2, [1], True)
    assert row["regions"] == "us-east-1 us-west-2"
    assert "current_generation" not in row, "the default is left out"


# The price list.
COLUMNS = (
    *("SKU", "TermType", "StartingRange", "Unit", "PricePerUnit", "Currency", "Product Family", "Instance Type"),
    *("Tenancy", "Operating System", "usageType", "CapacityStatus", "MarketOption", "Pre Installed S/W"),
)


def price_list(service: str, *rows: Mapping[str, str], published: str = "2027-01-15T22:53:08Z") -> str:
    """Returns a file of the price list: five lines about it, then the table."""
    file = io.StringIO()
    about = csv.writer(file, quoting=csv.QUOTE_ALL)
    about.writerows([("FormatVersion", "v1.0"), ("Disclaimer", "…"), ("Publication Date", published)])
    about.writerows([("Version", "20270115225308"), ("OfferCode", service)])
    table = csv.DictWriter(file, COLUMNS, quoting=csv.QUOTE_ALL, restval="")
    table.writeheader()
    defaults = {"TermType": "OnDemand", "StartingRange": "0", "Currency": "USD", "Unit": "Hrs"}
    table.writerows({**defaults, **row} for row in rows)
    return file.getvalue()


def instance(name: str, usd: str, **changed: str) -> dict[str, str]:
    plain = {"Tenancy": "Shared", "Operating System": "Linux", "CapacityStatus": "Used", "MarketOption": "OnDemand"}
    return {"Instance Type": name, "PricePerUnit": usd, **plain, "Pre Installed S/W": "NA", **changed}


def test_the_prices_of_a_region_are_renewed_with_their_date(renew: Renew) -> None:
    before = read_table("instance_prices")
    answer = price_list(
        "AmazonEC2",
        instance("m5.large", "0.0960000000"),
        instance("g6.xlarge", "1.0000000000"),
        instance("p5e.48xlarge", "40.0000000000"),
        instance("m5.large", "0.2", **{"Operating System": "Windows"}),
        instance("m5.large", "0.3", Tenancy="Dedicated"),
        instance("m5.large", "0.0", CapacityStatus="AllocatedCapacityReservation"),
        instance("m5.large", "0.05", TermType="Reserved"),
        instance("x9.new", "9.9"),
    )
    renewal = renew(instance_prices, {"price-list-AmazonEC2-us-west-2.csv": answer})
    after = only_table(renewal)
    assert after["region_sources"]["us-west-2"] == "price-list-2027-01-15"
    assert after["sources"]["price-list-2027-01-15"]["as_of"] == "2027-01-15"
    types = after["types"]
    assert types["m5.large"]["on_demand"]["us-west-2"] == 0.096, "a price without a source has that of its region"
    old = before["region_sources"]["us-west-2"]
    kept = types["c6i.large"]["on_demand"]["us-west-2"]
    assert kept == [before["types"]["c6i.large"]["on_demand"]["us-west-2"], old], (
        "a price that is not in the list keeps its source"
    )
    assert types["m5.large"]["on_demand"]["us-east-1"] == before["types"]["m5.large"]["on_demand"]["us-east-1"]
    assert "x9.new" not in types, "instance types are added in another table"
    assert "unpriced" not in types["p5e.48xlarge"]
    assert {note.partition(":")[0] for note in renewal.notes} == {"g6.xlarge in us-west-2", "p5e.48xlarge"}


def test_two_prices_for_one_type_are_an_error(renew: Renew) -> None:
    answer = price_list("AmazonEC2", instance("m5.large", "0.096"), instance("m5.large", "0.097"))
    with pytest.raises(ValueError, match=r"m5\.large has two prices in one list"):
        renew(instance_prices, {"price-list-AmazonEC2-us-west-2.csv": answer})


def test_a_price_list_in_another_form_is_an_error(renew: Renew) -> None:
    with pytest.raises(ValueError, match=r"does not begin with its publication date$"):
        renew(instance_prices, {"price-list-AmazonEC2-us-west-2.csv": "<html>\n"})


def test_savings_of_spot_come_from_the_advisor(renew: Renew) -> None:
    advice = {"spot_advisor": {"us-east-1": {"Linux": {"m5.large": {"s": 70, "r": 0}}, "Windows": {}}}}
    before, after = (
        read_table("instance_prices"),
        only_table(renew(instance_prices, {"spot-advisor.json": json.dumps(advice)})),
    )
    assert after["types"]["m5.large"]["spot_saving_pct"] == {"us-east-1": 70}
    assert rows_that_differ(after["types"], before["types"]) == {"m5.large"}, (
        "a type that the advisor does not have keeps its savings"
    )
    assert after["sources"]["spot-advisor"]["as_of"] == "2027-02-01"


def product(usage: str, usd: str, family: str = "", **changed: str) -> dict[str, str]:
    return {"usageType": usage, "PricePerUnit": usd, "Product Family": family, **changed}


def test_a_service_price_equals_the_price_of_its_product_in_our_unit(renew: Renew) -> None:
    before = read_table("service_prices")["prices"]
    answers = {
        "price-list-AmazonEC2-us-east-1.csv": price_list(
            "AmazonEC2",
            product("NatGateway-Hours", "0.0450000000", "NAT Gateway"),
            product("EBS:VolumeP-Throughput.gp3", "40.9600000000", "Provisioned Throughput", Unit="GiBps-mo"),
            product("EBS:VolumeUsage.gp3", "0.0900000000", "Storage"),
            product("EBS:VolumeUsage.gp3.outposts", "0.5", "Storage"),
        ),
        "price-list-AWSDataTransfer-us-east-1.csv": price_list(
            "AWSDataTransfer",
            product("DataTransfer-Out-Bytes", "0.09"),
            product("DataTransfer-Out-Bytes", "0.085", StartingRange="10240"),
        ),
        "price-list-awskms-us-east-1.csv": price_list(
            "awskms",
            product("us-east-1-KMS-Requests", "0.0000000000"),
            product("us-east-1-KMS-Requests", "0.0000030000", StartingRange="20000"),
        ),
        "price-list-AmazonS3-us-east-1.csv": price_list(
            "AmazonS3", product("Requests-Tier1", "0.000005"), product("Requests-Tier1", "0.000006")
        ),
    }
    renewal = renew(service_prices, answers)
    after = only_table(renewal)["prices"]
    changed = {key for key in after if after[key]["usd"] != before[key]["usd"]}
    assert changed == {"ebs.gp3_storage"}, "the other prices are the same, converted to our units"
    assert after["ebs.gp3_storage"]["source"] == "AWS price list, AmazonEC2, usage type EBS:VolumeUsage.gp3"
    assert after["kms.requests_10k"]["as_of"] == "2027-01-15"
    assert after["s3.put_1k"] == before["s3.put_1k"]
    assert "s3.put_1k: the list has 2 prices for it, so it stays unchanged" in renewal.notes
    assert "ebs.gp3_storage: 0.08 before, 0.09 now" in renewal.notes
    assert any("PRODUCTS names no product of the price list" in note for note in renewal.notes)


def test_every_product_belongs_to_one_of_our_prices() -> None:
    assert set(service_prices.PRODUCTS) <= set(read_table("service_prices")["prices"]), "nothing would use its price"


# EKS add-ons.
def test_the_default_version_of_each_add_on_is_pinned(renew: Renew) -> None:
    def version(name: str, **defaults: bool) -> dict[str, Any]:
        fits = [
            {"clusterVersion": v, "platformVersions": ["*"], "defaultVersion": is_default}
            for v, is_default in defaults.items()
        ]
        return {"addonVersion": name, "architecture": ["amd64", "arm64"], "compatibilities": fits}

    versions = [
        version("v1.22.9-eksbuild.1", **{"1.36": False}),
        version("v1.22.5-eksbuild.1", **{"1.36": True, "1.35": True, "1.99": True}),
    ]
    answer = {"addons": [{"addonName": "vpc-cni", "type": "networking", "addonVersions": versions}]}
    before = read_table("eks_addon_versions")["addons"]
    renewal = renew(eks_addons, {"eks-addon-versions.json": json.dumps(answer)})
    after = only_table(renewal)["addons"]
    assert after["vpc-cni"] == {
        "1.34": before["vpc-cni"]["1.34"],
        "1.35": "v1.22.5-eksbuild.1",
        "1.36": "v1.22.5-eksbuild.1",
    }
    assert {name: pins for name, pins in after.items() if pins and name != "vpc-cni"} == {
        name: pins for name, pins in before.items() if name != "vpc-cni"
    }
    assert "coredns: EKS lists no such add-on" in renewal.notes
    assert set(after) == set(ADDONS)
    assert "1.99" not in VERSIONS


# Charts.
def test_charts_are_compared_with_their_repository_and_keep_their_version(renew: Renew) -> None:
    by_index, by_tags = CHARTS["aws-load-balancer-controller"], CHARTS["karpenter"]
    assert (by_index.oci, by_tags.oci) == (False, True)
    entries = [{"version": by_index.version, "appVersion": "v9.9.9"}, {"version": "99.0.0", "appVersion": "v10"}]
    index = {"apiVersion": "v1", "entries": {by_index.chart: entries, "aws-efa-k8s-device-plugin": []}}
    tags = [{"name": "karpenter/karpenter", "tags": ["1.0.0", "99.0.0-rc.1"]}, {"tags": None}]
    renewal = renew(
        charts,
        {
            "index-aws.github.io-eks-charts.yaml": yaml.safe_dump(index),
            "tags-public.ecr.aws-karpenter-karpenter.json": "\n".join(map(json.dumps, tags)),
        },
    )
    ((path, text),) = renewal.files.items()
    row = json.loads(text)["charts"]["aws-load-balancer-controller"]
    assert (row["version"], row["app_version"]) == (by_index.version, "v9.9.9"), (
        f"{path}: the version is not changed here"
    )
    assert f"aws-load-balancer-controller: {by_index.version} is pinned, the newest is 99.0.0" in renewal.notes
    assert f"karpenter: {by_tags.repository} has no version {by_tags.version}" in renewal.notes


def test_a_digest_is_what_the_repository_tells_of_the_pinned_version(renew: Renew) -> None:
    by_index, by_tags = CHARTS["aws-load-balancer-controller"], CHARTS["karpenter"]
    entries = [{"version": "99.0.0", "digest": "b" * 64}, {"version": by_index.version, "digest": "a" * 64}]
    manifest = '{"schemaVersion": 2}\n'
    renewal = renew(
        charts,
        {
            "index-aws.github.io-eks-charts.yaml": yaml.safe_dump({"entries": {by_index.chart: entries}}),
            "tags-public.ecr.aws-karpenter-karpenter.json": json.dumps({"tags": [by_tags.version]}),
            f"manifest-public.ecr.aws-karpenter-karpenter-{by_tags.version}.json": manifest,
        },
    )
    rows = {name: row for text in renewal.files.values() for name, row in json.loads(text)["charts"].items()}
    assert rows[by_index.name]["digests"] == {by_index.version: f"sha256:{'a' * 64}"}
    assert rows[by_tags.name]["digests"] == {by_tags.version: f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"}
    assert "digests" not in rows["aws-efa-k8s-device-plugin"], "without an answer it stays unresolved"


def test_a_version_that_was_published_again_is_told_and_keeps_its_digest(
    renew: Renew, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = CHARTS["aws-load-balancer-controller"]
    known = replace(row, digest=f"sha256:{'c' * 64}")
    monkeypatch.setattr(charts, "CHARTS", {**CHARTS, row.name: known})
    entries = [{"version": row.version, "digest": "a" * 64}]
    index = {"entries": {row.chart: entries}}
    renewal = renew(charts, {"index-aws.github.io-eks-charts.yaml": yaml.safe_dump(index)})
    assert any(note.startswith(f"{row.name}: {row.version} has the digest") for note in renewal.notes)
    assert not any("a" * 64 in text for text in renewal.files.values())


@pytest.mark.parametrize("told", ["", "sha1:abc", "A" * 64, None])
def test_what_is_no_digest_is_not_taken_for_one(renew: Renew, told: str | None) -> None:
    row = CHARTS["aws-load-balancer-controller"]
    index = {"entries": {row.chart: [{"version": row.version, "digest": told}]}}
    renewal = renew(charts, {"index-aws.github.io-eks-charts.yaml": yaml.safe_dump(index)})
    assert not any("digests" in text for text in renewal.files.values())


def test_a_digest_of_an_image_is_that_of_the_bytes_of_its_manifest(renew: Renew) -> None:
    name, image = next(iter(IMAGES.items()))
    (question,) = (each for each in images.questions() if each.url.endswith(f"/{name}/manifests/{image.tag}"))
    assert question.url.startswith("https://registry-1.docker.io/v2/velero/"), "Docker Hub answers under another name"
    manifest = '{"manifests": []}\n'
    renewal = renew(images, {question.name: manifest})
    ((_, text),) = renewal.files.items()
    rows = json.loads(text)["images"]
    assert rows[name]["digests"] == {image.tag: f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"}
    assert not any("digests" in row for other, row in rows.items() if other != name), "none is invented"


def test_a_tag_that_names_another_image_is_told_and_keeps_its_digest(
    renew: Renew, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, image = next(iter(IMAGES.items()))
    monkeypatch.setattr(images, "IMAGES", {**IMAGES, name: replace(image, digest=f"sha256:{'c' * 64}")})
    question = next(each for each in images.questions() if f"/{name}/" in each.url)
    renewal = renew(images, {question.name: "{}"})
    assert any(note.startswith(f"{name}: {image.tag} is sha256:") for note in renewal.notes)
    assert not any('"digests"' in text for text in renewal.files.values())


def test_an_image_is_named_by_its_digest_once_that_is_known() -> None:
    image = replace(next(iter(IMAGES.values())), digest=UNRESOLVED)
    assert image.reference == f"{image.repository}:{image.tag}"
    known = replace(image, digest=f"sha256:{'a' * 64}")
    assert known.reference == f"{image.repository}:{image.tag}@sha256:{'a' * 64}"


def test_every_digest_of_the_catalog_is_one_or_says_that_it_is_not_known() -> None:
    digests = [each.digest for each in (*CHARTS.values(), *IMAGES.values())]
    assert digests
    assert all(digest == UNRESOLVED or re.fullmatch("sha256:[0-9a-f]{64}", digest) for digest in digests)


def test_the_newest_version_is_a_release_with_the_same_prefix() -> None:
    assert charts.newest(["v1.9.0", "v1.10.0", "v2.0.0-rc.1", "3.0.0"], "v1.9.0") == "v1.10.0"


# Actions.
WORKFLOW = "      - uses: actions/checkout@{} # {}\n        with:\n"


def tag(name: str, commit: str) -> dict[str, Any]:
    return {"name": name, "commit": {"sha": commit * 40, "url": "…"}, "node_id": "…"}


def test_an_action_is_pinned_to_the_newest_release_of_its_major_version() -> None:
    pages = [[tag("v8.0.0", "8"), tag("v7.2.0", "c"), tag("v7", "c"), tag("v7.10.0", "d"), tag("v7.0.1", "a")]]
    text, notes = actions.pinned(WORKFLOW.format("a" * 40, "v7.0.1"), {"actions/checkout": pages})
    assert text == WORKFLOW.format("d" * 40, "v7.10.0")
    assert notes == ["actions/checkout: v8.0.0 exists; pin a new major version by hand"]


@pytest.mark.parametrize(
    ("pages", "note"),
    [
        ([[tag("v7.0.1", "b"), tag("v7.1.0", "c")]], "somebody moved v7.0.1 to another commit"),
        ([[tag("v7.1.0", "c")]], "release v7.0.1 does not exist any more"),
        ([], None),
    ],
)
def test_a_moved_or_deleted_tag_is_named_and_changes_nothing(pages: list[Any], note: str | None) -> None:
    text, notes = actions.pinned(WORKFLOW.format("a" * 40, "v7.0.1"), {"actions/checkout": pages})
    assert text == WORKFLOW.format("a" * 40, "v7.0.1")
    assert [note in each for each in notes if note] == [True] * (note is not None)


def test_there_is_a_question_for_every_action_of_the_workflows() -> None:
    used = {question.name for question in actions.questions()}
    assert "tags-actions-checkout.json" in used
    for path in sorted(actions.WORKFLOWS.glob("*.yml")):
        text = path.read_text(encoding="utf-8")
        assert text.count("uses: ") == len(actions.USE.findall(text)), (
            f"{path.name}: pin every action to a commit, with its tag in a comment"
        )


# The command.
def test_saved_answers_need_no_network_and_check_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "spot-advisor.json").write_text(
        json.dumps({"spot_advisor": {"us-east-1": {"Linux": {"m5.large": {"s": 1}}}}})
    )
    before = instance_prices.TABLE.read_text(encoding="utf-8")
    assert main(["instance-prices", "--from", str(tmp_path), "--check"]) == 1
    output = capsys.readouterr()
    assert "would change: catalog/data/instance_prices.json" in output.out
    assert "no answer: price-list-AmazonEC2-us-east-1.csv: no saved answer" in output.out
    assert output.err == "", "no host is read, so none is named"
    assert instance_prices.TABLE.read_text(encoding="utf-8") == before


def test_the_account_is_read_only_with_its_option_and_after_a_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Question] = []

    def refuse(question: Question, target: Path) -> None:
        if not asked:
            assert "changes nothing there: aws eks describe-addon-versions" in capsys.readouterr().err
        asked.append(question)
        raise OSError("no network here")

    monkeypatch.setattr("catalog.renew.__main__.ask", refuse)
    assert main(["eks-addons"]) == 0
    assert not asked
    assert "Left out, since they need an AWS account: eks-addons. Add --account." in capsys.readouterr().err
    assert main(["eks-addons", "--account"]) == 1
    assert asked == [eks_addons.QUESTION]


# Names in policy documents: from two public sources, and some kept by hand.
MANAGED = {
    "Read": {"Path": "/", "Document": {"Statement": [{"Condition": {"StringEquals": {"a": "new.amazonaws.com"}}}]}},
    "Run": {"Path": "/service-role/", "Document": {}},
    "Linked": {"Path": "/aws-service-role/", "Document": {}},
}


def privilege(name: str, kind: str, *keys: str) -> dict[str, Any]:
    kinds = [{"resource_type": kind, "condition_keys": []}, {"resource_type": "", "condition_keys": list(keys)}]
    return {"privilege": name, "resource_types": kinds}


def test_names_in_policy_documents_come_from_two_sources(renew: Renew, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iam_names, "EVERYWHERE", 1)
    s3 = [
        privilege("GetObject", "object*", "s3:authType", "s3:if-match", "aws:x"),
        privilege("ListBucket", "bucket*", "s3:authType"),
    ]
    renewal = renew(
        iam_names,
        {
            "managed-policies.py": f'data = """\n{json.dumps(MANAGED)}"""\n',
            "iam-definition.json": json.dumps(
                [
                    {"prefix": "s3", "privileges": s3},
                    {"prefix": "sqs", "privileges": [privilege("SendMessage", "queue*")]},
                ]
            ),
        },
    )
    tables = {path.stem: json.loads(text) for path, text in renewal.files.items()}
    assert tables["managed_policies"]["policies"] == {"Read": "/", "Run": "/service-role/"}, "others cannot be attached"
    assert {"new", "s3", "sqs", "pods.eks"} <= {*tables["iam_names"]["services"]}
    assert tables["iam_names"]["sqs"] == ["SendMessage"]
    by_hand = dict.fromkeys(tables["iam_names"]["more"]["actions"], "bucket object *")
    assert tables["iam_names"]["s3"] == {
        **by_hand,
        "*": "s3:BucketTag/<key> s3:authType",
        "GetObject": "object s3:if-match",
        "ListBucket": "bucket",
    }


def test_generated_tables_have_the_layout_of_the_committed_ones() -> None:
    for path in sorted(DATA.rglob("*.json")):
        table = read_table(str(path.relative_to(DATA).with_suffix("")))
        assert laid_out(table) == path.read_text(encoding="utf-8"), f"{path.name}: exactly one row per line"
    assert all(source.questions() for source in SOURCES.values())
