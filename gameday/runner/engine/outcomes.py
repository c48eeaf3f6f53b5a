"""How an activity went, from what the engine notes of it.

The engine calls a process that ended badly a success; and an undo that finds nothing
left to remove is none of its failures, nor of ours.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

_API_ERROR = re.compile(r"\((\d{3})\)\s*Reason: ([^\n]*)")
_MESSAGE = re.compile(r'"message":\s*("(?:[^"\\]|\\.)*")')
_REMOVES = re.compile(r"chaosk8s\.[\w.]*\.(delete|remove)_\w+")
_GONE = "404"


def failure(run: Mapping[str, Any]) -> str:
    """Return why a rollback did not work; empty where there is nothing left to do."""
    activity = run["activity"]
    name = str(activity.get("name", ""))
    if run.get("status") != "succeeded":
        if _had_nothing_to_remove(activity, run.get("exception")):
            return ""
        return f"{name}: {last_reason(run.get('exception')) or 'cut short'}"
    if activity.get("provider", {}).get("type") != "process":
        return ""
    output = run.get("output")
    code = output.get("status") if isinstance(output, Mapping) else None
    return f"{name}: its process ended with {code}" if code else ""


def function(activity: Mapping[str, Any]) -> str:
    """Return the dotted name of what an activity calls."""
    provider = activity.get("provider", {})
    return f"{provider.get('module', '')}.{provider.get('func', '')}"


def interruption(journal: Mapping[str, Any]) -> str:
    """Return what interrupted an experiment, as its journal says; empty: it does not.

    A control writes `interruption` (chaostoolkit 1.21); the add-ons' safeguards
    write which of them it was.
    """
    if journal.get("status") != "interrupted":
        return ""
    safeguards, written = journal.get("safeguards"), journal.get("interruption")
    if isinstance(safeguards, Mapping) and safeguards.get("triggered_by"):
        return f"safeguard {safeguards['triggered_by']}"
    if not isinstance(written, Mapping):
        return ""
    who = " ".join(str(written[key]) for key in ("kind", "name") if written.get(key))
    return ": ".join(part for part in (who, str(written.get("reason") or "")) if part)


def last_reason(lines: Any) -> str:
    """Return the last line of a traceback; of a cluster's refusal what it says."""
    said = str(lines[-1]).strip() if lines else ""
    error = _API_ERROR.search(said)
    if error is None:
        return said
    message = _MESSAGE.search(said)
    told = json.loads(message[1], strict=False) if message else error[2].strip()
    return f"{said[: error.start()].strip(': ')}: {error[1]} {told}"


def _had_nothing_to_remove(activity: Mapping[str, Any], lines: Any) -> bool:
    """Return whether a removal found that there was nothing to remove.

    A rollback may be played twice, or before what it undoes was done.
    """
    error = _API_ERROR.search(str(lines[-1])) if lines else None
    removes = _REMOVES.fullmatch(function(activity)) is not None
    return removes and error is not None and error[1] == _GONE
