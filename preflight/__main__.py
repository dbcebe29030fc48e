"""`python -m preflight --stack STACK`: is this account ready for this stack? The command behind `make preflight`.

It asks the AWS account of the environment's credentials, and changes nothing. Exit status: 0 ready, also with warnings;
1 a failure; 2 a wrong command line or stack file; 3 no failure, but something could not be looked at.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from components.stack.stack_file import SettingsError, load_file
from report.simulated import ROOT

BAD_INPUT = 2


def main(arguments: Sequence[str], project: Path = ROOT) -> int:
    """Runs the command. Returns the exit status. project: the folder of the stack files."""
    parser = argparse.ArgumentParser(prog="python -m preflight", description="Is this account ready for this stack?")
    parser.add_argument("--stack", default="dev", help="the stack: STACK of Pulumi.STACK.yaml (default: dev)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    path = project / f"Pulumi.{options.stack}.yaml"
    if not path.exists():
        stacks = ", ".join(sorted(each.name.split(".")[1] for each in project.glob("Pulumi.*.yaml")))
        what = f"there is no {path.name}" if options.stack else "STACK is empty"
        print(f"preflight: {what}. The stacks are: {stacks}.", file=sys.stderr)
        return BAD_INPUT
    try:
        settings = load_file(path)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    # The SDKs take seconds to load, and a wrong file is reported at once.
    from preflight.account import Account
    from preflight.needs import NoPreviewError
    from preflight.policy import every_call
    from preflight.run import preflight, status
    from preflight.table import as_json, as_text

    try:
        place, findings = preflight(options.stack, settings, Account(settings.region, every_call()), project)
    except NoPreviewError as error:
        print(f"preflight: the preview of {options.stack} in the simulator fails: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    if options.json:
        print(as_json(findings, place))
    else:
        said = "Account {account} for stack {stack} in {region}, asked as {caller}. Nothing was changed.".format(
            **place
        )
        print(as_text(findings, said, f"Next: `pulumi up --stack {options.stack}`."))
    return status(findings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
