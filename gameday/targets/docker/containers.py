"""A compose project's containers as instances, found by their labels (v1 and v2)."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from gameday.errors import TargetNotFound
from gameday.model.quantity import parse_instant
from gameday.model.target import Instance
from gameday.targets.docker.engine import DockerEngine, Gone

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
NUMBER = "com.docker.compose.container-number"
ONEOFF = "com.docker.compose.oneoff"

_REACHES_LOOPBACK = ("", "0.0.0.0", "::", "127.0.0.1", "::1")  # noqa: S104 - not bound to

STATES = {
    "running": "running",
    "paused": "paused",
    "restarting": "restarting",
    "removing": "stopping",
}


def name_of(labels: Mapping[str, str]) -> str:
    """Return SERVICE-N, as compose itself counts."""
    return f"{labels[SERVICE]}-{labels.get(NUMBER, '1')}"


def addresses_of(networks: Mapping[str, Mapping[str, Any]] | None) -> tuple[str, ...]:
    """Return a container's addresses in its networks, IPv4 first."""
    ends = list((networks or {}).values())
    v4 = [str(end["IPAddress"]) for end in ends if end.get("IPAddress")]
    v6 = [str(end["GlobalIPv6Address"]) for end in ends if end.get("GlobalIPv6Address")]
    return (*v4, *v6)


def published_by(
    ports: Mapping[str, Sequence[Mapping[str, str]] | None] | None,
) -> tuple[str, ...]:
    """Return where the engine's machine forwards to a container, by TCP."""
    places = [
        f":{end['HostPort']}"
        if end.get("HostIp", "") in _REACHES_LOOPBACK
        else f"{end['HostIp']}:{end['HostPort']}"
        for port, ends in (ports or {}).items()
        for end in ends or ()
        if port.endswith("/tcp") and end.get("HostPort")
    ]
    return tuple(dict.fromkeys(places))


def instance_of(container: Mapping[str, Any]) -> Instance:
    """Return the instance that an inspected container is."""
    state = container["State"]
    labels = container["Config"]["Labels"] or {}
    started = state["StartedAt"]
    networks = container["NetworkSettings"]["Networks"]
    own = {
        **labels,
        "container": container["Name"].lstrip("/"),
        **volumes_of(container),
        **image_of(container),
    }
    return Instance(
        service=labels[SERVICE],
        name=name_of(labels),
        identity={"id": container["Id"], "started_at": started},
        state=STATES.get(state["Status"], "stopped"),
        health=(state.get("Health") or {}).get("Status", "").replace("none", ""),
        started_at=_instant(started),
        labels=own,
        addresses=addresses_of(networks),
        published=published_by(container["NetworkSettings"].get("Ports")),
    )


def volumes_of(container: Mapping[str, Any]) -> dict[str, str]:
    """Return the label `volumes`, where the container keeps data in some."""
    mounts = [
        mount
        for mount in container.get("Mounts") or ()
        if mount.get("Type") == "volume"
    ]
    places = sorted(str(mount.get("Destination", "")) for mount in mounts)
    return {"volumes": ",".join(places)} if places else {}


def image_of(container: Mapping[str, Any]) -> dict[str, str]:
    """Return the label `image_digest`: what runs, which a tag does not tell."""
    digest = str(container.get("Image") or "")
    return {"image_digest": digest} if digest else {}


def _instant(text: str) -> float | None:
    if not text or text.startswith("0001-"):
        return None
    return parse_instant(text.replace("Z", "+00:00"))


def created(container: Mapping[str, Any]) -> float:
    """Return when a container was made; of two with one name the newer counts."""
    return datetime.fromisoformat(container["Created"][:19] + "+00:00").timestamp()


class Project:
    """The containers of one compose project on one engine."""

    def __init__(self, engine: DockerEngine, name: str) -> None:
        self._engine = engine
        self.name = name
        self._known: dict[tuple[str, str, str], dict[str, Any]] = {}

    def instances(self, service: str | None = None) -> list[Instance]:
        """Return the instances of a service, or of all, by name.

        One list, and one look at each container whose state or status text (with
        its age and health) changed since the last time. Asked for one service, each
        of its containers is looked at.
        """
        rows = self._list()
        if not rows:
            raise TargetNotFound(self._no_project)
        by_name: dict[str, tuple[float, Instance]] = {}
        for row in rows:
            if service not in (None, row["Labels"][SERVICE]):
                continue
            container = self._look(row, fresh=service is not None)
            if container is None:
                continue
            instance = instance_of(container)
            if by_name.get(instance.name, (-1.0, None))[0] < created(container):
                by_name[instance.name] = (created(container), instance)
        chosen = [instance for _, instance in by_name.values()]
        return sorted(
            chosen,
            key=lambda instance: (instance.service, len(instance.name), instance.name),
        )

    @property
    def _no_project(self) -> str:
        return (
            f"no containers of compose project {self.name!r} on the engine at "
            f"{self._engine.endpoint.host}"
        )

    def why_gone(self) -> str:
        """Return that the project has no container any more; empty: it has."""
        return "" if self._list() else self._no_project

    def inspected(self) -> dict[str, dict[str, Any]]:
        """Return by name what the engine says of each container right now."""
        details: dict[str, dict[str, Any]] = {}
        for row in self._list():
            with suppress(Gone):  # it went between the list and the look
                container = self._engine.inspect(row["Id"])
                name = name_of(container["Config"]["Labels"])
                if name not in details or created(details[name]) < created(container):
                    details[name] = container
        return details

    def image(self) -> str:
        """Return the id of an image that is surely there: that of a container."""
        rows = self._list()
        if not rows:
            raise TargetNotFound(f"no containers of compose project {self.name!r}")
        return str(rows[0]["ImageID"])

    def _list(self) -> list[dict[str, Any]]:
        api = self._engine.api
        wanted = {"label": [f"{PROJECT}={self.name}"]}
        with self._engine.translated_errors():
            rows: list[dict[str, Any]] = api.containers(all=True, filters=wanted)
        return [
            row
            for row in rows
            if SERVICE in row["Labels"] and row["Labels"].get(ONEOFF) != "True"
        ]

    def _look(self, row: Mapping[str, Any], *, fresh: bool) -> dict[str, Any] | None:
        key = (row["Id"], row["State"], row["Status"])
        known = self._known.get(key)
        if known is not None and not fresh:
            return known
        try:
            details = self._engine.inspect(row["Id"])
        except Gone:
            return None  # it went between the list and the look
        self._known = {k: v for k, v in self._known.items() if k[0] != row["Id"]}
        self._known[key] = details
        return details
