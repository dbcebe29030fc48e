"""Provides the Pulumi engine: the one on PATH, or one built from its pinned Go module.

`python -m engine` builds it when there is none; `engine.locate.locate()` only finds it, and costs nothing.
"""
