"""Faults that helpers hold: how each begins, is proven and ends, on any platform."""

from dataclasses import replace
from typing import Any

import pytest

from gameday.errors import CannotFault, FaultFailed
from gameday.model.faults.catalogue import CATALOGUE, Driver
from gameday.model.faults.fault import FaultRequest, Undo, Undone
from gameday.model.faults.request import parse_request
from gameday.model.target import Instance
from gameday.targets.sidecar.__main__ import WORKS
from gameday.targets.sidecar_faults.driver import SidecarFaults, fault_of
from gameday.targets.sidecar_faults.host import Ended, Scope
from tests.unit.ledger.fake import instance
from tests.unit.targets.fake_sidecars import PROOF, FakeSidecars

MARK = "r1.abc"
WEB = replace(instance("web-1"), addresses=("10.0.0.1",))
ARGUMENTS: dict[str, dict[str, Any]] = {
    "network.delay": {"by": "200ms"},
    "network.loss": {"packets": "10%"},
    "network.rate": {"to": "10mbit"},
    "resource.cpu": {"load": "80%"},
    "resource.memory": {"fill": "90%"},
}
HELD = [kind for kind, fault in CATALOGUE.items() if fault.ways]


def asked(kind: str, **given: Any) -> FaultRequest:
    arguments = {**ARGUMENTS.get(kind, {}), **given}
    return parse_request(kind, {"service": "web", "duration": "60s", **arguments})


def begin(host: FakeSidecars, kind: str, **given: Any) -> Undo:
    faults, request = SidecarFaults(host), asked(kind, **given)
    undo = faults.prepare(request, WEB, MARK)
    faults.inject(request, WEB, undo)
    return undo


# What is defined ------------------------------------------------------------------


def test_every_fault_of_the_driver_is_defined() -> None:
    faults = SidecarFaults(FakeSidecars())
    of_driver = {k for k, f in CATALOGUE.items() if f.driver is Driver.SIDECAR}
    assert faults.kinds == set(HELD)
    assert of_driver <= faults.kinds
    assert faults.refusal("network.dns") == "fake targets cannot do network.dns yet"


@pytest.mark.parametrize("kind", HELD)
def test_a_fault_is_said_in_one_sentence(kind: str) -> None:
    how = SidecarFaults(FakeSidecars()).how(asked(kind))
    assert how.startswith("a helper ")
    assert how.endswith("; it ends by itself when its time is over")


@pytest.mark.parametrize("kind", HELD)
def test_every_way_is_a_work_that_a_helper_knows(kind: str) -> None:
    for way in CATALOGUE[kind].ways:
        assert way.work in WORKS
        assert fault_of(way.work) is CATALOGUE[kind]


@pytest.mark.parametrize("kind", HELD)
def test_a_fault_begins_and_ends_and_leaves_no_helper(kind: str) -> None:
    host = FakeSidecars()
    undo = begin(host, kind)
    (order,) = host.ran
    assert order.undo is not None
    assert undo.arguments["helper"] in host.running
    assert undo.arguments["duration"] == order.spec["duration"] == 60.0
    assert undo.arguments["pod"] == "pod-web-1"
    faults = SidecarFaults(host)
    assert faults.verify(asked(kind), WEB, undo).bites
    undone = faults.undo(undo)
    assert (undone.ok, undone.at, undone.early) == (True, 7.0, "")
    assert host.running == {}
    assert host.told == [(str(undo.arguments["helper"]), "USR1")]


# At far ends ----------------------------------------------------------------------


def far(*names: str) -> tuple[Instance, ...]:
    return tuple(instance(name) for name in names)


def test_a_partition_is_held_at_far_ends_too_and_undone_there() -> None:
    host = FakeSidecars(far=far("db-1", "db-2"))
    undo = begin(host, "network.partition", peers="db")
    near, *others = host.ran
    assert near.spec["peers"] == ("db",)
    assert [order.spec["peers"] for order in others] == [("10.0.0.1",)] * 2
    assert [end["instance"] for end in undo.arguments["far"]] == ["db-1", "db-2"]
    proof = SidecarFaults(host).verify(asked("network.partition"), WEB, undo)
    assert proof.because == "seen; the same at the far end (db-1, db-2)"
    assert SidecarFaults(host).undo(undo).ok
    assert host.running == {}


def test_a_delay_is_held_at_the_victim_s_end_alone() -> None:
    host = FakeSidecars(far=far("db-1"))
    assert "far" not in begin(host, "network.delay", peers="db").arguments


def test_one_far_end_that_does_not_bite_is_enough() -> None:
    blunt = {**PROOF, "bites": False, "because": "not dropped"}
    host = FakeSidecars(far=far("db-1"), says={"partition@db-1": (blunt,)})
    undo = begin(host, "network.partition", peers="db")
    proof = SidecarFaults(host).verify(asked("network.partition"), WEB, undo)
    assert not proof.bites
    assert proof.because == "at db-1: not dropped"


def test_where_one_helper_does_not_start_the_others_go() -> None:
    host = FakeSidecars(far=far("db-1", "db-2"), fails="db-2")
    with pytest.raises(FaultFailed, match="no helper beside db-2"):
        begin(host, "network.partition", peers="db")
    assert host.running == {}
    assert host.told == []


def test_a_partition_does_not_flood_a_cluster() -> None:
    host = FakeSidecars(far=far(*(f"db-{n}" for n in range(33))))
    with pytest.raises(CannotFault, match="held at 32 at most"):
        begin(host, "network.partition", peers="db")
    assert host.ran == []


# A helper that did not live to the undo --------------------------------------------

GONE = "its helper was gone before it was undone"
DEAD = Ended(clean=False, over=True)


@pytest.mark.parametrize(
    ("ended", "swept", "early"),
    [
        (Ended(clean=True), {}, ""),
        (Ended(clean=True, over=True, held=60.0), {}, ""),
        (Ended(clean=True, over=True, held=59.5), {}, ""),
        (
            Ended(clean=True, over=True, held=3.0),
            {},
            "its helper was ended by somebody after 3s",
        ),
        (Ended(clean=True, lost="OOM"), {}, "OOM"),
        (DEAD, {"found": 2, "held": 2}, ""),  # the kernel went on with it
        (DEAD, {"found": 1, "held": 0}, GONE),  # a queue, which lets all pass
        (DEAD, {}, GONE),
        (Ended(clean=False), {"found": 1}, ""),  # deaf: it was there until its undo
    ],
)
def test_a_fault_that_did_not_hold_to_its_undo_ended_early(
    ended: Ended, swept: dict[str, int], early: str
) -> None:
    host = FakeSidecars(swept=swept)
    undo = begin(host, "network.partition")
    host.ended = {str(undo.arguments["helper"]): ended}
    undone = SidecarFaults(host).undo(undo)
    assert (undone.ok, undone.early) == (True, early)
    assert host.running == {}


def test_a_victim_that_was_replaced_ended_it_early_where_the_platform_says_so() -> None:
    host = FakeSidecars(replaced_by="started anew")
    undo = begin(host, "network.delay")
    assert SidecarFaults(host).undo(undo).early == "started anew"


@pytest.mark.parametrize(
    ("kind", "work", "scope", "place"),
    [
        ("network.loss", "sweep", Scope.NETWORK, "network of web-1"),
        ("process.pause", "thaw", Scope.PROCESSES, "container of web-1"),
    ],
)
def test_what_a_dead_helper_left_is_removed_where_it_is(
    kind: str, work: str, scope: Scope, place: str
) -> None:
    host = FakeSidecars(swept={"found": 2, "held": 2})
    undo = begin(host, kind)
    host.ended = {str(undo.arguments["helper"]): DEAD}
    assert "the helper had died; 2 " in SidecarFaults(host).undo(undo).found
    sweep = host.ran[-1]
    assert (sweep.spec["do"], sweep.scope, sweep.mark) == (work, scope, MARK)
    assert sweep.place.container == place
    assert sweep.undo is None


def test_what_dies_with_its_helper_has_to_be_seen_dead() -> None:
    host = FakeSidecars()
    undo = begin(host, "resource.cpu")
    helper = str(undo.arguments["helper"])
    host.ended = {helper: DEAD}
    undone = SidecarFaults(host).undo(undo)
    assert undone.found == "the helper had died; its processes died with it"
    assert undone.early == GONE
    assert len(host.ran) == 1
    host.ended = {helper: Ended(clean=False, over=True, seen=False)}
    with pytest.raises(FaultFailed, match="could not be seen"):
        SidecarFaults(host).undo(undo)


def test_with_its_victim_a_fault_is_gone() -> None:
    host = FakeSidecars(gone_with=Undone(ok=True, found="the pod is gone"))
    undo = begin(host, "network.partition")
    host.ended = {str(undo.arguments["helper"]): DEAD}
    assert SidecarFaults(host).undo(undo).found == "the pod is gone"
    assert host.running == {}


# Undos that earlier versions have written -------------------------------------------

OF_EARLIER_VERSIONS = [
    {"helper": "h", "mark": MARK, "way": "netem", "duration": 60.0},  # on Docker
    {"helper": "h", "mark": MARK, "way": "loss_by_queue"},  # found by its labels
    {"helper": "h", "mark": MARK, "way": "delay", "duration": 60.0},  # in a cluster
    {"helper": "h", "mark": MARK, "way": "loss", "duration": 60.0},
    {"helper": "h", "mark": MARK, "way": "freeze", "duration": 60.0},
    {"helper": "h", "mark": MARK, "way": "memory", "duration": 60.0},
    {"helper": "h", "mark": MARK, "way": "something else"},
]


@pytest.mark.parametrize("ended", [Ended(clean=True), DEAD], ids=["alive", "dead"])
@pytest.mark.parametrize("arguments", OF_EARLIER_VERSIONS, ids=lambda a: a["way"])
def test_an_undo_of_an_earlier_version_still_heals(
    arguments: dict[str, Any], ended: Ended
) -> None:
    host = FakeSidecars(ended={"h": ended})
    undo = Undo(
        target="",
        verb="end_helper",
        instance="web-1",
        identity={"id": "web-1"},
        arguments=arguments,
    )
    assert SidecarFaults(host).undo(undo).ok


def test_the_far_ends_in_an_earlier_version_s_undo_are_undone_too() -> None:
    host = FakeSidecars()
    end = {
        "verb": "end_helper",
        "instance": "db-1",
        "identity": {"id": "db-1"},
        "arguments": {"helper": "far", "mark": MARK, "way": "partition"},
    }
    host.ended = {"far": Ended(clean=True, lost="gone")}
    undo = begin(host, "network.partition")
    both = replace(undo, arguments={**undo.arguments, "far": [end]})
    assert SidecarFaults(host).undo(both).early == "gone"
