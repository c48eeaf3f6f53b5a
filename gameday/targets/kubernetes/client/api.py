"""The cluster's API: one client, bounded waits, its errors in our words.

Objects are plain JSON, as the API speaks it: nothing is built that the next version
of a client's classes could refuse, and what is not known passes unharmed.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any

from gameday.errors import GamedayError, Refused, TargetNotFound
from gameday.model.date_clock import DateClock
from gameday.ports import Clock
from gameday.targets.kubernetes.client.access import Access, configuration_of
from gameday.targets.kubernetes.client.error_text import reason

Json = dict[str, Any]

CONNECT, READ = 3.0, 10.0  # seconds
_TRIES = 3  # of what only reads
_PAUSE = 0.2
MERGE = "application/merge-patch+json"
# No name may lead elsewhere: `..` would be another namespace.
_PATH = re.compile(r"(/[A-Za-z0-9][A-Za-z0-9.:_-]*)+")
_WORDS = 300  # characters of an answer that a person is shown
_MISSING, _FORBIDDEN, _CONFLICT, _TOO_MANY = 404, 403, 409, 429
_BROKEN = 500  # and above: of the API itself, or of what stands before it


class ApiRefused(GamedayError):
    """The API answered, and said no; `status` is its HTTP status, `said` its object."""

    def __init__(self, message: str, status: int, said: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.status = status
        self.said = said


class Gone(ApiRefused):
    """What was asked for does not exist (any more)."""


class Forbidden(ApiRefused):
    """A right is missing; the message names it."""


class Conflict(ApiRefused):
    """Somebody else was faster, or it is there already."""


class TooMany(ApiRefused):
    """Not now: a disruption budget forbids an eviction."""


_KINDS = {
    _MISSING: Gone,
    _FORBIDDEN: Forbidden,
    _CONFLICT: Conflict,
    _TOO_MANY: TooMany,
}


def passes(wrong: GamedayError) -> bool:
    """Return whether asking again may help: there was no answer, or "not now"."""
    if isinstance(wrong, ApiRefused):
        return wrong.status == _TOO_MANY or wrong.status >= _BROKEN
    cause = wrong.__cause__
    told = isinstance(cause, GamedayError) and passes(cause)
    return told or isinstance(wrong, TargetNotFound)


class Api:
    """One cluster's API, seen with one account; safe for several threads."""

    def __init__(self, access: Access, clock: Clock) -> None:
        self.access = access
        self.clock = clock
        self._making = threading.Lock()
        self._made: Any = None
        self._date = DateClock()

    @cached_property
    def configuration(self) -> Any:
        """The client's configuration, read once."""
        return configuration_of(self.access.context)

    @property
    def _client(self) -> Any:
        with self._making:
            if self._made is None:
                from gameday.targets.kubernetes.client.library import ApiClient

                self._made = ApiClient(self.configuration)
            return self._made

    # Asking -----------------------------------------------------------------------

    def get(self, path: str, **query: str | int) -> Json:
        """Return an object or a list; ask again while the API does not answer."""
        for left in reversed(range(_TRIES)):
            try:
                return self._json("GET", path, query)
            except (TargetNotFound, ApiRefused) as wrong:
                if not left or not passes(wrong):
                    raise
                self.clock.sleep(_PAUSE)
        raise AssertionError  # the loop returns or raises

    def find(self, path: str) -> Json | None:
        """Return an object, or None where there is none."""
        try:
            return self.get(path)
        except Gone:
            return None

    def items(self, path: str, **query: str | int) -> list[Json]:
        """Return what a list holds."""
        objects: list[Json] = self.get(path, **query).get("items") or []
        return objects

    def create(self, path: str, body: Mapping[str, Any]) -> Json:
        """Create; Conflict where it is there already."""
        return self._json("POST", path, {}, body)

    def merge(self, path: str, body: Mapping[str, Any]) -> Json:
        """Merge a patch in; with `metadata.resourceVersion` only if nothing changed."""
        return self._json("PATCH", path, {}, body, MERGE)

    def change(
        self, path: str, patch: Callable[[Json], Mapping[str, Any] | None]
    ) -> Json:
        """Read, patch what was read and nothing newer; again when it had changed.

        `patch` returns None where nothing is to be done. Returns the object after it.
        """
        for left in reversed(range(5 * _TRIES)):
            current = self.get(path)
            wanted = patch(current)
            if wanted is None:
                return current
            version = current["metadata"]["resourceVersion"]
            meta = {**wanted.get("metadata", {}), "resourceVersion": version}
            try:
                return self.merge(path, {**wanted, "metadata": meta})
            except Conflict:
                if not left:
                    raise
        raise AssertionError  # the loop returns or raises

    def delete(self, path: str, body: Mapping[str, Any] | None = None) -> bool:
        """Delete; return whether it was there."""
        try:
            self._json("DELETE", path, {}, body)
        except Gone:
            return False
        return True

    def text(self, path: str, **query: str | int) -> str:
        """Return an answer that is no JSON, such as a log."""
        with self.speaking():
            answer = self._call("GET", path, query, None, "", READ)
            return str(answer.data.decode(errors="replace"))

    def lines(self, path: str, seconds: float, **query: str | int) -> Iterator[str]:
        """Yield the lines of an answer that goes on, until it ends or time is over."""
        with self.speaking():
            answer = self._call("GET", path, query, None, "", seconds)
            try:
                first, rest = True, b""
                for chunk in answer.stream(1 << 16, decode_content=False):
                    if first and not chunk.lstrip().startswith(b"{"):
                        raise self._strange(chunk)
                    first = False
                    *whole, rest = (rest + chunk).split(b"\n")
                    for line in whole:
                        yield line.decode(errors="replace")
                if rest:
                    yield rest.decode(errors="replace")
            finally:
                answer.close()
                answer.release_conn()

    def clock_offset(self) -> tuple[float, float]:
        """Return the API server's clock minus ours, by the dates of its answers."""
        with suppress(ApiRefused):  # then what it answered just before has to do
            self.get("/version")
        offset = self._date.offset(self.clock.now())
        if offset is None:
            raise TargetNotFound("the Kubernetes API does not say what time it is")
        return offset

    # The wire ---------------------------------------------------------------------

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Turn the client's errors into ours."""
        import urllib3.exceptions

        from gameday.targets.kubernetes.client.library import ApiException

        try:
            yield
        except ApiException as wrong:
            if not wrong.status:
                raise self._silent(wrong.reason) from wrong
            raise _refused(int(wrong.status), wrong.body) from wrong
        except (urllib3.exceptions.HTTPError, OSError) as wrong:
            raise self._silent(wrong) from wrong

    def _silent(self, why: object) -> TargetNotFound:
        words = reason(why) if isinstance(why, Exception) else str(why)[:_WORDS]
        server = self.configuration.host
        return TargetNotFound(
            f"the Kubernetes API at {server} does not answer: {words}"
        )

    def _strange(self, answer: bytes) -> TargetNotFound:
        words = " ".join(answer.decode(errors="replace").split())[:_WORDS]
        server = self.configuration.host
        return TargetNotFound(
            f"what answers at {server} is no Kubernetes API (a proxy before it?): "
            f"{words or 'nothing'}"
        )

    def _json(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: Mapping[str, Any] | None = None,
        form: str = "application/json",
    ) -> Json:
        with self.speaking():
            answer = self._call(method, path, query, body, form, READ)
            document = _object(answer.data)
            if document is None:
                raise self._strange(answer.data)
        return document

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: Mapping[str, Any] | None,
        form: str,
        read: float,
    ) -> Any:
        if not _PATH.fullmatch(path):
            raise Refused(f"{path!r} is no path of an object: a name in it is not one")
        headers = {"Accept": "application/json, */*"}
        if body is not None:
            headers["Content-Type"] = form
        sent = self.clock.now()
        answer = self._client.call_api(
            path,
            method,
            {},
            list(query.items()),
            headers,
            body=body,
            auth_settings=["BearerToken"],
            _return_http_data_only=True,
            _preload_content=False,
            _request_timeout=(CONNECT, read),
        )
        self._date.take_date(sent, self.clock.now(), answer.headers.get("Date"))
        return answer


def _refused(status: int, body: object) -> ApiRefused:
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
    said = _object(text) or {}
    message = str(said.get("message") or text)[:_WORDS] if said else text[:_WORDS]
    return _KINDS.get(status, ApiRefused)(message, status, said)


def _object(text: str | bytes) -> Json | None:
    """Return an answer's object; None where it is anything else."""
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def labels(wanted: Mapping[str, str]) -> str:
    """Return labels as a selector."""
    return ",".join(f"{key}={value}" for key, value in wanted.items())


def namespaced(namespace: str, *words: str, group: str = "") -> str:
    """Return a path: `pods`, `pods/x/log`, or of a group such as `apps/v1`."""
    root = f"/apis/{group}" if group else "/api/v1"
    return "/".join([root, "namespaces", namespace, *words])
