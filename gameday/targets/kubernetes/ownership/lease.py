"""The lock on a namespace: a Lease that its holder renews as long as it lives.

The Lease also owns the helper pods of its run: when it is deleted, the cluster removes
them.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from gameday.errors import GamedayError
from gameday.targets.kubernetes.client.api import Api, Conflict, Gone, Json, namespaced
from gameday.targets.kubernetes.inventory.pod_status import LABEL
from gameday.targets.ownership import Holder, holder_from

NAME = "gameday"
GROUP = "coordination.k8s.io/v1"
LASTS = 20  # seconds after the last renewal in which the holder counts as alive
EVERY = 5.0  # seconds between renewals
_LOOK = 1.0  # seconds between two looks for a heartbeat
_WORD = f"{LABEL}holder-"


class Lock:
    """The lock of one namespace; `unseen`: places of it that we may not read."""

    def __init__(
        self,
        api: Api,
        namespace: str,
        unseen: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        self._api = api
        self._unseen = unseen
        self._all = namespaced(namespace, "leases", group=GROUP)
        self._path = f"{self._all}/{NAME}"
        self._beating: dict[str, threading.Event] = {}
        self._lost = ""

    def hold(self, holder: Holder) -> Holder | None:
        """Take the lock and keep renewing it; return its holder where it is taken."""
        mine = replace(holder, unseen=self._unseen())
        try:
            self._api.create(self._all, self._body(mine))
        except Conflict:
            other = self.holder()
            if other is None:
                return self.hold(holder)  # it went between the two calls
            if other.run != holder.run:
                return other
        self._lost = ""
        self._renew_regularly(holder.run)
        return None

    def _body(self, holder: Holder) -> Mapping[str, Any]:
        words = {f"{_WORD}{key}": value for key, value in holder.to_words().items()}
        return {
            "apiVersion": GROUP,
            "kind": "Lease",
            "metadata": {
                "name": NAME,
                "labels": {"app.kubernetes.io/managed-by": "gameday"},
                "annotations": words,
            },
            "spec": {
                "holderIdentity": holder.run,
                "leaseDurationSeconds": LASTS,
                "acquireTime": self._stamp(),
                "renewTime": self._stamp(),
            },
        }

    def _stamp(self) -> str:
        now = datetime.fromtimestamp(self._api.clock.now(), tz=UTC)
        return now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def holder(self, *, wait: bool = True, decide: bool = False) -> Holder | None:
        """Return who has it; expired only if it renews nothing while we look on.

        Its stamps are of its own clock, which may be wrong; without `wait` they are
        believed all the same. `decide`: a recent one is not believed either.
        """
        lease = self._api.find(self._path)
        if lease is None:
            return None
        holder = self._holder(lease)
        if holder.known_here or not wait or not (holder.expired or decide):
            return holder
        return self._watch_heartbeat(lease)

    def _watch_heartbeat(self, lease: Json) -> Holder | None:
        """Look on until a heartbeat comes, or it is overdue by its stamp or our watch.

        At least one whole interval is waited for, whatever the stamp says.
        """
        clock = self._api.clock
        began = clock.monotonic()
        while True:
            clock.sleep(_LOOK)
            again = self._api.find(self._path)
            if again is None:
                return None
            if again["spec"].get("renewTime") != lease["spec"].get("renewTime"):
                return replace(self._holder(again), expired=False)
            watched = clock.monotonic() - began
            overdue = self._age(again) > LASTS or watched >= LASTS
            if overdue and watched >= EVERY + 2.0:
                return replace(self._holder(again), expired=True)

    def _holder(self, lease: Json) -> Holder:
        words = lease["metadata"].get("annotations") or {}
        plain = {key.removeprefix(_WORD): value for key, value in words.items()}
        return replace(holder_from(plain), expired=self._age(lease) > LASTS)

    def _age(self, lease: Json) -> float:
        try:
            renewed = datetime.fromisoformat(lease["spec"]["renewTime"])
        except (KeyError, ValueError):
            return float("inf")
        return self._api.clock.now() - renewed.timestamp()

    def owner(self, run: str) -> list[Mapping[str, str]]:
        """Return the reference by which things of a run go with its lock."""
        lease = self._api.find(self._path)
        if lease is None or self._holder(lease).run != run:
            return []
        meta = {"name": NAME, "uid": lease["metadata"]["uid"]}
        return [{"apiVersion": GROUP, "kind": "Lease", **meta}]

    def release(self, run: str) -> None:
        """Let go of a run's lock, and of no other's: it is removed by its uid."""
        over = self._beating.pop(run, None)
        if over is not None:
            over.set()
        lease = self._api.find(self._path)
        if lease is not None and self._holder(lease).run == run:
            sure = {"preconditions": {"uid": lease["metadata"]["uid"]}}
            try:
                self._api.delete(self._path, sure)
            except Conflict:
                return  # another has it by now

    def why_lost(self) -> str:
        """Return why it is not ours any more; empty while nothing else is known."""
        return self._lost

    def free_command(self) -> str:
        """Return the command that frees it when its holder is known to be gone."""
        access = self._api.access
        where = ["--context", access.context, "--namespace", access.namespace]
        return " ".join(["gameday", "heal", *where])

    def _renew_regularly(self, run: str) -> None:
        if run in self._beating:
            return
        over = self._beating[run] = threading.Event()
        threading.Thread(target=self._renew, args=(run, over), daemon=True).start()

    def _renew(self, run: str, over: threading.Event) -> None:
        def renewed(lease: Json) -> Mapping[str, Any] | None:
            mine = self._holder(lease).run == run
            return {"spec": {"renewTime": self._stamp()}} if mine else None

        while not over.wait(EVERY):
            try:
                renewed_lease = self._api.change(self._path, renewed)
            except Gone:
                if not over.is_set():
                    self._lost = "its Lease was deleted"
                return
            except GamedayError:
                continue  # not now; the next one may get through
            if self._holder(renewed_lease).run != run:
                self._lost = f"run {self._holder(renewed_lease).run} has its Lease"
                return
