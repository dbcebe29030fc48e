"""`python -m simulator cloud …` shows the cloud's resources, and changes them without Pulumi's knowledge."""

from __future__ import annotations

import argparse
import json
import re
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from common.spelling import did_you_mean
from common.urns import name_of
from simulator import users_things
from simulator.aws.contents import contents
from simulator.cloud import Cloud, CloudResource
from simulator.kubernetes import certificates, clusters, webhooks


def run(arguments: list[str], cloud_file: Path) -> int:
    """Runs one `cloud` command on the cloud file. Returns 1 when the requested resource does not exist."""
    parser = argparse.ArgumentParser(prog="python -m simulator cloud")
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="list every resource: type, id and Pulumi name")
    listing.add_argument("--json", action="store_true", help="as JSON, one object a line")
    for name, text, arguments_after in (
        ("show", "show the live properties of a resource", ()),
        ("delete", "delete a resource with its contents, without Pulumi's knowledge", ()),
        ("set", "change a property without Pulumi's knowledge: set ID PROPERTY JSON", ("property", "value")),
    ):
        command = commands.add_parser(name, help=text)
        for narrowing in ("region", "type"):
            command.add_argument(
                f"--{narrowing}", help=f"of several resources with the id, the one of this {narrowing}"
            )
        for argument in ("id", *arguments_after):
            command.add_argument(argument)
    adding = commands.add_parser("add", help="add a resource without Pulumi's knowledge: add TYPE ID JSON")
    for argument in ("type", "id", "value"):
        adding.add_argument(argument)
    users = commands.add_parser(
        "add-users-things", help="add what users leave in a cluster: a Service, a claim, a node"
    )
    users.add_argument("cluster", help="the name of the cluster in AWS")
    ends = commands.add_parser("certificates", help="tell what time makes of a cluster's certificates")
    ends.add_argument("cluster", help="the name of the cluster in AWS")
    ends.add_argument("--clock", type=_days, default=0.0, metavar="+61d", help="days from the `up` that made them")
    hooks = commands.add_parser("webhook", help="list the webhooks of a cluster's charts, or stop those of a Service")
    hooks.add_argument("cluster", help="the name of the cluster in AWS")
    hooks.add_argument("service", nargs="?", help="the Service whose pods stop, or start again")
    states = hooks.add_mutually_exclusive_group()
    for word in ("down", "up"):
        states.add_argument(f"--{word}", dest="state", action="store_const", const=word)
    options = parser.parse_args(arguments)
    with closing(Cloud(cloud_file)) as cloud:
        if options.command == "list":
            return _list(cloud, options.json)
        if options.command == "add":
            cloud.put(options.type, options.id, json.loads(options.value))
            return 0
        if options.command in ("add-users-things", "certificates", "webhook"):
            return _in_cluster(cloud, options)
        wanted = {key: value for key in ("id", "region", "type") if (value := getattr(options, key)) is not None}
        found = (row for row in cloud.all() if all(getattr(row, key) == value for key, value in wanted.items()))
        resource = next(found, None)
        if resource is None:
            print(f"There is no {options.id} in {cloud_file}. `cloud list` shows all resources.", file=sys.stderr)
            return 1
        if options.command == "show":
            print(json.dumps(resource.state, indent=2, sort_keys=True))
        elif options.command == "delete":
            _delete(cloud, resource)
        else:
            state = resource.state | _changed(resource, options.property, options.value)
            cloud.put(resource.type, resource.id, state, region=resource.region)
        return 0


def _in_cluster(cloud: Cloud, options: argparse.Namespace) -> int:
    row = cloud.get(clusters.EKS_CLUSTER, options.cluster)
    if row is None:
        print(f"There is no cluster {options.cluster}. `cloud list` shows all resources.", file=sys.stderr)
        return 1
    if options.command == "add-users-things":
        print("\n".join(users_things.add(cloud, row)))
        return 0
    cluster = clusters.cluster_of(cloud, row)
    if options.command == "webhook":
        return _webhooks(cluster, options.service, options.state)
    return _certificates(cluster, options.clock)


def _webhooks(cluster: clusters.Cluster, service: str | None, state: str | None) -> int:
    """Stops or starts the pods of a Service, and prints the webhooks. Returns 1 when no webhook has the Service."""
    known = list(webhooks.made_in(cluster))
    chosen = [each for each in known if service in (None, each.service)]
    if not chosen:
        wanted = (
            f"the Service {service}.{did_you_mean(service, [each.service for each in known])}"
            if service
            else "a Service."
        )
        print(f"No webhook of {cluster.name} has {wanted}", file=sys.stderr)
        return 1
    if state is not None and service is None:
        print(f"--{state} needs a Service. Without --{state}, this lists them.", file=sys.stderr)
        return 1
    for each in chosen:
        if state is not None:
            webhooks.set_down(cluster, each, state == "down")
        policy, answers = "Fail" if each.fails else "Ignore", "down" if webhooks.is_down(cluster, each) else "up"
        print(f"{each.name:<40} {f'{each.service_namespace}/{each.service}':<50} {policy:<7} {answers}")
    return 0


def _certificates(cluster: clusters.Cluster, day: float) -> int:
    """Prints each certificate as it is on a day, and what no longer fits. Returns 1 when something does not."""
    for each in certificates.certificates(cluster):
        key = "key kept" if each.keeps_key or not each.renewals(day) else "a new key each time"
        print(f"{each.where:<55} ends on day {each.ends(day):<8.0f} renewed {each.renewals(day)} times, {key}")
    wrong = list(certificates.findings(cluster, day))
    print("\n".join(f"WRONG: {each}" for each in wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


def _days(text: str) -> float:
    number = re.fullmatch(r"\+?([0-9]+)d", text)
    if number is None:
        raise argparse.ArgumentTypeError(f"{text} is not a number of days. Write for example +61d.")
    return float(number[1])


def _list(cloud: Cloud, as_json: bool) -> int:
    for each in cloud.all():
        fields = {"type": each.type, "id": each.id, "region": each.region, "urn": each.urn}
        print(json.dumps(fields) if as_json else _line(each))
    return 0


def _delete(cloud: Cloud, resource: CloudResource) -> None:
    """Deletes a resource with its contents, without the checks of a delete by the provider."""
    cluster, _, path = resource.id.partition("/")
    row = cloud.get(clusters.EKS_CLUSTER, cluster, resource.region)
    if row is not None and resource.type.startswith("kubernetes:") and "apiVersion" in resource.state:
        namespace, _, name = path.rpartition("/")
        clusters.cluster_of(cloud, row).delete(resource.state["apiVersion"], resource.state["kind"], namespace, name)
        return
    for each in list(contents(cloud, resource)):
        _delete(cloud, each)
    cloud.delete(resource.type, resource.id, resource.region)


def _line(resource: CloudResource) -> str:
    return f"{resource.type:<55} {resource.id:<45} {name_of(resource.urn)}".rstrip()


def _changed(resource: CloudResource, key: str, text: str) -> dict[str, Any]:
    """Returns the property with its new value. Tags of a resource are also in `tagsAll`, beside the default tags."""
    value, state = _value(text), resource.state
    if key != "tags" or "tagsAll" not in state:
        return {key: value}
    default = {tag: each for tag, each in state["tagsAll"].items() if tag not in (state.get("tags") or {})}
    return {"tags": value, "tagsAll": default | value}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
