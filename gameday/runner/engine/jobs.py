"""The jobs that a forked process may be given."""

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from gameday.frozen import frozen


@frozen
class Job:
    """One experiment to run: its document and the environment that it gets.

    `rollbacks`: the ledger's entry of its foreign rollbacks; 0: there is none.
    `configuration`: values that probes gave for its configuration; each is asked once.
    `ahead`: what is done beside the experiment's own gate, before its method; it has to
    be a function of a module, which the process imports.
    """

    document: Mapping[str, Any]
    environment: Mapping[str, str] = field(default_factory=dict)
    configuration: Mapping[str, Any] = field(default_factory=dict)
    hold: bool = True  # wait for the parent's word between method and rollbacks
    rollbacks: int = 0
    ahead: Callable[[], None] | None = None
