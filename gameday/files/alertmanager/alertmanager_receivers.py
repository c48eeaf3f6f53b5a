"""Alertmanager's receivers: whether each integration has what it needs to send."""

from collections.abc import Callable, Mapping

from gameday.files.alertmanager.alertmanager_fields import KINDS, template
from gameday.files.alertmanager.integration import IntegrationKind
from gameday.files.text.cursor import Cursor
from gameday.files.text.go_literals import yaml_number
from gameday.files.text.shapes import is_set, known_fields
from gameday.files.text.suggest import among, did_you_mean
from gameday.model.alerting.alert import Integration, Receiver
from gameday.model.quoting import shown

_CONFIGS = "_configs"
_KEYS = ("name", *(f"{kind}{_CONFIGS}" for kind in KINDS))
_SILENT_ON_RESOLVED = ("email", "slack", "wechat", "rocketchat")
_TRUE = ("true", "yes", "on", "y")
_SLACK = "https://slack.com/api/chat.postMessage"


def read(here: Cursor, *, running: bool) -> list[Receiver]:
    """Return the receivers of a configuration.

    `running`: an Alertmanager has loaded it, so their fields are not judged; it may
    be newer than we are, and it shows no secrets.
    """
    if here.get("receivers") is None:
        message = "receivers is missing; expected a list of receivers"
        here.error(message, code="missing-key")
    general = here.value.get("global")
    known = general if isinstance(general, dict) else {}
    receivers: list[Receiver] = []
    names: set[str] = set()
    for item in here.list_of("receivers"):
        if item.value is None:
            item.warn("is empty; remove it", code="empty-key")
            continue
        if item.mapping() is None:
            continue
        name = _name(item)
        if name and name in names:
            message = f"the receiver {name!r} is there twice; rename one"
            item.error(message, "name", code="duplicate-name")
        names.add(name)
        if not running:
            _judge(item, known)
        ways = tuple(_ways(item))
        receivers.append(Receiver(name=name, integrations=ways))
    return receivers


def _name(here: Cursor) -> str:
    if "name" in here.value and here.value["name"] is None:
        message = "null without quotes is no text; write 'null' if that is the name"
        here.error(message, "name", code="missing-key")
        return "null"
    return here.text("name", required=True)


def _ways(here: Cursor) -> list[Integration]:
    made = []
    for key, value in here.entries():
        items = value.value if isinstance(value.value, list) else []
        if not key.endswith(_CONFIGS):
            continue
        kind = key.removesuffix(_CONFIGS)
        for item in items:
            said = item.get("send_resolved") if isinstance(item, dict) else None
            told = _sends_resolved(said, kind)
            made.append(Integration(kind=kind, send_resolved=told))
    return made


def _sends_resolved(said: object, kind: str) -> bool:
    if isinstance(said, str) and said:
        return said.lower() in _TRUE
    return kind not in _SILENT_ON_RESOLVED


def _judge(here: Cursor, general: Mapping[str, object]) -> None:
    for key, value in here.entries():
        if key not in _KEYS:
            message = f"{key!r} is an unknown key{did_you_mean(key, _KEYS)}"
            value.error(message, code="unknown-key")
        elif key != "name":
            for item in value.items():
                if item.mapping() is not None:
                    _integration(key.removesuffix(_CONFIGS), item, general)


def _integration(kind: str, here: Cursor, general: Mapping[str, object]) -> None:
    known = KINDS[kind]
    known_fields(here, known.fields)
    if kind != "email":  # there the file wins, without a word
        one_of_each(here)
    for keys in known.needs:
        if not any(is_set(here, key) for key in keys):
            message = f"{among(keys)} is required and missing"
            here.error(message, code="missing-key")
    _inherited(here, known, general)
    rule = _RULES.get(kind)
    if rule is not None:
        rule(here, general)


def _inherited(
    here: Cursor, known: IntegrationKind, general: Mapping[str, object]
) -> None:
    for own, others in known.inherits:
        if any(is_set(here, key) for key in own):
            continue
        if not any(general.get(key) not in (None, "") for key in others):
            message = (
                f"{among(own)} is required and missing; "
                f"global has no {among(others)} either"
            )
            here.error(message, code="missing-key")


def one_of_each(here: Cursor) -> None:
    """Refuse X beside X_file: Alertmanager takes at most one, whatever the kind."""
    for key in here.value:
        if is_set(here, key) and is_set(here, f"{key}_file"):
            message = f"{key} and {key}_file are both set; keep one of them"
            here.error(message, key, code="exclusive-keys")


def _authorized(here: Cursor) -> bool:
    client = here.value.get("http_config")
    if not isinstance(client, dict):
        return False
    bearer = (client.get(key) for key in ("bearer_token", "bearer_token_file"))
    return client.get("authorization") is not None or any(bearer)


def _email(here: Cursor, _general: Mapping[str, object]) -> None:
    headers = here.value.get("headers")
    seen: set[str] = set()
    for name in headers if isinstance(headers, dict) else ():
        if name.lower() in seen:
            message = f"the header {name!r} is there twice; case makes no difference"
            here.error(message, "headers", name, code="duplicate-name")
        seen.add(name.lower())
    threads = here.value.get("threading")
    if (
        not isinstance(threads, dict)
        or str(threads.get("enabled")).lower() not in _TRUE
    ):
        return
    for name in seen & {"references", "in-reply-to"}:
        message = f"threading sets the header {name}; remove it here"
        here.error(message, "headers", code="exclusive-keys")
    if threads.get("thread_by_date") not in ("none", "daily"):
        message = "thread_by_date is neither none nor daily"
        here.error(message, "threading", code="unknown-value")


def _incidentio(here: Cursor, _general: Mapping[str, object]) -> None:
    token = is_set(here, "alert_source_token") or is_set(
        here, "alert_source_token_file"
    )
    client = isinstance(here.value.get("http_config"), dict)
    if token and _authorized(here):
        message = "alert_source_token and http_config.authorization are both set"
        here.error(message, code="exclusive-keys")
    if client and not token and not _authorized(here):
        message = "alert_source_token or http_config.authorization is required"
        here.error(message, code="missing-key")


def _opsgenie(here: Cursor, _general: Mapping[str, object]) -> None:
    known = ("team", "teams", "user", "escalation", "schedule")
    for responder in here.list_of("responders"):
        if not isinstance(responder.value, dict):
            continue
        kind = responder.text("type")
        if "{{" in kind:
            template(responder.at("type"))
        elif kind.lower() not in known:
            message = f"{shown(kind)} is no type of responder; expected {among(known)}"
            responder.error(message, "type", code="unknown-value")


def _pushover(here: Cursor, _general: Mapping[str, object]) -> None:
    said = [str(here.value.get(key)).lower() for key in ("html", "monospace")]
    if all(text in _TRUE for text in said):
        message = "html and monospace are both on; keep one of them"
        here.error(message, "html", code="exclusive-keys")


def _slack(here: Cursor, general: Mapping[str, object]) -> None:
    address = is_set(here, "api_url") or is_set(here, "api_url_file")
    token = is_set(here, "app_token") or is_set(here, "app_token_file")
    if address and token:
        message = "api_url and app_token are both set; keep one of them"
        here.error(message, "app_token", code="exclusive-keys")
    if not (address or _authorized(here)):
        inherited = ("slack_app_token", "slack_app_token_file")
        token = token or any(general.get(key) for key in inherited)
    if token and _authorized(here):
        message = "an app token is an authorization already; remove http_config's"
        here.error(message, "http_config", code="exclusive-keys")
    _slack_strategy(here, general, token=token)


def _slack_strategy(
    here: Cursor, general: Mapping[str, object], *, token: bool
) -> None:
    """Judge `message_strategy`: what changes a message needs a bot's token."""
    strategy = here.text("message_strategy")
    if here.text("update_message").lower() in _TRUE:
        if strategy not in ("", "update"):
            message = f"update_message contradicts message_strategy: {strategy}"
            here.error(message, "update_message", code="exclusive-keys")
        strategy = "update"
    if is_set(here, "threaded_options") and strategy != "thread":
        message = "threaded_options needs message_strategy: thread"
        here.error(message, "threaded_options", code="missing-key")
    if strategy not in ("update", "thread") or token:
        return
    if is_set(here, "api_url_file") or general.get("slack_api_url_file"):
        return
    if (here.text("api_url") or general.get("slack_api_url")) != _SLACK:
        message = f"message_strategy {strategy} needs a bot's token and {_SLACK}"
        here.error(message, code="value")


def _sns(here: Cursor, _general: Mapping[str, object]) -> None:
    ways = ("target_arn", "topic_arn", "phone_number")
    signer = here.get("sigv4")
    both = ("access_key", "secret_key")
    keys = [key for key in both if is_set(signer, key)] if signer else []
    if len(keys) == 1:
        message = "access_key and secret_key are set together; one of them is missing"
        here.error(message, "sigv4", code="missing-key")
    if signer and is_set(signer, "external_id") and not is_set(signer, "role_arn"):
        message = "external_id needs a role_arn"
        here.error(message, "sigv4", "external_id", code="missing-key")
    if sum(is_set(here, key) for key in ways) not in (1, len(ways)):
        message = f"expected exactly one of {among(ways)}"
        here.error(message, code="exclusive-keys")


def _telegram(here: Cursor, _general: Mapping[str, object]) -> None:
    chat = here.value.get("chat_id")
    is_zero = isinstance(chat, str) and yaml_number(chat) == 0
    if is_zero and not is_set(here, "chat_id_file"):
        here.error("0 is no chat", "chat_id", code="value")


def _victorops(here: Cursor, _general: Mapping[str, object]) -> None:
    fixed = ("routing_key", "message_type", "state_message", "entity_display_name")
    fields = here.value.get("custom_fields")
    for name in fields if isinstance(fields, dict) else ():
        if name in (*fixed, "monitoring_tool", "entity_id", "entity_state"):
            message = f"{name!r} is a field of VictorOps' own; choose another name"
            here.error(message, "custom_fields", name, code="value")


def _webex(here: Cursor, _general: Mapping[str, object]) -> None:
    if not _authorized(here):
        message = "http_config.authorization is required and missing"
        here.error(message, code="missing-key")


def judge_global(here: Cursor) -> None:
    """Judge what `global` says of receivers."""
    one_of_each(here)
    address = is_set(here, "slack_api_url") or is_set(here, "slack_api_url_file")
    token = is_set(here, "slack_app_token") or is_set(here, "slack_app_token_file")
    app = here.text("slack_app_url") or _SLACK
    if address and token and here.text("slack_api_url") != app:
        message = "slack_api_url and slack_app_token are both set; keep one of them"
        here.error(message, "slack_app_token", code="exclusive-keys")


_RULES: Mapping[str, Callable[[Cursor, Mapping[str, object]], None]] = {
    "email": _email,
    "incidentio": _incidentio,
    "opsgenie": _opsgenie,
    "pushover": _pushover,
    "slack": _slack,
    "sns": _sns,
    "telegram": _telegram,
    "victorops": _victorops,
    "webex": _webex,
}
