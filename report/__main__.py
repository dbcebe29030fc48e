"""`python -m report preview|rehearse|write --stack STACK`: the commands behind `make preview`, `rehearse` and `report`.

`python -m report cost FILE`: the cost of a real stack, from a file that Pulumi wrote.
`python -m report conformance [--stack STACK]`: the command behind `make conformance`.
`python -m report take-back --stack STACK`: keeps what a replacement that failed would delete.
`python -m report upgrade-check --stack STACK`: the command behind `make upgrade-check`.
`python -m report pending --stack STACK`: what an interrupted `up` may have made, and how to bring it into the state.
`python -m report fire --stack STACK`: the command behind `make fire`.
`python -m report scale --stack STACK --pool POOL --to NODES`: the command behind `make scale`.
`python -m report retire --stack STACK`: the command behind `make retire`.
`python -m report compare BEFORE AFTER`: tells whether two previews would build the same.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from engine.packages import missing
from report.simulated import ROOT, ReportError, alone


def main(arguments: list[str]) -> int:
    """Runs one command. Returns the engine's exit code, or 2 when the command cannot run."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGINT, _leave_to_the_engine)
    try:
        if options.command == "cost":
            from report.price import price

            return price(options.file)
        if options.command == "compare":
            from report.compare import compare

            return compare(options.before, options.after)
        if options.command == "pending":
            from report.pending import pending

            return pending(options.stack, options.file, options.urns)
        if options.command == "take-back":
            from report.take_back import take_back

            return take_back(options.stack, options.file)
        if options.command == "conformance" and options.stack is None:
            return _conformance(options)
        return _run_for_stack(options)
    except ReportError as error:
        print(f"report: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    except OSError as error:
        file = f"{error.filename}: " if error.filename else ""
        print(f"report: {file}{error.strerror}. The report writes files in {ROOT}.", file=sys.stderr)
    return 2


def _run_for_stack(options: argparse.Namespace) -> int:
    if not (ROOT / f"Pulumi.{options.stack}.yaml").exists():
        stacks = ", ".join(sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml")))
        what = f"there is no Pulumi.{options.stack}.yaml" if options.stack else "STACK is empty"
        raise ReportError(f"{what}. The stacks are: {stacks}.")
    if absent := missing([ROOT / "requirements.txt"]):
        raise ReportError(f"{', '.join(absent)} is not installed in {sys.prefix}. Run: make clean setup")
    from report.wrong_file import refused

    if options.command != "upgrade-check" and refused(options.command, options.stack):
        return 1
    if options.command == "preview":
        from report.preview import preview

        return preview(options.stack)
    if options.command == "conformance":
        return _conformance(options)
    if options.command == "scale":
        from report.clients import runner
        from report.scale import scale

        if options.home is None:
            print("This talks to the AWS account of your environment, by `aws eks`.")
        with runner(options.home) as run:
            return scale(options.stack, options.pool, options.to, options.zone, run)
    if options.command == "retire":
        from report.retire import retire

        return retire(options.stack, confirm=options.confirm, home=options.home)
    shard = " {}/{}".format(*options.shard) if options.command == "fire" else ""
    with alone(f"{options.command} of {options.stack}{shard}"):
        return _run_alone(options)


def _run_alone(options: argparse.Namespace) -> int:
    if options.command == "rehearse":
        from report.rehearse import rehearse, rehearse_change

        if options.base:
            return rehearse_change(options.stack, options.base, verbose=options.verbose)
        return rehearse(options.stack, verbose=options.verbose)
    if options.command == "fire":
        from report.fire import fire

        return fire(options.stack, options.shard, resume=options.resume, every=options.every, only=options.only)
    if options.command == "upgrade-check":
        from components.stack.stack_file import SettingsError
        from report.clients import runner
        from report.upgrade import upgrade_check

        try:
            if not options.account:
                return upgrade_check(options.stack)
            print("This asks the clusters of the AWS account of your environment, by `aws` and `kubectl`.")
            with runner(None) as run:
                return upgrade_check(options.stack, run=run)
        except SettingsError as mistakes:
            print(mistakes, file=sys.stderr)
            return 1
    from report.write import write

    return write(options.stack, options.base)


def _conformance(options: argparse.Namespace) -> int:
    from report.conformance import conformance

    return conformance(options.stack, options.kubernetes, options.charts)


def _shard(text: str) -> tuple[int, int]:
    number, _, shards = text.partition("/")
    if not (number.isdigit() and shards.isdigit() and 1 <= int(number) <= int(shards)):
        raise argparse.ArgumentTypeError(f"{text} is not a part of the cases. Write for example 1/4.")
    return int(number), int(shards)


def _nodes(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is no number of nodes. Write 0 or more.")
    return int(text)


def _leave_to_the_engine(number: int, frame: object) -> None:
    """Does nothing on Ctrl-C: the engine gets it too, finishes running operations and exits; then the report exits."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m report", description="Previews, rehearsals and reports of a stack."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    texts = {
        "preview": "pulumi preview with the policy pack in the simulator, then the monthly cost",
        "rehearse": "preview, up, refresh, preview and destroy in the simulator; with --base, a change of a live stack",
        "fire": "kills the engine, or lets a call fail, at each call of the stack's life; then it must converge",
        "upgrade-check": "rehearses the next Kubernetes version on the stack as it is, and tells what blocks it",
        "write": "writes the report's files to build/report/STACK/",
    }
    for name, text in texts.items():
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--stack", default="dev", help="the stack: STACK of Pulumi.STACK.yaml (default: dev)")
        if name == "rehearse":
            command.add_argument("--verbose", action="store_true", help="show everything that the engine prints")
        if name == "upgrade-check":
            command.add_argument("--account", action="store_true", help="also asks the clusters that are up, and EKS")
        if name == "fire":
            command.add_argument("--shard", type=_shard, default=(1, 1), metavar="I/N", help="the I-th of N parts")
            command.add_argument("--resume", action="store_true", help="go on after the cases that are done")
            command.add_argument("--every", action="store_true", help="every call, not one of each type and operation")
            command.add_argument("--only", default="", metavar="TEXT", help="cases whose name contains TEXT")
        if name in ("rehearse", "write"):
            command.add_argument("--base", metavar="REVISION", help="compare with this git revision, e.g. origin/main")
    conformance = commands.add_parser("conformance", help="holds stacks and the simulator against real API servers")
    conformance.add_argument("--stack", help="one stack; without it, all stack files and examples")
    conformance.add_argument(
        "--kubernetes", action="append", default=[], metavar="VERSION", help="a minor version for the corpus, e.g. 1.36"
    )
    conformance.add_argument(
        "--charts", type=Path, metavar="FOLDER", help="charts to render, as helm pull --untar makes"
    )
    interrupted = commands.add_parser("pending", help="what an interrupted `up` may have made; runs pulumi")
    interrupted.add_argument("--stack", required=True, help="the stack: STACK of Pulumi.STACK.yaml")
    interrupted.add_argument("--file", type=Path, default="pending.json", help="the file to write for `pulumi import`")
    interrupted.add_argument("urns", nargs="*", metavar="URN", help="a resource whose creation got no answer")
    leaving = commands.add_parser("retire", help="what `pulumi destroy` would leave, or stop at")
    leaving.add_argument("--stack", required=True, help="the stack: STACK of Pulumi.STACK.yaml")
    leaving.add_argument("--confirm", action="store_true", help="delete it; without this it is only listed")
    leaving.add_argument("--home", type=Path, metavar="DIR", help="of the simulator; without it, the real account")
    back = commands.add_parser("take-back", help="keeps what a replacement that failed would delete; runs pulumi")
    back.add_argument("--stack", required=True, help="the stack: STACK of Pulumi.STACK.yaml")
    back.add_argument(
        "--file", type=Path, default="taken-back.json", help="the file to write for `pulumi stack import`"
    )
    size = commands.add_parser("scale", help="sets the number of nodes of a pool; talks to the AWS account")
    size.add_argument("--stack", default="dev", help="the stack: STACK of Pulumi.STACK.yaml (default: dev)")
    size.add_argument("--pool", required=True, help="the pool: <cluster>.<pool>")
    size.add_argument("--to", required=True, type=_nodes, metavar="NODES", help="number of nodes in each zone")
    size.add_argument("--zone", help="only in this zone")
    size.add_argument("--home", type=Path, metavar="DIR", help="a home of the simulator: only its cloud is changed")
    cost = commands.add_parser("cost", help="the cost of a stack, from the output of Pulumi")
    cost.add_argument(
        "file", metavar="FILE", help="output of `pulumi preview --json` or `pulumi stack export`; - for standard input"
    )
    same = commands.add_parser(
        "compare", help="tells whether two outputs of `pulumi preview --json` would build the same"
    )
    same.add_argument("before", metavar="BEFORE", help="the preview before a change of the code")
    same.add_argument("after", metavar="AFTER", help="the preview after it")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
