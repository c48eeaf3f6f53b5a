"""Marks on the objects themselves: the undo of a fault, written with the fault.

A fault that changes an object leaves its undo as an annotation on that very object,
in the same patch. So whoever has lost the ledger finds it, no fault is there without
its undo, and no undo is done twice: it takes the annotation away as it puts back.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from gameday.model.faults.fault import Undo, Undone
from gameday.targets.kubernetes.client.api import (
    Api,
    Forbidden,
    Gone,
    Json,
    namespaced,
)
from gameday.targets.kubernetes.inventory.pod_status import LABEL
from gameday.targets.kubernetes.inventory.pods import Namespace
from gameday.targets.kubernetes.inventory.workloads import APPS, PLURALS
from gameday.targets.kubernetes.sidecars.context import kubectl_of
from gameday.targets.ownership import Leftover, undo_as_data
from gameday.targets.threads import all_of

UNDO = f"{LABEL}undo."
NODES = "/api/v1/nodes"
POLICIES = "networking.k8s.io/v1"
COPIES = ("replicasets", "controllerrevisions")  # controllers copy annotations there
OURS = {"app.kubernetes.io/managed-by": "gameday"}


def key_of(mark: str) -> str:
    """Return the annotation under which the undo of one fault stands."""
    return UNDO + hashlib.sha256(mark.encode()).hexdigest()[:10]


def note_of(undo: Undo, does: str) -> str:
    """Return the undo of one fault as an annotation's value."""
    return json.dumps({"do": does, **undo_as_data(undo)})


def noted(undo: Undo, does: str) -> Mapping[str, str]:
    """Return the annotation that goes into the fault's own patch."""
    return {key_of(str(undo.arguments["mark"])): note_of(undo, does)}


def erased(undo: Undo) -> Mapping[str, None]:
    """Return what takes it away again, in a merge patch."""
    return {key_of(str(undo.arguments["mark"])): None}


def is_noted(marked: Mapping[str, Any], undo: Undo) -> bool:
    """Return whether an object carries this fault."""
    notes = marked["metadata"].get("annotations") or {}
    return key_of(str(undo.arguments["mark"])) in notes


class Marks:
    """All of ours that can be found in one namespace (and on the nodes).

    `undo`: the target's own, by which a sweep undoes what it finds.
    """

    def __init__(
        self, api: Api, pods: Namespace, undo: Callable[[Undo], Undone]
    ) -> None:
        self._api = api
        self._pods = pods
        self._namespace = pods.name
        self._undo = undo

    def sweep(self, run: str) -> int:
        """Undo and remove all of a run, also what the ledger never had.

        Returns how many there were. What could not be undone keeps its mark.
        """
        marked = [left for left in self.leftovers() if left.run == run]
        for left in marked:
            if left.undo is None or self._undo(left.undo).ok:
                self.drop(left)
        return len(marked)

    def forget(self, undo: Undo) -> None:
        """Do nothing: the undo took the annotation away with the fault."""
        del undo

    def sweep_rules(self) -> list[tuple[str, int]]:
        """Return nothing: every fault in a pod's network has a helper with its undo."""
        return []

    def why_gone(self) -> str:
        """Return why the namespace does not exist; empty: it may."""
        try:
            return self._pods.why_gone()
        except Forbidden:
            return ""

    def leftovers(self) -> list[Leftover]:
        """Return every marked object, one entry for each mark.

        Copies of marks that controllers made hold no fault: they are listed without an
        undo. A place that may not be read is listed only if it could hold a fault.
        """
        leftovers: list[Leftover] = []
        for path in self._paths():
            try:
                leftovers += self._leftovers_on(path)
            except Forbidden as wrong:
                leftovers.append(self._unread(path, wrong))
        known = {left.place.partition("#")[2] for left in leftovers}
        for plural in COPIES:
            with suppress(Forbidden):
                leftovers += [
                    replace(copy, what=f"{copy.what} (a copy of its mark)", undo=None)
                    for copy in self._leftovers_on(
                        namespaced(self._namespace, plural, group=APPS)
                    )
                    if copy.place.partition("#")[2] not in known
                ]
        return [left for left in leftovers if self._is_ours(left)]

    def unseen(self) -> tuple[str, ...]:
        """Return the places that this account may not read; it breaks nothing there.

        Each fault's rights (`rights`) have those to list what carries its mark. What
        was listed here already is readable, and not asked for again.
        """

        def may_not(path: str) -> bool:
            try:
                self._api.items(path, limit=1)
            except Forbidden:
                return True
            return False

        places = [path for path in self._paths() if path not in self._pods.readable]
        refusals = all_of([partial(may_not, path) for path in places])
        return tuple(
            path for path, hidden in zip(places, refusals, strict=True) if hidden
        )

    def _is_ours(self, left: Leftover) -> bool:
        """A node carries the marks of faults of every namespace."""
        given = left.undo.arguments if left.undo is not None else {}
        return given.get("namespace") in (None, self._namespace)

    def _paths(self) -> list[str]:
        space = self._namespace
        return [
            namespaced(space, "pods"),
            *(namespaced(space, plural, group=APPS) for plural in PLURALS.values()),
            namespaced(space, "networkpolicies", group=POLICIES),
            namespaced(space, "secrets"),
            NODES,
        ]

    def _leftovers_on(self, path: str) -> list[Leftover]:
        # Of secrets only ours are asked for: nobody else's are our business.
        ours = path.endswith("/secrets")
        query = {"labelSelector": f"{LABEL}run"} if ours else {}
        listed = self._api.items(path, **query)
        return [
            left
            for item in listed
            for left in _leftovers_on(f"{path}/{item['metadata']['name']}", item)
        ]

    def _unread(self, path: str, wrong: Forbidden) -> Leftover:
        """Return that a place was not looked at, and how a person can."""
        what = path.rpartition("/")[2]
        words = ("get", what, "-o", "yaml")
        kubectl = kubectl_of(self._api.access, *words, namespaced=path != NODES)
        undone = Undone(
            ok=False,
            found=f"could not be looked at: {wrong}",
            by_hand="heal with an account that may list them, or look with one: "
            f"{kubectl} | grep {LABEL}",
        )
        return Leftover(run="", what=what, undo=None, place=path, unread=undone)

    def drop(self, left: Leftover) -> None:
        """Remove a mark: an annotation, or an object that is all ours."""
        path, _, key = left.place.partition("#")
        try:
            if key:
                self._api.merge(path, {"metadata": {"annotations": {key: None}}})
            else:
                self._api.delete(path, {"gracePeriodSeconds": 0})
        except Gone:
            return


def _leftovers_on(path: str, marked: Json) -> Iterator[Leftover]:
    meta = marked["metadata"]
    notes = meta.get("annotations") or {}
    run = str(notes.get(f"{LABEL}run", ""))
    ours = f"{LABEL}run" in (meta.get("labels") or {})
    if ours:
        text = notes.get(f"{LABEL}undo", "")
        does = (meta.get("labels") or {}).get(f"{LABEL}do", "")
        kind = path.split("/")[-2].removesuffix("s").replace("policie", "policy")
        what = f"{kind} {meta['name']} ({does})"
        undo = _undo(text) if text else None
        yield Leftover(run=run, what=what, undo=undo, place=path)
    for key, text in notes.items():
        if key.startswith(UNDO):
            undo = _undo(text)
            mark = str(undo.arguments.get("mark", ""))
            does = str(json.loads(text).get("do", "a fault"))
            yield Leftover(
                run=mark.rpartition(".")[0],
                what=f"{does} on {undo.instance}",
                undo=undo,
                place=f"{path}#{key}",
            )


def _undo(text: str) -> Undo:
    document = json.loads(text)
    document.pop("do", None)
    return Undo(target="", **document)
