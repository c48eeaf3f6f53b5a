"""What `init` finds of a system: a service to lose, the alert for it, a counter."""

import http
import re
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from gameday.app.observing.request_counters import find_requests
from gameday.errors import UsageError
from gameday.files.scenario.starter import Beginning
from gameday.frozen import frozen
from gameday.model.alerting.alert import AlertRule
from gameday.model.plan import Monitoring
from gameday.model.scenario import (
    AlertPromise,
    Endpoint,
    Observe,
    Scenario,
)
from gameday.model.target import Instance, TargetRef
from gameday.plans.promising import fires_within_known_time, promise_of, set_off_beside
from gameday.ports import Clock

PATIENCE = 5.0  # seconds for an address to answer
OK = 200
# What watches a system is a poor first thing to take away.
WATCHERS = re.compile(r"(?i)prom|alert|grafana|export|blackbox|pager|loki|jaeger|otel")
GONE = re.compile(r"(?i)down|missing|lost|dead|unavail|unreach|absent|replica")


@frozen
class InitRequest:
    """What `init` was told: the target and the addresses, empty where none."""

    target: TargetRef
    prometheus: str = ""
    alertmanager: str = ""
    pager: str = ""
    url: str = ""


def look(wish: InitRequest, clock: Clock) -> tuple[Beginning, list[str]]:
    """Return what the first files say, and what their reader has to know."""
    from gameday.app.observing.survey import survey
    from gameday.targets import open_target

    for address in (wish.prometheus, wish.alertmanager, wish.pager, wish.url):
        check_address(address)
    service, replicas = choose_service(open_target(wish.target.url, clock).instances())
    observe = Observe(
        prometheus=_end(wish.prometheus), alertmanager=_end(wish.alertmanager)
    )
    empty = Scenario(name="", target=wish.target, steps=(), observe=observe)
    monitoring, _ = survey(empty, clock)
    notes = list(monitoring.problems)
    requests = None
    if wish.prometheus and monitoring.rules is not None:
        requests = find_requests(wish.prometheus, clock)
    promise = choose_promise(monitoring, service, paged=bool(wish.pager))
    beginning = Beginning(
        target=wish.target,
        service=service,
        replicas=replicas,
        promise=promise,
        requests=requests,
        rules=tuple(rule.name for rule in monitoring.rules or ()),
        beside=set_off_beside(monitoring, service, promise),
        prometheus=wish.prometheus,
        alertmanager=wish.alertmanager,
        pager=wish.pager,
        url=wish.url,
    )
    if wish.url:
        status, why = status_of(wish.url)
        notes += [why] if why else []
        beginning = replace(beginning, status=status)
    return beginning, notes + missing_notes(beginning)


def status_of(url: str) -> tuple[int, str]:
    """Return the status that an address answers with, and what is odd about it.

    Redirects are followed, as the probe that will ask for it follows them.
    """
    request = urllib.request.Request(url, headers={"User-Agent": "gameday"})  # noqa: S310 - plain
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
            status = int(answer.status)
    except urllib.error.HTTPError as answer:
        status = answer.code
        answer.close()
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "reason", None) or problem
        return OK, f"{url} does not answer ({reason}): the probe expects {OK}"
    if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
        return (
            status,
            f"{url} answers {status}: is the system well? The probe expects it",
        )
    return status, ""


def missing_notes(beginning: Beginning) -> list[str]:
    """Return in sentences what is missing for a full verdict."""
    notes = []
    if not beginning.prometheus:
        notes.append("no --prometheus: no alert and no SLO can be judged")
    elif beginning.promise is None:
        notes.append(
            f"no alert rule speaks of {beginning.service}: promise one by hand"
        )
    if beginning.requests is None:
        notes.append("no counter of requests is known: the SLO is an example only")
    if not beginning.pager:
        notes.append("no --pager: when a page arrives is not seen")
    if not beginning.url:
        notes.append("no --url: no steady-state hypothesis and no load")
    return notes


def choose_service(instances: Sequence[Instance]) -> tuple[str, int]:
    """Return the service with the most replicas, rather not one that watches."""
    # A DaemonSet has one pod a node, and none can be taken away alone.
    tally = Counter(
        instance.service
        for instance in instances
        if not instance.labels.get("workload", "").startswith("daemonset/")
    )
    if not tally:
        raise UsageError("the target has no instances; is the system up?")
    order = {name: (bool(WATCHERS.search(name)), -tally[name], name) for name in tally}
    service = min(tally, key=order.__getitem__)
    return service, tally[service]


def choose_promise(
    monitoring: Monitoring, service: str, *, paged: bool
) -> AlertPromise | None:
    """Return what the rules themselves promise of a lost replica of the service."""
    able = [
        rule
        for rule in monitoring.rules or ()
        if fires_within_known_time(rule, monitoring)
    ]
    best = max(able, key=lambda rule: _likelihood(rule, service), default=None)
    if best is None or _likelihood(best, service) == 0:
        return None
    return promise_of(best, monitoring, paged=paged)


def _likelihood(rule: AlertRule, service: str) -> int:
    """How likely the rule speaks of a lost replica of the service; 0: it does not."""
    word = re.compile(rf"(?i){re.escape(service)}")
    named = bool(word.search(rule.name))
    about = bool(word.search(rule.expr)) or service in rule.labels.values()
    gone = bool(GONE.search(rule.name))
    return 4 * named + 2 * about + 3 * gone if (named or about) else 0


def check_address(address: str) -> None:
    """Raise UsageError where an address is none, or carries a password."""
    parts = urlsplit(address)
    if not address:
        return
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError("an address has the form http://HOST:PORT")
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            f"the address of {parts.hostname} carries a password, and it would end up "
            "in a file; leave it out, and give the scenario `auth` with {env: NAME}"
        )


def _end(address: str) -> Endpoint | None:
    return Endpoint(url=address) if address else None
