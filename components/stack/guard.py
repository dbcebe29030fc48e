"""The guard of a protected stack: `pulumi destroy --skip-preview` stops at it, and deletes nothing.

The engine looks at the protection of a resource when its turn comes, and goes on with what does not depend on it or on
another protected one: 262 of 275 resources of prod were deleted. It deletes what depends on everything first, and then
leaves out all that this depends on. A preview of a destroy, which a destroy begins with, always refused.
Source: pulumi v3.259.0, pkg/resource/deploy: DeleteStep.Apply, cancelDueToError, performPostSteps; read 2026-11.
"""

import pulumi


class Guard(pulumi.ComponentResource):
    """A component without children. It is protected, and depends on all of a platform, as long as `protect` is true.

    It exists all the time: an `up` that took a protected one out of the program would be refused.
    """

    def __init__(self, name: str, platform: pulumi.ComponentResource, *, protect: bool) -> None:
        # Without protection there are no dependencies either, so that `destroy --target` of one resource needs no more.
        opts = pulumi.ResourceOptions(depends_on=[platform] if protect else None, protect=protect)
        super().__init__("mlplatform:platform:Guard", name, None, opts)
        self.register_outputs({})
