"""Whether the target is again what it was before the first fault.

What the platform changes by itself is listed and not failed (`model.platform`).

An instance that no fault hit, and that another hand stopped or started meanwhile
(an observer, a neighbour), is not what gameday failed to put back; nor can anybody
say that the fault did not reach it: inconclusive.
"""

from collections.abc import Sequence

from gameday.checks.question import Answer, failed, passed, unknown
from gameday.checks.run import Run
from gameday.model.events import Drifted, FaultStarted, Fingerprint
from gameday.model.fingerprint import Difference
from gameday.model.platform import why_platforms_own
from gameday.model.quantity import show_instant
from gameday.model.verdict import Ending

STATE = "State"
_NAMED = 3  # differences in the sentence; the evidence has all of them
_WHEN = {"before": "before the first fault", "after": "after the last undo"}


def drift(run: Run) -> Answer:
    """Both fingerprints of the target were taken, and nothing differs."""
    taken = {event.when: event for event in run.timeline.of(Fingerprint)}
    for when in _WHEN:
        missing = _missing(run, when, taken.get(when))
        if missing:
            return unknown(missing)
    every = [_difference(event) for event in run.timeline.of(Drifted)]
    differences = [difference for difference in every if not difference.platform]
    by_itself = [difference for difference in every if difference.platform]
    evidence = _evidence(taken["before"], differences, by_itself)
    if not differences:
        because = "the target is as it was before the first fault"
        return passed(because + _listed(by_itself), evidence=evidence)
    bystanders = _bystanders(run, differences)
    if len(bystanders) == len(differences):
        named = "; ".join(bystander.show() for bystander in bystanders[:_NAMED])
        because = f"no fault hit it, and it is not as it was before: {named}"
        return unknown(because, evidence=evidence)
    because = "not everything is as it was before the first fault"
    return failed(f"{because}: {_named(differences)}", evidence=evidence)


def _evidence(
    before: Fingerprint,
    differences: Sequence[Difference],
    by_itself: Sequence[Difference],
) -> dict[str, object]:
    evidence: dict[str, object] = {
        "instances": before.instances,
        "differences": [_show(difference) for difference in differences],
    }
    if by_itself:
        evidence["changed_by_the_platform"] = [
            {**_show(difference), "because": difference.platform}
            for difference in by_itself
        ]
    return evidence


def _listed(by_itself: Sequence[Difference]) -> str:
    """Return what the platform changed by itself, a few of it, for a sentence."""
    if not by_itself:
        return ""
    return f"; changed by the platform: {_named(by_itself)}"


def _named(differences: Sequence[Difference]) -> str:
    """Return a few differences for a sentence, and how many more there are."""
    named = "; ".join(difference.show() for difference in differences[:_NAMED])
    more = len(differences) - _NAMED
    return f"{named}; and {more} more" if more > 0 else named


def _bystanders(run: Run, differences: Sequence[Difference]) -> list[Difference]:
    hit = {event.instance for event in run.timeline.of(FaultStarted)}
    return [
        difference
        for difference in differences
        if difference.key == STATE and difference.instance not in hit
    ]


def _missing(run: Run, when: str, event: Fingerprint | None) -> str:
    """Return why there is no fingerprint; empty when there is one."""
    if run.ending is Ending.REFUSED:
        return f"the fault was not injected: {run.because}"
    if event is not None:
        why = event.because
        said = f"the target's fingerprint {_WHEN[when]} could not be taken: {why}"
        return said if why else ""
    if not run.complete:
        cut = f"the record of the run ends at {show_instant(run.last)}"
        return f"{cut}, and no fingerprint of the target was taken {_WHEN[when]}"
    why = f": {run.because}" if run.because else ""
    return f"no fingerprint of the target was taken {_WHEN[when]}{why}"


def _difference(event: Drifted) -> Difference:
    instance, key = event.instance, event.key
    return Difference(
        instance=instance,
        key=key,
        platform=event.platform or why_platforms_own(instance, key),
        before=event.before,
        after=event.after,
    )


def _show(difference: Difference) -> dict[str, str]:
    what = {"instance": difference.instance, "key": difference.key}
    return {**what, "before": difference.before, "after": difference.after}
