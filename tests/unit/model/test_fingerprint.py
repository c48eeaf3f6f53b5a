"""Fingerprints: what differs is named, what cannot help differing is not."""

from gameday.model.fingerprint import (
    Difference,
    Fingerprint,
    as_text,
    differences,
    digest,
)

BEFORE: Fingerprint = {
    "web-1": {"State": "running", "HostConfig.Memory": "100"},
    "web-2": {"State": "running"},
}


def changed(name: str, **values: str) -> Fingerprint:
    """Return BEFORE with other values of one instance."""
    rest = {key.replace("_", "."): value for key, value in values.items()}
    return {**BEFORE, name: {**BEFORE.get(name, {}), **rest}}


def test_nothing_differs_from_itself() -> None:
    assert differences(BEFORE, dict(BEFORE)) == []
    assert differences({}, {}) == []


def test_a_value_that_changed_is_named_with_both_sides() -> None:
    (difference,) = differences(BEFORE, changed("web-1", HostConfig_Memory="200"))
    assert difference == Difference(
        instance="web-1", key="HostConfig.Memory", before="100", after="200"
    )
    assert difference.show() == "web-1: HostConfig.Memory: 100 -> 200"


def test_a_value_that_came_or_went_is_named() -> None:
    after = {**BEFORE, "web-1": {"State": "running", "Mounts./x": "bind"}}
    assert [difference.show() for difference in differences(BEFORE, after)] == [
        "web-1: HostConfig.Memory: 100 -> nothing",
        "web-1: Mounts./x: nothing -> bind",
    ]


def test_an_instance_that_came_or_went_is_one_difference() -> None:
    after = {"web-1": BEFORE["web-1"], "web-3": {"State": "running"}}
    assert [difference.show() for difference in differences(BEFORE, after)] == [
        "web-2: present: yes -> nothing",
        "web-3: present: nothing -> yes",
    ]


def test_the_inside_counts_only_where_both_sides_saw_it() -> None:
    before = changed("web-1", inside_seen="yes", inside_rules="drop")
    assert differences(before, BEFORE) == []
    assert differences(BEFORE, before) == []
    (difference,) = differences(before, changed("web-1", inside_seen="yes"))
    assert difference.key == "inside.rules"


def test_empty_values_are_all_the_same() -> None:
    nothing: tuple[object, ...] = (None, 0, "", [], {}, False)
    assert {as_text(empty) for empty in nothing} == {""}
    assert as_text({"IPv4Address": "", "LinkLocalIPs": None}) == ""
    assert as_text(True) == "True"


def test_the_order_of_keys_does_not_matter() -> None:
    for value in ({"b": [2, 3], "a": "x"}, {"a": "x", "b": [2, 3]}):
        assert as_text(value) == "a=x, b=2 3"


def test_a_long_value_becomes_a_digest() -> None:
    long = "x" * 81
    assert as_text("x" * 80) == "x" * 80
    assert as_text(long).startswith("#")
    assert as_text(long) != as_text(long + "x")


def test_a_digest_tells_values_apart_and_shows_none() -> None:
    assert digest("hunter2") == digest("hunter2") != digest("hunter3")
    assert "hunter2" not in digest("hunter2")
    assert digest("hunter2", b"one") != digest("hunter2", b"two")
    assert digest([]) == ""
