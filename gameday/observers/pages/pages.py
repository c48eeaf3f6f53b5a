"""What a notification says, told apart by vendor; and what the vendor would answer.

Formats: Alertmanager's webhook (version 4), PagerDuty Events v2, Opsgenie alerts v2,
chat messages (Slack's incoming webhooks, Discord's, Teams' cards). Where a payload
carries no times, the labels that Alertmanager's default templates print are read back
from its text; where it has no labels, its title is kept.
"""

import contextlib
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from gameday.model.alerting.alert import fingerprint

VENDORS = ("webhook", "pagerduty", "opsgenie", "slack")
KEPT = 16_384  # characters of a body that are kept
_SECRET = re.compile(
    r"routing_?key|service_?key|api_?key|integration_?key|genie_?key|token|secret"
    r"|password|passwd|authorization|credential",
    re.IGNORECASE,
)
_USERINFO = re.compile(r"(?<=://)[^/\s@\"]+@")
_LABEL = re.compile(r"^ +- ([^=\n]+?) = (.*)$", re.MULTILINE)
_BLOCK = re.compile(
    r"(?P<head>(?:Alerts )?(?:Firing|Resolved):)|Labels:\n(?P<labels>(?: +- .*\n?)*)"
)
_OWN_LINK = re.compile(r"/#/alerts\?receiver=([^&\s]+)")
_MARK = re.compile(r"\[(FIRING|RESOLVED)(?::\d+)?\]")
_SHOWN = 5  # titles of a message that are kept


class NotAPageError(ValueError):
    """The body is not what this vendor's notifications look like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedPage:
    """One notification that arrived; `at` is the pager's clock (s, to the ms).

    `seq` counts from 1. `group_key` is Alertmanager's where the payload has it,
    `dedup_key` the SHA-256 of it, which PagerDuty and Opsgenie are given instead.
    `titles` is what the message is headed by, `truncated` the number of alerts that
    Alertmanager left out, `sender` the receiver that Alertmanager's own link in the
    message names.
    """

    seq: int
    at: float
    receiver: str
    vendor: str
    status: str
    group_key: str | None
    dedup_key: str | None
    alerts: tuple[Mapping[str, Any], ...]
    raw: str
    titles: tuple[str, ...] = ()
    truncated: int = 0
    sender: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the page as `GET /pages` shows it."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {**fields, "alerts": [dict(alert) for alert in self.alerts]}


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPage:
    """A notification that was refused at the door, and why; `seq` counts with pages."""

    seq: int
    at: float
    receiver: str
    vendor: str
    because: str

    def to_json(self) -> dict[str, Any]:
        """Return the refusal as `GET /pages` shows it."""
        return {name: getattr(self, name) for name in self.__slots__}


def read_page(vendor: str, path: str, body: bytes) -> dict[str, Any]:
    """Return a page's fields from `status` to `raw`; NotAPageError if it is none.

    `path` is what follows the receiver in the URL: Opsgenie closes alerts by it.
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotAPageError(f"not JSON: {error}") from None
    if not isinstance(said, dict):
        raise NotAPageError("not a JSON object")
    try:
        raw = json.dumps(redact(said), ensure_ascii=False)[:KEPT]
        return {**_READ[vendor](said, path), "raw": raw}
    except (TypeError, AttributeError, KeyError, RecursionError) as error:
        raise NotAPageError(f"not a notification of {vendor}: {error!r}") from None


def answer(vendor: str, fields: Mapping[str, Any]) -> tuple[int, str, bytes]:
    """Return status, content type and body of the vendor's shortest valid answer."""
    if vendor == "slack":
        return 200, "text/plain", b"ok"
    if vendor == "pagerduty":
        body = {"status": "success", "message": "Event processed"}
        dedup = {"dedup_key": fields["dedup_key"]}
        return 202, "application/json", json.dumps({**body, **dedup}).encode()
    if vendor == "opsgenie":
        body = {"result": "Request will be processed", "requestId": "gameday"}
        return 202, "application/json", json.dumps({**body, "took": 0.0}).encode()
    return 200, "application/json", b"{}"


def redact(value: Any, name: str = "") -> Any:
    """Return the value with whatever smells of a secret replaced."""
    if isinstance(value, dict):
        return {key: redact(entry, str(key)) for key, entry in value.items()}
    if isinstance(value, list):
        return [redact(item, name) for item in value]
    if _SECRET.search(name) and value not in (None, ""):
        return "<secret>"
    return _USERINFO.sub("<secret>@", value) if isinstance(value, str) else value


def _webhook(said: Mapping[str, Any], _path: str) -> dict[str, Any]:
    key = said.get("groupKey")
    alerts = [_alert(alert) for alert in said["alerts"]]
    dedup = hashlib.sha256(key.encode()).hexdigest() if key else None
    fields = _fields(said.get("status"), alerts, key, dedup)
    return {**fields, "truncated": int(said.get("truncatedAlerts") or 0)}


def _alert(alert: Mapping[str, Any]) -> dict[str, Any]:
    """Return an alert as Alertmanager itself writes it in JSON."""
    return {
        "labels": dict(alert["labels"]),
        "status": _status(alert.get("status")),
        "startsAt": alert.get("startsAt"),
        "endsAt": alert.get("endsAt"),
        "fingerprint": alert.get("fingerprint") or fingerprint(alert["labels"]),
    }


def _pagerduty(said: Mapping[str, Any], _path: str) -> dict[str, Any]:
    status = {"trigger": "firing", "resolve": "resolved"}.get(said["event_action"])
    payload = said.get("payload") or {}
    details = payload.get("custom_details") or {}
    alerts = [
        entry
        for state in ("firing", "resolved")
        for entry in _alerts_in_details(details.get(state), state)
    ]
    titles = (payload.get("summary"),)
    return _fields(status, alerts, None, said.get("dedup_key"), titles)


def _alerts_in_details(details: Any, state: str) -> Iterator[dict[str, Any]]:
    """Yield the alerts of PagerDuty's details: printed, or as JSON (newer ones)."""
    if isinstance(details, str) and details.lstrip().startswith("["):
        with contextlib.suppress(ValueError):
            details = json.loads(details)
    if not isinstance(details, list):
        yield from _printed(str(details or ""), state)
        return
    for detail in details:
        yield _alert({"status": state, **detail})


def _opsgenie(said: Mapping[str, Any], path: str) -> dict[str, Any]:
    closes = re.search(r"alerts/([^/?]+)/close", path)
    if closes:
        return _fields("resolved", [], None, closes[1])
    alerts = list(_printed(str(said.get("description", "")), "firing"))
    about = re.search(r"alerts/([^/?]+)/", path)
    status = None if about else "firing"
    alias = said.get("alias") or (about and about[1])
    return _fields(status, alerts, None, alias, (said.get("message"),))


def _slack_message(said: Mapping[str, Any], _path: str) -> dict[str, Any]:
    parts = [said, *(said.get("attachments") or ()), *(said.get("embeds") or ())]
    titles = [text for part in parts for text in _headings(part)]
    texts = [_text(part, name) for part in parts for name in ("text", "description")]
    texts += titles
    status = _status_of_message(parts, titles)
    alerts = [alert for text in texts for alert in _printed(text, status or "unknown")]
    links = [_text(part, "title_link") for part in parts]
    fields = _fields(status, _without_duplicates(alerts), None, None, (*titles, *links))
    return {**fields, "sender": _sender((*links, *_fallback_links(parts)))}


def _text(part: Mapping[str, Any], name: str) -> str:
    return str(part.get(name) or "")


def _status_of_message(
    parts: Iterable[Mapping[str, Any]], titles: Iterable[str]
) -> str | None:
    """Return what a chat message's colour says, or else the mark in its title."""
    known = {"danger": "firing", "good": "resolved"}
    colors = (part.get("color") for part in parts)
    status = next((known[color] for color in colors if color in known), None)
    marks = (mark[1].lower() for text in titles if (mark := _MARK.search(text)))
    return status or next(marks, None)


def _fallback_links(parts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the links by which Slack's default fallbacks end."""
    for part in parts:
        yield _text(part, "fallback").rpartition(" | ")[2]


def _sender(links: Iterable[str]) -> str:
    """Return the receiver that a link of Alertmanager's own templates names."""
    senders = (match for link in links if (match := _OWN_LINK.search(link)))
    return next((unquote_plus(match[1]) for match in senders), "")


def _headings(part: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts that may be a chat message's title, one line each.

    Slack's fallback is the title and a link. A card of Teams keeps its texts in the
    body; elsewhere a message's first line heads it.
    """
    fallback = _text(part, "fallback").rpartition(" | ")
    body = (part.get("content") or {}) if "contentType" in part else {}
    blocks = body.get("body") or () if isinstance(body, dict) else ()
    texts = [part.get("title"), fallback[0] or fallback[2], part.get("text")]
    texts += [block.get("text") for block in blocks]
    for text in texts:
        if text:
            yield str(text)


def _without_duplicates(alerts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the alerts without those that a message prints twice."""
    return list({json.dumps(alert, sort_keys=True): alert for alert in alerts}.values())


def _fields(
    status: Any,
    alerts: list[dict[str, Any]],
    group: str | None,
    dedup: str | None,
    titles: Iterable[Any] = (),
) -> dict[str, Any]:
    heads = [str(title).strip().split("\n")[0][:KEPT] for title in titles if title]
    return {
        "status": _status(status),
        "alerts": tuple(alerts),
        "group_key": group,
        "dedup_key": dedup,
        "titles": tuple(dict.fromkeys(heads))[:_SHOWN],
    }


def _status(said: Any) -> str:
    return said if said in ("firing", "resolved") else "unknown"


def _printed(text: str, status: str) -> Iterator[dict[str, Any]]:
    """Yield the alerts whose labels a default template printed into a text."""
    for block in _BLOCK.finditer(text):
        if block["head"]:
            status = "firing" if "Firing" in block["head"] else "resolved"
            continue
        labels = dict(_LABEL.findall(block["labels"]))
        if "alertname" in labels:
            yield {
                "labels": labels,
                "status": status,
                "startsAt": None,
                "endsAt": None,
                "fingerprint": fingerprint(labels),
            }


_READ = {
    "webhook": _webhook,
    "pagerduty": _pagerduty,
    "opsgenie": _opsgenie,
    "slack": _slack_message,
}
