"""`gameday suggest`: for each rule that nothing has proven, how to prove it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from gameday.app import init
from gameday.app.evidence import coverage
from gameday.coverage.definition import define
from gameday.coverage.register import Register, RegisterRequest, register
from gameday.errors import ObserverLost, UsageError
from gameday.files.scenario import proving, starter
from gameday.frozen import frozen
from gameday.model.alerting.alert import AlertRule
from gameday.model.plan import Monitoring
from gameday.model.scenario import Endpoint, Observe, Scenario
from gameday.model.target import Instance
from gameday.plans.suggest.suggestion import (
    SUGGESTED,
    SuggestInput,
    Suggestion,
    suggest,
)
from gameday.plans.suggest.surroundings import ScrapedTarget, Surroundings
from gameday.ports import Clock, Target

if TYPE_CHECKING:
    from gameday.observers.prometheus.api import PrometheusApi, ScrapeTarget

PROVEN = "proven"
# Which servers balancers tell of, by the job that scrapes the balancer.
_SERVERS = (
    "count by (job, server, url, upstream, envoy_cluster_name) "
    '({__name__=~"haproxy_server_(status|up)|traefik_service_server_up'
    '|nginx(plus)?_upstream_.*|envoy_cluster_membership_healthy"})'
)
_SERVER_LABELS = ("server", "url", "upstream", "envoy_cluster_name")


@frozen
class SuggestRequest:
    """What suggestions are asked for.

    `rules`: files and folders of alert rules; none: those that Prometheus has.
    `folders`: where downloaded runs are, beside the stored ones. `max_age`: how long a
    proof is fresh, in seconds.
    """

    begin: init.InitRequest
    rules: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    protect: tuple[str, ...] = ()
    include_risky: bool = False
    max_age: float


@frozen
class SuggestedRule:
    """One rule: its state, and the files that would prove it.

    `state`: proven, or a suggestion's. `proof` is None where nothing is written.
    """

    rule: AlertRule
    state: str
    because: str = ""
    suggestion: Suggestion | None = None
    proof: proving.Proof | None = None


@frozen
class Suggestions:
    """What is suggested, rule by rule, and what the reader has to know."""

    entries: tuple[SuggestedRule, ...]
    notes: tuple[str, ...] = ()

    @property
    def unproven(self) -> list[SuggestedRule]:
        """The rules that something could prove, and nothing has."""
        return [
            entry for entry in self.entries if entry.state not in (PROVEN, "always")
        ]

    @property
    def suggested(self) -> list[SuggestedRule]:
        """The rules with a suggestion."""
        return [entry for entry in self.entries if entry.state == SUGGESTED]


def target_of(wish: SuggestRequest, clock: Clock) -> Target:
    """Return the target that suggestions are asked for."""
    from gameday.targets import open_target

    return open_target(wish.begin.target.url, clock)


def look(wish: SuggestRequest, target: Target, clock: Clock) -> Suggestions:
    """Return a suggestion for each unproven rule; touches nothing."""
    begin = wish.begin
    for address in (begin.prometheus, begin.alertmanager, begin.pager, begin.url):
        init.check_address(address)
    if not wish.rules and not begin.prometheus:
        raise UsageError(
            "which alert rules? Name their files with --rules, or the Prometheus that "
            "has them with --prometheus"
        )
    instances = tuple(target.instances())
    monitoring, notes = _monitoring(wish, clock)
    if not monitoring.rules:
        raise UsageError("; ".join(notes) or "there is no alert rule to prove")
    asked = SuggestInput(
        monitoring=monitoring,
        around=_surroundings(wish, instances, monitoring, clock),
        refusal=target.refusal,
        on_cluster=begin.target.kind == "kubernetes",
        paged=bool(begin.pager),
        include_risky=wish.include_risky,
    )
    status, odd = init.status_of(begin.url) if begin.url else (200, "")
    proven = _proven(wish, monitoring, clock)
    entries = _entries(suggest(monitoring.rules, asked), proven, wish, status)
    notes += _missing_addresses(begin, entries)
    return Suggestions(entries=tuple(entries), notes=(*notes, *([odd] if odd else [])))


def _surroundings(
    wish: SuggestRequest,
    instances: tuple[Instance, ...],
    monitoring: Monitoring,
    clock: Clock,
) -> Surroundings:
    scraped, behind = _scraped(wish.begin.prometheus, clock)
    return Surroundings(
        instances=instances,
        scraped=scraped,
        feeds=monitoring.feeds,
        behind=behind,
        protect=wish.protect,
    )


def _missing_addresses(
    begin: init.InitRequest, entries: Iterable[SuggestedRule]
) -> Iterator[str]:
    """Yield what the written scenarios cannot have, as no address was given for it."""
    written = [entry for entry in entries if entry.proof]
    if not begin.prometheus and written:
        yield _NO_PROMETHEUS
    suggestions = (entry.suggestion for entry in written)
    if not begin.url and any(known.requests for known in suggestions if known):
        yield _NO_REQUESTS


_NO_PROMETHEUS = (
    "no --prometheus: the scenarios observe none, and whether an alert fires could not "
    "be seen; name it, or write it under `observe`"
)
_NO_REQUESTS = (
    "no --url: rules that count requests fire only while others ask; with it the "
    "scenarios bring a load of their own"
)


def write(written: Suggestions, folder: str) -> list[str]:
    """Write the suggested files; UsageError where one is there already."""
    files: dict[str, str] = {}
    for entry in written.suggested:
        if entry.proof is not None:
            files |= proving.texts(entry.proof, folder)
    return starter.write(files, folder, "--out")


def _monitoring(wish: SuggestRequest, clock: Clock) -> tuple[Monitoring, list[str]]:
    """Return what Prometheus, Alertmanager and the files say of the rules."""
    from gameday.app.observing.survey import survey

    begin = wish.begin
    observe = Observe(
        prometheus=_end(begin.prometheus), alertmanager=_end(begin.alertmanager)
    )
    empty = Scenario(name="", target=begin.target, steps=(), observe=observe)
    monitoring, _ = survey(empty, clock)
    notes = list(monitoring.problems)
    return (_with_files(monitoring, wish.rules) if wish.rules else monitoring), notes


def _with_files(monitoring: Monitoring, paths: Sequence[str]) -> Monitoring:
    """Return the monitoring with the rules of files; Prometheus may have some."""
    from gameday.files.prometheus import rule_files
    from gameday.files.promql.promql_canonical import canonical

    rule_file = rule_files.read(paths)
    live = {(rule.name, canonical(rule.expr)): rule for rule in monitoring.rules or ()}
    rules = []
    for rule in rule_file.alerts:
        known = live.get((rule.name, canonical(rule.expr)))
        series = known.series if known else None
        interval = rule.interval or (known.interval if known else None)
        rules.append(replace(rule, series=series, interval=interval))
    return replace(
        monitoring,
        rules=tuple(rules),
        recorded=rule_file.recorded or monitoring.recorded,
    )


def _end(address: str) -> Endpoint | None:
    return Endpoint(url=address) if address else None


def _scraped(
    prometheus: str, clock: Clock
) -> tuple[tuple[ScrapedTarget, ...], Mapping[str, tuple[str, ...]]]:
    """Return Prometheus' scrape targets, and what balancers say is behind them."""
    from gameday.observers.http import Client
    from gameday.observers.prometheus.api import PrometheusApi

    if not prometheus:
        return (), {}
    api = PrometheusApi(Client(Endpoint(url=prometheus), clock), clock)
    try:
        return tuple(map(_target, api.targets())), _behind(api)
    except ObserverLost:
        return (), {}  # the survey says so already
    finally:
        api.client.close_idle()


def _target(target: "ScrapeTarget") -> ScrapedTarget:
    parts = urlsplit(target.url)
    probed = parse_qs(parts.query).get("target", [""])[0]
    return ScrapedTarget(labels=target.labels, address=parts.netloc, probed=probed)


def _behind(api: "PrometheusApi") -> dict[str, tuple[str, ...]]:
    behind: dict[str, set[str]] = {}
    for series in api.query(_SERVERS):
        servers = {
            series.labels[name] for name in _SERVER_LABELS if name in series.labels
        }
        behind.setdefault(series.labels.get("job", ""), set()).update(servers)
    return {job: tuple(sorted(servers)) for job, servers in behind.items()}


def _proven(wish: SuggestRequest, monitoring: Monitoring, clock: Clock) -> Register:
    """Return the register of the rules by what stored runs prove."""
    language = coverage.promql_language()
    pasts, unread = coverage.read_pasts(wish.folders)
    today = RegisterRequest(
        now=clock.now(),
        max_age=wish.max_age,
        rules=define(monitoring.rules or (), monitoring.recorded, language),
        routing=monitoring.routing,
    )
    return register(today, pasts, (), language, unread)


def _entries(
    suggestions: Sequence[Suggestion],
    proven: Register,
    wish: SuggestRequest,
    status: int,
) -> list[SuggestedRule]:
    names = proving.names([suggestion.rule.name for suggestion in suggestions])
    return [
        SuggestedRule(rule=suggestion.rule, state=PROVEN)
        if standing.proven
        else SuggestedRule(
            rule=suggestion.rule,
            state=suggestion.state,
            because=suggestion.because,
            suggestion=suggestion,
            proof=_proof(suggestion, name, wish, status),
        )
        for suggestion, name, standing in zip(
            suggestions, names, proven.rules, strict=True
        )
    ]


def _proof(
    suggestion: Suggestion, name: str, wish: SuggestRequest, status: int
) -> proving.Proof | None:
    hit, promise, begin = suggestion.hit, suggestion.promise, wish.begin
    if hit is None or promise is None or suggestion.state != SUGGESTED:
        return None
    risky = bool(suggestion.because)
    return proving.Proof(
        name=name,
        target=begin.target,
        fault=hit.kind,
        service=hit.service,
        arguments=hit.arguments,
        promise=promise,
        beside=suggestion.beside,
        felt=suggestion.felt,
        requests=suggestion.requests,
        protect=() if risky else wish.protect,
        prometheus=begin.prometheus,
        alertmanager=begin.alertmanager,
        pager=begin.pager,
        url=begin.url,
        status=status,
        rules=(suggestion.rule.file,) if wish.rules else (),
    )
