"""`python -m report preview|rehearse|write --stack STACK`: the commands behind `make preview`, `rehearse` and `report`.

`python -m report cost FILE`: the cost of a real stack, from a file that Pulumi wrote.
`python -m report conformance [--stack STACK]`: the command behind `make conformance`.
`python -m report compare BEFORE AFTER`: tells whether two previews would build the same.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from engine.packages import missing
from report.simulated import ROOT, ReportError


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

    if refused(options.command, options.stack):
        return 1
    if options.command == "preview":
        from report.preview import preview

        return preview(options.stack)
    if options.command == "rehearse":
        from report.rehearse import rehearse, rehearse_change

        if options.base:
            return rehearse_change(options.stack, options.base, verbose=options.verbose)
        return rehearse(options.stack, verbose=options.verbose)
    if options.command == "conformance":
        return _conformance(options)
    from report.write import write

    return write(options.stack, options.base)


def _conformance(options: argparse.Namespace) -> int:
    from report.conformance import conformance

    return conformance(options.stack, options.kubernetes, options.charts)


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
        "write": "writes the report's files to build/report/STACK/",
    }
    for name, text in texts.items():
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--stack", default="dev", help="the stack: STACK of Pulumi.STACK.yaml (default: dev)")
        if name == "rehearse":
            command.add_argument("--verbose", action="store_true", help="show everything that the engine prints")
        if name != "preview":
            command.add_argument("--base", metavar="REVISION", help="compare with this git revision, e.g. origin/main")
    conformance = commands.add_parser("conformance", help="holds stacks and the simulator against real API servers")
    conformance.add_argument("--stack", help="one stack; without it, all stack files and examples")
    conformance.add_argument(
        "--kubernetes", action="append", default=[], metavar="VERSION", help="a minor version for the corpus, e.g. 1.36"
    )
    conformance.add_argument(
        "--charts", type=Path, metavar="FOLDER", help="charts to render, as helm pull --untar makes"
    )
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
