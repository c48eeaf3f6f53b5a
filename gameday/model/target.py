"""What a fault acts on: the target and the instances in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlencode

# Names by which programs reach their own machine, or containers that of their engine.
_OWN_MACHINE = (
    *("127.0.0.1", "localhost", "::1", "[::1]"),
    *("host.docker.internal", "host.containers.internal"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRef:
    """The name of a target.

    `docker://PROJECT`, `local://SUPERVISOR` or `kubernetes://CONTEXT/NAMESPACE`
    (split at the last slash). Parts are percent-encoded in the URL and plain in here.
    `options`: a Docker `host` or `context`, a cluster's `consent` or `helper_image`.
    """

    kind: str
    name: str
    namespace: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The URL form, as `GAMEDAY_TARGET` carries it."""
        path = quote(self.name, safe="")
        if self.kind == "kubernetes":
            path = f"{path}/{quote(self.namespace, safe='')}"
        query = f"?{urlencode(sorted(self.options.items()))}" if self.options else ""
        return f"{self.kind}://{path}{query}"


def parse_target(url: str) -> TargetRef:
    """Return the target that a URL names; ValueError when it is none."""
    kind, separator, rest = url.partition("://")
    if not separator or kind not in ("docker", "kubernetes", "local"):
        raise ValueError(
            f"{url!r} is not a target; expected docker://PROJECT, "
            "kubernetes://CONTEXT/NAMESPACE or local://SUPERVISOR"
        )
    path, _, query = rest.partition("?")
    options = dict(parse_qsl(query))
    namespace = ""
    if kind == "kubernetes":
        path, _, namespace = path.rpartition("/")
    if not path or (kind == "kubernetes" and not namespace):
        raise ValueError(f"{url!r} names no {kind} target; a part of it is missing")
    return TargetRef(
        kind=kind, name=unquote(path), namespace=unquote(namespace), options=options
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One running copy of a service, with an identity that cannot be confused.

    `name` has the form SERVICE-N. `identity` changes when the instance is
    replaced or restarted (container id and start time, pid and start time).
    `state`: running, paused, restarting, stopping, stopped. `health`: healthy,
    unhealthy, starting, or empty where the platform knows none. `started_at`:
    the target's own stamp; `exact` says how exact it is, in seconds. `ended`: why what
    ran in it before had ended, where the platform says. `published`: where its machine
    forwards to it, as HOST:PORT, or as :PORT on loopback.
    """

    service: str
    name: str
    identity: Mapping[str, str]
    state: str = "running"
    health: str = ""
    started_at: float | None = None
    exact: float = 0.001
    labels: Mapping[str, str] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    ended: str = ""
    published: tuple[str, ...] = ()

    @property
    def up(self) -> bool:
        """Whether it runs and, where health is known, is healthy."""
        return self.state == "running" and self.health in ("", "healthy")


def on_loopback(host: str, port: str) -> str:
    """Return :PORT where a host is the own machine; empty where it is not."""
    return f":{port}" if port and host.lower() in _OWN_MACHINE else ""
