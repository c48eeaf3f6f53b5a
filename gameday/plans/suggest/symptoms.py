"""What a condition is a symptom of, by what it reads and where that has to go.

Names of metrics say it: Prometheus has no other description of them. What is not
known here is named, not guessed.
"""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum

from gameday.frozen import frozen
from gameday.model.alerting.expression import Selector
from gameday.plans.suggest.conditions import GONE, HIGH, LOW, RuleCondition

_ERROR_NAME = re.compile(r"(?i)error|fail|exception|5xx|rejected|refused|aborted")
_STATUS = re.compile(r"(?i)code|status|outcome|result")
_ERROR_VALUE = re.compile(r"(?i)\b5|error|fail|5xx")
_DURATION = re.compile(
    r"(?i)(http|request|rpc|response|handl|quer|probe).*(duration|seconds|time|millis)"
    r"|latency"
)
_BALANCER = re.compile(
    r"(?i)^(haproxy_(server|backend)_|traefik_service_server|envoy_cluster_membership"
    r"|nginx(plus)?_upstream|caddy_reverse_proxy_upstreams)"
)
_COUNTS = re.compile(r"(?i)active_servers|membership_healthy|_count$")
_BY_NAME: tuple[tuple[str, str], ...] = (
    ("probe", r"^probe_(success|http_status_code|dns_|ip_)"),
    ("certificate", r"cert.*(expir|not_after|age|valid)|expir.*(cert|tls|ssl)"),
    ("restarts", r"restarts?(_total)?$|process_start_time|container_start_time|uptime"),
    ("replicas", r"^kube_(deployment|statefulset|daemonset|replicaset|pod)_"),
    ("clock", r"timex_(offset|sync)|clock_?skew|ntp_(offset|drift)|chrony"),
    ("disk", r"filesystem|disk|volume_stats|inode"),
    ("cpu", r"cpu|node_load"),
    ("memory", r"mem(ory)?_|_rss|heap|MemAvailable|resident_memory"),
    ("queue", r"queue|backlog|(_|^)lag(_|$)|unacked|messages_(ready|pending)"),
)
# What a pod that does not answer changes; its phase it does not.
_READINESS = re.compile(r"_(ready|available|unavailable)(_|$)|_status_condition$")
_SEEN_UP = re.compile(r"(?i)_(up|healthy|alive|connected|available|reachable|status)$")


class Symptom(StrEnum):
    """What a fault has to bring about."""

    DOWN = "down"  # Prometheus cannot scrape it
    PROBE = "probe"  # a probe of it fails
    SEEN_DOWN = "seen down"  # somebody else says that it is down
    OUT = "out of the balancer"
    ERRORS = "errors"
    LATENCY = "latency"
    CPU = "cpu"
    MEMORY = "memory"
    DISK = "disk"
    RESTARTS = "restarts"
    REPLICAS = "replicas"
    CERTIFICATE = "certificate"
    CLOCK = "clock"
    QUEUE = "queue"
    ABSENT = "absent"  # a series is not there any more


# What follows from the loss of nearly anything: it may ring beside what is promised.
FELT_BY_USERS = frozenset(
    (Symptom.ERRORS, Symptom.LATENCY, Symptom.PROBE, Symptom.QUEUE)
)


@frozen
class ConditionSymptom:
    """A condition, and what it is a symptom of.

    `selector`: the series that decides. `counts`: its value is a number of instances.
    """

    symptom: Symptom
    condition: RuleCondition
    selector: Selector
    counts: bool = False


def readings(conditions: Iterable[RuleCondition]) -> list[ConditionSymptom]:
    """Return the conditions that are a symptom of something, in their order."""
    told = (_reading(condition) for condition in conditions)
    return [reading for reading in told if reading is not None]


def _reading(condition: RuleCondition) -> ConditionSymptom | None:
    reads = [selector for selector in condition.reads if selector.name]
    if not reads:
        return None
    first = reads[0]
    if condition.side == GONE:
        return ConditionSymptom(
            symptom=Symptom.ABSENT, condition=condition, selector=first
        )
    symptom = _plain(condition, first) or _of_requests(condition, reads)
    if symptom is None and condition.side == LOW and _SEEN_UP.search(first.name):
        symptom = Symptom.SEEN_DOWN
    if symptom is None:
        return None
    counts = symptom == Symptom.OUT and bool(_COUNTS.search(first.name))
    return ConditionSymptom(
        symptom=symptom, condition=condition, selector=first, counts=counts
    )


def _plain(condition: RuleCondition, selector: Selector) -> Symptom | None:
    """Return what a metric's name says."""
    name = selector.name
    if name == "up":
        return Symptom.DOWN if condition.side == LOW else None
    if _BALANCER.match(name) and condition.side == LOW:
        return Symptom.OUT
    for symptom, pattern in _BY_NAME:
        if re.search(pattern, name, re.IGNORECASE):
            return _sided(Symptom(symptom), condition, name)
    return None


def _sided(symptom: Symptom, condition: RuleCondition, name: str) -> Symptom | None:
    """Return the symptom, if the value goes where a fault can bring it."""
    low, high = condition.side == LOW, condition.side == HIGH
    match symptom:
        case Symptom.PROBE:
            may_go = low
        case Symptom.QUEUE:
            may_go = high
        case Symptom.CPU:
            may_go = high or "idle" in str(condition.value)
        case Symptom.REPLICAS:
            may_go = any(_READINESS.search(read.name) for read in condition.reads)
        case Symptom.RESTARTS if is_uptime(name):
            may_go = low
        case Symptom.RESTARTS:
            may_go = not _ERROR_NAME.search(name)
        case _:
            may_go = True
    return symptom if may_go else None


def is_uptime(name: str) -> bool:
    """Whether a metric says how long something runs: low after a restart."""
    return "uptime" in name.lower()


def _of_requests(condition: RuleCondition, reads: Sequence[Selector]) -> Symptom | None:
    """Return errors or latency, where requests are counted or timed."""
    if any(map(is_error, reads)):
        return Symptom.ERRORS if condition.side == HIGH else None
    if any(_is_success(selector) for selector in reads) and condition.side == LOW:
        return Symptom.ERRORS
    timed = any(_DURATION.search(selector.name) for selector in reads)
    if not timed or seconds_of(condition) is None:
        return None
    return Symptom.LATENCY if condition.side == HIGH or _bound(condition) else None


def is_error(selector: Selector) -> bool:
    """Whether it counts what went wrong."""
    told = any(
        _STATUS.search(matcher.name)
        and matcher.op in ("=", "=~")
        and _ERROR_VALUE.search(matcher.value)
        for matcher in selector.matchers
    )
    return told or bool(_ERROR_NAME.search(selector.name))


def _is_success(selector: Selector) -> bool:
    return any(
        _STATUS.search(matcher.name)
        and (
            (matcher.op in ("!=", "!~") and _ERROR_VALUE.search(matcher.value))
            or (matcher.op in ("=", "=~") and matcher.value[:1] == "2")
        )
        for matcher in selector.matchers
    )


def seconds_of(condition: RuleCondition) -> float | None:
    """Return the seconds beyond which a request is slow; None where none are told.

    The bound of a bucket, or what a quantile or a mean is compared with.
    """
    bound = _bound(condition)
    try:
        seconds = float(bound) if bound else condition.limit
    except ValueError:
        return None
    if seconds is None or seconds <= 0.0:
        return None
    in_millis = any(
        re.search(r"(?i)milli|_ms(_|$)", selector.name) for selector in condition.reads
    )
    return seconds / 1000.0 if in_millis else seconds


def _bound(condition: RuleCondition) -> str:
    """Return the bound of the bucket that is read; empty where there is none."""
    bounds = (
        matcher.value
        for selector in condition.reads
        for matcher in selector.matchers
        if (matcher.name, matcher.op) == ("le", "=") and matcher.value != "+Inf"
    )
    return next(bounds, "")


def share_of(condition: RuleCondition) -> float | None:
    """Return the share that a saturation is compared with; None where it is none."""
    limit = condition.limit
    if limit is None or limit <= 0.0:
        return None
    share = limit / 100.0 if 1.0 < limit <= 100.0 else limit  # noqa: PLR2004 - percent
    return share if share <= 1.0 else None
