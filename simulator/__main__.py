"""The command line of the simulator.

`python -m simulator [OPTIONS] -- COMMAND...` runs any command in a simulated cloud.
`python -m simulator cloud list|show|set|add|delete` shows the resources of that cloud, and changes them without
Pulumi's knowledge.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")  # the command is started while threads of gRPC are running

import sqlite3
import sys
from pathlib import Path

from common.spelling import did_you_mean
from simulator import console
from simulator.faults import KINDS
from simulator.workspace import Workspace, WorkspaceError, find_project

_USAGE = (
    "python -m simulator [--home DIR] [--cloud FILE] [--from ADDRESS] [--as ARN] [--fault SPEC]... [--quota SPEC]... "
    "[--kubernetes real] -- COMMAND..."
)

_OPTIONS = ("--home", "--cloud", "--from", "--as", "--fault", "--quota", "--kubernetes")


def main(arguments: list[str]) -> int:
    """Runs the command line. Returns the exit code of the command, or 2 when the command line is wrong."""
    options_before, _, command = _split(arguments)
    options, unknown = _parser().parse_known_args(options_before)
    try:
        if unknown:
            raise WorkspaceError(
                f"there is no option {unknown[0]}.{did_you_mean(unknown[0], _OPTIONS)}\nusage: {_USAGE}"
            )
        if options.action not in (None, "cloud"):
            raise WorkspaceError(f"{options.action} is not an action. A command comes after `--`.\nusage: {_USAGE}")
        project = find_project(Path.cwd())
        workspace = Workspace(project, (options.home or project / ".simulator").resolve())
        cloud_file = (options.cloud or workspace.cloud).resolve()
        if options.action == "cloud":
            return console.run(options.arguments, cloud_file)
        if not command:
            print(f"usage: {_USAGE}\nNo COMMAND was given, e.g. -- pulumi preview --stack dev", file=sys.stderr)
            return 2
        from simulator.session import run  # importing the providers takes long, and `cloud` does not need them

        real = options.kubernetes == "real"
        return run(
            workspace,
            cloud_file,
            options.fault,
            options.quota,
            options.address,
            options.principal,
            command,
            real_kubernetes=real,
        )
    except WorkspaceError as error:
        print(f"simulator: {error}", file=sys.stderr)
    except sqlite3.Error as error:
        print(f"simulator: {cloud_file}: {error}. --cloud FILE names another cloud file.", file=sys.stderr)
    except OSError as error:
        file = f"{error.filename}: " if error.filename else ""
        print(f"simulator: {file}{error.strerror}. --home DIR names another folder to write to.", file=sys.stderr)
    return 2


def _split(arguments: list[str]) -> tuple[list[str], str, list[str]]:
    if "--" not in arguments:
        return arguments, "", []
    separator = arguments.index("--")
    return arguments[:separator], "--", arguments[separator + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulator",
        allow_abbrev=False,
        usage=f"{_USAGE}\n       python -m simulator cloud {{list,show,set,add,delete}} ...",
        description="Runs a command, usually pulumi, against a simulated cloud in a local file.",
        epilog="Faults: " + "; ".join(f"{kind}=TARGET[:TIMES] ({text})" for kind, text in KINDS.items()),
    )
    parser.add_argument("--home", type=Path, metavar="DIR", help="folder for state and cloud (default: .simulator)")
    parser.add_argument("--cloud", type=Path, metavar="FILE", help="the cloud file (default: HOME/cloud.sqlite)")
    parser.add_argument(
        "--from",
        dest="address",
        metavar="ADDRESS",
        help="where the caller stands, which decides what it reaches (default: anywhere on the internet)",
    )
    parser.add_argument(
        "--as",
        dest="principal",
        metavar="ARN",
        help="role or user whose credentials the command has (default: user/deployer of the account)",
    )
    parser.add_argument("--fault", action="append", default=[], metavar="SPEC", help="see below; may be repeated")
    parser.add_argument(
        "--quota",
        action="append",
        default=[],
        metavar="SPEC",
        help="CODE=NUMBER: the value of a quota in the account, e.g. L-417A185B=192; may be repeated",
    )
    parser.add_argument(
        "--kubernetes",
        choices=["simulated", "real"],
        default="simulated",
        help="who answers for Kubernetes objects; real: a kube-apiserver of the cluster's version, built once",
    )
    parser.add_argument("action", nargs="?", metavar="cloud", help="show or change the cloud; runs no command")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the cloud is closed; requests that a killed engine left behind must not keep the process alive
