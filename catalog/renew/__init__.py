"""Renews the catalog from public sources. It uses the network, and with --account it reads from an AWS account.

Each source is one module with its questions and a pure function of the answers. No other part of the project imports
this package. The modules are written for the documented form of the answers, and tested with such answers; none has
read its real source yet.
"""
