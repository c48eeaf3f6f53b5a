"""What an alert rests on: its rules, what feeds them, and the targets that they read.

A recording rule may stand in another group than the alert that reads it, with an
interval and failures of its own (Sloth's do), and may itself read a recorded series.
"""

from collections.abc import Iterable, Sequence

from gameday.checks.record.lost_targets import Loss
from gameday.checks.record.observer_coverage import RuleScope
from gameday.model.alerting.alert import AlertRule, RecordingRule
from gameday.model.alerting.expression import Selector, selectors
from gameday.model.alerting.expression_parser import parse
from gameday.model.plan import Monitoring
from gameday.model.timing.rule_delays import recording_rules, scraped


def scope_of(
    monitoring: Monitoring, alerts: Iterable[str], rules: Sequence[AlertRule]
) -> RuleScope:
    """Return the rules on the way to these alerts.

    An older plan does not know the recording rules: there whatever the alerts read
    may be recorded.
    """
    if monitoring.rules is None:
        return RuleScope(alerts=frozenset(alerts))
    feeds = _feeding_rules(rules, monitoring.recorded)
    read = {name for rule in rules for name in rule.reads}
    read |= {
        selector.name for rule in rules for selector in selectors(parse(rule.expr))
    }
    keys = {(rule.group, rule.file) for rule in rules if rule.group}
    keys |= {(rule.group, rule.file) for rule in feeds if rule.group}
    return RuleScope(
        alerts=frozenset(alerts),
        groups=frozenset(keys),
        feeds=frozenset(feed.name for feed in feeds) or frozenset(read - {""}),
        feeds_known=bool(monitoring.recorded),
    )


def reads(monitoring: Monitoring, rules: Sequence[AlertRule], loss: Loss) -> bool:
    """Return whether alerts rest on what is scraped from a target, as far as known."""
    if not rules:
        return True
    series = [
        selector
        for rule in rules
        for selector in scraped(rule.expr, monitoring.recorded)
    ]
    return not series or any(
        _may_be_of(monitoring, selector, loss) for selector in series
    )


def _may_be_of(monitoring: Monitoring, selector: Selector, loss: Loss) -> bool:
    known = monitoring.feeds.get(selector.name)
    fed = known is None or loss.job in known
    asked = selector.admits("job", loss.job) and selector.admits(
        "instance", loss.instance
    )
    return fed and asked


def _feeding_rules(
    rules: Sequence[AlertRule], recorded: Sequence[RecordingRule]
) -> list[RecordingRule]:
    """Return the recording rules that feed alerts, and those that feed them."""
    feeding: list[RecordingRule] = []
    left = [rule.expr for rule in rules]
    while left:
        for selector in selectors(parse(left.pop())):
            new = [
                rule
                for rule in recording_rules(selector, recorded)
                if rule not in feeding
            ]
            feeding += new
            left += [recording.expr for recording in new]
    return feeding
