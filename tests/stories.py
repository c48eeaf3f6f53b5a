"""Stories with a known answer, and every kind of doubt put into them.

Two stories in which every question has an answer, one where all goes well and one
where nothing does; and for each kind of doubt what puts it into a story.
"""

from collections.abc import Callable, Mapping

from gameday.checks.doubt import DoubtKind
from gameday.model.events import Event, event
from gameday.model.scenario import SloPromise
from gameday.model.timeline import Timeline
from tests.builders import (
    END,
    alert,
    at,
    blind,
    cut,
    fault,
    hypothesis,
    objective,
    page,
    phases,
    plan,
    promise,
    requests,
    rule,
    scrape,
    step,
    timeline,
    traffic,
    with_rules,
)

NAME = "WebReplicaDown"
LABELS = {"alertname": NAME, "severity": "page"}
ASKED = step(
    alerts=(
        promise(
            NAME,
            fires_within=30.0,
            reaches="oncall",
            pages_within=45.0,
            resets_within=60.0,
            page_resolves_within=60.0,
        ),
    ),
    slos=(SloPromise(slo="checkout-availability", spends_at_most=0.02),),
    heals_within=60.0,
    recovers_within=60.0,
)
PLAN = with_rules(plan(ASKED, slos=[objective()], load=50.0), rule(NAME))

WELL = timeline(
    fault(by="self"),
    alert(NAME, fires=at(22), resolves=at(60)),
    page("oncall", at(25), NAME, starts=at(22)),
    page("oncall", at(63), NAME, status="resolved", ends=at(60)),
    requests(errors={(11, 13): 10}),
    traffic(failed={(11, 13): 10}),
)
# Nothing is as promised. An alert that never fires cannot stay, nor reset: two more.
QUIET = [phase for phase in phases(ends=at(80)) if phase.kind != "hypothesis"]
LOOKS = [
    *hypothesis(at(4), "before", True),
    *(
        entry
        for second in range(11, 150)
        for entry in hypothesis(at(second), "during" if second < 80 else "after", False)
    ),
]
BADLY = timeline(
    fault(ends=at(80)),
    alert("Other", fires=at(30), resolves=at(60)),
    requests(errors={(11, 150): 40}),
    traffic(failed={(11, 150): 40}),
    LOOKS,
    scenery=QUIET,
)
FLAPS = timeline(fault(), alert(NAME, fires=at(22), resolves=at(40)))
STAYS = timeline(
    fault(), alert(NAME, fires=at(22)), page("oncall", at(25), NAME, starts=at(22))
)
# By question: the story in which it passes or fails, and when that is decided.
PASSES: Mapping[str, tuple[Timeline, float]] = {
    "during": (WELL, 55),
    "after": (WELL, END),
    "fires_within": (WELL, 22),
    "stays_firing": (WELL, 55),
    "reaches": (WELL, 25),
    "pages_within": (WELL, 25),
    "resets_within": (WELL, 60),
    "page_resolves_within": (WELL, 63),
    "no_other_alerts": (WELL, END),
    "spends_at_most": (WELL, END),
    "agrees_with_load": (WELL, END),
    "heals_within": (WELL, 70),  # up to the end of its time
    "recovers_within": (WELL, 115),
}
FAILS: Mapping[str, tuple[Timeline, float]] = {
    "during": (BADLY, 11),
    "after": (BADLY, 149),
    "fires_within": (BADLY, 40),
    "stays_firing": (FLAPS, 40),
    "reaches": (BADLY, 55),
    "pages_within": (BADLY, 55),
    "resets_within": (STAYS, 115),
    "page_resolves_within": (STAYS, 115),
    "no_other_alerts": (BADLY, 30),
    "spends_at_most": (BADLY, 76),  # when more was spent than promised
    "heals_within": (BADLY, 70),
    "recovers_within": (BADLY, 140),
}
ANSWERED = [
    *((name, "pass", *told) for name, told in PASSES.items()),
    *((name, "fail", *told) for name, told in FAILS.items()),
]
# A doubt about a time before these does not concern the question: its time begins here.
SINCE = {"resets_within": 55.0, "page_resolves_within": 55.0, "stays_firing": 22.0}


def more(story: Timeline, *events: Event) -> Timeline:
    return Timeline([*story, *events])


def rule_failed(story: Timeline, when: float, because: str) -> Timeline:
    told = {"group": "shop", "alert": "", "because": because, "since": at(when - 1)}
    return more(story, event(at(when), "rule_failed", **told))


def unseen(source: str) -> Callable[[Timeline, float], Timeline]:
    return lambda story, when: more(story, *blind(source, at(when - 1), at(when)))


def not_probed(story: Timeline, when: float) -> Timeline:
    return Timeline(
        entry
        for entry in story
        if entry.kind != "hypothesis" or not at(when - 6) < entry.at < at(when)
    )


def not_biting(story: Timeline, _: float) -> Timeline:
    return Timeline(
        entry.but(bites=False) if entry.kind == "fault_biting" else entry
        for entry in story
    )


def slow_load(story: Timeline, _: float) -> Timeline:
    return Timeline(
        entry.but(sent=10.0) if entry.kind == "load" else entry for entry in story
    )


def held_inside(story: Timeline) -> Timeline:
    """Return the story with a fault that holds in its victim."""
    return Timeline(
        entry.but(fault="network.delay") if entry.kind == "fault_started" else entry
        for entry in story
    )


def replaced(story: Timeline, when: float) -> Timeline:
    about = {"service": "web", "instance": "web-2", "state": "running", "health": ""}
    return more(
        held_inside(story),
        event(at(3), "instance", up=True, error=0.0, id="a", **about),
        event(at(when - 0.5), "instance", up=True, error=0.0, id="b", **about),
    )


def not_injected(story: Timeline, _: float) -> Timeline:
    about = {"fault": "process.stop", "service": "web", "instance": "web-2"}
    refused = {"step": ASKED.name, "because": "refused", **about}
    return more(story, event(at(10), "fault_failed", **refused))


def already(story: Timeline, _: float) -> Timeline:
    told = {"step": ASKED.name, "alert": NAME, "labels": LABELS, "state": "firing"}
    return more(story, event(at(10), "alert_at_start", **told))


def muted(story: Timeline, when: float) -> Timeline:
    told = {"alert": NAME, "labels": LABELS, "by": "silence", "detail": "s1"}
    return more(
        story,
        event(at(when - 1), "suppressed", **told),
        event(at(when), "unsuppressed", **told),
    )


# How each kind of doubt is put into a story so that it is there just before a time.
DOUBTS: Mapping[DoubtKind, Callable[[Timeline, float], Timeline]] = {
    DoubtKind.NOT_INJECTED: not_injected,
    DoubtKind.NO_BITE: not_biting,
    DoubtKind.REPLACED: replaced,
    DoubtKind.TARGET_LOST: lambda story, when: more(
        story, *scrape("lb-2:8405", job="lb", down=at(when - 0.5))
    ),
    DoubtKind.PROMETHEUS_BLIND: unseen("prometheus"),
    DoubtKind.RULE_FAILED: lambda story, when: rule_failed(
        story, when, "it missed one"
    ),
    DoubtKind.RULE_CHANGED: lambda story, when: rule_failed(
        story, when, "changed during the run"
    ),
    DoubtKind.RESTARTED: lambda story, when: rule_failed(
        story, when, "Prometheus was restarted: evaluations before it are missing"
    ),
    DoubtKind.ALREADY: already,
    DoubtKind.ALERTMANAGER_BLIND: unseen("alertmanager"),
    DoubtKind.MUTED: muted,
    DoubtKind.PAGER_BLIND: unseen("pager"),
    DoubtKind.PAGES_LOST: lambda story, when: more(
        story, event(at(when - 0.5), "page_refused", receiver="oncall", because="413")
    ),
    DoubtKind.LOAD_SHORT: slow_load,
    DoubtKind.PROBES_MISSING: not_probed,
    DoubtKind.METRIC_UNSEEN: unseen("metrics"),
    DoubtKind.TARGET_BLIND: unseen("target"),
    DoubtKind.CLUSTER_BLIND: unseen("cluster"),
    DoubtKind.RECORD_ENDS: lambda story, when: cut(story, at(when - 0.5)),
}
WITHOUT_A_TIME = (
    DoubtKind.NOT_INJECTED,
    DoubtKind.NO_BITE,
    DoubtKind.ALREADY,
    DoubtKind.LOAD_SHORT,
)
