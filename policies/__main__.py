"""The program that the engine starts for `pulumi preview --policy-pack policies`."""

import sys
from pathlib import Path

sys.path.insert(
    0, str(Path(__file__).resolve().parent.parent)
)  # the engine starts it in policies/, and imports are relative to the folder above

from policies.pack import serve

serve()
