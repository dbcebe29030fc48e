"""The provider's functions, such as `getAmi`: they read from AWS and create no resource."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from catalog.eks_addons import ADDONS
from catalog.instance_types import INSTANCE_TYPES
from catalog.kubernetes import VERSIONS
from catalog.regions import REGIONS
from simulator.aws import templates, tokens
from simulator.aws.operation_context import account_of, principal_of, region_of
from simulator.aws.policy_document import policy_document
from simulator.aws.services import guardduty
from simulator.aws.services.eks_rules import minor, offered_versions
from simulator.aws.services.servicequotas import known_quotas, value_of
from simulator.aws.services.subnet_addresses import interface_ids
from simulator.cloud import Cloud, CloudResource
from simulator.provider import Call, Refusal
from simulator.values import UNKNOWN, Props, has_unknown

# Source: https://docs.aws.amazon.com/general/latest/gr/rande.html
_DESCRIPTIONS = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "eu-west-1": "Europe (Ireland)",
    "eu-central-1": "Europe (Frankfurt)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
}
_SUFFIXES = {"aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-us-gov": "amazonaws.com"}

# Public parameters with image ids. Source: Amazon EKS user guide, "Retrieve recommended AMI IDs"; read 2026-08.
_IMAGE_PARAMETERS = re.compile(
    r"/aws/service/(?:"
    r"eks/optimized-ami/(?P<eks>\d+\.\d+)/(?:amazon-linux-2023/(?:x86_64|arm64)/(?:standard|nvidia|neuron)|"
    r"amazon-linux-2(?:-gpu|-arm64)?)/(?:recommended|amazon-eks-[\w.-]*?v?(?P<date>\d{8}))/(?:image_id|release_version)|"
    r"bottlerocket/aws-k8s-(?P<bottlerocket>\d+\.\d+)(?:-nvidia|-fips|-nvidia-fips)?/(?:x86_64|arm64)/(?P<release>[\w.-]+)/"
    r"(?:image_id|image_version)|"
    r"ami-amazon-linux-latest/[\w.-]+)"
)


def call_function(cloud: Cloud, quotas: Mapping[str, int], call: Call, token: str, args: Props) -> Props:
    """Returns the result of a function call. Raises Refusal for a function that the simulator does not know.

    quotas: code -> value in the account, for quotas that do not have their default.
    """
    function = _FUNCTIONS.get(token)
    if function is None and token != _QUOTA_FUNCTION:
        raise Refusal(
            f"The simulated AWS does not know the function {token}. "
            "The real provider may know it. Add it to simulator/aws/functions.py."
        )
    if has_unknown(args):
        return {**args, "id": UNKNOWN}
    region = region_of(call.config, args.get("region"))
    return function(cloud, call, region, args) if function else _quota(cloud, quotas, call, region, args)


def _zones(cloud: Cloud, call: Call, region: str, args: Props) -> Props:
    excluded = {*(args.get("excludeNames") or []), *(args.get("excludeZoneIds") or [])}
    zones = [zone for zone in REGIONS[region].zones if not excluded & {zone.name, zone.zone_id}]
    for item in args.get("filters") or []:
        accepted = set(item["values"])
        if item["name"] in ("zone-name", "zone-id"):
            zones = [zone for zone in zones if accepted & {zone.name, zone.zone_id}]
        elif item["name"] == "opt-in-status" and "opt-in-not-required" not in accepted:
            zones = []
    if args.get("state") not in (None, "available"):
        zones = []
    return {
        **args,
        "groupNames": [f"{region}-zg-1"] if zones else [],
        "id": region,
        "names": [zone.name for zone in zones],
        "region": region,
        "zoneIds": [zone.zone_id for zone in zones],
    }


def _caller_identity(cloud: Cloud, call: Call, region: str, args: Props) -> Props:
    partition = REGIONS[region].partition
    arn, user = principal_of(call.config, partition), "AIDACKCEVSQ6C2EXAMPLE"
    account = arn.split(":")[4]
    if ":role/" in arn:  # a session has the name of its role, without a path
        name = arn.rpartition("/")[2]
        user = "AROACKCEVSQ6C2EXAMPLE:simulated"
        arn = f"arn:{partition}:sts::{account}:assumed-role/{name}/simulated"
    return {"accountId": account, "arn": arn, "id": account, "userId": user}


def _partition(cloud: Cloud, call: Call, region: str, args: Props) -> Props:
    partition = REGIONS[region].partition
    suffix = _SUFFIXES[partition]
    reverse = ".".join(reversed(suffix.split(".")))
    return {"dnsSuffix": suffix, "id": partition, "partition": partition, "reverseDnsPrefix": reverse}


def _region(cloud: Cloud, call: Call, region: str, args: Props) -> Props:
    region = region_of(call.config, args.get("region") or args.get("name"))
    return {
        "description": _DESCRIPTIONS.get(region, region),
        "endpoint": f"ec2.{region}.{_SUFFIXES[REGIONS[region].partition]}",
        "id": region,
        "name": region,
        "region": region,
    }


def _parameter(cloud: Cloud, call: Call, region: str, args: Props) -> Props:
    name = args["name"]
    row = cloud.get("aws:ssm/parameter:Parameter", name, region)
    if row is not None:
        value = row.state.get("value") or row.state.get("insecureValue") or ""
        parameter = {
            "arn": row.state["arn"],
            "type": row.state["type"],
            "value": value,
            "version": row.state["version"],
        }
    else:
        partition = REGIONS[region].partition
        arn = f"arn:{partition}:ssm:{region}::parameter{name}"
        parameter = {"arn": arn, "type": "String", "value": _image_value(name, region), "version": 1}
    secret = parameter["type"] == "SecureString"
    rest = {"insecureValue": "" if secret else parameter["value"], "withDecryption": args.get("withDecryption", True)}
    return {**parameter, **rest, "id": name, "name": name, "region": region}


def _image_value(name: str, region: str) -> str:
    """Returns the value of a public parameter with an image: the same value for the same path in every run."""
    match = _IMAGE_PARAMETERS.fullmatch(name)
    version = (match["eks"] or match["bottlerocket"]) if match else None
    if match is None or (version and version not in VERSIONS):
        raise Refusal(f"reading SSM Parameter ({name}): couldn't find resource")
    if match["date"] and not _is_released(match["date"], version):
        raise Refusal(f"reading SSM Parameter ({name}): couldn't find resource")
    if name.endswith("release_version"):
        return f"{version}.0-{match['date'] or 20260115}"
    if name.endswith("image_version"):
        return f"{'1.50.0' if match['release'] == 'latest' else match['release']}-abcdef12"
    return "ami-" + templates.pseudo_random("hex", 17, f"{region}|{name}")


def _is_released(day: str, version: str | None) -> bool:
    """Returns whether there may be an image of that day: none is older than its Kubernetes version in EKS, or to come.

    Of the days between, it is not known on which there was one.
    """
    try:
        made = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return False
    return VERSIONS[version].release <= made <= datetime.now(UTC).date() if version else True


def _cluster_versions(cloud: Cloud, call: Call, region: str, args: Props) -> Props:
    today, default = date.today(), offered_versions()[-1]  # noqa: DTZ011  support ends on a day, in any time zone
    only = args.get("clusterVersionsOnlies")
    versions = []
    for row in sorted(VERSIONS.values(), key=lambda each: minor(each.version), reverse=True):
        status = "STANDARD_SUPPORT" if today <= row.end_standard else "EXTENDED_SUPPORT"
        status = "UNSUPPORTED" if today > row.end_extended else status
        matches = args.get("versionStatus") in (None, status) and (only is None or row.version in only)
        if not matches or (args.get("defaultOnly") and row.version != default):
            continue
        if row.release > today or (status == "UNSUPPORTED" and not args.get("includeAll")):
            continue
        versions.append(
            {
                "clusterType": args.get("clusterType") or "eks",
                "clusterVersion": row.version,
                "defaultPlatformVersion": "eks.1",
                "defaultVersion": row.version == default,
                "endOfExtendedSupportDate": f"{row.end_extended}T00:00:00Z",
                "endOfStandardSupportDate": f"{row.end_standard}T00:00:00Z",
                "kubernetesPatchVersion": f"{row.version}.0",
                "releaseDate": f"{row.release}T00:00:00Z",
                "versionStatus": status,
            }
        )
    return {**args, "clusterVersions": versions, "region": region}


def _addon_version(cloud: Cloud, call: Call, region: str, args: Props) -> Props:
    name, version = args["addonName"], args["kubernetesVersion"]
    addon = ADDONS.get(name)
    pinned = addon.versions.get(version) if addon else None
    if pinned is None:
        raise Refusal(
            f"reading EKS Add-On version info ({name}, {version}): couldn't find resource; "
            "catalog/eks_addons.py has no version of it for this Kubernetes version"
        )
    return {"mostRecent": False, **args, "id": name, "region": region, "version": pinned}


def _instance_type_offerings(cloud: Cloud, call: Call, region: str, args: Props) -> Props:
    location_type = args.get("locationType") or "region"
    if location_type not in ("region", "availability-zone", "availability-zone-id"):
        allowed = '"region" "availability-zone" "availability-zone-id"'
        raise Refusal(f"expected location_type to be one of [{allowed}], got {location_type}")
    filters = {item["name"]: item["values"] for item in args.get("filters") or []}
    locations = {
        "region": [region],
        "availability-zone": [zone.name for zone in REGIONS[region].zones],
        "availability-zone-id": [zone.zone_id for zone in REGIONS[region].zones],
    }[location_type]
    rows = [
        (name, location)
        for name, row in INSTANCE_TYPES.items()
        if region in row.regions and _matches_any(name, filters.get("instance-type"))
        for location in locations
        if _matches_any(location, filters.get("location"))
    ]
    return {
        **args,
        "id": region,
        "instanceTypes": [name for name, _ in rows],
        "locations": [location for _, location in rows],
        "locationType": location_type,
        "locationTypes": [location_type] * len(rows),
        "region": region,
    }


def _matches_any(value: str, patterns: list[str] | None) -> bool:
    if patterns is None:
        return True
    return any(re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), value) for pattern in patterns)


def _quota(cloud: Cloud, quotas: Mapping[str, int], call: Call, region: str, args: Props) -> Props:
    service = args.get("serviceCode")
    for row in known_quotas().values():
        if service == row.service and (args.get("quotaCode") == row.code or args.get("quotaName") == row.name):
            partition = REGIONS[region].partition
            arn = f"arn:{partition}:servicequotas:{region}:{account_of(call.config)}:{row.service}/{row.code}"
            return {
                "adjustable": True,
                "arn": arn,
                "defaultValue": row.default,
                "globalQuota": False,
                "id": arn,
                "quotaCode": row.code,
                "quotaName": row.name,
                "region": region,
                "serviceCode": row.service,
                "serviceName": row.service_name,
                "usageMetrics": [],
                "value": value_of(cloud, quotas, row, region),
            }
    message = "The request failed because the specified resource does not exist."
    raise Refusal(
        f"reading Service Quotas Service Quota ({service}/{args.get('quotaCode')}): NoSuchResourceException: {message}"
    )


def _image(cloud: Cloud, call: Call, region: str, args: Props) -> Props:
    filters = {item["name"]: item["values"] for item in args.get("filters") or []}
    ids = filters.get("image-id")
    name = (filters.get("name") or ["amazon-eks-node-al2023-x86_64-standard"])[0].replace("*", "20260115")
    id_ = ids[0] if ids else "ami-" + templates.pseudo_random("hex", 17, f"{region}|{name}")
    arch = "arm64" if "arm64" in name or filters.get("architecture") == ["arm64"] else "x86_64"
    partition = REGIONS[region].partition
    return {
        **args,
        "architecture": arch,
        "arn": f"arn:{partition}:ec2:{region}::image/{id_}",
        "blockDeviceMappings": [],
        "creationDate": "2026-01-15T03:04:05.000Z",
        "enaSupport": True,
        "hypervisor": "xen",
        "id": id_,
        "imageId": id_,
        "imageOwnerAlias": "amazon",
        "imageType": "machine",
        "name": name,
        "ownerId": REGIONS[region].eks_account,
        "platformDetails": "Linux/UNIX",
        "productCodes": [],
        "public": True,
        "region": region,
        "rootDeviceName": "/dev/xvda",
        "rootDeviceType": "ebs",
        "rootSnapshotId": "snap-" + templates.pseudo_random("hex", 17, f"{id_}|snapshot"),
        "state": "available",
        "tags": {},
        "usageOperation": "RunInstances",
        "virtualizationType": "hvm",
    }


def _subnets(cloud: Cloud, call: Call, region: str, args: Props) -> Props:
    wanted = {f"tag:{key}": [value] for key, value in (args.get("tags") or {}).items()}
    wanted |= {item["name"]: item["values"] for item in args.get("filters") or []}
    ids = [
        row.id
        for row in cloud.of_type(tokens.SUBNET)
        if row.state["region"] == region
        and all(_subnet_value(row.state, name) in values for name, values in wanted.items())
    ]
    return {**args, "id": region, "ids": ids, "region": region}


def _subnet_value(subnet: Props, name: str) -> Any:
    paths = {"availability-zone": "availabilityZone", "cidr-block": "cidrBlock", "vpc-id": "vpcId"}
    if name.startswith("tag:"):
        return (subnet.get("tagsAll") or {}).get(name.removeprefix("tag:"))
    if name not in paths:
        raise Refusal(f"The simulated getSubnets has no filter {name}. Add it to simulator/aws/functions.py.")
    return subnet.get(paths[name])


def _network_interfaces(cloud: Cloud, call: Call, region: str, args: Props) -> Props:
    """Answers for the interfaces of nodes and of what users made, not for those that AWS makes for other services."""
    filters = args.get("filters") or []
    if [item["name"] for item in filters] != ["subnet-id"] or args.get("tags"):
        raise Refusal("The simulated getNetworkInterfaces knows the filter subnet-id alone.")
    ids = [id_ for subnet in filters[0]["values"] for id_ in interface_ids(cloud, subnet)]
    return {**args, "id": region, "ids": ids, "region": region}


def _clusters(cloud: Cloud, call: Call, region: str, args: Props) -> Props:
    names = sorted(row.id for row in cloud.of_type(tokens.CLUSTER) if row.region == region)
    return {**args, "id": region, "names": names, "region": region}


def _cluster(cloud: Cloud, call: Call, region: str, args: Props) -> Props:
    row = cloud.get(tokens.CLUSTER, args["name"], region)
    if row is None:
        raise Refusal(
            f"reading EKS Cluster ({args['name']}): ResourceNotFoundException: No cluster found for name: "
            f"{args['name']}."
        )
    shown = ("arn", "endpoint", "platformVersion", "region", "roleArn", "status", "version")
    return {**args, **{key: row.state.get(key) for key in shown}, "id": row.id}


def _node_groups(cloud: Cloud, call: Call, region: str, args: Props) -> Props:
    if cloud.get(tokens.CLUSTER, args["clusterName"], region) is None:
        raise Refusal(
            f"listing EKS Node Groups: ResourceNotFoundException: No cluster found for name: {args['clusterName']}."
        )
    names = [row.state["nodeGroupName"] for row in _groups(cloud, args["clusterName"], region)]
    return {**args, "id": args["clusterName"], "names": names, "region": region}


def _node_group(cloud: Cloud, call: Call, region: str, args: Props) -> Props:
    for row in _groups(cloud, args["clusterName"], region):
        if row.state["nodeGroupName"] == args["nodeGroupName"]:
            shown = ("amiType", "arn", "capacityType", "releaseVersion", "status", "version")
            state = {key: row.state.get(key) for key in shown} | {"scalingConfigs": [row.state["scalingConfig"]]}
            return {**args, **state, "id": row.id, "region": region}
    raise Refusal(
        f"reading EKS Node Group ({args['clusterName']}:{args['nodeGroupName']}): ResourceNotFoundException: No node "
        f"group found for name: {args['nodeGroupName']}."
    )


def _groups(cloud: Cloud, cluster: str, region: str) -> list[CloudResource]:
    rows = cloud.of_type(tokens.NODE_GROUP)
    return [row for row in rows if row.region == region and row.state["clusterName"] == cluster]


def _log_groups(cloud: Cloud, call: Call, region: str, args: Props) -> Props:
    groups = [
        row.state
        for row in cloud.of_type(tokens.LOG_GROUP)
        if row.state["region"] == region and row.id.startswith(args.get("logGroupNamePrefix") or "")
    ]
    return {
        **args,
        "arns": [group["arn"] for group in groups],
        "id": region,
        "logGroupNames": [group["name"] for group in groups],
        "region": region,
    }


def _tagged(cloud: Cloud, call: Call, region: str, args: Props) -> Props:
    """Returns the resources of a region with the tags, and of the services when some are named."""
    services = tuple(f"aws:{kind.partition(':')[0]}/" for kind in args.get("resourceTypeFilters") or ())
    wanted = {each["key"]: each.get("values") for each in args.get("tagFilters") or ()}
    found = [
        {"resourceArn": row.state["arn"], "tags": row.state["tagsAll"], "complianceDetails": []}
        for row in cloud.all()
        if row.state.get("tagsAll")
        and row.type.startswith(services or "aws:")
        and row.state.get("region") == region
        and "arn" in row.state
        and all(_has_tag(row.state["tagsAll"], key, values) for key, values in wanted.items())
    ]
    return {**args, "id": region, "region": region, "resourceTagMappingLists": found}


def _has_tag(tags: Mapping[str, str], key: str, values: Sequence[str] | None) -> bool:
    return key in tags and (not values or tags[key] in values)


def _log_group(cloud: Cloud, call: Call, region: str, args: Props) -> Props:
    row = cloud.get(tokens.LOG_GROUP, str(args["name"]), region)
    if row is None:
        raise Refusal(f"reading CloudWatch Logs Log Group ({args['name']}): empty result")
    outputs = ("arn", "kmsKeyId", "logGroupClass", "name", "region", "retentionInDays")
    return {
        **{name: row.state.get(name) for name in outputs},
        "creationTime": 1767323045000,  # a constant, since with a clock two equal runs would differ
        "id": row.id,
        "tags": row.state.get("tagsAll", {}),
    }


_SETS = "/aws-reserved/sso.amazonaws.com/"


def _roles(cloud: Cloud, call: Call, region: str, args: Props) -> Props:
    """Returns the roles whose name and path fit.

    People's permission sets are not of the stack, so the account has the role of each that a program asks for by name,
    unless the cloud has some. Source of the path, which has the region: IAM Identity Center user guide, "Referencing
    permission sets"; read 2026-11.
    """
    pattern, prefix = args.get("nameRegex") or "", args.get("pathPrefix") or "/"
    found = [row.state for row in cloud.of_type(tokens.ROLE) if row.state["path"].startswith(prefix)]
    found = [state for state in found if re.search(pattern, state["name"])]
    names, arns = [state["name"] for state in found], [state["arn"] for state in found]
    asked = re.fullmatch(r"\^(AWSReservedSSO_.+_)\[0-9a-f\]\{16\}\$", pattern)
    if asked and not found and prefix == _SETS:
        account = account_of(call.config)
        names = [re.sub(r"\\(.)", r"\1", asked[1]) + templates.pseudo_random("hex", 16, f"{account}|{asked[1]}")]
        arns = [f"arn:{REGIONS[region].partition}:iam::{account}:role{_SETS}{region}/{names[0]}"]
    return {**args, "arns": arns, "id": region, "names": names}


def _detector(cloud: Cloud, call: Call, region: str, args: Props) -> Props:
    """Returns the detector of the account: the one that a stack has made, or else one that stood before all stacks."""
    row = next((row for row in cloud.of_type(tokens.DETECTOR) if row.region == region), None)
    id_ = args.get("id") or (row.id if row else guardduty.ACCOUNTS_OWN)
    partition, account = REGIONS[region].partition, account_of(call.config)
    return {
        **args,
        "arn": f"arn:{partition}:guardduty:{region}:{account}:detector/{id_}",
        "features": guardduty.features(cloud, id_),
        "findingPublishingFrequency": row.state["findingPublishingFrequency"] if row else "SIX_HOURS",
        "id": id_,
        "region": region,
        "serviceRoleArn": f"arn:{partition}:iam::{account}:role/aws-service-role/guardduty.amazonaws.com/"
        "AWSServiceRoleForAmazonGuardDuty",
        "status": "ENABLED" if row is None or row.state["enable"] else "DISABLED",
        "tags": row.state["tagsAll"] if row else {},
    }


_QUOTA_FUNCTION = "aws:servicequotas/getServiceQuota:getServiceQuota"
_FUNCTIONS: dict[str, Callable[[Cloud, Call, str, Props], Props]] = {
    "aws:cloudwatch/getLogGroup:getLogGroup": _log_group,
    "aws:cloudwatch/getLogGroups:getLogGroups": _log_groups,
    "aws:ec2/getAmi:getAmi": _image,
    "aws:ec2/getNetworkInterfaces:getNetworkInterfaces": _network_interfaces,
    "aws:ec2/getSubnets:getSubnets": _subnets,
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": _instance_type_offerings,
    "aws:eks/getAddonVersion:getAddonVersion": _addon_version,
    "aws:eks/getCluster:getCluster": _cluster,
    "aws:eks/getClusters:getClusters": _clusters,
    "aws:eks/getNodeGroup:getNodeGroup": _node_group,
    "aws:eks/getNodeGroups:getNodeGroups": _node_groups,
    "aws:eks/getClusterVersions:getClusterVersions": _cluster_versions,
    "aws:guardduty/getDetector:getDetector": _detector,
    "aws:iam/getPolicyDocument:getPolicyDocument": lambda cloud, call, region, args: policy_document(args),
    "aws:iam/getRoles:getRoles": _roles,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
    "aws:resourcegroupstaggingapi/getResources:getResources": _tagged,
    "aws:ssm/getParameter:getParameter": _parameter,
}
