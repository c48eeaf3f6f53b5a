"""The keys of Alertmanager's receivers and of its `global`, as of Alertmanager 0.34.

A key that is not here is refused, as Alertmanager refuses it.
"""

from collections.abc import Mapping
from typing import NamedTuple

from gameday.files.promql import go_template
from gameday.files.text import http_client, shapes
from gameday.files.text.cursor import Cursor
from gameday.files.text.shapes import (
    Fields,
    Shape,
    anything,
    at_least_one,
    count,
    duration,
    flag,
    go_duration,
    go_timeout,
    host_and_port,
    listing,
    one_of,
    record,
    secret_url,
    text,
    texts,
    url,
    whole,
)


class Kind(NamedTuple):
    """A kind of integration.

    `needs`: of each group of keys one has to be set. `inherits`: of each pair of
    groups one of the first has to be set, or one of the second in `global`.
    """

    fields: Fields
    needs: tuple[tuple[str, ...], ...] = ()
    inherits: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()


def _fields(**shapes_of: Shape | str) -> Fields:
    """Return fields by their shapes; `texts` lists the names of those of text."""
    fields: dict[str, Shape] = {
        "send_resolved": flag,
        "http_config": http_client.CLIENT,
    }
    for key, shape in shapes_of.items():
        if isinstance(shape, str):
            fields.update(dict.fromkeys(shape.split(), text))
        else:
            fields[key] = shape
    return fields


_WEBHOOK_URL = {"webhook_url": secret_url}
_TEXT_FIELD = record(
    {"title": text, "value": text, "short": flag},
    at_least_one("title"),
    at_least_one("value"),
)
_ACTION = record(
    {
        **dict.fromkeys(("type", "text", "url", "style", "name", "value"), text),
        "confirm": record(
            dict.fromkeys(("text", "title", "ok_text", "dismiss_text"), text),
            at_least_one("text"),
        ),
    },
    at_least_one("type"),
    at_least_one("text"),
    at_least_one("name", "url"),
)
_THREADS = record(
    {
        "resolve_emoji": text,
        "use_summary_header": flag,
        "summary_header": record({"resolve_color": text}),
    }
)
_ROCKET_ACTION = record(
    {
        **dict.fromkeys(
            (
                *("type", "text", "url", "imageurl", "webviewheightratio", "msg"),
                "msgprocessingtype",
            ),
            text,
        ),
        **dict.fromkeys(("iswebview", "msginchatwindow"), flag),
    }
)
_ROCKET_FIELD = record({"title": text, "value": text, "short": flag})
_ATTACHMENT = record(
    {
        **dict.fromkeys(
            (
                *("fallback", "color", "pretext", "text", "author_name", "title"),
                *("author_link", "author_icon", "title_link", "thumb_url", "footer"),
                *("footer_icon", "image_url"),
            ),
            text,
        ),
        "fields": listing(_TEXT_FIELD),
    }
)
_RESPONDER = record(
    dict.fromkeys(("id", "name", "username", "type"), text),
    at_least_one("id", "name", "username"),
)
_SIGV4 = record(
    {
        **dict.fromkeys(
            (
                *("region", "access_key", "secret_key", "profile", "role_arn"),
                *("external_id", "service_name", "session_name"),
            ),
            text,
        ),
        "use_fips_sts_endpoint": flag,
        "tags": anything,
    }
)


def template(here: Cursor) -> None:
    """A template that Alertmanager parses when it loads, without its own functions."""
    text(here)
    try:
        go_template.parse(str(here.value), (), go_template.BUILT_IN)
    except go_template.TemplateError as error:
        message = f"Alertmanager cannot parse the template: {error}"
        here.error(message, code="value")


def _template_url(here: Cursor) -> None:
    """A secret HTTP address, or a template that makes one."""
    shape = template if "{{" in str(here.value) else secret_url
    shape(here)


def _mapping(here: Cursor) -> None:
    here.mapping()


def _jira_text(here: Cursor) -> None:
    if isinstance(here.value, dict):
        record({"template": text, "enable_update": flag})(here)
    else:
        text(here)


_URL_OR_FILE = (("webhook_url", "webhook_url_file"),)
KINDS: Mapping[str, Kind] = {
    "discord": Kind(
        _fields(
            **_WEBHOOK_URL,
            texts="webhook_url_file content title message username avatar_url",
        ),
        _URL_OR_FILE,
    ),
    "email": Kind(
        {
            "send_resolved": flag,
            **dict.fromkeys(
                (
                    *("to", "from", "hello", "auth_username", "auth_password", "html"),
                    *("auth_password_file", "auth_secret", "auth_secret_file", "text"),
                    "auth_identity",
                ),
                text,
            ),
            "smarthost": host_and_port,
            "headers": texts,
            "require_tls": flag,
            "tls_config": http_client.TLS,
            "force_implicit_tls": flag,
            "threading": record({"enabled": flag, "thread_by_date": text}),
        },
        (("to",),),
        ((("smarthost",), ("smtp_smarthost",)), (("from",), ("smtp_from",))),
    ),
    "incidentio": Kind(
        _fields(
            url=url,
            texts="url_file alert_source_token alert_source_token_file",
            max_alerts=count,
            timeout=go_timeout,
            metadata=texts,
        ),
        (("url", "url_file"),),
    ),
    "pagerduty": Kind(
        _fields(
            url=url,
            texts="service_key service_key_file routing_key routing_key_file client "
            "client_url description source severity class component group",
            details=_mapping,
            images=listing(record(dict.fromkeys(("src", "alt", "href"), text))),
            links=listing(record(dict.fromkeys(("href", "text"), text))),
            timeout=go_timeout,
        ),
        (("routing_key", "service_key", "routing_key_file", "service_key_file"),),
    ),
    "slack": Kind(
        _fields(
            api_url=secret_url,
            app_url=url,
            texts="api_url_file app_token app_token_file channel username color title "
            "title_link pretext text message_text footer fallback callback_id "
            "icon_emoji icon_url image_url thumb_url",
            fields=listing(_TEXT_FIELD),
            short_fields=flag,
            link_names=flag,
            mrkdwn_in=listing(text),
            actions=listing(_ACTION),
            update_message=flag,
            message_strategy=one_of("new", "update", "thread"),
            threaded_options=_THREADS,
            timeout=go_timeout,
        ),
        (),
        (
            (
                ("api_url", "api_url_file", "app_token", "app_token_file"),
                (
                    *("slack_api_url", "slack_api_url_file"),
                    *("slack_app_token", "slack_app_token_file"),
                ),
            ),
        ),
    ),
    "webhook": Kind(
        _fields(
            url=_template_url,
            texts="url_file",
            max_alerts=count,
            timeout=go_timeout,
            payload=anything,
        ),
        (("url", "url_file"),),
    ),
    "opsgenie": Kind(
        _fields(
            api_url=url,
            texts="api_key api_key_file message description source entity actions tags "
            "note priority",
            details=texts,
            responders=listing(_RESPONDER, nulls=False),
            update_alerts=flag,
        ),
        (),
        (
            (
                ("api_key", "api_key_file"),
                ("opsgenie_api_key", "opsgenie_api_key_file"),
            ),
        ),
    ),
    "wechat": Kind(
        _fields(
            api_url=url,
            texts="api_secret api_secret_file corp_id message to_user to_party to_tag "
            "agent_id",
            message_type=one_of("", "text", "markdown"),
        ),
        (),
        (
            (
                ("api_secret", "api_secret_file"),
                ("wechat_api_secret", "wechat_api_secret_file"),
            ),
            (("corp_id",), ("wechat_api_corp_id",)),
        ),
    ),
    "pushover": Kind(
        _fields(
            texts="user_key user_key_file token token_file title message url url_title "
            "device sound priority",
            retry=go_duration,
            expire=go_duration,
            ttl=go_duration,
            html=flag,
            monospace=flag,
        ),
        (("user_key", "user_key_file"), ("token", "token_file")),
    ),
    "victorops": Kind(
        _fields(
            api_url=url,
            texts="api_key api_key_file routing_key message_type state_message "
            "entity_display_name monitoring_tool",
            custom_fields=texts,
        ),
        (("routing_key",),),
        (
            (
                ("api_key", "api_key_file"),
                ("victorops_api_key", "victorops_api_key_file"),
            ),
        ),
    ),
    "sns": Kind(
        _fields(
            texts="api_url topic_arn phone_number target_arn subject message",
            sigv4=_SIGV4,
            attributes=texts,
        ),
    ),
    "telegram": Kind(
        _fields(
            api_url=url,
            texts="bot_token bot_token_file chat_id_file message",
            chat_id=whole,
            message_thread_id=whole,
            disable_notifications=flag,
            parse_mode=one_of("", "Markdown", "MarkdownV2", "HTML"),
        ),
        (("chat_id", "chat_id_file"),),
        (
            (
                ("bot_token", "bot_token_file"),
                ("telegram_bot_token", "telegram_bot_token_file"),
            ),
        ),
    ),
    "webex": Kind(
        _fields(api_url=url, texts="message room_id"),
        (("room_id",),),
    ),
    "msteams": Kind(
        _fields(**_WEBHOOK_URL, texts="webhook_url_file title summary text"),
        _URL_OR_FILE,
    ),
    "msteamsv2": Kind(
        _fields(**_WEBHOOK_URL, texts="webhook_url_file title text"),
        _URL_OR_FILE,
    ),
    "jira": Kind(
        _fields(
            api_url=url,
            api_type=one_of("auto", "cloud", "datacenter"),
            texts="project priority issue_type reopen_transition resolve_transition "
            "wont_fix_resolution",
            summary=_jira_text,
            description=_jira_text,
            labels=listing(text),
            reopen_duration=duration,
            fields=anything,
        ),
        (("project",), ("issue_type",)),
        ((("api_url",), ("jira_api_url",)),),
    ),
    "rocketchat": Kind(
        _fields(
            api_url=url,
            texts="token_id token_id_file token token_file channel color title "
            "title_link text emoji icon_url image_url thumb_url",
            fields=listing(_ROCKET_FIELD),
            short_fields=flag,
            link_names=flag,
            actions=listing(_ROCKET_ACTION),
        ),
        (),
        (
            (
                ("token_id", "token_id_file"),
                ("rocketchat_token_id", "rocketchat_token_id_file"),
            ),
            (
                ("token", "token_file"),
                ("rocketchat_token", "rocketchat_token_file"),
            ),
        ),
    ),
    "mattermost": Kind(
        _fields(
            **_WEBHOOK_URL,
            texts="webhook_url_file channel username text icon_url icon_emoji type",
            attachments=listing(_ATTACHMENT),
            props=record({"card": text}),
            priority=record(
                {
                    "priority": text,
                    "requested_ack": flag,
                    "persistent_notifications": flag,
                }
            ),
        ),
        (),
        (
            (
                ("webhook_url", "webhook_url_file"),
                ("mattermost_webhook_url", "mattermost_webhook_url_file"),
            ),
        ),
    ),
}
GLOBAL: Fields = {
    "resolve_timeout": duration,
    "http_config": http_client.CLIENT,
    "smtp_smarthost": host_and_port,
    "smtp_require_tls": flag,
    "smtp_tls_config": http_client.TLS,
    "smtp_force_implicit_tls": flag,
    "slack_api_url": secret_url,
    **dict.fromkeys(
        (
            *("slack_app_url", "jira_api_url", "pagerduty_url", "opsgenie_api_url"),
            *("wechat_api_url", "victorops_api_url", "telegram_api_url"),
            *("webex_api_url", "rocketchat_api_url"),
        ),
        url,
    ),
    **dict.fromkeys(
        (
            *("smtp_from", "smtp_hello", "smtp_auth_username", "smtp_auth_password"),
            *("smtp_auth_password_file", "smtp_auth_secret", "smtp_auth_secret_file"),
            *("smtp_auth_identity", "slack_api_url_file", "slack_app_token"),
            *("slack_app_token_file", "opsgenie_api_key", "opsgenie_api_key_file"),
            *("wechat_api_secret", "wechat_api_secret_file", "wechat_api_corp_id"),
            *("victorops_api_key", "victorops_api_key_file", "telegram_bot_token"),
            *("telegram_bot_token_file", "rocketchat_token", "rocketchat_token_file"),
            *("rocketchat_token_id", "rocketchat_token_id_file"),
            *("mattermost_webhook_url_file",),
        ),
        text,
    ),
    "mattermost_webhook_url": secret_url,
}
TRACING = record(
    {
        "client_type": one_of("http", "grpc"),
        "endpoint": text,
        "sampling_fraction": shapes.number,
        "insecure": flag,
        "tls_config": http_client.TLS,
        "headers": http_client.headers,
        "http_headers": http_client.headers,
        "compression": one_of("", "gzip"),
        "timeout": duration,
    },
    at_least_one("endpoint"),
)
