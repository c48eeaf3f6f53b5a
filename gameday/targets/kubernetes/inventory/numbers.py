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
        here = {one.identity["id"] for one, _ in pods}
        staying = {one.identity["id"] for one, _ in pods if one.state != "stopping"}
        known = {one.identity["id"]: number for number, one in slots.items()}
        for one, ordinal in pods:
            number = known.get(one.identity["id"])
            if number is None:
                if one.state == "stopping":
                    continue  # nobody has seen it otherwise
                number = self._free(slots, staying, ordinal)
            elif slots[number].identity["id"] != one.identity["id"]:
                continue  # it is being ended, and its successor has the number
            slots[number] = replace(one, name=f"{service}-{number}")
        self._forget(slots, here, wanted)
        return [
            one if one.identity["id"] in here else _stopped(one)
            for _, one in sorted(slots.items())
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
        gone = [n for n, one in slots.items() if one.identity["id"] not in here]
        missing = max(0, wanted - (len(slots) - len(gone)))
        for number in sorted(gone)[missing:]:
            del slots[number]


def _stopped(one: Instance) -> Instance:
    return replace(one, state="stopped", health="", addresses=())
