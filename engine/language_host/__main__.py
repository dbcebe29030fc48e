"""Entry of `pulumi-language-python`: the engine starts this file, from any folder, twice a command."""

import os
import signal
import sys
from pathlib import Path

# The engine ends the host with SIGINT whenever it likes, so also while the imports below still run.
for _signal in (signal.SIGINT, signal.SIGTERM):
    signal.signal(_signal, lambda *_: os._exit(0))

if __name__ == "__main__":
    # Started by path, the folder of this file is what Python looks into; the project's root is what is meant.
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    from engine.language_host.server import serve

    sys.exit(serve(sys.argv[1:]))
