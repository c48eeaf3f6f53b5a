"""What a fault acts on: the kinds of target, a target, and the instances in it."""

from collections.abc import Mapping
from dataclasses import field
from urllib.parse import parse_qsl, quote, unquote, urlencode

from gameday.frozen import frozen

# Names by which programs reach their own machine, or containers that of their engine.
_OWN_MACHINE = (
    *("127.0.0.1", "localhost", "::1", "[::1]"),
    *("host.docker.internal", "host.containers.internal"),
)


@frozen
class TargetKind:
    """A platform: the keys by which a scenario names a target of it.

    `name_key`, `namespace_key`: those of `TargetRef.name` and `TargetRef.namespace`;
    a platform without namespaces has no `namespace_key`. `has_workloads`: the platform
    keeps instances running, and starts another in the place of one that is lost.
    """

    name_key: str
    namespace_key: str = ""
    has_workloads: bool = False

    @property
    def url_form(self) -> str:
        """What follows the scheme in a URL: `CONTEXT/NAMESPACE`."""
        keys = (self.name_key, self.namespace_key)
        return "/".join(key.upper() for key in keys if key)


# Every kind of target; the schema of a scenario's keys is in files/scenario.
TARGET_KINDS: Mapping[str, TargetKind] = {
    "docker": TargetKind(name_key="project"),
    "kubernetes": TargetKind(
        name_key="context", namespace_key="namespace", has_workloads=True
    ),
    "local": TargetKind(name_key="supervisor"),
}


@frozen
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
        if TARGET_KINDS[self.kind].namespace_key:
            path = f"{path}/{quote(self.namespace, safe='')}"
        query = f"?{urlencode(sorted(self.options.items()))}" if self.options else ""
        return f"{self.kind}://{path}{query}"

    @property
    def as_keys(self) -> dict[str, dict[str, str]]:
        """The target as a scenario writes it: `{docker: {project: shop}}`."""
        kind = TARGET_KINDS[self.kind]
        keys = {kind.name_key: self.name}
        if kind.namespace_key:
            keys[kind.namespace_key] = self.namespace
        return {self.kind: {**keys, **self.options}}


def parse_target(url: str) -> TargetRef:
    """Return the target that a URL names; ValueError when it is none."""
    kind, separator, rest = url.partition("://")
    if not separator or kind not in TARGET_KINDS:
        *forms, last = (f"{name}://{k.url_form}" for name, k in TARGET_KINDS.items())
        expected = f"{', '.join(forms)} or {last}"
        raise ValueError(f"{url!r} is not a target; expected {expected}")
    path, _, query = rest.partition("?")
    options = dict(parse_qsl(query))
    namespace, has_namespace = "", bool(TARGET_KINDS[kind].namespace_key)
    if has_namespace:
        path, _, namespace = path.rpartition("/")
    if not path or (has_namespace and not namespace):
        raise ValueError(f"{url!r} names no {kind} target; a part of it is missing")
    return TargetRef(
        kind=kind, name=unquote(path), namespace=unquote(namespace), options=options
    )


@frozen
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
