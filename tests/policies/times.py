"""`python -m tests.policies.times [COMMIT]`: the time that a rule costs a resource, as a ratio to an earlier commit.

Both packs judge the same resources, those of the stack dev at preview, in turns, and the fastest turn of each counts:
other load on the machine only slows a turn down. The time of a pack is divided by how many pairs of a rule and a
resource it judges, since it has more rules now. Without a commit: the one before the rules stood on one reading of
policy documents.
"""

import argparse
import io
import json
import pickle
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pulumi.runtime.proto import analyzer_pb2 as wire

from common.wire import to_struct
from tests.components.whole_stacks import built

ROOT = Path(__file__).parents[2]
BEFORE = "dfb9b21a^"
TURNS = 5
JUDGING = """
import json, pickle, sys, time
from pulumi.runtime.proto import analyzer_pb2 as wire
from policies.analyzer import Analyzer
from policies.registry import rules
from policies.rule import Rule
singles, whole = pickle.load(open(sys.argv[1], "rb"))
requests = [wire.AnalyzeRequest.FromString(each) for each in singles]
stack = wire.AnalyzeStackRequest.FromString(whole)
pack = Analyzer(rules())
pack.GetAnalyzerInfo(None, None)
alone = sum(rule.covers(each.type) for rule in rules().values() if isinstance(rule, Rule) for each in requests)
together = sum(rule.covers(each.type) for rule in rules().values() if not isinstance(rule, Rule) for each in requests)
for line in sys.stdin:
    start = time.perf_counter()
    for each in requests:
        pack.Analyze(each, None)
    middle = time.perf_counter()
    pack.AnalyzeStack(stack, None)
    end = time.perf_counter()
    print(json.dumps([(middle - start) / alone, (end - middle) / together, len(rules()), len(requests)]), flush=True)
"""


def _resources() -> tuple[list[bytes], bytes]:
    registered = built("dev", preview=True).registered
    whole = wire.AnalyzeStackRequest()
    singles: list[bytes] = []
    for each in registered.values():
        if each.type.startswith(("aws:", "kubernetes:")):
            provider = registered.get(each.provider.rpartition("::")[0])
            properties = to_struct(each.inputs)
            of_provider = wire.AnalyzerProviderResource(
                type=provider.type if provider else "",
                urn=provider.urn if provider else "",
                properties=to_struct(provider.inputs if provider else {}),
            )
            request = wire.AnalyzeRequest(
                type=each.type, urn=each.urn, name=each.name, properties=properties, provider=of_provider
            )
            singles.append(request.SerializeToString())
            shown = whole.resources.add(
                type=each.type, urn=each.urn, name=each.name, properties=properties, provider=of_provider
            )
            for key, targets in each.property_dependencies.items():
                shown.propertyDependencies[key].urns.extend(sorted(targets))
    return singles, whole.SerializeToString()


def main(arguments: Sequence[str]) -> int:
    """Prints the times and the ratios. Returns 1 when a rule costs a resource more than before."""
    parser = argparse.ArgumentParser(prog="python -m tests.policies.times", description=__doc__)
    parser.add_argument("commit", nargs="?", default=BEFORE)
    commit = parser.parse_args(arguments).commit
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "resources"
        data.write_bytes(pickle.dumps(_resources()))
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(Path(folder) / "before", filter="data")
        trees = {"before": Path(folder) / "before", "now": ROOT}
        packs = {
            name: subprocess.Popen(
                [sys.executable, "-c", JUDGING, str(data)],
                cwd=tree,
                env={"PYTHONPATH": str(tree), "PATH": ""},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for name, tree in trees.items()
        }
        turns: dict[str, list[list[float]]] = {name: [] for name in packs}
        for _ in range(TURNS):
            for name, pack in packs.items():
                assert pack.stdin
                assert pack.stdout
                pack.stdin.write("\n")
                pack.stdin.flush()
                turns[name].append(json.loads(pack.stdout.readline()))
        for pack in packs.values():
            pack.communicate()
    fastest = {name: [min(column) for column in zip(*times, strict=True)] for name, times in turns.items()}
    for name, (alone, together, rules, resources) in fastest.items():
        counted = f"{rules:.0f} rules, {resources:.0f} resources"
        print(f"{name:7} {counted}: {alone * 1e6:6.1f} us a rule and resource alone, {together * 1e6:6.1f} us together")
    ratios = [now / before for now, before in zip(fastest["now"][:2], fastest["before"][:2], strict=True)]
    print(f"now : before = {ratios[0]:.2f} alone, {ratios[1]:.2f} together")
    return 1 if max(ratios) > 1 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
