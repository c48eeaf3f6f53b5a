"""An experiment's `configuration`: its values, and what replaces them.

Chaos Toolkit substitutes `${name}` and `$name` from it; a lone `${name}` keeps
its type, everything else becomes text.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gameday.files.text.cursor import Cursor
from gameday.files.text.suggest import among, nearest
from gameday.model.quoting import shown

ENV_TYPES = ("str", "int", "float", "bytes", "bool", "json")
Blame = Callable[[str, str], None]  # key, message: a problem of the scenario's `with`
_LONE = re.compile(r"\$\{([A-Za-z_]\w*)\}|\$([A-Za-z_]\w*)")
_ANY = re.compile(r"\$\$|\$\{([A-Za-z_]\w*)\}|\$([A-Za-z_]\w*)")
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class Unknown(ValueError):
    """A text refers to a value that cannot be known now; the text is its name."""


class Values(NamedTuple):
    """What `${name}` stands for; `unknown`: names that only a run can know."""

    known: Mapping[str, Any]
    unknown: frozenset[str] = frozenset()

    def put(self, value: Any) -> Any:
        """Return a value with everything substituted.

        Raises Unknown for a name that only a run knows, and KeyError for one that
        is not there at all.
        """
        if isinstance(value, list):
            return [self.put(item) for item in value]
        if not isinstance(value, str):
            return value
        lone = _LONE.fullmatch(value)
        if lone:
            return self._value_of(lone)
        return _ANY.sub(self._text, value)

    def _value_of(self, match: re.Match[str]) -> Any:
        name = match[1] or match[2]
        if name in self.known:
            return self.known[name]
        if name in self.unknown:
            raise Unknown(name)
        raise KeyError(name)

    def _text(self, match: re.Match[str]) -> str:
        return "$" if match[0] == "$$" else str(self._value_of(match))


class GivenConfiguration(NamedTuple):
    """What a scenario (or the caller) gives an experiment.

    `strict`: an environment variable that is not set is an error.
    """

    env: Mapping[str, str]
    settings: Mapping[str, Any]
    target_url: str | None
    blame: Blame
    strict: bool = False


def resolve(here: Cursor, given: GivenConfiguration) -> tuple[dict[str, Any], Values]:
    """Return the configuration with replacements in it, and its values."""
    own = here.mapping("configuration")
    document = dict(own.value) if own else {}
    _replace(document, given)
    values: dict[str, Any] = {}
    unknown: set[str] = set(_secret_names(here))
    for key, value in document.items():
        if isinstance(value, dict) and value.get("type") == "env" and own is not None:
            found, text = _from_env(own.at(key), given)
            values.update({key: text} if found else {})
            unknown.update([] if found else [key])
        elif isinstance(value, dict) and value.get("type") == "probe":
            unknown.add(key)
        else:
            values[key] = value
    return document, Values(values, frozenset(unknown))


def _replace(document: dict[str, Any], given: GivenConfiguration) -> None:
    if given.target_url is not None and "target" in document:
        document["target"] = given.target_url
    for key, value in given.settings.items():
        if key not in document:
            close = nearest(key, document)
            has = f"has {among(sorted(document), 'and')}" if document else "has none"
            hint = f'; did you mean "{close}"?' if close else ""
            given.blame(
                key,
                f"the experiment's configuration has no key {key!r}; it {has}{hint}",
            )
            continue
        try:
            document[key] = typed(value, document[key])
        except ValueError as error:
            given.blame(key, str(error))


def _secret_names(here: Cursor) -> list[str]:
    secrets = here.value.get("secrets")
    groups = secrets.values() if isinstance(secrets, dict) else ()
    return [name for group in groups if isinstance(group, dict) for name in group]


def _from_env(here: Cursor, given: GivenConfiguration) -> tuple[bool, Any]:
    here.only(("type", "key", "default", "env_var_type"), lenient=True)
    name = here.text("key", required=True)
    kind = here.choice("env_var_type", ENV_TYPES)
    if name in given.env:
        try:
            return True, _converted(given.env[name], kind)
        except ValueError:
            message = f"the environment variable {name} is no {kind}"
            here.error(message, code="value")
            return False, None
    if "default" in here.value:
        return True, here.value["default"]
    if name:
        _unset(
            here,
            f"the environment variable {name} is not set, and has no default",
            given,
        )
    return False, None


def _unset(here: Cursor, message: str, given: GivenConfiguration) -> None:
    report = here.error if given.strict else here.warn
    report(message, code="unset-variable")


def check_secrets(here: Cursor, given: GivenConfiguration) -> None:
    """Report secrets whose environment variable is not set: they have no default."""
    secrets = here.mapping("secrets")
    for _, secret in secrets.entries() if secrets is not None else ():
        if not isinstance(secret.value, dict | None):
            message = (
                f"{shown(secret.value)} is not a mapping; expected names of secrets"
            )
            secret.error(message, code="wrong-type")
        _check_secret(secret, given)


def _check_secret(here: Cursor, given: GivenConfiguration) -> None:
    if not isinstance(here.value, dict):
        if here.value is None:
            here.error("is empty; give it a value or remove the key", code="empty-key")
        return
    if here.value.get("type") == "env":
        name = here.text("key", required=True)
        if name and name not in given.env:
            _unset(here, f"the environment variable {name} is not set", given)
        return
    if here.value.get("type") != "vault":
        for _, below in here.entries():
            if isinstance(below.value, dict):
                _check_secret(below, given)


def _converted(text: str, kind: str) -> Any:
    if kind in ("int", "float"):
        return int(text) if kind == "int" else float(text)
    if kind == "bool":
        return text.lower() in _TRUE
    return json.loads(text) if kind == "json" else text


def typed(value: Any, default: Any) -> Any:
    """Return a value in the type of the default that it replaces.

    ValueError with what was expected where it does not fit.
    """
    if isinstance(default, dict) and default.get("type") == "env":
        kind = default.get("env_var_type")
        if kind in ("json", None) and default.get("default") is None:
            return value if kind == "json" else _text(value, "text")
        if kind in ENV_TYPES and kind != "json":
            return _fitted(value, str(kind), shown(kind))
        default = default.get("default")
    elif isinstance(default, dict) and default.get("type") == "probe":
        return value
    return _fitted(value, type(default).__name__, f"the default {shown(default)}")


def _fitted(value: Any, kind: str, like: str) -> Any:
    if kind == "NoneType":
        return value
    if kind in ("list", "dict"):
        if type(value).__name__ != kind:
            raise ValueError(f"{shown(value)} is not of the type of {like}")
        return value
    fit = {"bool": _bool, "int": _int, "float": _float}.get(kind, _text)
    return fit(value, like)


def _bool(value: Any, like: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in (*_TRUE, *_FALSE):
        return value.lower() in _TRUE
    raise ValueError(f"{shown(value)} is not true or false, as {like} is")


def _int(value: Any, like: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,18}", value.strip()):
        return int(value)
    raise ValueError(f"{shown(value)} is not a whole number, as {like} is")


def _float(value: Any, like: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        return float(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(f"{shown(value)} is not a number, as {like} is") from None


def _text(value: Any, like: str) -> str:
    if isinstance(value, dict | list) or value is None:
        raise ValueError(f"{shown(value)} is not text, as {like} is")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
