"""Which instances are hit: arithmetic, names, and the seed."""

from collections import Counter

import pytest

from gameday.model.faults.fault import Selection
from gameday.model.faults.selection import choose, number_wanted
from gameday.model.target import Instance
from tests.unit.ledger.fake import instance

WEB = [instance(f"web-{n}") for n in range(1, 13)]
ALL = [*WEB, instance("db-1")]


def names(selection: Selection, seed: int | str = 1) -> list[str]:
    return [victim.name for victim in choose(selection, ALL, seed)]


@pytest.mark.parametrize(
    ("share", "there", "hit"),
    [
        (0.34, 3, 1),
        (0.34, 2, 1),  # rounded down to none, but at least one
        (0.67, 3, 2),
        (0.01, 1, 1),
        (1.0, 5, 5),
        (0.29, 100, 29),  # 0.29 * 100 is a little less in floating point
        (0.07, 100, 7),  # and 0.07 * 100 a little more
    ],
)
def test_a_share_is_rounded_down_but_hits_one(
    share: float, there: int, hit: int
) -> None:
    assert number_wanted(Selection(service="web", share=share), there) == hit


def test_the_same_seed_names_the_same_victims_in_any_order() -> None:
    selection = Selection(service="web", count=4)
    first = names(selection, 7)
    assert first == names(selection, 7)
    shuffled = [victim.name for victim in choose(selection, ALL[::-1], 7)]
    assert shuffled == first
    assert len(set(first)) == 4


def test_every_instance_has_its_chance() -> None:
    selection = Selection(service="web", count=1)
    hits = Counter(names(selection, seed)[0] for seed in range(600))
    assert set(hits) == {victim.name for victim in WEB}
    assert max(hits.values()) < 3 * min(hits.values())


def test_names_are_taken_as_they_are_and_once() -> None:
    chosen = names(Selection(service="web", instances=("web-3", "web-1", "web-3")))
    assert chosen == ["web-3", "web-1"]


def test_running_instances_are_chosen_before_stopped_ones() -> None:
    instances: list[Instance] = [
        instance("web-1", "stopped"),
        instance("web-2"),
        instance("web-3", "stopped"),
    ]
    selection = Selection(service="web", count=1)
    assert {choose(selection, instances, seed)[0].name for seed in range(20)} == {
        "web-2"
    }


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (Selection(service="web", count=13), "13 instances .* 12 found"),
        (Selection(service="cache", count=1), "'cache' has no instances .*db, web"),
        (Selection(service="web", instances=("web-99",)), "web-99 not found"),
        (Selection(service="web", instances=("db-1",)), "db-1 not found"),
    ],
)
def test_what_does_not_fit_is_refused(selection: Selection, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        names(selection)
