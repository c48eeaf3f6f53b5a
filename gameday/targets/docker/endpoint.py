"""Which engine a target means: decided once, and then part of its URL.

`host` in the URL wins, then `context` (read from Docker's own context store), then
what the docker command itself would take: DOCKER_HOST, DOCKER_CONTEXT, the current
context, the local socket. The result names the engine itself, so that whoever heals
later reaches the same one whatever his environment says.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gameday.errors import TargetNotFound
from gameday.frozen import frozen
from gameday.model.target import TargetRef

LOCAL = "unix:///var/run/docker.sock"


@frozen
class EngineAddress:
    """One engine: its address and, with TLS, the folder of its certificates."""

    host: str
    certificates: str = ""
    verify: bool = True

    @property
    def options(self) -> dict[str, str]:
        """The options that name this engine in a target's URL."""
        settings = {"host": self.host}
        if self.certificates:
            settings["certificates"] = self.certificates
        if not self.verify:
            settings["verify"] = "no"
        return settings


def endpoint_of(
    ref: TargetRef, environ: Mapping[str, str] | None = None
) -> EngineAddress:
    """Return the engine that a docker target means; TargetNotFound: no such context."""
    env = os.environ if environ is None else environ
    if "host" in ref.options:
        return EngineAddress(
            host=_address(ref.options["host"]),
            certificates=ref.options.get("certificates", ""),
            verify=ref.options.get("verify", "yes") != "no",
        )
    if "context" in ref.options:
        return from_context(ref.options["context"], env)
    if env.get("DOCKER_HOST"):
        verify = bool(env.get("DOCKER_TLS_VERIFY"))
        folder = env.get("DOCKER_CERT_PATH") or str(_configuration(env))
        return EngineAddress(
            host=_address(env["DOCKER_HOST"]), certificates=folder if verify else ""
        )
    return from_context(env.get("DOCKER_CONTEXT") or _current(env), env)


def from_context(name: str, env: Mapping[str, str]) -> EngineAddress:
    """Return the engine of a context of Docker's own store."""
    if name in ("", "default"):
        return EngineAddress(host=LOCAL)
    store = _configuration(env) / "contexts"
    key = hashlib.sha256(name.encode()).hexdigest()
    endpoint = (
        _read(store / "meta" / key / "meta.json").get("Endpoints", {}).get("docker")
    )
    if not endpoint or not endpoint.get("Host"):
        raise TargetNotFound(
            f"there is no Docker context {name!r}; `docker context ls` lists them"
        )
    certificates = store / "tls" / key / "docker"
    return EngineAddress(
        host=_address(endpoint["Host"]),
        certificates=str(certificates) if certificates.is_dir() else "",
        verify=not endpoint.get("SkipTLSVerify", False),
    )


def _configuration(env: Mapping[str, str]) -> Path:
    home = Path(env.get("HOME") or Path.home())
    return Path(env.get("DOCKER_CONFIG") or home / ".docker")


def _current(env: Mapping[str, str]) -> str:
    return str(_read(_configuration(env) / "config.json").get("currentContext") or "")


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _address(text: str) -> str:
    return text if "://" in text else f"tcp://{text}"
