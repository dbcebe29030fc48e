"""`make facts`: renews the tables of the catalog. Before it starts, it names the hosts and commands that it uses.

python -m catalog.renew [SOURCE ...] [--account] [--from FOLDER | --keep FOLDER] [--check]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

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
from catalog.renew.asking import Answers, Question, Source, ask

SOURCES: Mapping[str, Source] = {
    "instance-types": instance_types,
    "instance-prices": instance_prices,
    "service-prices": service_prices,
    "eks-addons": eks_addons,
    "charts": charts,
    "images": images,
    "iam-names": iam_names,
    "actions": actions,
}
ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str]) -> int:
    """Returns 0 when every question got an answer, and 1 otherwise; with --check also 1 when a file would change."""
    parser = argparse.ArgumentParser(prog="python -m catalog.renew", description="Renews the catalog's tables.")
    source_help = f"some of {', '.join(SOURCES)}; all when none is named"
    parser.add_argument("source", nargs="*", choices=[*SOURCES, []], metavar="SOURCE", help=source_help)
    parser.add_argument("--account", action="store_true", help="also read from the AWS account; changes nothing there")
    parser.add_argument("--check", action="store_true", help="write nothing, and name the files that would change")
    folder = parser.add_mutually_exclusive_group()
    folder.add_argument("--from", dest="saved", type=Path, help="read saved answers in this folder, without a network")
    folder.add_argument(
        "--keep", type=Path, help="save the answers in this folder, and use those that are there already"
    )
    options = parser.parse_args(arguments)
    chosen = {name: SOURCES[name] for name in options.source or SOURCES}
    left_out = [name for name, source in chosen.items() if source.ACCOUNT and not (options.account or options.saved)]
    chosen = {name: source for name, source in chosen.items() if name not in left_out}
    if not options.saved:
        _announce(chosen)
    if left_out:
        print(f"Left out, since they need an AWS account: {', '.join(left_out)}. Add --account.", file=sys.stderr)
    with tempfile.TemporaryDirectory() as temporary:
        answers = Answers(options.saved or options.keep or Path(temporary), None if options.saved else ask)
        changed = _renew(chosen, answers, write=not options.check)
    for name, reason in answers.unanswered.items():
        print(f"no answer: {name}: {reason}")
    return 1 if answers.unanswered or (options.check and changed) else 0


def _renew(chosen: Mapping[str, Source], answers: Answers, write: bool) -> list[Path]:
    changed: list[Path] = []
    for name, source in chosen.items():
        renewal = source.renew(answers, datetime.now(UTC).date())
        for note in renewal.notes:
            print(f"{name}: {note}")
        for path, text in renewal.files.items():
            if text != path.read_text(encoding="utf-8"):
                changed.append(path)
                print(f"{'written' if write else 'would change'}: {path.relative_to(ROOT)}")
                if write:
                    path.write_text(text, encoding="utf-8")
    return changed


def _announce(chosen: Mapping[str, Source]) -> None:
    questions = [question for source in chosen.values() for question in source.questions()]
    hosts = sorted({urlsplit(question.url).hostname or "" for question in questions if question.url})
    commands = sorted({_action(question) for question in questions if question.command})
    print(f"This reads over the network from: {', '.join(hosts) or 'no host'}.", file=sys.stderr)
    if commands:
        print(
            f"It also reads from your environment's AWS account, and changes nothing there: {', '.join(commands)}.",
            file=sys.stderr,
            flush=True,
        )


def _action(question: Question) -> str:
    return " ".join(question.command[:3])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
