"""The Python language host that stands beside a built engine.

The engine's Go module holds no language host, so this one fills the place of the official
`pulumi-language-python`: it runs programs and policy packs, and tells the engine which packages they need.
"""
