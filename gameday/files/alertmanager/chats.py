"""The integrations of Alertmanager that write into a chat, as of Alertmanager 0.34."""

from collections.abc import Mapping

from gameday.files.alertmanager.integration import (
    URL_OR_FILE,
    WEBHOOK_URL,
    IntegrationKind,
    fields,
)
from gameday.files.text.shapes import (
    Fields,
    at_least_one,
    flag,
    go_timeout,
    listing,
    one_of,
    record,
    secret_url,
    text,
    url,
    whole,
)

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
_ATTACHED: Fields = {
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
CHATS: Mapping[str, IntegrationKind] = {
    "discord": IntegrationKind(
        fields(
            **WEBHOOK_URL,
            texts="webhook_url_file content title message username avatar_url",
        ),
        URL_OR_FILE,
    ),
    "slack": IntegrationKind(
        fields(
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
    "telegram": IntegrationKind(
        fields(
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
    "webex": IntegrationKind(
        fields(api_url=url, texts="message room_id"),
        (("room_id",),),
    ),
    "msteams": IntegrationKind(
        fields(**WEBHOOK_URL, texts="webhook_url_file title summary text"),
        URL_OR_FILE,
    ),
    "msteamsv2": IntegrationKind(
        fields(**WEBHOOK_URL, texts="webhook_url_file title text"),
        URL_OR_FILE,
    ),
    "rocketchat": IntegrationKind(
        fields(
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
    "mattermost": IntegrationKind(
        fields(
            **WEBHOOK_URL,
            **_ATTACHED,
            texts="webhook_url_file channel username icon_url icon_emoji type",
            attachments=listing(record(_ATTACHED)),
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
    "wechat": IntegrationKind(
        fields(
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
}
