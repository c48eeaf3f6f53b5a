"""The numbers of instances: which pod is SERVICE-N."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gameday.model.target import Instance


class Numbers:
    """Gives each pod of a service a number and keeps it as long as the pod is there.

    A StatefulSet's pods have theirs; others get the lowest that is free, in the order
    of their making. A number whose pod is gone is a stopped instance while the
    service has fewer pods than it wanted when it was first seen.
    """

    def __init__(self) -> None:
        self._taken: dict[str, dict[int, Instance]] = {}

    def number(
        self, service: str, wanted: int, pods: Sequence[tuple[Instance, int | None]]
    ) -> list[Instance]:
        """Return the pods (each with its ordinal) under their numbers, and the gone."""
        slots = self._taken.setdefault(service, {})
        here = {instance.identity["id"] for instance, _ in pods}
        staying = {
            instance.identity["id"]
            for instance, _ in pods
            if instance.state != "stopping"
        }
        known = {instance.identity["id"]: number for number, instance in slots.items()}
        for instance, ordinal in pods:
            number = known.get(instance.identity["id"])
            if number is None:
                if instance.state == "stopping":
                    continue  # nobody has seen it otherwise
                number = self._free(slots, staying, ordinal)
            elif slots[number].identity["id"] != instance.identity["id"]:
                continue  # it is being ended, and its successor has the number
            slots[number] = replace(instance, name=f"{service}-{number}")
        self._forget(slots, here, wanted)
        return [
            instance if instance.identity["id"] in here else _stopped(instance)
            for _, instance in sorted(slots.items())
        ]

    @staticmethod
    def _free(
        slots: Mapping[int, Instance], staying: set[str], ordinal: int | None
    ) -> int:
        if ordinal is not None:
            return ordinal + 1
        number = 1
        while number in slots and slots[number].identity["id"] in staying:
            number += 1
        return number

    @staticmethod
    def _forget(slots: dict[int, Instance], here: set[str], wanted: int) -> None:
        gone = [
            n for n, instance in slots.items() if instance.identity["id"] not in here
        ]
        missing = max(0, wanted - (len(slots) - len(gone)))
        for number in sorted(gone)[missing:]:
            del slots[number]


def _stopped(instance: Instance) -> Instance:
    return replace(instance, state="stopped", health="", addresses=())
