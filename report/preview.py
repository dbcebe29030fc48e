"""`make preview`: the engine's preview in the simulator, followed by compute plan, recovery and cost."""

from components.stack.stack_file import load_file
from costs.estimate import estimate
from costs.sources import from_event_log
from report import events
from report.compute import as_text as compute_text
from report.compute import plan_of
from report.cost import as_text
from report.recovery import as_text as recovery_text
from report.region import region_of
from report.look import PACK
from report.simulated import HOME, ROOT, Simulated


def preview(stack: str) -> int:
    """Prints the preview and the tables. Returns the engine's exit code."""
    path = ROOT / f"Pulumi.{stack}.yaml"
    simulated = Simulated(HOME, caller=load_file(path).deployer.address)
    done = simulated.pulumi(f"preview-{stack}", "preview", "--stack", stack, *PACK)
    resources = from_event_log(done.events)
    operation = events.read(done.events)
    if (
        done.code and not operation.mandatory
    ):  # after an error resources are missing, after a policy violation they are complete
        return done.code
    print(compute_text(plan_of(path), stack))
    if recovery := recovery_text(load_file(path), stack):
        print(recovery)
    print(as_text(estimate(resources, region_of(resources)), events.parents(done.events), stack), flush=True)
    return done.code
