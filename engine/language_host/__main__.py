"""The entry point of `pulumi-language-python`. The engine starts this file twice per command, from any folder."""

import os
import signal
import sys
from pathlib import Path

# The engine may end the host with SIGINT at any time, also while the imports below are still running.
for _signal in (signal.SIGINT, signal.SIGTERM):
    signal.signal(_signal, lambda *_: os._exit(0))

if __name__ == "__main__":
    # Python puts the folder of this file on its path; the imports below need the project's root there instead.
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    from engine.language_host.server import serve

    sys.exit(serve(sys.argv[1:]))
