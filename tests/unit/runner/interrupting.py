"""A control that interrupts its experiment, and writes down why (chaostoolkit 1.21)."""

from typing import Any

from chaoslib.exceptions import InterruptExecution

REASON = {"kind": "control", "name": "till", "reason": "the till is closed"}


def before_method_control(context: Any, **_: Any) -> None:
    """Interrupt."""
    del context
    raise InterruptExecution("the till is closed")


def after_experiment_control(context: Any, state: Any, **_: Any) -> None:
    """Write down why."""
    del context
    state["interruption"] = REASON
