"""What a compose project is like: one look at each container, and inside of some.

Keys are those of `docker inspect` where there is one (`HostConfig.Memory`), so that
a difference can be looked up. Values that may hold a secret (environment, labels,
commands, options of a log driver) are digests under a key of this object's own:
they tell that something changed, and can neither be read nor guessed.
"""

import os
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gameday.model.fingerprint import INSIDE, Fingerprint, as_text, digest
from gameday.targets.docker.containers import STATES
from gameday.targets.docker.engine import DockerEngine
from gameday.targets.docker.sidecars.helper import Helper, Sidecar
from gameday.targets.docker.sidecars.kernel_features import MARK

_SIDE_BY_SIDE = 4  # containers that are looked at at a time
_ID = 12  # characters of an id that a person sees
_THERE = "there"
_PLAIN = (  # of HostConfig: what can hold no secret, shown as it is
    *("BlkioWeight", "CapAdd", "CapDrop", "CgroupParent", "CpuPeriod", "CpuQuota"),
    *("CpuRealtimePeriod", "CpuRealtimeRuntime", "CpuShares", "CpusetCpus"),
    *("CpusetMems", "Dns", "GroupAdd", "IpcMode", "Memory", "MemoryReservation"),
    *("MemorySwap", "MemorySwappiness", "NanoCpus", "NetworkMode", "OomKillDisable"),
    *("OomScoreAdj", "PidMode", "PidsLimit", "PortBindings", "Privileged"),
    *("ReadonlyRootfs", "RestartPolicy", "Runtime", "SecurityOpt", "ShmSize"),
    *("Ulimits", "UsernsMode"),
)
_ELSEWHERE = ("Binds", "ContainerIDFile", "Mounts")  # told by Mounts, or of no matter
_CONFIG = ("User", "WorkingDir", "StopSignal", "Domainname")
_HIDDEN = ("Cmd", "Entrypoint", "Healthcheck")


class Fingerprints:
    """Takes fingerprints of one project; only its own can be compared."""

    def __init__(
        self,
        engine: DockerEngine,
        helper: Helper,
        inspected: Callable[[], Mapping[str, Mapping[str, Any]]],
    ) -> None:
        self._engine = engine
        self._helper = helper
        self._inspected = inspected
        self._key = secrets.token_bytes(16)
        self._near = engine.endpoint.host.startswith("unix://")

    def take(self, touched: Collection[str]) -> Fingerprint:
        """Return what every container is like, and the namespaces of those touched."""
        containers = self._inspected()
        taken = {
            name: dict(self._values(container))
            for name, container in containers.items()
        }
        asked = [name for name in sorted(touched) if _own_network(containers.get(name))]
        with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool:
            looks = pool.map(
                lambda name: self._namespace_survey(containers[name]), asked
            )
            for name, look in zip(asked, looks, strict=True):
                taken[name] |= look
        return taken

    def _values(self, container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield what is there; nothing for what is empty."""
        pairs = [
            ("container", container["Id"][:_ID]),
            ("Image", str(container["Image"]).removeprefix("sha256:")[:_ID]),
            ("State", STATES.get(container["State"]["Status"], "stopped")),
            *self._config(container["Config"]),
            *self._host(container["HostConfig"]),
            *mounts(container.get("Mounts") or (), near=self._near),
            *networks(container["Id"], container["NetworkSettings"]["Networks"] or {}),
        ]
        return ((key, value) for key, value in pairs if value)

    def _config(self, config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for key in _CONFIG:
            yield f"Config.{key}", as_text(config.get(key))
        for key in _HIDDEN:
            yield f"Config.{key}", digest(config.get(key), self._key)
        for entry in config.get("Env") or ():
            name, _, value = entry.partition("=")
            yield f"Config.Env.{name}", digest(f"={value}", self._key)
        for name, value in (config.get("Labels") or {}).items():
            yield f"Config.Labels.{name}", digest(f"={value}", self._key)

    def _host(self, host: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for key in host.keys() - set(_ELSEWHERE):
            value = host[key]
            if key in _PLAIN:
                yield f"HostConfig.{key}", as_text(value)
            elif value and value != [0, 0]:  # ConsoleSize of nothing
                yield f"HostConfig.{key}", digest(value, self._key)

    def _namespace_survey(self, container: Mapping[str, Any]) -> dict[str, str]:
        spec = {"do": "survey", "duration": 1.0}
        sidecar = Sidecar(spec=spec, mark=MARK, beside=container["Id"])
        return survey_keys(self._helper.run(sidecar))


def survey_keys(said: Mapping[str, Any]) -> dict[str, str]:
    """Return a survey of a namespace as keys; each line counts, not their order."""
    taken: dict[str, str] = {f"{INSIDE}seen": "yes"}
    for about in ("rules", "qdiscs", "routes"):
        lines: Sequence[str] = said[about]
        for line in lines:
            times = lines.count(line)
            several = f"{_THERE} {times} times"
            taken[f"{INSIDE}{about}.{line}"] = _THERE if times == 1 else several
    return taken


def mounts(
    mounts: Sequence[Mapping[str, Any]], *, near: bool
) -> Iterator[tuple[str, str]]:
    """Yield each mount, and the mode and owner of what a near engine binds."""
    for mount in mounts:
        place = f"Mounts.{mount['Destination']}"
        source = str(mount.get("Name") or mount.get("Source") or "")
        rights = "rw" if mount.get("RW") else "ro"
        words = (mount["Type"], source, rights, mount.get("Propagation"))
        yield place, as_text(" ".join(str(word) for word in words if word))
        if near and mount["Type"] == "bind":
            yield f"{place}.mode", mode_of(str(mount["Source"]))


def mode_of(path: str) -> str:
    """Return mode and owner of a file as `0755 0:0`; empty where it is not seen."""
    try:
        seen = os.stat(path)  # noqa: PTH116
    except OSError:
        return ""
    return f"{seen.st_mode & 0o7777:04o} {seen.st_uid}:{seen.st_gid}"


def networks(
    container: str, ends: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    """Yield each network with its aliases and the addresses that were asked for.

    The address that it happens to have is the engine's choice at each start.
    """
    for name, end in ends.items():
        aliases = set(end.get("Aliases") or ()) - {container[:_ID]}  # its own name
        words = [f"as {' '.join(sorted(aliases))}"] if aliases else []
        asked = as_text(end.get("IPAMConfig"))
        words += [f"at {asked}"] if asked else []
        yield f"Networks.{name}", ", ".join(words) or "connected"


def _own_network(container: Mapping[str, Any] | None) -> bool:
    """Whether it runs, in a network that is not another's."""
    if container is None or not container["State"]["Running"]:
        return False
    mode = str(container["HostConfig"]["NetworkMode"])
    return mode != "host" and not mode.startswith("container:")
