"""The title by which Alertmanager heads a message, by its own default template.

`[FIRING:2] checkout (web page)`: the status with the number of firing alerts, the
values of the group's labels, and in parentheses the values of the other labels that
all alerts of the message share; each in the order of the names, `alertname` first.
Slack, Teams, Discord and mail show it, PagerDuty and Opsgenie as their summary. What is
longer than a vendor takes is cut: Slack's title and PagerDuty's summary to 1024 runes,
Discord's title to 256, Opsgenie's message to 130. An ellipsis stands for the
rest, in older versions three full stops.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

_STATUS = re.compile(r"\[(FIRING:\d+|RESOLVED)\] ")
_LONGEST = (1024, 256, 130)  # runes that vendors take
_MARKS = ("…", "...")  # what stands for the part that was cut off


def first_line(text: str) -> str:
    """Return what the pager keeps of a title: a label's value may be of many lines."""
    return text.strip().split("\n")[0].strip()


def is_cut(shown: str) -> bool:
    """Whether a title has the length and the end of one that was cut."""
    return len(shown) in _LONGEST and shown.endswith(_MARKS)


def is_cut_of(shown: str, title: str) -> bool:
    """Whether a title that was cut is the exact beginning of this one."""
    if not is_cut(shown) or len(title) <= len(shown):
        return False
    return any(
        shown == title[: len(shown) - len(mark)] + mark
        for mark in _MARKS
        if shown.endswith(mark)
    )


def names_another(shown: str, group: Mapping[str, str], names: Iterable[str]) -> bool:
    """Whether a title begins like the default template's, but names another group.

    Templates of a team's own may begin like that too, and then name the alert or the
    group; `names`: those of the group's alerts.
    """
    if _STATUS.match(shown) is None:
        return False
    mine = [text for text in (values_of(group), *names) if text]
    return bool(mine) and not any(text in shown for text in mine)


def title_of(
    group: Mapping[str, str],
    firing: Sequence[Mapping[str, str]],
    resolved: Sequence[Mapping[str, str]],
) -> str:
    """Return the title of a message about these alerts of a group."""
    status = f"[FIRING:{len(firing)}]" if firing else "[RESOLVED]"
    common = _shared_labels((*firing, *resolved))
    rest = {name: text for name, text in common.items() if name not in group}
    text = f"{status} {values_of(group)} "
    if len(common) > len(group):
        text += f"({values_of(rest)})"
    return first_line(text)


def _shared_labels(alerts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the labels that all alerts have with the same value."""
    sets = [set(labels.items()) for labels in alerts]
    return dict(set.intersection(*sets)) if sets else {}


def values_of(labels: Mapping[str, str]) -> str:
    """Return the values of labels in the order in which Alertmanager shows them."""
    names = sorted(labels, key=lambda name: (name != "alertname", name))
    return " ".join(labels[name] for name in names)
