"""The keys of Alertmanager's receivers, as of Alertmanager 0.34.

A key that is not here is refused, as Alertmanager refuses it.
"""

from collections.abc import Mapping

from gameday.files.alertmanager.chats import CHATS
from gameday.files.alertmanager.integration import IntegrationKind, fields
from gameday.files.promql import go_template
from gameday.files.text import http_client
from gameday.files.text.cursor import Cursor
from gameday.files.text.shapes import (
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


KINDS: Mapping[str, IntegrationKind] = {
    **CHATS,
    "email": IntegrationKind(
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
    "incidentio": IntegrationKind(
        fields(
            url=url,
            texts="url_file alert_source_token alert_source_token_file",
            max_alerts=count,
            timeout=go_timeout,
            metadata=texts,
        ),
        (("url", "url_file"),),
    ),
    "pagerduty": IntegrationKind(
        fields(
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
    "webhook": IntegrationKind(
        fields(
            url=_template_url,
            texts="url_file",
            max_alerts=count,
            timeout=go_timeout,
            payload=anything,
        ),
        (("url", "url_file"),),
    ),
    "opsgenie": IntegrationKind(
        fields(
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
    "pushover": IntegrationKind(
        fields(
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
    "victorops": IntegrationKind(
        fields(
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
    "sns": IntegrationKind(
        fields(
            texts="api_url topic_arn phone_number target_arn subject message",
            sigv4=_SIGV4,
            attributes=texts,
            use_aws_http_client=flag,
        ),
    ),
    "jira": IntegrationKind(
        fields(
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
}
