"""Activities of an experiment: probes, actions, their providers and controls."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gameday.files.experiment import tolerances
from gameday.files.text.cursor import Cursor
from gameday.files.text.suggest import did_you_mean
from gameday.model.quoting import shown

_ACTIVITY = (
    "type",
    "name",
    "provider",
    "tolerance",
    "pauses",
    "background",
    "controls",
    "ref",
    "dry",
    "timeout",
    "secrets",
    "configuration",
    "extensions",
    "description",
)
# Published experiments have it, and Chaos Toolkit passes over it.
_HARMLESS = {"pause": "pauses"}
_COMMON = ("type", "arguments", "secrets", "timeout")
_PROVIDERS: Mapping[str, Sequence[str]] = {
    "python": (*_COMMON, "module", "func", "configuration"),
    "process": (*_COMMON, "path"),
    "http": (*_COMMON, "url", "method", "headers", "verify_tls", "max_retries"),
}
_REQUIRED = {"python": ("module", "func"), "process": ("path",), "http": ("url",)}
FREE = r"x-.*"  # keys that anybody may use


class ReadActivity(NamedTuple):
    """One activity that could be read, with a reference already followed."""

    here: Cursor
    kind: str  # probe, action
    provider: Cursor
    provider_kind: str

    def provider_text(self, key: str) -> str:
        """Return a text of the provider; empty where there is none."""
        value = self.provider.value.get(key)
        return value if isinstance(value, str) else ""


def check(here: Cursor, named: Mapping[str, Cursor]) -> ReadActivity | None:
    """Report what is wrong with an activity; return it where it can be read.

    `named`: the activities that a `ref` may name. Its controls are judged with all of
    the experiment's, by `controls.check`.
    """
    if here.mapping() is None:
        return None
    if here.value.get("ref") is not None:
        return _referred(here, named)
    _keys(here)
    here.text("name", required=True)
    kind = here.choice("type", ("probe", "action"))
    if not here.value.get("type"):
        here.error("type is missing; expected probe or action", code="missing-key")
    _pauses(here)
    here.flag("background")
    _number(here, "timeout")
    provider = here.mapping("provider")
    if provider is None:
        if here.get("provider") is None:
            here.error(
                "provider is missing; expected one of python, process or http",
                code="missing-key",
            )
        return None
    provider_kind = _provider(provider)
    if not (kind and provider_kind):
        return None
    return ReadActivity(here, kind, provider, provider_kind)


def _referred(here: Cursor, named: Mapping[str, Cursor]) -> ReadActivity | None:
    name = here.text("ref", required=True)
    activity = named.get(name)
    if not name:
        return None
    if activity is None or activity.value.get("ref") is not None:
        hint = did_you_mean(name, named)
        here.error(
            f"there is no activity {name!r} to refer to{hint}", "ref", code="reference"
        )
        return None
    quiet: list[Any] = []  # its own problems are reported where it stands
    return check(Cursor(activity.document, activity.value, quiet, activity.path), {})


def _keys(here: Cursor) -> None:
    for key, value in list(here.entries()):
        if key in _HARMLESS:
            meant = _HARMLESS[key]
            value.warn(
                f'Chaos Toolkit passes over {key!r}; did you mean "{meant}"?',
                code="unknown-key",
            )
    known = (*_ACTIVITY, *_HARMLESS)
    here.only(known, also=FREE, lenient=True)
    here.refuse_empty("pauses", "controls", "background")
    if here.get("secrets") is not None:
        here.warn(
            "secrets belong into the provider; passed over here",
            "secrets",
            code="misplaced-key",
        )


def _pauses(here: Cursor) -> None:
    pauses = here.mapping("pauses")
    if pauses is None:
        return
    pauses.only(("before", "after"), also=FREE, lenient=True)
    for key in ("before", "after"):
        _number(pauses, key)


def _number(here: Cursor, key: str) -> None:
    value = here.value.get(key)
    if value is None or (isinstance(value, str) and _is_reference(value)):
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        message = (
            f"{shown(value)} is not a number of seconds; expected one, or ${{NAME}}"
        )
        here.error(message, key, code="wrong-type")


def _is_reference(text: str) -> bool:
    return text.startswith("${") and text.endswith("}")


def _provider(here: Cursor) -> str:
    kind = here.choice("type", tuple(_PROVIDERS))
    if not here.value.get("type"):
        here.error(
            "type is missing; expected python, process or http", code="missing-key"
        )
    if not kind:
        return ""
    here.only(_PROVIDERS[kind], also=FREE, lenient=True)
    if kind == "python":
        here.refuse_empty("arguments")
    for key in _REQUIRED[kind]:
        here.text(key, required=True)
    _arguments(here, kind)
    if kind == "http":
        here.text("method")
        here.mapping("headers")
    if kind != "python":
        _timeout(here, kind)
    return kind


def _arguments(here: Cursor, kind: str) -> None:
    arguments = here.get("arguments")
    if arguments is None:
        return
    allowed = (dict, list, str) if kind == "process" else (dict,)
    if kind == "http":
        allowed = (dict, list, str)
    if not isinstance(arguments.value, allowed):
        arguments.error(f"{shown(arguments.value)} is not a mapping", code="wrong-type")


def _timeout(here: Cursor, kind: str) -> None:
    timeout = here.value.get("timeout")
    if timeout is None:
        here.warn(
            f"a {kind} provider without timeout may hang; add one", code="no-timeout"
        )
    elif kind == "process":
        if isinstance(timeout, bool) or not isinstance(timeout, int | float):
            here.error(
                f"{shown(timeout)} is not a number of seconds",
                "timeout",
                code="wrong-type",
            )
    elif not isinstance(timeout, list):
        _number(here, "timeout")


def check_tolerance(here: Cursor) -> None:
    """Report what is wrong with the tolerance of a hypothesis' probe."""
    if here.value.get("ref") is not None:
        return
    if "tolerance" not in here.value:
        here.error(
            "tolerance is missing; a probe of the hypothesis needs one",
            code="missing-key",
        )
        return
    probe = tolerances.check(here.at("tolerance"))
    if probe is not None:
        check(probe, {})
