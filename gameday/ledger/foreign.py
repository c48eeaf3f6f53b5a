"""Other extensions' rollbacks: written down as an undo, played by a process alone.

What chaosk8s or a script has done only its own experiment knows to undo. Before such
an experiment begins, its rollbacks are kept with all that they need: configuration,
secrets by reference only, and where programs and modules are found. The process that
plays them is started by name, for the ledger does not know the engine.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from gameday.ledger.entries import FaultEntry
from gameday.ledger.extension_env import extension_environment
from gameday.model.faults.fault import Undo, Undone
from gameday.model.target import Instance
from gameday.targets.procfs import identify

KIND = "foreign.rollbacks"
VERB = "play_rollbacks"
PLAYER = "gameday.runner.engine.replay_process"
PATIENCE = 120.0  # seconds for a process that plays rollbacks
NEVER = 253402300799.0  # the end of the year 9999: no deadline may cut an experiment
# Written beside secrets, and needed: without it another cluster would be meant.
_NO_SECRETS = ("KUBERNETES_CONTEXT",)
_OURS = ("gameday.faults", "undo")
# Where things are found, and which system is meant; none of them is a secret.
_PLACES = (
    *("PATH", "PYTHONPATH", "HOME", "TZ", "GAMEDAY_HOME", "GAMEDAY_TARGET"),
    *("KUBECONFIG", "KUBERNETES_CONTEXT", "DOCKER_HOST", "DOCKER_CONTEXT"),
    *("KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "CHAOSTOOLKIT_IN_POD"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE"),
    *("AWS_PROFILE", "AWS_REGION", "CLOUDSDK_ACTIVE_CONFIG_NAME"),
)
_MAY_HOLD_A_PASSWORD = ("http_proxy", "https_proxy")  # in the form user:password@


def rollbacks_entry(
    run: str, step: str, target: str, document: Mapping[str, Any]
) -> FaultEntry | None:
    """Return what has to be written down before an experiment's foreign actions.

    None where it has no rollbacks but gameday's own.
    """
    alone = only_rollbacks(document)
    names = [str(rollback.get("name", "")) for rollback in alone["rollbacks"]]
    if not names:
        return None
    undo = Undo(
        target=target,
        verb=VERB,
        instance=f"step {step}",
        identity={},
        arguments={
            "document": alone,
            "environment": {
                **_environment(alone),
                **extension_environment(target, os.environ),
            },
            "folder": os.getcwd(),  # noqa: PTH109 - as the engine will find modules
            "names": names,
            "run": run,
        },
    )
    return FaultEntry(
        run=run,
        step=step,
        kind=KIND,
        victim=Instance(service="", name=f"step {step}", identity={}),
        arguments={},
        duration=NEVER,
        until=NEVER,
        undo=undo,
        mark=f"{run}.{step}",
        by=identify(),
    )


def only_rollbacks(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return an experiment that does nothing but roll back what is not gameday's.

    References to activities are resolved; what names a secret's value is left out.
    """
    named = {
        probe["name"]: probe
        for probe in (
            *document.get("steady-state-hypothesis", {}).get("probes", ()),
            *document.get("method", ()),
            *document.get("rollbacks", ()),
        )
        if "name" in probe
    }
    played = [
        named.get(rollback.get("ref"), rollback)
        for rollback in document.get("rollbacks", ())
    ]
    kept = {
        key: value
        for key, value in document.items()
        if key not in ("method", "steady-state-hypothesis", "rollbacks", "secrets")
    }
    secrets = {
        group: _references(values)
        for group, values in document.get("secrets", {}).items()
        if isinstance(values, Mapping)
    }
    rest = [dict(activity) for activity in played if not _own_undo(activity)]
    return {**kept, "secrets": secrets, "method": [], "rollbacks": rest}


def _references(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a group of secrets without what is written out in it."""
    if values.get("type") in ("env", "vault"):
        return dict(values)  # the group as a whole stands somewhere else
    return {
        key: ref
        for key, ref in values.items()
        if isinstance(ref, Mapping) or key in _NO_SECRETS
    }


def _own_undo(activity: Mapping[str, Any]) -> bool:
    provider = activity.get("provider", {})
    return (provider.get("module"), provider.get("func")) == _OURS


def _environment(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that the configuration reads, and the places."""
    secret, meant = _variables_of_secrets(document["secrets"])
    read = _variables_of_configuration(document.get("configuration", {}))
    names = (read | meant | set(_PLACES)) - secret
    there = {name: os.environ[name] for name in sorted(names) if name in os.environ}
    return {
        name: value
        for name, value in there.items()
        if not (name.lower() in _MAY_HOLD_A_PASSWORD and "@" in value)
    }


def _variables_of_secrets(secrets: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """Return the variables that hold secrets, and those that only stand among them."""
    refs = [
        (name, ref)
        for group, values in secrets.items()
        for name, ref in ((group, values), *values.items())
        if isinstance(ref, Mapping) and "key" in ref
    ]
    secret = {str(ref["key"]) for name, ref in refs if name not in _NO_SECRETS}
    return secret, {str(ref["key"]) for name, ref in refs if name in _NO_SECRETS}


def _variables_of_configuration(configuration: Mapping[str, Any]) -> set[str]:
    return {
        str(setting["key"])
        for setting in configuration.values()
        if isinstance(setting, Mapping)
        and setting.get("type") == "env"
        and "key" in setting
    }


def play(undo: Undo) -> Undone:
    """Have another process play the rollbacks; never raises."""
    given = undo.arguments
    by_hand = (
        f"do yourself what the rollbacks would have done ({', '.join(given['names'])}),"
        f" then `gameday heal --run {given['run']} --by-hand`"
    )
    folder = given["folder"] if os.path.isdir(given["folder"]) else "/"  # noqa: PTH112
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", PLAYER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, **given["environment"]},
            text=True,
            start_new_session=True,
        )
    except OSError as wrong:
        return Undone(ok=False, found=f"no player: {wrong}", by_hand=by_hand)
    try:
        said, _ = process.communicate(json.dumps(given["document"]), PATIENCE)
        failed: Sequence[str] = json.loads(said)["failed"]
    except subprocess.TimeoutExpired:
        failed = [f"not over after {PATIENCE:g} s"]
    except (OSError, ValueError, KeyError):
        failed = [f"the player ended with {process.poll()}"]
    finally:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if failed:
        return Undone(ok=False, found="; ".join(failed), by_hand=by_hand)
    return Undone(ok=True, found=f"rollbacks played: {', '.join(given['names'])}")
