"""The Python language host that stands beside a built engine.

The engine's Go module contains no language host, so this one replaces the official `pulumi-language-python`: it runs
programs and policy packs, and tells the engine which packages they need.
"""
