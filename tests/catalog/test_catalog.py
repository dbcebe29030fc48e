"""The catalog is consistent: every row is complete, and every row that a row names exists."""

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlparse

import pytest

from catalog import charts, endpoints, iam, limits
from catalog.charts import CHARTS
from catalog.eks_addons import ADDONS
from catalog.instance_types import INSTANCE_TYPES
from catalog.kubernetes import VERSIONS
from catalog.prices import (
    SERVICE_PRICES,
    node_usd_per_hour,
    on_demand_usd_per_hour,
    spot_usd_per_hour,
    unpriced_reason,
)
from catalog.regions import REGIONS
from catalog.rows import DATA, read_table

PRICED_REGIONS = tuple(read_table("instance_prices")["region_sources"])
SOLD = [name for name, known in INSTANCE_TYPES.items() if known.regions]


def test_every_instance_type_is_offered_in_regions_that_are_known() -> None:
    assert len(SOLD) > 190, "without rows, this test says nothing"
    assert {region for known in INSTANCE_TYPES.values() for region in known.regions} <= set(REGIONS), "a typo in a row"


def test_each_region_that_has_to_be_opted_into_has_an_account_of_eks_of_its_own() -> None:
    accounts = [each.eks_account for each in REGIONS.values()]
    assert all(re.fullmatch(r"[0-9]{12}", each) for each in accounts), "a host of ECR begins with it"
    shared = {name for name, each in REGIONS.items() if each.eks_account == "602401143452"}
    others = [each for each in accounts if each != "602401143452"]
    assert {"us-west-2", "eu-central-1", "ap-northeast-3", "sa-east-1"} <= shared, "regions that all accounts have"
    assert len(others) == len({*others}) == len(REGIONS) - len(shared), "a row copied from its neighbour"


@pytest.mark.parametrize("name", SOLD)
def test_an_instance_type_on_sale_has_the_figures_that_plans_need(name: str) -> None:
    known = INSTANCE_TYPES[name]
    assert known.vcpus > 0 and known.memory_mib >= 512, "costs and requests are planned with them"  # noqa: PT018
    assert known.usage_classes, "without a usage class nobody could buy the type"
    assert known.max_pods_prefix_delegation in (None, *range(20, 251)), "EKS caps pods at 110 or 250"
    assert known.family == name.partition(".")[0], "the family is part of the name"


def test_prefix_delegation_never_costs_pods_on_small_machines() -> None:
    worse = [n for n in SOLD if (t := INSTANCE_TYPES[n]).vcpus < 30 and (t.max_pods_prefix_delegation or 0) < 20]
    assert worse == [], "the address plan relies on these figures"


def test_accelerators_are_whole_devices_of_a_maker() -> None:
    accelerated = [known.accelerator for known in INSTANCE_TYPES.values() if known.accelerator]
    assert len(accelerated) > 60, "without rows, this test says nothing"
    assert {(a.kind, a.manufacturer) for a in accelerated} == {("gpu", "NVIDIA"), ("neuron", "AWS")}
    assert all(a.count >= 1 for a in accelerated), "a type without devices has no accelerator at all"


@pytest.mark.parametrize("name", REGIONS)
def test_a_region_has_enough_zones_for_a_cluster(name: str) -> None:
    region = REGIONS[name]
    assert len(region.eks_zones) >= 2, "EKS requires two zones"
    assert len({zone.zone_id for zone in region.zones}) == len(region.zones), "two names for one zone"
    assert all(re.fullmatch(rf"{name}[a-h]", zone.name) for zone in region.zones), "address plans use the letter"


def test_zones_that_eks_refuses_are_left_out() -> None:
    assert "use1-az3" not in {zone.zone_id for zone in REGIONS["us-east-1"].eks_zones}, "EKS would refuse it"
    assert len(REGIONS["us-east-1"].zones) == 6, "the region still has the zone"


def test_support_ends_in_order() -> None:
    for known in VERSIONS.values():
        assert known.release < known.end_standard < known.end_extended, f"{known.version}: dates out of order"
        assert timedelta(days=364) <= known.end_extended - known.end_standard <= timedelta(days=366), "12 months"
    assert list(VERSIONS) == sorted(VERSIONS, key=lambda v: tuple(map(int, v.split(".")))), "oldest first"


@pytest.mark.parametrize("name", ADDONS)
def test_an_addon_is_pinned_as_eks_writes_versions(name: str) -> None:
    addon = ADDONS[name]
    assert set(addon.versions) <= set(VERSIONS), "a pin for a Kubernetes version that EKS does not run"
    for pinned in addon.versions.values():
        assert re.fullmatch(r"v\d+\.\d+\.\d+-eksbuild\.\d+", pinned), f"{pinned}: EKS would not know it"
    if addon.policy_arns:
        assert addon.service_account, "without a service account, no role could have the policy"


@pytest.mark.parametrize("version", ["1.34", "1.35", "1.36"])
def test_addons_of_every_cluster_are_pinned_for_each_supported_version(version: str) -> None:
    missing = [name for name, addon in ADDONS.items() if addon.every_cluster and version not in addon.versions]
    assert missing == [], "EKS would choose a version by itself, and another one each month"


def test_kube_proxy_follows_the_kubernetes_version() -> None:
    assert all(pin.startswith(f"v{minor}.") for minor, pin in ADDONS["kube-proxy"].versions.items()), "its skew policy"


@pytest.mark.parametrize("arn", [v for v in vars(iam).values() if isinstance(v, str) and v.startswith("arn:")])
def test_the_arn_of_a_managed_policy_has_the_right_form(arn: str) -> None:
    assert re.fullmatch(r"arn:aws:iam::aws:policy/(service-role/)?\w+", arn), "IAM would answer NoSuchEntity"


def test_access_policies_are_those_of_eks() -> None:
    for arn in iam.EKS_ACCESS_POLICIES.values():
        assert re.fullmatch(r"arn:aws:eks::aws:cluster-access-policy/AmazonEKS\w+Policy", arn), "another kind of policy"


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_pinned_to_one_version_in_one_place(name: str) -> None:
    chart = CHARTS[name]
    assert re.fullmatch(r"v?\d+\.\d+\.\d+", chart.version), "a range or a branch would change under us"
    assert urlparse(chart.repository).scheme in ("https", "oci"), "charts are fetched over encrypted connections only"
    assert chart.oci is False or chart.repository.endswith(f"/{chart.chart}"), "an OCI reference names the chart itself"
    assert re.fullmatch(r"20\d\d-\d\d", chart.read), "the month it was read"
    for crd in chart.crds:
        assert crd.versions, f"{crd.kind}: a kind without a served version"
        assert crd.scope in ("Namespaced", "Cluster"), f"{crd.kind}: {crd.scope} is not a scope of Kubernetes"


def test_cert_manager_can_be_installed() -> None:
    assert {"Certificate", "ClusterIssuer"} <= {crd.kind for crd in CHARTS["cert-manager"].crds}, (
        "users need these kinds"
    )


def test_a_price_says_where_and_when_it_was_read() -> None:
    assert len(SERVICE_PRICES) > 40, "without prices, this test says nothing"
    for key, price in SERVICE_PRICES.items():
        assert price.usd >= 0 and price.unit and price.source and price.as_of, f"{key}: nobody could check it"  # noqa: PT018
        assert price.verified is False or price.source != "memory, no source found", f"{key}: nobody has verified it"


@pytest.mark.parametrize(
    "key",
    [
        "eks.control_plane_standard",
        "eks.control_plane_extended_support",
        "nat_gateway.hour",
        "vpc.interface_endpoint_hour",
        "vpc.public_ipv4_hour",
        "kms.key_month",
        "ebs.gp3_storage",
        "cloudwatch_logs.ingestion",
        "s3.standard_first_50tb",
    ],
)
def test_services_that_every_platform_pays_for_have_a_price(key: str) -> None:
    assert SERVICE_PRICES[key].usd > 0, "the service would be missing from every estimate"


def test_every_type_on_sale_in_virginia_has_a_price_or_a_reason() -> None:
    unpriced = [
        name
        for name in SOLD
        if "us-east-1" in INSTANCE_TYPES[name].regions
        and on_demand_usd_per_hour(name, "us-east-1") is None
        and unpriced_reason(name) is None
    ]
    assert unpriced == [], "estimates would leave these types out"


def test_spot_is_an_estimate_and_never_dearer_than_on_demand() -> None:
    compared = 0
    for name in SOLD:
        for region in PRICED_REGIONS:
            spot, on_demand = spot_usd_per_hour(name, region), on_demand_usd_per_hour(name, region)
            if spot and on_demand:
                compared += 1
                assert spot.usd <= on_demand.usd * 1.0001, f"{name} in {region}: nobody would take it"
                assert spot.verified is False, "the spot market moves by the hour"
    assert compared > 1000, "without prices to compare, this test says nothing"


def test_a_region_without_a_saving_of_its_own_takes_the_smallest() -> None:
    row = read_table("instance_prices")["types"]["m5.large"]
    region = "eu-north-1"
    assert region not in row["spot_saving_pct"], "otherwise this test says nothing"
    on_demand, spot = on_demand_usd_per_hour("m5.large", region), spot_usd_per_hour("m5.large", region)
    assert on_demand is not None
    assert spot is not None
    expected = on_demand.usd * (100 - min(row["spot_saving_pct"].values())) / 100
    assert spot.usd == pytest.approx(expected), "an estimate must not be too low"


def test_a_price_that_is_not_known_is_none() -> None:
    assert on_demand_usd_per_hour("m5.large", "mars-1") is None, "a zero would be taken for a price"
    assert on_demand_usd_per_hour("x1.none", "us-east-1") is None
    assert spot_usd_per_hour("x1.none", "us-east-1") is None


def test_a_price_names_its_own_source_where_it_has_one() -> None:
    default, own = on_demand_usd_per_hour("m5.large", "us-west-2"), on_demand_usd_per_hour("p5.48xlarge", "us-west-2")
    assert default is not None
    assert own is not None
    assert (default.as_of, own.as_of) == ("2025-04-24", "2026"), "otherwise a price cut would have the old date"


def test_endpoints_have_one_kind_each() -> None:
    assert not set(endpoints.GATEWAY) & set(endpoints.INTERFACE), (
        "when a service is in the wrong list, the settings name the other list"
    )


def test_log_retentions_are_in_ascending_order() -> None:
    assert list(limits.LOG_RETENTION_DAYS) == sorted(set(limits.LOG_RETENTION_DAYS)), (
        "messages suggest the next longer one"
    )


@pytest.mark.parametrize("path", sorted(DATA.rglob("*.json")), ids=lambda path: str(path.relative_to(DATA)))
def test_a_table_says_where_its_rows_come_from_and_holds_one_row_a_line(path: Path) -> None:
    table = read_table(str(path.relative_to(DATA).with_suffix("")))
    assert "source" in table or "sources" in table, "a fact without a source cannot be brought up to date"
    rows = next(value for value in reversed(table.values()) if isinstance(value, dict))
    lines = path.read_text().splitlines()
    assert sum(line.startswith('    "') for line in lines) == len(rows), "a new row must be exactly one new line"


def test_the_price_of_a_node_depends_on_its_capacity_type() -> None:
    spot, reserved = (
        node_usd_per_hour("g6.xlarge", "us-west-2", "spot"),
        node_usd_per_hour("g6.xlarge", "us-west-2", "reserved"),
    )
    on_demand = on_demand_usd_per_hour("g6.xlarge", "us-west-2")
    assert spot is not None
    assert on_demand is not None
    assert spot.usd < on_demand.usd
    assert reserved == on_demand, "a reservation is charged as on-demand, used or not"


def test_a_price_of_another_region_says_so() -> None:
    price = node_usd_per_hour("g6f.large", "us-west-2", "on-demand")
    assert price is not None
    assert price.region == "us-east-1", "an estimate marks it as approximate"
    assert node_usd_per_hour("trn2u.48xlarge", "us-west-2", "on-demand") is None, "no source lists a price"


def test_a_chart_with_rows_in_two_files_is_refused_with_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "tables", lambda folder: ["cluster", "cluster"])
    with pytest.raises(ValueError, match=r"charts/cluster\.json and charts/cluster\.json\. Keep one of them\.$"):
        charts._load()
