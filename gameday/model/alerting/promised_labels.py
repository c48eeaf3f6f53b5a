"""The labels that a promised alert will have, by what is known before it fires.

They come from its series, then from its rule, whose templates may not be known; the
promise itself says which alert is meant: what is not known has the promised value.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gameday.model.alerting.alert import AlertRule
from gameday.model.alerting.expression_parser import parse
from gameday.model.alerting.known_labels import KnownLabels, exactly, labels_of

_TEMPLATE = "{{"
_LABEL = re.compile(r"\{\{-?\s*(?:\$labels|\.Labels)\.(\w+)\s*-?\}\}")


@dataclass(frozen=True, slots=True)
class Candidates:
    """The labels that a promised alert may have, one entry for each kind of series.

    `templated`: labels of the rule whose value only the promise says. `asked`: the
    labels are those of series that Prometheus has now. `unseen`: Prometheus has such
    series, and none of them has the promised labels.
    """

    labels: tuple[KnownLabels, ...]
    templated: tuple[str, ...] = ()
    asked: bool = False
    unseen: bool = False


def candidates(rule: AlertRule, promised: Mapping[str, str]) -> Candidates:
    """Return what is known of the labels of the promised alert of this rule."""
    known = [exactly(series) for series in rule.series or ()]
    label_sets = [
        labels
        for series in known
        if (labels := _labels_of_promised(rule, series, promised))
    ]
    if label_sets:
        return Candidates(
            tuple(label_sets), _templated(rule, known, promised), asked=True
        )
    series = labels_of(parse(rule.expr))
    labels = _labels_of_promised(rule, series, promised)
    if labels is None:
        return Candidates(())
    templated = _templated(rule, [series], promised)
    return Candidates((labels,), templated, unseen=bool(rule.series))


def _templated(
    rule: AlertRule, series: Sequence[KnownLabels], promised: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the promised labels that the rule's templates make of who knows what."""
    return tuple(
        name
        for name, text in rule.labels.items()
        if name in promised and all(expanded(text, labels) is None for labels in series)
    )


def expanded(template: str, labels: KnownLabels) -> str | None:
    """Return what a template of a label becomes; None where that is not known."""
    if _TEMPLATE not in template:
        return template
    values = [labels.get(name) for name in _LABEL.findall(template)]
    rest = _LABEL.sub("", template)
    if _TEMPLATE in rest or any(value is None for value in values):
        return None
    return _LABEL.sub(lambda match: labels.get(match[1]) or "", template)


def _labels_of_promised(
    rule: AlertRule, series: KnownLabels, promised: Mapping[str, str]
) -> KnownLabels | None:
    """Return an alert's labels; None where it cannot be the promised one."""
    own = {name: expanded(text, series) for name, text in rule.labels.items()}
    labels = series.with_({**own, "alertname": rule.name})
    for name, value in promised.items():
        known = labels.get(name)
        if known is not None and known != value:
            return None
    return labels.with_(dict(promised))
