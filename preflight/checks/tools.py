"""The tools on this machine that `up` uses. These checks ask AWS nothing."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import version

from engine.locate import EngineNotFound, locate
from preflight.account import Ask, CouldNotLookError
from preflight.check import Finding, check, failure, ok, warning
from preflight.needs import Needs
from report.simulated import shown

# The first with `aws eks get-token` in the form that kubeconfigs have (client.authentication.k8s.io/v1beta1).
# Source: aws/aws-cli, CHANGELOG of 1.24.0 and 2.7.0, read 2026-11.
OLDEST_CLI = ((1, 24), (2, 7))
INSTALL_CLI = "Install version 2: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
PLUGINS = ("aws", "eks", "kubernetes")


@check("AWS CLI")
def aws_cli(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """`aws` is here: the Kubernetes provider gets its tokens from it."""
    said = output_of("aws", "--version")
    cli = re.match(r"aws-cli/(\d+)\.(\d+)", said or "")
    if cli is None:
        seen = "`aws --version` fails" if shutil.which("aws") else "there is no `aws` on PATH"
        yield failure(seen, "the Kubernetes provider gets each token by `aws eks get-token`", INSTALL_CLI)
    elif (found := (int(cli[1]), int(cli[2]))) < OLDEST_CLI[min(found[0], 2) - 1]:
        yield failure(f"{cli[0]} is old", "the API server refuses tokens in its form", INSTALL_CLI)
    else:
        yield ok(cli[0])


@check("Engine and plugins")
def engine(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """The engine is one that the project supports, and the providers are of the pinned versions."""
    try:
        found = locate()
    except EngineNotFound as error:
        yield failure("there is no Pulumi engine", str(error), command="make setup")
        return
    yield ok(f"pulumi {found.version}")
    pulumi = shown(found.path) if found.built else "pulumi"
    said = output_of(str(found.path), "plugin", "ls", "--json")
    if said is None:
        raise CouldNotLookError(f"`{pulumi} plugin ls` fails", "Run it by hand: it says why.")
    present = {(each["name"], each.get("version")) for each in json.loads(said)}
    missing = [(name, version(f"pulumi-{name}")) for name in PLUGINS]
    missing = [each for each in missing if each not in present]
    if missing:
        yield warning(
            f"not installed yet: {', '.join(' '.join(each) for each in missing)}",
            "the first `up` downloads them, some hundred MB, where it runs",
            command=" && ".join(f"{pulumi} plugin install resource {' '.join(each)}" for each in missing),
        )


def output_of(*command: str) -> str | None:
    """Returns what a command prints; None when it is not there, fails, or takes too long."""
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
