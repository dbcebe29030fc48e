"""Machines: zones, instance types in them, images, and reserved capacity."""

from collections import defaultdict
from collections.abc import Iterator

from catalog.regions import REGIONS
from components.compute.machine_image import RELEASES, karpenter_alias, release_parameter
from preflight.account import Ask
from preflight.check import Finding, check, failure, ok, warning
from preflight.needs import Needs
from settings.compute.node_pool import NodePoolSettings
from settings.compute.quota_needs import zones_of
from settings.compute.reservation import ReservationSettings

_ZONES = "ec2:DescribeAvailabilityZones"
_RESERVATIONS = "ec2:DescribeCapacityReservations"
_COMING = ("pending", "scheduled", "assessing", "delayed")  # Source: EC2 API, CapacityReservation, read 2026-11.


def zone_names(needs: Needs, ask: Ask) -> tuple[str, ...]:
    """Returns the zones that a new stack gets: those of the stack file, or the first ones of the account."""
    if not isinstance(needs.settings.network.zones, int):
        return needs.settings.network.zones
    excluded = REGIONS[needs.settings.region].eks_excluded_zone_ids
    usable = [
        each["ZoneName"]
        for each in ask(_ZONES, AllAvailabilityZones=True)["AvailabilityZones"]
        if each.get("ZoneType", "availability-zone") == "availability-zone"
        and each["State"] == "available"
        and each["ZoneId"] not in excluded
        and each.get("OptInStatus", "opt-in-not-required") == "opt-in-not-required"
    ]
    return tuple(sorted(usable)[: needs.settings.network.zones])


@check("Zones", calls=(_ZONES,))
def zones(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """The zones exist in this account, are available, and EKS takes clusters there."""
    wanted, region = needs.settings.network.zones, REGIONS[needs.settings.region]
    if isinstance(wanted, int):
        found = zone_names(needs, ask)
        if len(found) < wanted:
            has = ", ".join(found) or "none"
            yield failure(f"EKS can use {has} here", f"network.zones asks for {wanted}", f"Write zones: {len(found)}.")
        else:
            yield ok(", ".join(found))
        return
    present = {each["ZoneName"]: each for each in ask(_ZONES, AllAvailabilityZones=True)["AvailabilityZones"]}
    for name in wanted:
        zone, setting = present.get(name), "Write another one in network.zones."
        if zone is None:
            yield failure(f"this account has no {name}", "it takes no subnets there", setting)
        elif zone.get("OptInStatus") == "not-opted-in":
            command = (
                f"aws ec2 modify-availability-zone-group --region {region.name} --group-name {zone['GroupName']} "
                "--opt-in-status opted-in"
            )
            yield failure(f"{name} is not opted in", "it takes no subnets until then", command=command)
        elif zone["ZoneId"] in region.eks_excluded_zone_ids:
            yield failure(f"{name} is {zone['ZoneId']} here", "EKS takes no cluster subnets in that zone", setting)
        elif zone["State"] != "available":
            yield failure(f"{name} is {zone['State']}", "nothing starts there", setting)
        else:
            yield ok(f"{name} is {zone['ZoneId']}")


@check("Instance types", calls=(_ZONES, "ec2:DescribeInstanceTypeOfferings"))
def instance_types(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """EC2 offers the types of each pool in its zones. A managed pool has a node group in each zone."""
    types = sorted({name for pool in needs.pools.values() for name in pool.instance_types})
    answer = ask(
        "ec2:DescribeInstanceTypeOfferings",
        LocationType="availability-zone",
        Filters=[{"Name": "instance-type", "Values": types}],
    )
    offered: dict[str, set[str]] = defaultdict(set)
    for each in answer["InstanceTypeOfferings"]:
        offered[each["Location"]].add(each["InstanceType"])
    every = zone_names(needs, ask)
    for name, pool in needs.pools.items():
        of_pool = zones_of(pool, every)
        without = [zone for zone in of_pool if not offered[zone] & set(pool.instance_types)]
        listed, left = ", ".join(pool.instance_types), [zone for zone in of_pool if zone not in without]
        setting = f"Write `zones: [{', '.join(left)}]` for {name}, or other instance_types."
        if not left:
            yield failure(f"{name}: no zone of the stack offers {listed}", "no node of it ever starts", setting)
        elif without and pool.provisioner == "managed":
            yield failure(f"{name}: {', '.join(without)} has no {listed}", "its node group there gets no node", setting)
        elif without:
            yield warning(f"{name}: {', '.join(without)} has no {listed}", "Karpenter starts it elsewhere", setting)
        else:
            yield ok(f"{name}: {listed} in {', '.join(of_pool)}")


@check("Machine images", calls=("ssm:GetParameter", "ec2:DescribeImages"))
def images(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """AWS has the image of each pool: the pinned release, or the one that EKS recommends now."""
    pools: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key, cluster in needs.settings.clusters.items():
        for pool in cluster.pools:
            pools[image_parameter(pool, cluster.version)].append(f"{key}.{pool.name}")
    for (parameter, what), of_image in pools.items():
        named = f"{', '.join(of_image)}: {what}"
        answer = ask("ssm:GetParameter", absent=("ParameterNotFound",), Name=parameter)
        if answer is None:
            yield failure(
                f"{named}: AWS has no {parameter}",
                "no node of these pools starts",
                f"Write another image_release of {RELEASES[what.partition(' ')[0]]}, or another version of Kubernetes.",
            )
            continue
        image = answer["Parameter"]["Value"]
        found = ask(
            "ec2:DescribeImages", absent=("InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"), ImageIds=[image]
        )
        state = found["Images"][0].get("State", "available") if found and found["Images"] else "not there"
        if state == "available":
            yield ok(f"{named}: {image}")
        else:
            yield failure(f"{named}: {image} is {state}", "no node of these pools starts", "Write a newer release.")


def image_parameter(pool: NodePoolSettings, kubernetes: str) -> tuple[str, str]:
    """Returns the public parameter with the id of a pool's image, and the image in words."""
    release = pool.image_release
    if release is None and pool.provisioner == "karpenter":
        release = karpenter_alias(pool).partition("@")[2].removeprefix("v")
    pinned = release_parameter(pool.model_copy(update={"image_release": release or "newest"}), kubernetes)
    parts = [*pinned.split("/")[:-1], "image_id"]
    if release is None:
        parts[-2] = "latest" if pool.operating_system == "bottlerocket" else "recommended"
    return "/".join(parts), f"{pool.operating_system} {release or 'newest release'}"


@check("Reserved capacity", calls=(_RESERVATIONS,))
def reservations(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """Capacity Reservations and Capacity Blocks that pools name exist, and are what the stack file says."""
    for name, pool in needs.pools.items():
        if (reserved := pool.reservation) is None:
            continue
        gone = ("InvalidCapacityReservationId.NotFound",)
        answer = ask(_RESERVATIONS, absent=gone, CapacityReservationIds=[reserved.id])
        found = answer["CapacityReservations"] if answer else []
        if not found:
            command = f"aws ec2 describe-capacity-reservations --region {needs.settings.region}"
            setting = f"Write the id of another one in the reservation of {name}."
            yield failure(f"{name}: there is no {reserved.id} here", "no node of the pool starts", setting, command)
            continue
        wrong = [*_differences(pool, reserved, found[0])]
        if wrong == [f"is {found[0]['State']}"] and found[0]["State"] in _COMING:
            yield warning(
                f"{name}: {reserved.id} {wrong[0]}", "nodes of the pool start when it is active", "Wait for it."
            )
        elif wrong:
            fix = f"Correct the pool {name}, or name another reservation."
            yield failure(f"{name}: {reserved.id} {'; '.join(wrong)}", "nodes of the pool do not start", fix)
        elif found[0]["State"] == "active" and found[0]["TotalInstanceCount"] < pool.max_per_zone:
            why = f"max_per_zone is {pool.max_per_zone}, and the nodes beyond it do not start"
            yield warning(f"{name}: {reserved.id} has {found[0]['TotalInstanceCount']} instances", why, "Lower it.")
        else:
            yield ok(f"{name}: {reserved.id}, {found[0]['TotalInstanceCount']} x {found[0]['InstanceType']}")


def _differences(pool: NodePoolSettings, reserved: ReservationSettings, found: dict[str, object]) -> Iterator[str]:
    block = reserved.kind == "capacity-block"
    if found["State"] != "active" and not (block and found["State"] in ("scheduled", "payment-pending")):
        yield f"is {found['State']}"
    if (found.get("ReservationType", "default") == "capacity-block") != block:
        yield f"is of type {found.get('ReservationType', 'default')}, not {reserved.kind}"
    if found["InstanceType"] not in pool.instance_types:
        yield f"is for {found['InstanceType']}"
    if found["AvailabilityZone"] != reserved.zone:
        yield f"is in {found['AvailabilityZone']}, not {reserved.zone}"
    for key, mine in (("StartDate", reserved.starts), ("EndDate", reserved.ends)):
        if block and found.get(key) not in (None, mine):
            yield f"has the {key} {found[key]}, not {mine}"
