"""For every test: one that is slow on a busy machine has not failed; an engine writes its state once, at its end."""

import os

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
os.environ.setdefault("PULUMI_SKIP_CHECKPOINTS", "true")  # a state written at each step takes most of the time
