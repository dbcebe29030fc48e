"""Serves the simulated eks.Cluster in a separate process, because the SDK keeps state that tests would share.

Prints its ports, serves until its input ends, then prints the functions that were called.
"""

import os

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

import json
import sys

from simulator.eks.package import EksPackage
from simulator.faults import Faults
from simulator.server import Servers
from tests.simulator.eks.stand_in import StandIn

if __name__ == "__main__":
    aws = StandIn("aws")
    servers = Servers([aws, EksPackage(), StandIn("kubernetes")], Faults(), lambda: None)
    print(json.dumps(servers.ports), flush=True)
    sys.stdin.read()
    servers.stop()
    print(json.dumps(aws.invoked), flush=True)
