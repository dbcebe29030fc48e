"""Where the engine starts the pack: `pulumi preview --policy-pack policies`."""

import sys
from pathlib import Path

sys.path.insert(
    0, str(Path(__file__).resolve().parent.parent)
)  # started from inside policies/, its imports begin above

from policies.pack import serve

serve()
