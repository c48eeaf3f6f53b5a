"""Watches: a collection of the API, listed once and then followed change by change.

A watch may end at any time, and the API may have forgotten its position (410): then the
collection is listed again. Lists beside a silent watch show whether it is alive.
"""

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from gameday.errors import GamedayError
from gameday.frozen import frozen
from gameday.targets.kubernetes.client.api import Api, ApiRefused, Json, namespaced
from gameday.targets.kubernetes.inventory.pods import Namespace, version_of
from gameday.targets.opened import InstancesCallback

# Seconds by which a watch tells a change at the latest, see `KnownCollection.late`.
PROMPT = 0.1
LASTS = 10  # seconds of one watch; the next goes on where it ended
SILENCE = LASTS + 5.0  # seconds after which a silent one is given up
ANSWER = 3.0  # seconds for a list
_PAUSE = 0.2  # seconds before a broken one begins anew
_TOO_OLD = 410
_MALFORMED = (ValueError, KeyError, TypeError, AttributeError)


@frozen
class KnownCollection:
    """A collection as it is known; `at`: since when (s since the epoch).

    `late`: by how many seconds that may be too late. `changed`: the object that the
    watch told of; None where all were listed.
    """

    objects: Mapping[str, Json]
    version: str
    at: float
    late: float
    changed: Json | None = None


def listed(api: Api, path: str, **query: str | int) -> Json:
    """Return a list, asked once and waited for no longer than 3 s."""
    document: Json = json.loads("\n".join(api.lines(path, ANSWER, **query)))
    return {**document, "items": document.get("items") or []}


class Feed:
    """One collection, followed in a thread of its own until `stop`."""

    def __init__(
        self, api: Api, path: str, tell: Callable[[KnownCollection], None]
    ) -> None:
        self._api = api
        self._path = path
        self._tell = tell
        self._end = threading.Event()
        self._changed = threading.Condition()
        self._known: dict[str, Json] = {}
        self._version = ""
        self._sure = 0.0  # when it was last known to be all there is
        self.broken = "it has not been listed yet"

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._run, name="watch", daemon=True).start()

    def stop(self) -> None:
        """Tell nothing from now on; the thread ends with its watch."""
        self._end.set()

    def wait_for(self, wanted: Json, seconds: float) -> bool:
        """Wait until the watch has reported all of a list; return whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: self._is_up_to_date(wanted), seconds)

    def _is_up_to_date(self, wanted: Json) -> bool:
        here = {item["metadata"]["uid"]: version_of(item) for item in wanted["items"]}
        gone = [
            uid
            for uid, item in self._known.items()
            if uid not in here and version_of(item) <= version_of(wanted)
        ]
        known = self._known
        new = [u for u, n in here.items() if u not in known or version_of(known[u]) < n]
        return not gone and not new

    def _run(self) -> None:
        while not self._end.is_set():
            try:
                self._follow()
            except (GamedayError, OSError) as problem:
                self.broken = str(problem)
            except _MALFORMED as problem:
                self.broken = f"the API says what is not understood: {problem!r}"
            self._end.wait(_PAUSE)

    def _follow(self) -> None:
        asked = self._api.clock.now()
        listing = listed(self._api, self._path)
        known = {item["metadata"]["uid"]: item for item in listing["items"]}
        late = max(0.0, asked - self._sure) if self._sure else 0.0
        self._take(known, listing["metadata"]["resourceVersion"])
        self._report(
            KnownCollection(objects=known, version=self._version, at=asked, late=late)
        )
        self.broken = ""
        while not self._end.is_set() and self._stream():
            pass

    def _stream(self) -> bool:
        """Take in one watch; return whether the next can go on where it ended."""
        query: dict[str, str | int] = {
            "watch": 1,
            "resourceVersion": self._version,
            "timeoutSeconds": LASTS,
            "allowWatchBookmarks": "true",
        }
        try:
            for line in self._api.lines(self._path, SILENCE, **query):
                told = json.loads(line)
                if told["type"] == "ERROR" or self._end.is_set():
                    return False
                self._on_change(told)
        except ApiRefused as problem:
            if problem.status != _TOO_OLD:
                raise
            return False
        self._sure = self._api.clock.now()
        return True

    def _on_change(self, told: Mapping[str, Any]) -> None:
        now, item = self._api.clock.now(), told["object"]
        version = item["metadata"]["resourceVersion"]
        if told["type"] == "BOOKMARK":
            self._take(self._known, version)
            return
        known = dict(self._known)
        if told["type"] == "DELETED":
            known.pop(item["metadata"]["uid"], None)
        else:
            known[item["metadata"]["uid"]] = item
        self._take(known, version)
        seen = KnownCollection(
            objects=known, version=version, at=now, late=PROMPT, changed=item
        )
        self._report(seen)

    def _take(self, known: dict[str, Json], version: str) -> None:
        with self._changed:
            self._known, self._version = known, version
            self._sure = self._api.clock.now()

    def _report(self, seen: KnownCollection) -> None:
        if not self._end.is_set():
            self._tell(seen)
        with self._changed:
            self._changed.notify_all()


class PodsWatch:
    """The instances of a namespace, told on every change of a pod."""

    def __init__(self, api: Api, pods: Namespace, heard: InstancesCallback) -> None:
        self._api = api
        self._pods = pods
        self._heard = heard
        self._path = namespaced(pods.name, "pods")
        self._one_at_a_time = threading.Lock()
        self._looked = 0.0
        self._feed = Feed(api, self._path, self._on_change)
        self._feed.start()

    def look(self) -> None:
        """List the pods too; a watch that is alive has reported them already."""
        asked = self._api.clock.now()
        listing = listed(self._api, self._path)
        if not self._feed.broken:
            self._feed.wait_for(listing, PROMPT)
        late = max(0.0, asked - self._looked) if self._looked else 0.0
        self._pass_on(listing, asked, late)
        self._looked = asked

    def stop(self) -> None:
        """End."""
        self._feed.stop()

    def _on_change(self, seen: KnownCollection) -> None:
        version = {"resourceVersion": seen.version}
        listing = {"metadata": version, "items": list(seen.objects.values())}
        self._pass_on(listing, seen.at, seen.late)

    def _pass_on(self, listed_pods: Json, at: float, late: float) -> None:
        with self._one_at_a_time:  # what is older is told as what is newer by then
            self._heard(self._pods.instances_of_list(listed_pods), at, late)
