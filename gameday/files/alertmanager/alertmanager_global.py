"""The keys of Alertmanager's `global` and `tracing`, as of Alertmanager 0.34."""

from gameday.files.text import http_client, shapes
from gameday.files.text.shapes import (
    Fields,
    at_least_one,
    duration,
    flag,
    host_and_port,
    one_of,
    record,
    secret_url,
    text,
    url,
)

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
