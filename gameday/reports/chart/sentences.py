"""Events as sentences of the report, one for each kind."""

from collections.abc import Mapping
from functools import singledispatch

from gameday.model.events import (
    Activity,
    AlertAtStart,
    AlertChange,
    AlertCleared,
    AlertFiring,
    AlertPending,
    AlertResolved,
    Blind,
    ClusterEvent,
    Drifted,
    Engine,
    Event,
    FaultBiting,
    FaultEnded,
    FaultFailed,
    FaultStarted,
    Guardrail,
    Hypothesis,
    InstanceChanged,
    Metric,
    Note,
    OtherEvent,
    Page,
    Phase,
    Probe,
    Recovered,
    Routed,
    RuleFailed,
    RunEnded,
    RunStarted,
    Scrape,
    Sees,
    Skipped,
    Suppressed,
    UndoFailed,
    UndoneLater,
    WorkloadChanged,
)
from gameday.reports.wording import labels_text, short_seconds


@singledispatch
def sentence(event: Event) -> str:
    """Return an event as a sentence; a kind without one shows its fields."""
    return _fields(event.kind, event.fields)


@sentence.register
def _(event: OtherEvent) -> str:
    rest = {name: value for name, value in event.line.items() if name != "kind"}
    return _fields(str(event.line["kind"]), rest)


@sentence.register
def _(event: RunStarted) -> str:
    return f"run {event.run} of {event.scenario}"


@sentence.register
def _(event: RunEnded) -> str:
    return f"the run ended: {event.ending}{_why(event.because)}"


@sentence.register
def _(event: Phase) -> str:
    return f"phase {event.phase} {event.step}"


@sentence.register
def _(event: FaultStarted) -> str:
    shown = ", ".join(f"{key} {value}" for key, value in event.arguments.items())
    arguments = f" ({shown})" if shown else ""
    most = event.duration
    bound = f", for {short_seconds(most)} at most" if most else ""
    return f"{event.fault} hits {event.instance}{arguments}{bound}"


@sentence.register
def _(event: FaultBiting) -> str:
    bites = _yes_or_no(event.bites, "bites", "does not bite")
    return f"fault {event.id} {bites}{_why(event.because)}"


@sentence.register
def _(event: FaultFailed) -> str:
    return f"{event.fault} was not injected on {event.instance}{_why(event.because)}"


@sentence.register
def _(event: FaultEnded) -> str:
    state = "is undone" if event.ok else "is NOT undone"
    said = f"fault {event.id} {state}, by {event.by}{_why(event.because)}"
    return said + _by_hand(event.by_hand)


@sentence.register
def _(event: UndoneLater) -> str:
    who = event.by or "the ledger"
    return f"the fault of the dead run is over, by {who}{_why(event.because)}"


@sentence.register
def _(event: UndoFailed) -> str:
    said = f"the undo on {event.instance} failed{_why(event.because)}"
    return said + _by_hand(event.by_hand)


@sentence.register
def _(event: Recovered) -> str:
    state = "was undone before this run" if event.ok else "is NOT undone"
    said = f"{event.what}, left by run {event.run}, {state}{_why(event.because)}"
    return said + _by_hand(event.by_hand)


@sentence.register
def _(event: Skipped) -> str:
    return f"step {event.step} is skipped{_why(event.because)}"


@sentence.register
def _(event: Activity) -> str:
    return f"{event.type} {event.name}: {event.status}{_why(event.because)}"


@sentence.register
def _(event: Engine) -> str:
    return f"the engine ended: {event.status}{_why(event.because)}"


@sentence.register
def _(event: Probe) -> str:
    held = _yes_or_no(event.ok, "holds", "deviates")
    return f"probe {event.name} ({event.phase}) {held}{_why(event.because)}"


@sentence.register
def _(event: Hypothesis) -> str:
    held = _yes_or_no(event.ok, "holds", "deviates")
    return f"steady state ({event.phase}) {held}{_why(event.because)}"


@sentence.register
def _(event: Metric) -> str:
    held = _yes_or_no(event.ok, "holds", "does not hold")
    return f"metric {event.promql} {held}{_why(event.because)}"


@sentence.register
def _(event: Guardrail) -> str:
    return f"guardrail {event.name} is {event.state}{_why(event.because)}"


@sentence.register
def _(event: InstanceChanged) -> str:
    return f"{event.instance} is {event.state} {event.health}"


@sentence.register
def _(event: WorkloadChanged) -> str:
    served = event.endpoints
    ready = f"{event.ready} of {event.wanted} ready"
    shown = "".join(f", {name} has {n} endpoints" for name, n in sorted(served.items()))
    state = "is" if event.available else "is not"
    return f"{event.workload} {state} available: {ready}{shown}"


@sentence.register
def _(event: ClusterEvent) -> str:
    times = f" ({event.count} times)" if event.count > 1 else ""
    said = f"{event.reason}: {event.message}"
    return f"{event.object}: {said}{times}"


@sentence.register
def _(event: AlertPending) -> str:
    return f"{_alert(event)} is pending"


@sentence.register
def _(event: AlertFiring) -> str:
    return f"{_alert(event)} fires"


@sentence.register
def _(event: AlertResolved) -> str:
    return f"{_alert(event)} is resolved"


@sentence.register
def _(event: AlertCleared) -> str:
    return f"{_alert(event)} is no longer pending; it never fired"


@sentence.register
def _(event: AlertAtStart) -> str:
    return f"{_alert(event)} was {event.state} already"


@sentence.register
def _(event: Suppressed) -> str:
    return f"{_alert(event)} is suppressed by {event.by} {event.detail}"


@sentence.register
def _(event: Routed) -> str:
    receivers = ", ".join(event.receivers)
    return f"Alertmanager routes {_alert(event)} to {receivers}"


@sentence.register
def _(event: Page) -> str:
    names = [
        str((alert.get("labels") or {}).get("alertname", "an alert"))
        for alert in event.alerts
    ]
    about = ", ".join(dict.fromkeys(names)) or "an alert not named"
    return f"page to {event.receiver} ({event.vendor}): {about} {event.status}"


@sentence.register
def _(event: Scrape) -> str:
    state = _yes_or_no(event.up, "succeeds", "fails")
    return f"scrape of {event.job} {event.instance} {state}"


@sentence.register
def _(event: RuleFailed) -> str:
    what = f"rule group {event.group} {event.alert}"
    return f"{what} was not evaluated{_why(event.because)}"


@sentence.register
def _(event: Blind) -> str:
    return f"{event.source} cannot be seen from here on{_why(event.because)}"


@sentence.register
def _(event: Sees) -> str:
    return f"{event.source} is seen again"


@sentence.register
def _(event: Drifted) -> str:
    what = "changed by the platform" if event.platform else "drift"
    before, after = event.before or "nothing", event.after or "nothing"
    return f"{what}: {event.instance}: {event.key}: {before} becomes {after}"


@sentence.register
def _(event: Note) -> str:
    return f"note: {event.text}"


def _fields(kind: str, fields: Mapping[str, object]) -> str:
    shown = ", ".join(f"{name} {value}" for name, value in fields.items())
    return f"{kind.replace('_', ' ')}: {shown}"


def _alert(event: AlertChange | AlertAtStart | Suppressed | Routed) -> str:
    return f"{event.alert}{labels_text(event.labels, name=event.alert)}"


def _why(because: str) -> str:
    return f": {because}" if because else ""


def _by_hand(command: str) -> str:
    return f"; by hand: {command}" if command else ""


def _yes_or_no(value: bool | None, yes: str, no: str) -> str:
    if value is None:
        return "could not be told"
    return yes if value else no
