"""Planted defects of the system, of its SLOs, and of actions that are not gameday's."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from planted import Bed, Change, Plant
from plants_watching import ALERT, DOWN, OTHERS, RULES, SCRAPES, asked

from tests.real.game_days.play import container
from tests.real.game_days.play import docker as engine

WITHOUT_SLOS = (
    asked("slos: [../slos/checkout.yaml, ../slos/checkout-latency.yaml]\n", ""),
    asked("  feeds: [checkout-availability, checkout-latency]\n", ""),
    asked("guardrails:\n", ""),
    asked("  - {slo: checkout-availability, stop_when: {budget_spent: 20%}}\n", ""),
    asked("      slos:\n", ""),
    asked("        - {slo: checkout-availability, spends_at_most: 2%}\n", ""),
)


def replace_the_victim(bed: Bed) -> None:
    """Remove the container that was hit, once its alert was paged, and make another."""
    time.sleep(9)
    started = [line for line in bed.events() if line["kind"] == "fault_started"]
    victim = container(started[0]["instance"])
    engine("rm", "-f", victim)
    bed.compose("up", "-d", "--no-build", "--no-recreate", "web")


# --- services that are different ---

# Its second to sixth start are crashes.
CRASHES = """\
n=$$(cat /tmp/starts 2>/dev/null || echo 0)
echo $$((n + 1)) >/tmp/starts
[ $$n -ge 1 ] && [ $$n -le 5 ] && sleep 1 && exit 1
exec python3 demo/web/shop.py
"""
CRASH_LOOP: Mapping[str, Mapping[str, Any]] = {
    "web": {"command": ["sh", "-c", CRASHES]}
}
# Good at its first start, and wrong at every other one.
SICK = Change(
    "web/shop.py",
    "            return 200,",
    "            return 500 if SECOND else 200,",
)
SICK_START = Change(
    "web/shop.py",
    "class Shop(ThreadingHTTPServer):",
    'SECOND = os.path.exists("/tmp/started")\nopen("/tmp/started", "w").close()\n\n\n'
    "class Shop(ThreadingHTTPServer):",
)
# Of replicas that take turns, a long enough stretch of good looks comes by chance.
ALL_BY_THE_VICTIM = (
    Change(
        "haproxy.cfg",
        "backend checkout\n    balance roundrobin\n",
        "backend checkout\n    balance first\n",
    ),
    Change("experiment", 'count: "${count}"}', 'instances: "web-1"}'),
)
WEB: Mapping[str, Mapping[str, Any]] = {"web": {}}  # is made anew
RING = OTHERS % "CheckoutErrorRatio, CheckoutBudgetBurn"

SLOW_JOB = Change(
    SCRAPES,
    "  - job_name: worker\n",
    "  - job_name: slow\n    scrape_interval: 15s\n    static_configs:\n"
    '      - {targets: ["haproxy:8405"], labels: {instance: haproxy-1}}\n'
    "  - job_name: worker\n",
)
SLOW_SLO = (
    Change(
        "slo",
        'proxy="checkout", code="5xx"}',
        'proxy="checkout", code="5xx", job="slow"}',
    ),
    Change("slo", 'proxy="checkout"}', 'proxy="checkout", job="slow"}'),
)
# Both jobs count the balancer: what sums over them is for one of them now.
ONE_JOB = tuple(
    Change(RULES, old, new)
    for old, new in ((DOWN, DOWN.replace('"UP"', '"UP", job="haproxy"')),)
)


def foreign(module: str, func: str, arguments: str) -> tuple[Change, ...]:
    """Return an action that is not gameday's in the place of its fault."""
    return (
        Change("experiment", "gameday.faults.process", module),
        Change("experiment", "func: stop", f"func: {func}"),
        Change(
            "experiment",
            'arguments: {service: "${service}", count: "${count}"}',
            f"arguments: {arguments}",
        ),
        Change(
            "experiment",
            "gameday.faults, func: undo",
            "os.path, func: exists, arguments: {path: /}",
        ),
        asked("blast_radius: {at_most: 1, share: 34%}", FOREIGN),
        asked("    expect:\n", "    hold: 12s\n    expect:\n"),
    )


FOREIGN = "blast_radius: {at_most: 1, share: 34%, foreign_actions: true}"

SYSTEM: tuple[Plant, ...] = (
    # --- what the system does ---
    Plant(
        name="crash loop",
        scenario="crash-heals-itself",
        short=False,
        services=CRASH_LOOP,
        changes=(
            asked("hold: 5s", "hold: 22s"),
            asked("heals_within: 15s", "heals_within: 5s"),
            asked("      steady_state: holds", OTHERS % "WebReplicaDown"),
        ),
        expected="fail: heals_within",
    ),
    Plant(
        name="successor serves errors, with an SLO",
        scenario="crash-heals-itself",
        short=False,
        services=WEB,
        changes=(SICK, SICK_START, asked("      steady_state: holds", RING)),
        expected="fail: during recovers_within after",
    ),
    Plant(
        name="successor serves errors, without an SLO",
        scenario="crash-heals-itself",
        short=False,
        services={**WEB, "haproxy": {}},
        changes=(
            SICK,
            SICK_START,
            *ALL_BY_THE_VICTIM,
            asked("      steady_state: holds", RING),
            *WITHOUT_SLOS,
        ),
        expected="fail: during recovers_within after",
    ),
    Plant(
        name="hung service, probe without a time-out",
        scenario="hung-replica",
        changes=(
            Change("experiment", ", timeout: 2}", "}"),
            Change("experiment", "  service: web\n", "  service: haproxy\n"),
            *WITHOUT_SLOS,
            asked("load:\n  url: http://127.0.0.1:8080/checkout\n  rate: 50/s\n", ""),
            asked("{at_most: 1, share: 34%}", "{at_most: 1}"),
            asked("alert: WebReplicaDown", "alert: LoadBalancerDown"),
            asked("    expect:\n", "    hold: 15s\n    expect:\n"),
            asked("    expect:\n", "    expect:\n" + OTHERS % "ProbeFailing" + "\n"),
        ),
        expected="fail: during",
    ),
    Plant(
        name="victim removed in its fault",
        scenario="hung-replica",
        changes=(asked("    expect:\n", "    hold: 18s\n    expect:\n"),),
        during=replace_the_victim,
        breaks=True,
        expected="fail: drift; inconclusive: during stays_firing resets_within "
        "page_resolves_within no_other_alerts spends_at_most agrees_with_load "
        "recovers_within",
    ),
    # --- SLOs ---
    Plant(
        name="SLO that is blind",
        scenario="database-gone",
        changes=(
            Change("slo", 'code="5xx"', 'code="3xx"'),
            asked(", ../slos/checkout-latency.yaml", ""),
            asked(", checkout-latency", ""),
        ),
        expected="inconclusive: agrees_with_load spends_at_most recovers_within",
    ),
    Plant(
        name="SLO every 15 s, alerts every 1 s", changes=(SLOW_JOB, *SLOW_SLO, *ONE_JOB)
    ),
    Plant(
        name="SLO every 15 s, with bad events",
        scenario="database-gone",
        changes=(
            SLOW_JOB,
            *SLOW_SLO,
            *ONE_JOB,
            asked("recovers_within: 30s", "recovers_within: 60s"),
        ),
    ),
    # --- actions of others ---
    Plant(
        name="foreign action that fails",
        changes=foreign("os", "remove", "{path: /nonexistent/file}"),
        expected=f"inconclusive: bites {ALERT} during after no_other_alerts "
        "spends_at_most agrees_with_load recovers_within",
    ),
    Plant(
        name="foreign action that changes nothing",
        changes=foreign("os.path", "exists", "{path: /}"),
        expected=f"inconclusive: bites {ALERT} during no_other_alerts spends_at_most "
        "agrees_with_load recovers_within",
    ),
)
