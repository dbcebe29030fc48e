"""`make preview`: one preview of the stack in the simulator, as the engine shows it, then what it would cost."""

from costs.estimate import estimate
from costs.sources import from_event_log
from report import events
from report.cost import as_text
from report.region import region_of
from report.simulated import HOME, Simulated

PACK = ("--policy-pack", "policies")


def preview(stack: str) -> int:
    """Prints both; returns the engine's exit code."""
    done = Simulated(HOME).pulumi(f"preview-{stack}", "preview", "--stack", stack, *PACK)
    resources = from_event_log(done.events)
    operation = events.read(done.events)
    if done.code and not operation.mandatory:  # a policy violation leaves the resources complete, an error does not
        return done.code
    print(as_text(estimate(resources, region_of(resources)), events.parents(done.events), stack), flush=True)
    return done.code
