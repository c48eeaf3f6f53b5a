"""Which recording rules are other ones than they were, and what reads them.

What a rule reads of its own group is made before it, or after it: then it sees what
was made one evaluation earlier. That is a part of what the rule is.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from gameday.frozen import frozen
from gameday.model.alerting.alert import RecordingRule, Rule
from gameday.model.alerting.recording import Read, Reads

ALERTS = ("ALERTS", "ALERTS_FOR_STATE")


@frozen(kw_only=False)
class RuleLanguage:
    """What has to be known of PromQL, and of groups: `group` says which one it was."""

    spell: Callable[[str], str]
    reads: Callable[[str], Reads]
    group: Callable[[Rule], Hashable]

    def names(self, expr: str) -> set[str]:
        """Return the metrics that an expression reads."""
        return {read.metric for read in self.reads(expr).selectors}


@frozen
class Lineage:
    """What is to be computed anew: `anew`, each rule after those that it reads.

    `replaced`: names of which nothing that was recorded holds today. `gone`: those of
    them that nothing makes any more. `unknown`: by name, why it cannot be computed.
    """

    anew: tuple[RecordingRule, ...]
    replaced: frozenset[str]
    gone: frozenset[str]
    unknown: Mapping[str, str]


def trace(
    before: Sequence[RecordingRule],
    now: Sequence[RecordingRule],
    language: RuleLanguage,
    changed: Iterable[str] = (),
) -> Lineage:
    """Return what today's recording rules make otherwise than those of the run.

    `changed`: alerts that are other ones than they were.
    """
    replaced = _redefined(before, now, language)
    replaced |= {
        rule.name for rule in now if unsettled(language.reads(rule.expr), changed)
    }
    replaced = _with_readers(replaced, now, language)
    ordered, circular = _in_order(
        [rule for rule in now if rule.name in replaced], language
    )
    unknown = {
        rule.name: f"{rule.name} reads what is made of it, which is not computed anew"
        for rule in circular
    }
    return Lineage(
        anew=tuple(rule for rule in ordered if rule.name not in unknown),
        replaced=frozenset(replaced),
        gone=frozenset(replaced - {rule.name for rule in now}),
        unknown=unknown,
    )


def _redefined(
    before: Sequence[RecordingRule],
    now: Sequence[RecordingRule],
    language: RuleLanguage,
) -> set[str]:
    """Return the names that are made otherwise, or only then, or only now."""
    then, today = (_definitions(rules, language) for rules in (before, now))
    names = then.keys() | today.keys()
    return {name for name in names if then.get(name) != today.get(name)}


def _with_readers(
    replaced: set[str], rules: Sequence[RecordingRule], language: RuleLanguage
) -> set[str]:
    """Return these names, and those of all rules that read them, near or far."""
    reads = {rule.name: set[str]() for rule in rules}
    for rule in rules:
        reads[rule.name] |= language.names(rule.expr)
    while more := {name for name in reads.keys() - replaced if reads[name] & replaced}:
        replaced = replaced | more
    return replaced


def _in_order(
    rules: Sequence[RecordingRule], language: RuleLanguage
) -> tuple[list[RecordingRule], list[RecordingRule]]:
    """Return the rules, each after those that it reads; and what reads in a circle."""
    ordered: list[RecordingRule] = []
    waiting = list(rules)
    while waiting:
        names = {rule.name for rule in waiting}
        ready = [rule for rule in waiting if not language.names(rule.expr) & names]
        if not ready:
            break
        ordered += ready
        waiting = [rule for rule in waiting if rule not in ready]
    return ordered, waiting


def _definitions(
    rules: Sequence[RecordingRule], language: RuleLanguage
) -> dict[str, list[str]]:
    by_name: dict[str, list[str]] = {}
    for rule in rules:
        labels = sorted(rule.labels.items())
        parts = (
            *(language.spell(rule.expr), labels, rule.interval, rule.query_offset),
            *(language.group(rule), sorted(behind(rule, rules, language))),
        )
        by_name.setdefault(rule.name, []).append(repr(parts))
    return {name: sorted(definitions) for name, definitions in by_name.items()}


def behind(
    rule: Rule, recorded: Iterable[RecordingRule], language: RuleLanguage
) -> frozenset[str]:
    """Return what a rule reads that is made later in its own group."""
    return frozenset(_made(rule, recorded, language, later=True))


def ahead(
    rule: Rule, recorded: Iterable[RecordingRule], language: RuleLanguage
) -> frozenset[str]:
    """Return what a rule reads that is made earlier in its own group."""
    return frozenset(_made(rule, recorded, language, later=False))


def _made(
    rule: Rule,
    recorded: Iterable[RecordingRule],
    language: RuleLanguage,
    *,
    later: bool,
) -> set[str]:
    names = language.names(rule.expr)
    return {
        other.name
        for other in recorded
        if (other.file, other.group) == (rule.file, rule.group)
        and other.name in names
        and other.place != rule.place
        and (other.place > rule.place) is later
    }


def unsettled(reads: Reads, changed: Iterable[str]) -> str:
    """Return which changed alert's `ALERTS` an expression reads; empty: none's."""
    for read in reads.selectors:
        if read.metric in ALERTS:
            for name in sorted(changed):
                if _may_be(read, name):
                    return f"it reads {read.metric} of {name}, which changed"
    return ""


def _may_be(read: Read, name: str) -> bool:
    from gameday.model.alerting.regex import RegexError

    try:
        return all(
            matcher.matches({"alertname": name})
            for matcher in read.matchers
            if matcher.name == "alertname"
        )
    except RegexError:
        return True
