"""Controls of an experiment, which stand at it, its hypothesis and its activities."""

from collections.abc import Collection, Iterator

from gameday.files.experiment.activities import FREE
from gameday.files.text.cursor import Cursor
from gameday.files.text.suggest import did_you_mean
from gameday.model.quoting import shown

_CONTROL = ("name", "provider", "scope", "automatic", "ref", "description")
_PROVIDER = ("type", "module", "arguments", "secrets")


def check(here: Cursor) -> None:
    """Report what is wrong with the controls of an experiment, as the engine does."""
    controls = [control for control in _all(here) if control.mapping() is not None]
    declared = {
        control.value["name"]
        for control in controls
        if "ref" not in control.value and isinstance(control.value.get("name"), str)
    }
    for control in controls:
        _check(control, declared)


def _all(here: Cursor) -> Iterator[Cursor]:
    yield from here.list_of("controls")
    holders = _items(here, "method") + _items(here, "rollbacks")
    hypothesis = here.get("steady-state-hypothesis")
    if hypothesis is not None and isinstance(hypothesis.value, dict):
        holders += [hypothesis, *_items(hypothesis, "probes")]
    for holder in holders:
        if isinstance(holder.value, dict):
            yield from holder.list_of("controls")


def _items(here: Cursor, key: str) -> list[Cursor]:
    """Return the items of a list; what is none is reported by who reads it."""
    return here.list_of(key) if isinstance(here.value.get(key), list) else []


def _check(here: Cursor, declared: Collection[str]) -> None:
    here.only(_CONTROL, also=FREE, lenient=True)
    if "ref" in here.value:
        _referred(here, declared)
    here.text("name", required=True)
    here.choice("scope", ("before", "after"))
    here.flag("automatic")
    provider = here.mapping("provider")
    if provider is None:
        here.error("provider is missing; expected a python module", code="missing-key")
        return
    provider.only(_PROVIDER, also=FREE, lenient=True)
    if provider.choice("type", ("python",)):
        provider.text("module", required=True)


def _referred(here: Cursor, declared: Collection[str]) -> None:
    """Judge a `ref`, of which the engine asks a name and a provider all the same."""
    name = here.value["ref"]
    if not isinstance(name, str) or name not in declared:
        hint = did_you_mean(name, declared) if isinstance(name, str) else ""
        here.error(
            f"there is no control {shown(name)} to refer to{hint}",
            "ref",
            code="reference",
        )
