"""The guard of a protected stack: `pulumi destroy --skip-preview` stops at it before anything else is deleted.

The engine looks at the protection of a resource when its turn comes, so a destroy without a preview would delete all
that is not protected first. It deletes in the reverse order of dependencies: what depends on everything comes first.
Sources: pulumi v3.259.0, pkg/resource/deploy/step.go (DeleteStep.Apply), pkg/resource/graph/dependency_graph.go
(DependenciesOf: a component that is depended on stands for its children so far); read 2026-11.
"""

import pulumi


class Guard(pulumi.ComponentResource):
    """A component without children, which depends on all of `platform`, and is protected like what holds data."""

    def __init__(self, name: str, platform: pulumi.ComponentResource, *, protect: bool) -> None:
        """Registers the guard when all resources are. made: all resources of the platform so far."""
        opts = pulumi.ResourceOptions(depends_on=[platform], protect=protect)
        super().__init__("mlplatform:platform:Guard", name, None, opts)
        self.register_outputs({})
