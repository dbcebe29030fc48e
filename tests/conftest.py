"""For every test: one that takes longer on a busy machine has not failed."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
