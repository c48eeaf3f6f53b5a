"""The title by which Alertmanager heads a message, by its own default template.

`[FIRING:2] checkout (web page)`: the status with the number of firing alerts, the
values of the group's labels, and in parentheses the values of the other labels that
all alerts of the message share; each in the order of the names, `alertname` first.
Slack, Teams, Discord and mail show it, PagerDuty and Opsgenie as their summary.
"""

from collections.abc import Iterable, Mapping, Sequence


def title_of(
    group: Mapping[str, str],
    firing: Sequence[Mapping[str, str]],
    resolved: Sequence[Mapping[str, str]],
) -> str:
    """Return the title of a message about these alerts of a group."""
    status = f"[FIRING:{len(firing)}]" if firing else "[RESOLVED]"
    common = _common((*firing, *resolved))
    rest = {name: text for name, text in common.items() if name not in group}
    text = f"{status} {values_of(group)} "
    if len(common) > len(group):
        text += f"({values_of(rest)})"
    return text.strip()


def _common(alerts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the labels that all alerts have with the same value."""
    sets = [set(labels.items()) for labels in alerts]
    return dict(set.intersection(*sets)) if sets else {}


def values_of(labels: Mapping[str, str]) -> str:
    """Return the values of labels in the order in which Alertmanager shows them."""
    names = sorted(labels, key=lambda name: (name != "alertname", name))
    return " ".join(labels[name] for name in names)
