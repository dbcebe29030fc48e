"""Writes the catalog anew from public sources. It talks to the network, and to an AWS account when it is told to.

One module a source: the questions it asks, and a pure function of the answers. Nothing else of the project imports
this. Each was written by the documented form of the answers and tested on such; none has met the real source yet.
"""
