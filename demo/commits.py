"""Commits to the shop, each with how the pipeline has to end, written down beforehand.

Four make it less resilient, or its alerting less true; ten are harmless.
"""

from dataclasses import dataclass

RULES, ROUTES = "demo/rules.yaml", "demo/alertmanager.yaml"
DOWN = 'state="UP"}) == 0\n        for: 3s\n        labels: {severity: page}'

HEALTH = """\
    option httpchk
    http-check send meth GET uri /healthz ver HTTP/1.1 hdr Host shop hdr X-Server \
"%[srv_name]"
    http-check expect status 200
"""

# Another name of the alerts' own group would be no harmless commit: it moves the
# instants at which they are evaluated, and a record cannot tell by how much.
RECORDING = """\
  - name: recorded
    rules:
      - record: shop:up:sum
        expr: sum(up)
"""


@dataclass(frozen=True)
class Commit:
    """A change of one file; `stage` ends the pipeline with `code`, for this `cause`.

    `days`: a game day on the changed shop is needed to see it, and which; `findings`:
    those of its findings that have to come, `fail QUESTION`.
    """

    name: str
    file: str
    old: str
    new: str
    stage: str = ""
    code: int = 0
    cause: str = ""
    days: str = ""
    findings: tuple[str, ...] = ()


PLANTED = (
    Commit(
        name="a longer for",
        file=RULES,
        old=DOWN,
        new=DOWN.replace("for: 3s", "for: 1m"),
        stage="replay",
        code=1,
        cause="WebReplicaDown",
    ),
    Commit(
        name="a label that a route uses is gone",
        file=RULES,
        old=DOWN,
        new=DOWN.replace("        labels: {severity: page}", "        labels: {}"),
        stage="replay",
        code=1,
        cause="WebReplicaDown",
    ),
    Commit(
        name="no health check in the balancer",
        file="demo/haproxy.cfg",
        old=HEALTH,
        new="",
        stage="game day",
        code=1,
        cause="WebReplicaDown",
        days="hung-replica",
        findings=("fail fires_within", "fail reaches", "fail pages_within"),
    ),
    Commit(
        name="an SLO that is blind",
        file="slos/checkout.yaml",
        old='code="5xx"',
        new='code="3xx"',
        stage="game day",
        code=3,
        cause="checkout-availability",
        days="database-gone",
        findings=("inconclusive agrees_with_load", "inconclusive spends_at_most"),
    ),
)
HARMLESS = (
    Commit("another summary", RULES, "is out of the load balancer", "is gone"),
    Commit("another runbook", RULES, "runbooks/web-replica-down", "runbooks/replica"),
    Commit("a comment", RULES, "groups:\n", "# Rules of the shop.\ngroups:\n"),
    Commit("a group of its own", RULES, "groups:\n", f"groups:\n{RECORDING}"),
    Commit(
        "an expression in other words",
        RULES,
        'haproxy_server_status{proxy="checkout", state="UP"}) == 0\n        for: 3s',
        "haproxy_server_status{state='UP',proxy='checkout'})   == 0\n        for: 3s",
    ),
    Commit("another rule waits longer", RULES, "for: 10s", "for: 15s"),
    Commit("a quicker rule", RULES, DOWN, DOWN.replace("for: 3s", "for: 2s")),
    Commit("fewer reminders", ROUTES, "repeat_interval: 4h", "repeat_interval: 8h"),
    Commit("another channel", ROUTES, '"#shop"', '"#shop-alerts"'),
    Commit(
        "an SLO's description", "slos/checkout.yaml", "Checkouts that do", "What does"
    ),
)
