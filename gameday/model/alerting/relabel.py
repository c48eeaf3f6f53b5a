"""What Prometheus does to an alert's labels on its way to Alertmanager.

External labels are added where the alert has none of the name; then come
`alert_relabel_configs` in order (Prometheus, "relabel_config").
"""

import re
from collections.abc import Callable, Iterable, Mapping

from gameday.frozen import frozen
from gameday.model.alerting.known_labels import KnownLabels
from gameday.model.alerting.regex import RegexError, fully_matches, match

_REFERENCE = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})")
_PLAIN = re.compile(r"\w+")


@frozen
class RelabelRule:
    """One entry of `alert_relabel_configs`, its defaults filled in."""

    action: str = "replace"
    source: tuple[str, ...] = ()
    separator: str = ";"
    regex: str = "(.*)"
    target: str = ""
    replacement: str = "$1"


@frozen(kw_only=False)
class Relabelled:
    """An alert as it is sent; `dropped` None: that is not known."""

    labels: KnownLabels
    dropped: bool | None = False


def sent(
    labels: KnownLabels, external: Mapping[str, str], rules: Iterable[RelabelRule]
) -> Relabelled:
    """Return what Alertmanager hears of an alert with these labels."""
    missing = {
        # `$NAME` is of Prometheus' own environment, which is not ours.
        name: value if labels.get(name) == "" and "$" not in value else None
        for name, value in external.items()
        if not labels.get(name)
    }
    now = Relabelled(labels.with_(missing))
    for rule in rules:
        now = _apply(rule, now)
        if now.dropped:
            break
    return now


def _apply(rule: RelabelRule, before: Relabelled) -> Relabelled:
    labels = before.labels
    value = _value(rule, labels)
    if rule.action in _TESTS:
        drops = _TESTS[rule.action](rule, labels, value)
        dropped = before.dropped if drops is False else drops
        return Relabelled(labels, dropped)
    change = _CHANGES.get(rule.action)
    if change is None:
        return Relabelled(KnownLabels(), before.dropped)
    return Relabelled(change(rule, labels, value), before.dropped)


def _value(rule: RelabelRule, labels: KnownLabels) -> str | None:
    values = [labels.get(name) for name in rule.source]
    known = [value for value in values if value is not None]
    return rule.separator.join(known) if len(known) == len(values) else None


def _matches(rule: RelabelRule, value: str | None) -> bool | None:
    if value is None:
        return True if rule.regex in ("(.*)", ".*") else None
    try:
        return fully_matches(rule.regex, value, dot_all=True)
    except RegexError:
        return None


def _is_dropped(
    rule: RelabelRule, labels: KnownLabels, value: str | None
) -> bool | None:
    del labels
    return _matches(rule, value)


def _is_not_kept(
    rule: RelabelRule, labels: KnownLabels, value: str | None
) -> bool | None:
    del labels
    matched = _matches(rule, value)
    return None if matched is None else not matched


def _equal(rule: RelabelRule, labels: KnownLabels, value: str | None) -> bool | None:
    target = labels.get(rule.target)
    return None if None in (target, value) else target == value


def _unequal(rule: RelabelRule, labels: KnownLabels, value: str | None) -> bool | None:
    equal = _equal(rule, labels, value)
    return None if equal is None else not equal


def _replace(rule: RelabelRule, labels: KnownLabels, value: str | None) -> KnownLabels:
    if _matches(rule, value) is False:
        return labels
    if value is None or _matches(rule, value) is None:
        plain = "$" not in rule.replacement and _matches(rule, value)
        made = rule.replacement if plain else None
        return (
            KnownLabels() if "$" in rule.target else labels.with_({rule.target: made})
        )
    matched = match(rule.regex, value, dot_all=True)
    target = _expanded(rule.target, matched)
    return labels.with_({target: _expanded(rule.replacement, matched)})


def _expanded(template: str, matched: object) -> str:
    """Return a template with its references filled in, as Go's Regexp.Expand does."""

    def group(match: "re.Match[str]") -> str:
        if match[1]:
            return "$"
        name = match[2] or match[3]
        try:
            text = matched.group(int(name) if name.isdigit() else name)  # type: ignore[attr-defined]
        except (IndexError, KeyError):
            return ""
        return str(text or "")

    return _REFERENCE.sub(group, template)


def _cased(rule: RelabelRule, labels: KnownLabels, value: str | None) -> KnownLabels:
    if value is None:
        return labels.with_({rule.target: None})
    told = value.lower() if rule.action == "lowercase" else value.upper()
    return labels.with_({rule.target: told})


def _hashed(rule: RelabelRule, labels: KnownLabels, value: str | None) -> KnownLabels:
    del value
    return labels.with_({rule.target: None})


def _named(rule: RelabelRule, names: Iterable[str]) -> list[str]:
    """Return the names that fit; those that the expression spells out as well."""
    spelt = [name for name in rule.regex.split("|") if _PLAIN.fullmatch(name)]
    return [name for name in {*names, *spelt} if _matches(rule, name)]


def _without(rule: RelabelRule, labels: KnownLabels, value: str | None) -> KnownLabels:
    del value
    return labels.without(_named(rule, labels.values))


def _without_other_labels(
    rule: RelabelRule, labels: KnownLabels, value: str | None
) -> KnownLabels:
    del value
    kept = _named(rule, labels.values)
    return labels.without(name for name in labels.values if name not in kept)


def _mapped(rule: RelabelRule, labels: KnownLabels, value: str | None) -> KnownLabels:
    del value
    if labels.others:
        return KnownLabels()
    made = {}
    for name, known in labels.values.items():
        matched = match(rule.regex, name, dot_all=True)
        if matched is not None and known != "":
            made[_expanded(rule.replacement, matched)] = known
    return labels.with_(made)


_TESTS: dict[str, Callable[[RelabelRule, KnownLabels, str | None], bool | None]] = {
    "drop": _is_dropped,
    "keep": _is_not_kept,
    "dropequal": _equal,
    "keepequal": _unequal,
}
_CHANGES: dict[str, Callable[[RelabelRule, KnownLabels, str | None], KnownLabels]] = {
    "replace": _replace,
    "lowercase": _cased,
    "uppercase": _cased,
    "hashmod": _hashed,
    "labeldrop": _without,
    "labelkeep": _without_other_labels,
    "labelmap": _mapped,
}
