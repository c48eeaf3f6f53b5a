"""A first scenario, experiment and SLO as text, and their way to disk.

Everything that is written passes `gameday check`. What is not known is left out or
stands there as a comment: nothing is guessed.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path

from gameday.errors import UsageError
from gameday.frozen import frozen
from gameday.model.quantity import show_duration
from gameday.model.scenario import OF_ALERT, AlertPromise
from gameday.model.target import TargetRef

SCENARIO = "scenarios/first.yaml"
SLO = "slos/first.yaml"
HEAD = """\
# Written by `gameday init` from what was found; make its promises yours.
apiVersion: gameday/v1
kind: Scenario"""
METHOD = """\
method:
  - type: action
    name: stop a replica
    provider:
      type: python
      module: gameday.faults.process
      func: stop
      arguments: {service: "${service}", count: "${count}"}
rollbacks:
  - type: action
    name: undo
    provider: {type: python, module: gameday.faults, func: undo}"""
OPENSLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {{name: {name}}}
spec:
  description: Requests that do not end in an error of the server's.
  service: {service}
  budgetingMethod: Occurrences
  timeWindow: [{{duration: 30d, isRolling: true}}]
  indicator:
    metadata: {{name: {slug}-requests}}
    spec:
      ratioMetric:
        counter: true"""
HOLD = "30s"  # where no promise says how long the fault has to hold


@frozen
class Requests:
    """A counter of requests: its selector's labels, and the matcher of bad ones."""

    metric: str = "http_requests_total"
    labels: Mapping[str, str] = field(default_factory=dict)
    bad: str = 'code=~"5.."'


@frozen
class Beginning:
    """What the first files say. Addresses are empty where none was given.

    `requests` is None where no counter of requests is known, `promise` where no
    alert rule speaks of the service. `rules`: the names of those that exist;
    `beside`: of those that the lost replica may set off as well.
    """

    target: TargetRef
    service: str
    replicas: int
    promise: AlertPromise | None = None
    requests: Requests | None = None
    rules: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    prometheus: str = ""
    alertmanager: str = ""
    pager: str = ""
    url: str = ""
    status: int = 200  # what the address answers with

    @property
    def slug(self) -> str:
        """The service's name as file names and SLOs may carry it."""
        return re.sub(r"[^a-z0-9]+", "-", self.service.lower()).strip("-") or "service"

    @property
    def experiment(self) -> str:
        """The experiment's path."""
        return f"experiments/stop-one-{self.slug}.yaml"

    @property
    def slo(self) -> str:
        """The SLO's name."""
        return f"{self.slug}-availability"


def texts(beginning: Beginning) -> dict[str, str]:
    """Return the files' contents by their paths."""
    return {
        SCENARIO: _joined(_scenario(beginning)),
        beginning.experiment: _joined(_experiment(beginning)),
        SLO: _joined(_slo(beginning)),
    }


def write(files: Mapping[str, str], folder: str, option: str = "--into") -> list[str]:
    """Write the files and return their paths; UsageError where one is there.

    `option`: the one that names the folder.
    """
    places = {Path(folder) / name: text for name, text in files.items()}
    there = [str(place) for place in places if place.exists() or place.is_symlink()]
    if there:
        raise UsageError(
            f"{', '.join(there)}: already there, and nothing is overwritten; "
            f"move it away, or choose another folder with {option}"
        )
    try:
        for place, text in places.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from error
    return [str(place) for place in places]


def _joined(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _text(value: str) -> str:
    """Return a value as YAML has it in any place: double-quoted only where needed."""
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_./-]*", value)
    words = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
    return value if plain and value.lower() not in words else json.dumps(value)


def _flow(pairs: Mapping[str, str]) -> str:
    inside = (f"{_text(name)}: {_text(value)}" for name, value in pairs.items())
    return "{" + ", ".join(inside) + "}"


def _scenario(start: Beginning) -> Iterator[str]:
    judged = start.requests is not None and start.prometheus
    yield HEAD
    yield f"metadata: {{name: {start.slug}-survives-a-lost-replica}}"
    yield f"target: {{{_target(start.target)}}}"
    yield from _observe(start)
    if judged:
        yield f"slos: [../{SLO}]"
    if start.url:
        yield f"load: {{url: {_text(start.url)}, rate: 5/s}}"
    if judged:
        yield "guardrails:"
        yield f"  - {{slo: {start.slo}, stop_when: {{budget_spent: 20%}}}}"
    yield "blast_radius: {at_most: 1}"
    yield "steps:"
    yield f"  - name: stop-one-{start.slug}"
    yield f"    experiment: ../{start.experiment}"
    if start.promise is None:
        yield f"    hold: {HOLD}"
    yield "    expect:"
    yield from _alerts(start)
    yield "      steady_state: holds"
    if judged:
        yield "      recovers_within: 60s"
        yield f"      slos: [{{slo: {start.slo}, spends_at_most: 2%}}]"


def _target(target: TargetRef) -> str:
    return f"{target.kind}: {_flow(target.as_keys[target.kind])}"


def _observe(start: Beginning) -> Iterator[str]:
    if start.prometheus or start.alertmanager or start.pager:
        yield "observe:"
    if start.prometheus:
        yield f"  prometheus: {_text(start.prometheus)}"
    if start.alertmanager:
        yield f"  alertmanager: {_text(start.alertmanager)}"
    if start.pager:
        yield f"  pages: {_flow({'from': start.pager})}"


def _alerts(start: Beginning) -> Iterator[str]:
    promise = start.promise
    if promise is None:
        yield f"      # Which alert has to tell of a lost replica of {start.service}?"
        yield "      # alerts:"
        yield f"      #   - {{alert: {_example(start)}, fires_within: 60s}}"
        return
    yield "      alerts:"
    yield f"        - alert: {_text(promise.alert)}"
    if promise.labels:
        yield f"          labels: {_flow(promise.labels)}"
    for key in OF_ALERT:
        yield from _reaches(promise) if key == "reaches" else _within(promise, key)
    if start.beside:
        yield "      # The same series feed these; promise those that have to ring too."
        names = ", ".join(map(_text, start.beside))
        yield f"      no_other_alerts: {{except: [{names}]}}"


def _example(start: Beginning) -> str:
    return _text(start.rules[0]) if start.rules else "InstanceDown"


def _reaches(promise: AlertPromise) -> Iterator[str]:
    if promise.reaches:
        names = ", ".join(map(_text, promise.reaches))
        names = names if len(promise.reaches) == 1 else f"[{names}]"
        yield "          # Where Alertmanager sends it today; who should hear of it?"
        yield f"          reaches: {names}"


def _within(promise: AlertPromise, key: str) -> Iterator[str]:
    seconds = getattr(promise, key)
    if seconds is not None:
        yield f"          {key}: {show_duration(math.ceil(seconds))}"


def _experiment(start: Beginning) -> Iterator[str]:
    yield f"title: {_text(f'One replica of {start.service} is gone')}"
    yield f"description: {_text(_description(start.replicas))}"
    yield "runtime: {rollbacks: {strategy: always}}"
    yield "configuration:"
    default = json.dumps(start.target.url)
    yield f"  target: {{type: env, key: GAMEDAY_TARGET, default: {default}}}"
    yield f"  service: {_text(start.service)}"
    yield "  count: 1"
    if start.url:
        yield "steady-state-hypothesis:"
        yield "  title: It answers"
        yield "  probes:"
        yield "    - type: probe"
        yield "      name: it answers"
        yield f"      tolerance: {start.status}"
        yield f"      provider: {{type: http, url: {_text(start.url)}, timeout: 3}}"
    yield METHOD


def _description(replicas: int) -> str:
    if replicas == 1:
        return "It is the only one; how soon is that noticed, and how soon over?"
    return f"It is one of {replicas}; the others take over, and nobody notices."


def _slo(start: Beginning) -> Iterator[str]:
    requests = start.requests or Requests()
    if start.requests is None:
        yield "# An example: no counter of requests was found. Name yours, and add"
        yield f"# `slos: [../{SLO}]` to {SCENARIO}."
    yield OPENSLO.format(name=start.slo, service=_text(start.slug), slug=start.slug)
    labels = [f"{name}={json.dumps(value)}" for name, value in requests.labels.items()]
    for side, inside in (("bad", [*labels, requests.bad]), ("total", labels)):
        selector = ",".join(inside)
        query = f"{requests.metric}{{{selector}}}" if selector else requests.metric
        yield f"        {side}:"
        yield "          metricSource:"
        yield f"            {{type: Prometheus, spec: {{query: {json.dumps(query)}}}}}"
    yield "  objectives:"
    yield "    - {displayName: Answered, target: 0.99}"
