"""The timeline: what happened, in order, as one append-only list of events.

Every event has `at` (seconds since the epoch, on the clock of the system that knows
it; in files RFC 3339 with milliseconds) and a kind. The other fields by kind:

========================  ==========================================================
kind                      fields
========================  ==========================================================
run_started, run_ended    run, scenario; ending, because
recovered                 run (that died), what, ok (bool), because, by_hand: what that
                          run had left in the target, undone before this one began
phase                     phase (warmup, gate, fault, hold, undo, aftermath, done,
                          settle), step ("" outside of steps)
clock                     source (prometheus, alertmanager, pager, target), offset
                          (that clock minus gameday's, s), error (s)
fault_started             step, id, fault (process.stop), service, instance, arguments,
                          duration; at = just before the first call that changes it
fault_biting              step, id, bites (bool), because, evidence
fault_failed              step, fault, service, instance, because: not injected
fault_ended               step, id, ok (bool), by (rollback, run, self, heal, watchdog,
                          deadline), because, by_hand; at = confirmed. `early`, where
                          it had not held until its undo: why
undone_later              step, id, ok, by, because, by_hand: the end of a fault whose
                          run had died, as only the ledger knows it; in no file
activity                  step, name, type (action, probe), status, because: what the
                          engine reports of a method's or a rollback's activity; ok: of
                          a method's probe, whether it answers within its tolerance
engine                    step, status, deviated, because: how the engine ended
probe                     step, phase (before, during, after; injection: under way
                          when the fault began), name, ok (true, false, null = could
                          not be told), value, because, took (s), gave_up (it did not
                          come back)
hypothesis                step, phase, ok (true, false, null), because: all probes once;
                          took (s), every (s from one look to the next)
instance                  service, instance, state, health, up (bool), error (s),
                          stamp (the target's own time, null where it gave none; `at`
                          is on gameday's clock), id (of what runs there: another id,
                          another instance), container (of a pod: another one, it was
                          restarted there): on each change, and once each at the gate
workload                  service, workload (deployment/web), wanted, ready (replicas),
                          endpoints (ready ones by Service), available (bool: as many
                          as wanted are ready and current), error (s): of what a fault
                          of the run hits in a cluster; once, and on each change
cluster_event             reason, type (Normal, Warning), object (pod/web-0), service
                          ("" where it is no service's), message, count: an Event of
                          the cluster's namespace; again when its count has doubled;
                          at = when it was told
alert_pending,            alert, labels (with alertname), starts (identity of the
alert_firing,             episode, s), error (s); at = the rule's evaluation.
alert_resolved,           alert_resolved, and alert_cleared (pending, never fired),
alert_cleared             with `exact`: false where the end was not marked (an
                          outage, a failed evaluation)
skipped                   step, because: nothing could be learned of its alerts, so
                          that its fault was not injected
alert_at_start            step, alert, labels, state (pending, firing): was already
                          there when the fault began
suppressed, unsuppressed  alert, labels, by (silence, inhibition, mute_time), detail
                          (id, who): as seen in Alertmanager
silence, silence_ended    id, matchers (name, op, value), since, until: active; and id:
                          it was deleted before that, or expired
page                      receiver, vendor, status (firing, resolved, unknown),
                          group_key, dedup_key, alerts (labels, status, starts, ends,
                          fingerprint), titles (of a message, where a vendor's has no
                          labels), truncated (alerts that Alertmanager left out),
                          sender (the receiver that the message itself names), seq;
                          at = the pager's clock
page_refused              receiver, vendor, because, seq: a page that the pager did not
                          take; at = the pager's clock
routed                    alert, labels, receivers: Alertmanager's own routing of an
                          alert that it holds
sample                    slo, side (bad, total), sign, series (labels), values
                          ([[time, value], …]): raw counters, each scrape once;
                          gauge (true): a gauge's samples, counted
scrape                    job, instance, up (bool), targets (known in all), state (up,
                          down, gone), interval (s, of this target): on each change,
                          and once each at the gate
rule_failed               group, file, alert, rule (a recording rule; both empty: the
                          whole group), what (failed, missed, changed, restarted),
                          because, since: an evaluation failed or was missed, or the
                          rule is not the same any more
evaluations               group, file, interval, last: at the end of each step, that
                          the group was evaluated up to here
blind                     source (prometheus, alertmanager, pager, target, load,
                          cluster, events), because: from now on this observer
                          cannot see
sees                      source: it can again
observed                  source, since, until: the observer answered all through this
                          time (written at each step's end)
load                      since, until, sent, ok, failed, late (share of requests that
                          started over 10 ms late), p50, p99 (s), latencies
                          ([[over, up to, requests], …], s), in_flight: one second of
                          intended starts
metric                    promql, ok (true, false, null = could not be told), value,
                          series (labels of the first that does not hold, or else of
                          one that does), because, stale (s, how old what it reads may
                          be): one look at a promised expression
guardrail                 name, state (ok, breached, unanswerable), value, limit,
                          because, answered (false: breached since nobody could tell)
window                    slo, total (events), since, complete, unknown and surplus
                          (how many more, and fewer, there may be): the events of the
                          SLO's own window, counted at the gate
feeds                     slos, because: the SLOs that count the load's requests, as
                          the gate found out
process                   job, instance, began: when a scrape target's process began
undo_failed               step, id, instance, because, by_hand
fingerprint               when (before, after), instances (how many were looked at),
                          because: why it could not be taken, empty when it was
drift                     step (""), instance, key, before, after: what is not as it
                          was before the first fault (secrets only as digests);
                          `platform`, where the platform did that by itself: why
note                      text
========================  ==========================================================
"""

import bisect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gameday.model.quantity import parse_instant, show_instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened, at `at` seconds since the epoch."""

    at: float
    kind: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field, or the default where the event has none."""
        return self.fields.get(name, default)

    def to_json(self) -> dict[str, Any]:
        """Return the event as a line of `timeline.ndjson` has it."""
        return {"at": show_instant(self.at), "kind": self.kind, **self.fields}


def event(at: float, kind: str, /, **fields: Any) -> Event:
    """Return an event; times are kept to the millisecond."""
    return Event(at=round(at, 3), kind=kind, fields=fields)


def event_from_json(line: Mapping[str, Any]) -> Event:
    """Return the event that a line of `timeline.ndjson` describes."""
    rest = {key: value for key, value in line.items() if key not in ("at", "kind")}
    return Event(at=round(parse_instant(line["at"]), 3), kind=line["kind"], fields=rest)


class Timeline:
    """Events in order of time; ties keep the order in which they came."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.events: tuple[Event, ...] = tuple(sorted(events, key=lambda e: e.at))
        self._by_kind: dict[str, list[Event]] = {}
        for one in self.events:
            self._by_kind.setdefault(one.kind, []).append(one)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def of(self, *kinds: str) -> list[Event]:
        """Return the events of these kinds, in order."""
        if len(kinds) == 1:
            return self._by_kind.get(kinds[0], [])
        found = [one for kind in kinds for one in self._by_kind.get(kind, [])]
        return sorted(found, key=lambda e: e.at)

    def between(self, start: float, end: float, *kinds: str) -> list[Event]:
        """Return the events of these kinds in the closed interval."""
        events = self.of(*kinds)
        low = bisect.bisect_left(events, start, key=lambda e: e.at)
        high = bisect.bisect_right(events, end, key=lambda e: e.at)
        return events[low:high]
