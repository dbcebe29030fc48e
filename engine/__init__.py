"""How to get the Pulumi engine: the one on PATH, or one built from its pinned Go module.

`python -m engine` makes sure of one; `engine.locate.locate()` says where it is, at no cost.
"""
