"""The ledger's rows: nouns to JSON text and back."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from gameday.model.faults.fault import FaultRequest, Selection, Undo
from gameday.model.target import Instance


def dump(value: Any) -> str:
    """Return canonical JSON: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)


def load(text: str) -> Any:
    """Return what the JSON text says."""
    return json.loads(text)


def dump_request(request: FaultRequest) -> str:
    """Return a fault that was asked for, as JSON."""
    return dump(asdict(request))


def load_request(text: str) -> FaultRequest:
    """Return the fault that JSON describes; lists become tuples again."""
    stored = load(text)
    chosen = stored["selection"]
    selection = Selection(**{**chosen, "instances": tuple(chosen["instances"])})
    arguments = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in stored["arguments"].items()
    }
    return FaultRequest(
        kind=stored["kind"],
        selection=selection,
        duration=stored["duration"],
        arguments=arguments,
    )


def dump_instance(instance: Instance) -> str:
    """Return an instance as JSON."""
    return dump(asdict(instance))


def dump_instances(instances: Iterable[Instance]) -> str:
    """Return instances as a JSON list."""
    return dump([asdict(instance) for instance in instances])


def load_instance(stored: Mapping[str, Any]) -> Instance:
    """Return the instance that a JSON object describes."""
    lists = {name: tuple(stored.get(name, ())) for name in ("addresses", "published")}
    return Instance(**{**stored, **lists})


def dump_undo(undo: Undo) -> str:
    """Return an undo as JSON."""
    return dump(asdict(undo))


def load_undo(text: str) -> Undo:
    """Return the undo that JSON describes."""
    return Undo(**load(text))
