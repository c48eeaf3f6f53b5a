"""What a run's fingerprint covers: the target, and Terraform's state if asked for."""

from gameday.model.fingerprint import Fingerprint
from gameday.model.plan import Plan
from gameday.ports import Target
from gameday.runner.dependencies import TakeFingerprint
from gameday.runner.drift import in_thread, within_namespaces


def fingerprint_taker(plan: Plan, target: Target) -> TakeFingerprint:
    """Return the function that takes the target's fingerprint, in a thread."""
    touched = within_namespaces(plan)
    folder = plan.scenario.drift.terraform

    def look() -> Fingerprint:
        taken = target.fingerprint(touched)
        if not folder:
            return taken
        from gameday.targets import terraform

        return {**taken, **terraform.fingerprint(folder)}

    return in_thread(look)


def extra_time(plan: Plan) -> float:
    """Return how much longer than usual a look may take, in seconds."""
    if not plan.scenario.drift.terraform:
        return 0.0
    from gameday.targets import terraform

    return terraform.TAKES
