"""Which instance a name means: exactly, by what the target knows of its instances.

A scrape target's `instance`, or a label of an alert, names an instance by its
address, name or id, never by a word that occurs in it: `web` is not `web-admin`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from gameday.model.target import Instance, on_loopback

_SHORT_ID = 12  # digits of a container's id that Docker shows
_OWN_NAMES = ("container", "pod", "process")  # labels that platforms give instances


@dataclass(frozen=True)
class Directory:
    """The instances of a target; `place` is its name, as a compose project's."""

    instances: tuple[Instance, ...] = ()
    place: str = ""

    def find(self, text: str) -> Instance | None:
        """Return the one instance that HOST or HOST:PORT means; None: unclear."""
        if text not in self._known:
            self._known[text] = self._find(text)
        return self._known[text]

    @cached_property
    def _known(self) -> dict[str, Instance | None]:
        """What each text means: alerts and scrape targets repeat them."""
        return {}

    def _find(self, text: str) -> Instance | None:
        host, port = _split(text)
        ways = [text, _without_brackets(host)]
        if own := on_loopback(host, port):
            ways.insert(1, own)
        if not _is_address(host):
            ways.append(host.partition(".")[0])
        return next((hit for way in ways if (hit := self._by_unique_name(way))), None)

    def only_instance(self, service: str) -> Instance | None:
        """Return the only instance of the service that goes by this name."""
        return self._single(self._by_service.get(service.lower(), []))

    def service_names(self, service: str) -> set[str]:
        """Return the names by which a service goes in its place."""
        return {service.lower(), *self._qualified(service)}

    def _by_unique_name(self, way: str) -> Instance | None:
        known = self._single(self._by_name.get(way.lower(), []))
        return known or self.only_instance(way)

    @staticmethod
    def _single(hits: list[Instance]) -> Instance | None:
        return hits[0] if len(hits) == 1 else None

    @cached_property
    def _by_name(self) -> Mapping[str, list[Instance]]:
        index: dict[str, list[Instance]] = {}
        for instance in self.instances:
            for name in set(self._names(instance)):
                index.setdefault(name.lower(), []).append(instance)
        return index

    @cached_property
    def _by_service(self) -> Mapping[str, list[Instance]]:
        index: dict[str, list[Instance]] = {}
        for instance in self.instances:
            for name in self.service_names(instance.service):
                index.setdefault(name, []).append(instance)
        return index

    @cached_property
    def _uses(self) -> Counter[tuple[str, str]]:
        pairs = (
            (key, instance.labels.get(key, ""))
            for instance in self.instances
            for key in _OWN_NAMES
        )
        return Counter(pairs)

    def _names(self, instance: Instance) -> Iterator[str]:
        """Yield what an instance goes by; what several share names none of them."""
        if "pod" not in instance.labels:  # a cluster does not know our numbers
            yield instance.name
            yield from self._qualified(instance.name)
        yield from instance.addresses
        yield from instance.published
        for key in _OWN_NAMES:
            own = instance.labels.get(key, "")
            if own and self._uses[key, own] == 1:
                yield own
        number = instance.identity.get("id", "")
        if len(number) > _SHORT_ID:
            yield number
            yield number[:_SHORT_ID]
        if "port" in instance.labels:
            yield f":{instance.labels['port']}"  # on loopback

    def _qualified(self, name: str) -> Iterator[str]:
        place, name = self.place.lower(), name.lower()
        if place:
            yield f"{place}-{name}"
            yield f"{place}/{name}"
            yield f"{place}_{name}"
            yield f"{place}_{name.replace('-', '_')}"


def host_of(text: str) -> str:
    """Return HOST of HOST:PORT or of a URL, or the text where it has no port."""
    return _split(text)[0]


def _split(text: str) -> tuple[str, str]:
    rest = text.partition("://")[2].partition("/")[0] if "://" in text else text
    host, separator, port = rest.rpartition(":")
    if not separator or not port.isdecimal():
        return rest, ""
    return host, port


def _without_brackets(host: str) -> str:
    return host.removeprefix("[").removesuffix("]")


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdecimal()
