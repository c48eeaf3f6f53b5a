"""Planted defects of what watches: rules, routes, receivers, a pair of Prometheis."""

import sys
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from planted import Bed, Change, Plant

from tests.real.game_days.play import container
from tests.real.game_days.play import docker as engine

RULES, ROUTES, SCRAPES = "rules.yaml", "alertmanager.yaml", "prometheus.yaml"
DOWN = 'sum by (server) (haproxy_server_status{proxy="checkout", state="UP"}) == 0'
RULE = f"expr: {DOWN}\n        for: 3s\n        labels: {{severity: page}}"
ONCALL = "- {receiver: oncall, matchers: ['severity=\"page\"']}"
CHAT = (
    "- {receiver: chat, matchers: ['severity=~\"page|ticket|info\"'], continue: true}"
)
PAGED = "          reaches: oncall\n"

# An alert that never fires: its own failures, and what cannot be asked of it.
NEVER = "stays_firing resets_within page_resolves_within"
SILENT = f"fail: fires_within reaches pages_within; inconclusive: {NEVER}"
UNPAGED = "fail: reaches pages_within; inconclusive: page_resolves_within"
ALERT = f"fires_within reaches pages_within {NEVER}"


def rule(new: str) -> Change:
    """Return WebReplicaDown in other words."""
    return Change(RULES, RULE, new)


def expression(new: str) -> Change:
    """Return WebReplicaDown with another expression."""
    return Change(RULES, DOWN, new)


def asked(old: str, new: str) -> Change:
    """Return another piece of the scenario."""
    return Change("scenario", old, new)


def in_group(text: str) -> Change:
    """Return the rules with a group more."""
    return Change(RULES, "groups:\n", f"groups:\n{text}")


TO_CHAT = asked(PAGED, "          reaches: chat\n")
OTHERS = "      no_other_alerts: {except: [%s]}\n      steady_state: holds"


# --- what happens while a fault holds ---


def silence() -> str:
    """Silence the promised alert; return the silence's number."""
    tool = ["amtool", "--alertmanager.url=http://127.0.0.1:9093", "silence"]
    words = ["add", "alertname=WebReplicaDown", "--comment=c", "--author=a"]
    said = engine("exec", container("alertmanager-1"), *tool, *words, "--duration=5m")
    return said.split()[-1]


def silence_and_lift(bed: Bed) -> None:
    """Silence it before it fires, and lift that after its page was due."""
    number = silence()
    time.sleep(14)
    lift(bed, number)


def lift(bed: Bed, number: str) -> None:
    """End a silence."""
    url = bed.stage.shop.url(9093, f"/api/v2/silence/{number}")
    request = urllib.request.Request(url, method="DELETE")  # noqa: S310 - loopback
    urllib.request.urlopen(request, timeout=5).close()  # noqa: S310


TEMPLATE = Change(
    ROUTES,
    "        send_resolved: true\n        # Alertmanager's own",
    '        send_resolved: true\n        title: "Something is wrong with the shop"\n'
    '        fallback: "Something is wrong"\n        text: "see the dashboard"\n'
    "        # Alertmanager's own",
)
LISTED = Change(
    ROUTES,
    "        send_resolved: true\n        # Alertmanager's own",
    '        send_resolved: true\n        title: "Something is wrong with the shop"\n'
    '        text: \'{{ template "__text_alert_list" .Alerts.Firing }}'
    '{{ template "__text_alert_list" .Alerts.Resolved }}\'\n'
    "        # Alertmanager's own",
)
PAGES_ONLY = Change(
    ROUTES, CHAT, "- {receiver: chat, matchers: ['severity=\"page\"'], continue: true}"
)
INHIBIT = "inhibit_rules:\n"
EVER = "{name: ever, time_intervals: [{months: ['1:12']}]}"
STRANGER = f"""\
  - name: strange
    rules:
      - {{alert: Stranger, expr: '{DOWN}', for: 1s, labels: {{severity: page}}}}
"""
TROUBLE = f"""\
  - name: trouble
    rules:
      - {{alert: ShopTrouble, expr: '{DOWN}', for: 1s, labels: {{severity: ticket}}}}
"""


def recording(expr: str, interval: str = "1s") -> Change:
    """Return a group with a recording rule."""
    return in_group(
        f"  - name: recorded\n    interval: {interval}\n    rules:\n"
        f"      - {{record: 'server:up', expr: '{expr}'}}\n"
    )


RECORDED = expression("server:up == 0")
GOOD = 'sum by (server) (haproxy_server_status{proxy="checkout", state="UP"})'


WATCHED: tuple[Plant, ...] = (
    Plant(name="sound"),
    # --- rules ---
    Plant(
        name="for too long", changes=(rule(RULE.replace("3s", "60s")),), expected=SILENT
    ),
    Plant(
        name="severity misspelt",
        changes=(rule(RULE.replace("page", "pgae")),),
        expected="fail: fires_within reaches pages_within no_other_alerts; "
        f"inconclusive: {NEVER}",
    ),
    Plant(
        name="severity dropped, promised by name",
        changes=(
            rule(RULE.replace("\n        labels: {severity: page}", "")),
            asked("          labels: {severity: page}\n", ""),
        ),
        expected=UNPAGED,
    ),
    Plant(
        name="alert on a proxy that is not",
        changes=(expression(DOWN.replace("checkout", "checkouts")),),
        expected=SILENT,
    ),
    Plant(
        name="alert that never resets",
        changes=(
            expression(
                "sum by (server) (min_over_time("
                'haproxy_server_status{proxy="checkout", state="UP"}[5m])) == 0'
            ),
        ),
        expected="fail: resets_within page_resolves_within",
    ),
    Plant(
        name="alert that flaps",
        changes=(
            rule(
                RULE.replace("== 0", "== 0 and on () vector(time() % 6) < 3").replace(
                    "3s", "0s"
                )
            ),
            asked("    expect:\n", "    hold: 14s\n    expect:\n"),
        ),
        expected="fail: stays_firing",
    ),
    Plant(
        name="two victims, of which one rings",
        changes=(
            expression(DOWN.replace('"UP"', '"UP", server!="web-2"')),
            Change("experiment", 'count: "${count}"', "instances: [web-1, web-2]"),
            Change("experiment", "  count: 1\n", ""),
            asked("{at_most: 1, share: 34%}", "{at_most: 2}"),
            asked("      steady_state: holds", OTHERS % "CheckoutLatency"),
        ),
        expected=SILENT,
    ),
    Plant(
        name="two victims, both ring",
        changes=(
            Change("experiment", 'count: "${count}"', "instances: [web-1, web-2]"),
            Change("experiment", "  count: 1\n", ""),
            asked("{at_most: 1, share: 34%}", "{at_most: 2}"),
            asked("      steady_state: holds", OTHERS % "CheckoutLatency"),
        ),
    ),
    Plant(name="recording rule, sound", changes=(recording(GOOD), RECORDED)),
    Plant(
        name="recording rule that fails",
        changes=(recording("up * on () up"), RECORDED),
        expected=f"inconclusive: {ALERT} no_other_alerts",
    ),
    Plant(
        name="recording rule never evaluated",
        changes=(recording(GOOD, "1h"), RECORDED),
        expected=SILENT,
    ),
    Plant(
        name="scrape job missing",
        scenario="lost-worker",
        changes=(
            Change(SCRAPES, "job_name: worker", "job_name: packer"),
            Change(RULES, "{severity: pgae}", "{severity: page}"),
        ),
        expected="fail: fires_within reaches; inconclusive: stays_firing resets_within",
    ),
    # --- routes ---
    Plant(
        name="route to another receiver",
        changes=(Change(ROUTES, ONCALL, ONCALL.replace("oncall", "team")),),
        expected=UNPAGED,
    ),
    Plant(
        name="end is not sent",
        changes=(Change(ROUTES, "send_resolved: true", "send_resolved: false"),),
        expected="fail: page_resolves_within",
    ),
    Plant(
        name="group_wait beyond the promise",
        changes=(
            Change(ROUTES, "group_wait: 0s", "group_wait: 9s"),
            asked("    expect:\n", "    hold: 18s\n    expect:\n"),
        ),
        expected="fail: pages_within",
    ),
    Plant(
        name="muted at all times",
        changes=(
            Change(
                ROUTES,
                ONCALL,
                ONCALL.replace(
                    "'severity=\"page\"']",
                    "'severity=\"page\"'], mute_time_intervals: [ever]",
                ),
            ),
            Change(
                ROUTES,
                INHIBIT,
                f"time_intervals:\n  - {EVER}\n{INHIBIT}",
            ),
        ),
        expected=UNPAGED,
    ),
    Plant(
        name="inhibited by an alert of the fault",
        changes=(
            in_group(TROUBLE),
            Change(
                ROUTES,
                INHIBIT,
                f"{INHIBIT}  - source_matchers: ['alertname=\"ShopTrouble\"']\n"
                "    target_matchers: ['alertname=\"WebReplicaDown\"']\n",
            ),
            asked("      steady_state: holds", OTHERS % "ShopTrouble"),
        ),
        expected=UNPAGED,
    ),
    Plant(
        name="inhibited by an older alert",
        changes=(
            Change(
                ROUTES,
                INHIBIT,
                f"{INHIBIT}  - source_matchers: ['alertname=\"Watchdog\"']\n"
                "    target_matchers: ['alertname=\"WebReplicaDown\"']\n",
            ),
        ),
        words=("--anyway",),  # it is known beforehand, and would be refused
        expected="inconclusive: reaches pages_within page_resolves_within",
    ),
    Plant(
        name="silenced before",
        before=lambda _: void(silence()),
        words=("--anyway",),
        expected=f"inconclusive: {ALERT}",
    ),
    Plant(
        name="silence lifted in the fault",
        changes=(asked("    expect:\n", "    hold: 18s\n    expect:\n"),),
        during=silence_and_lift,
        expected="inconclusive: pages_within",
    ),
    # --- chat ---
    Plant(name="chat by its default title", changes=(TO_CHAT,)),
    Plant(
        name="chat by a template, pages only",
        changes=(TO_CHAT, TEMPLATE, PAGES_ONLY),
        expected="inconclusive: no_other_alerts",
    ),
    Plant(
        name="chat by a template, beside an older alert",
        changes=(TO_CHAT, TEMPLATE),
        expected="inconclusive: no_other_alerts",
    ),
    Plant(name="chat by a template that lists alerts", changes=(TO_CHAT, LISTED)),
    Plant(
        name="chat is not on the route",
        changes=(TO_CHAT, Change(ROUTES, CHAT, CHAT.replace("page|", ""))),
        expected=UNPAGED,
    ),
    # --- two Prometheis ---
    Plant(name="a pair of Prometheis", twin=()),
    Plant(
        name="rule in the other of a pair alone",
        changes=(
            Change(RULES, "alert: WebReplicaDown", "alert: WebReplicaLost"),
            asked("      steady_state: holds", OTHERS % "WebReplicaLost"),
        ),
        twin=(),
        expected="inconclusive: fires_within stays_firing resets_within",
    ),
    Plant(
        name="page of an unknown alert",
        twin=(in_group(STRANGER),),
        expected="fail: no_other_alerts",
    ),
)


def void(_: object) -> None:
    """Drop an answer."""
