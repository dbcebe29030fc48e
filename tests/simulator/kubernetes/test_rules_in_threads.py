"""CEL rules in a process of its own: its library may be loaded only once."""

import subprocess
import sys

PROGRAM = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from simulator.kubernetes.rules import rule_findings
schema = {"type": "integer", "x-kubernetes-validations": [{"rule": "self > 1", "message": "too small"}]}
start = Barrier(8)
def check(value):
    start.wait()
    return len(list(rule_findings(value, schema)))
print(sum(ThreadPoolExecutor(8).map(check, range(8))))
"""


def test_threads_that_evaluate_their_first_rule_at_the_same_time_get_answers():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.stderr) == ("2", "")
