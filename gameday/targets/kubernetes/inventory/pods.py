"""The pods of a namespace as instances: whose they are, their number, how they do."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gameday.errors import TargetNotFound
from gameday.model.target import Instance
from gameday.targets.kubernetes.client.api import Api, Forbidden, Gone, Json, namespaced
from gameday.targets.kubernetes.inventory.instance_numbers import Numbers
from gameday.targets.kubernetes.inventory.pod_status import LABEL, instance_of
from gameday.targets.kubernetes.inventory.workloads import (
    Workload,
    controller,
    read_owners,
    workload_paths,
)
from gameday.targets.threads import all_of

_OVER = ("Succeeded", "Failed")
_OVERTAKEN = 30.0  # seconds by which an answer can be older than the one before it


class Namespace:
    """The instances of one namespace."""

    def __init__(self, api: Api, name: str) -> None:
        self._api = api
        self.name = name
        self._numbers = Numbers()
        self._workloads: dict[str, Workload] = {}
        self._owners: dict[str, str] = {}  # a ReplicaSet's uid -> its Deployment's
        self._other_owners: set[str] = (
            set()
        )  # owners that are no workloads, such as Jobs
        self._wanted: dict[str, int] = {}
        self._reading = threading.Lock()
        self._ordering = threading.Lock()
        self.readable: set[str] = set()  # collections that were listed
        self._newest: Json = {}
        self._newest_at = 0.0

    def instances(self, service: str | None = None) -> list[Instance]:
        """Return the instances of a service (also of a label selector), or of all."""
        if self._workloads:
            return self.instances_of_list(self._listed(), service)
        # The first time nobody's owner is known: all are asked beside the pods.
        pods, _ = all_of([self._listed, self.workloads])
        return self.instances_of_list(pods, service)

    def instances_of_list(
        self, document: Json, service: str | None = None
    ) -> list[Instance]:
        """Return a list of pods as instances; if a newer list is known, that one.

        A watch and the lists beside it arrive in any order, moments apart, and the
        numbers of instances have to follow one order.
        """
        clock = self._api.clock
        with self._ordering:
            stale = clock.monotonic() - self._newest_at > _OVERTAKEN
            if stale or version_of(document) >= version_of(self._newest):
                self._newest, self._newest_at = document, clock.monotonic()
            return self.to_instances(self._newest["items"], service)

    def pods(self) -> list[Json]:
        """Return the namespace's pods; TargetNotFound where there is none at all."""
        objects: list[Json] = self._listed()["items"]
        return objects

    def _listed(self) -> Json:
        path = namespaced(self.name, "pods")
        pods = self._api.get(path)
        self.readable.add(path)
        if not pods["items"]:
            self._exists()
        return pods

    def _exists(self) -> None:
        try:
            gone = self.why_gone()
        except Forbidden:
            raise TargetNotFound(
                f"no pods in namespace {self.name!r}, and this account may not see "
                "whether it exists at all (get namespaces)"
            ) from None
        if gone:
            raise TargetNotFound(gone)

    def why_gone(self) -> str:
        """Return that the namespace does not exist; empty: it does.

        Forbidden where this account may not ask.
        """
        try:
            self._api.get(f"/api/v1/namespaces/{self.name}")
        except Gone:
            context = self._api.access.context
            return f"no namespace {self.name!r} in the cluster of context {context!r}"
        return ""

    def pod(self, name: str) -> Json | None:
        """Return a pod by its name."""
        return self._api.find(namespaced(self.name, "pods", name))

    def until(
        self, name: str, shown: Callable[[Json | None], bool], seconds: float
    ) -> bool:
        """Look at a pod, and at every change of it, until it shows what is wanted."""
        for pods in self.changes(seconds, f"metadata.name={name}"):
            if shown(pods[0] if pods else None):
                return True
        return False

    def all_run(self, service: str, number: int, seconds: float) -> bool:
        """Wait until so many instances of a service run; return whether they do."""
        for pods in self.changes(seconds):
            there = self.to_instances(pods, service)
            if sum(instance.state == "running" for instance in there) >= number:
                return True
        return False

    def changes(self, seconds: float, only: str = "") -> Iterator[list[Json]]:
        """Yield the pods as they are, and again after every change, until time is over.

        `only`: a field selector.
        """
        clock = self._api.clock
        end = clock.monotonic() + seconds
        path, query = namespaced(self.name, "pods"), {"fieldSelector": only}
        while clock.monotonic() < end:
            listing = self._api.get(path, **query)
            known = {item["metadata"]["uid"]: item for item in listing["items"]}
            yield list(known.values())
            version = listing["metadata"]["resourceVersion"]
            left = max(1, int(end - clock.monotonic()))
            watch = {"watch": 1, "resourceVersion": version, "timeoutSeconds": left}
            for line in self._api.lines(path, left + 5.0, **query, **watch):
                told = json.loads(line)
                if told["type"] == "ERROR":
                    break  # too old a version: list again
                _apply(known, told)
                yield list(known.values())
                if clock.monotonic() >= end:
                    return

    def to_instances(self, pods: Sequence[Json], service: str | None) -> list[Instance]:
        """Return pods as instances, by service and number."""
        ours = [pod for pod in pods if _is_instance(pod)]
        if service is not None and "=" in service:
            return self._selected(ours, service)
        with self._reading:
            grouped = self._instances_by_service(ours)
            instances: list[Instance] = []
            for name in sorted(grouped):
                wanted = self._wanted.get(name, 0)
                instances += self._numbers.number(name, wanted, grouped[name])
        return [
            instance for instance in instances if service in (None, instance.service)
        ]

    def workload(self, words: str) -> Workload | None:
        """Return the workload that an instance's label names, read anew."""
        with self._reading:
            self._read()
            return next(
                (
                    workload
                    for workload in self._workloads.values()
                    if workload.kubectl_name == words
                ),
                None,
            )

    def workloads(self) -> list[Workload]:
        """Return all workloads, read anew."""
        with self._reading:
            self._read()
            return list(self._workloads.values())

    def _selected(self, pods: Sequence[Json], selector: str) -> list[Instance]:
        pairs = (term.partition("=") for term in selector.split(","))
        wanted = {key.strip(): value.strip("= ") for key, _, value in pairs}
        chosen = [
            pod
            for pod in pods
            if wanted.items() <= (pod["metadata"].get("labels") or {}).items()
        ]
        with self._reading:
            self._instances_by_service(chosen)
            made = [
                (instance_of(pod, selector, self._kubectl_name(pod)), None)
                for pod in sorted(chosen, key=_age)
            ]
            return self._numbers.number(selector, 0, made)

    def _instances_by_service(
        self, pods: Sequence[Json]
    ) -> dict[str, list[tuple[Instance, int | None]]]:
        owners = [controller(pod) for pod in pods]
        uids = {owner["uid"] for owner in owners if owner is not None}
        if not self._workloads or not uids <= self._known():
            self._read()
            self._other_owners = uids - self._known()
        grouped: dict[str, list[tuple[Instance, int | None]]] = {}
        for name in self._wanted:
            grouped.setdefault(name, [])
        for pod in sorted(pods, key=_age):
            workload = self._workload_of(pod)
            if workload is not None:
                instance = instance_of(pod, workload.service, workload.kubectl_name)
                ordinal = _ordinal(pod, workload)
                grouped.setdefault(workload.service, []).append((instance, ordinal))
        return grouped

    def _known(self) -> set[str]:
        return self._workloads.keys() | self._owners.keys() | self._other_owners

    def _read(self) -> None:
        self._workloads, self._owners = read_owners(self._api, self.name)
        self.readable |= workload_paths(self.name)
        for workload in self._workloads.values():
            self._wanted.setdefault(workload.service, workload.wanted)

    def _workload_of(self, pod: Json) -> Workload | None:
        owner = controller(pod)
        if owner is None:
            return None
        uid = self._owners.get(owner["uid"], owner["uid"])
        return self._workloads.get(uid)

    def _kubectl_name(self, pod: Json) -> str:
        workload = self._workload_of(pod)
        return "" if workload is None else workload.kubectl_name


def version_of(raw: Mapping[str, Any]) -> int:
    """Return an object's or a list's place in the order of things; 0: not known."""
    text = str(raw.get("metadata", {}).get("resourceVersion", ""))
    return int(text) if text.isdecimal() else 0


def _apply(known: dict[str, Json], told: Mapping[str, Any]) -> None:
    uid = told["object"]["metadata"]["uid"]
    if told["type"] == "DELETED":
        known.pop(uid, None)
    else:
        known[uid] = told["object"]


def _is_instance(pod: Mapping[str, Any]) -> bool:
    """Whether a pod is an instance: no helper of ours, and not ended."""
    ours = f"{LABEL}run" in (pod["metadata"].get("labels") or {})
    return not ours and pod.get("status", {}).get("phase") not in _OVER


def _age(pod: Mapping[str, Any]) -> tuple[str, str]:
    return pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]


def _ordinal(pod: Mapping[str, Any], workload: Workload) -> int | None:
    if workload.kind != "StatefulSet":
        return None
    tail = str(pod["metadata"]["name"]).rpartition("-")[2]
    return int(tail) if tail.isdecimal() else None
