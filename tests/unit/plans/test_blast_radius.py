"""The blast radius: what a plan may hit of what was found."""

import pytest

from gameday.model.scenario import BlastRadius
from gameday.model.target import Instance
from gameday.plans.blast_radius import allowed, breaches, protected


def instance(name: str, **labels: str) -> Instance:
    service = name.rpartition("-")[0]
    return Instance(service=service, name=name, identity={"id": name}, labels=labels)


@pytest.mark.parametrize(
    ("radius", "there", "most"),
    [
        (BlastRadius(), 3, 3),
        (BlastRadius(at_most=1), 3, 1),
        (BlastRadius(share=0.34), 3, 1),
        (BlastRadius(share=0.33), 3, 0),
        (BlastRadius(share=0.29), 100, 29),
        (BlastRadius(at_most=5, share=0.5), 4, 2),
    ],
)
def test_a_share_is_rounded_down(radius: BlastRadius, there: int, most: int) -> None:
    assert allowed(radius, there) == most


def test_more_than_allowed_is_a_breach_that_names_the_cap() -> None:
    victims = [instance("web-1"), instance("web-2")]
    (why,) = breaches(BlastRadius(share=0.34), victims, 3)
    assert "2 of 3" in why
    assert "34%" in why


def test_the_same_instance_twice_counts_once() -> None:
    victims = [instance("web-1"), instance("web-1")]
    assert not list(breaches(BlastRadius(at_most=1), victims, 3))


@pytest.mark.parametrize("entry", ["web-1", "web", "tier", "tier=gold"])
def test_protected_by_name_service_or_label(entry: str) -> None:
    radius = BlastRadius(protect=(entry,))
    assert protected(radius, instance("web-1", tier="gold")) == entry
    assert any(
        "protected" in breach
        for breach in breaches(radius, [instance("web-1", tier="gold")], 3)
    )


def test_another_value_of_a_label_does_not_protect() -> None:
    assert not protected(
        BlastRadius(protect=("tier=gold",)), instance("a-1", tier="tin")
    )
