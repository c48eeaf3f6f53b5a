"""One table of the kinds of target: its URL, a scenario's keys and the opener agree."""

import json

import pytest

from gameday.files.scenario import load, schema
from gameday.model.target import TARGET_KINDS, TargetRef, parse_target
from gameday.targets import MODULES
from tests.unit.files.shop import Shop

OPTIONS = {
    "docker": {"host": "tcp://far:2375"},
    "kubernetes": {"consent": "shop", "helper_image": "far/helper:1"},
    "local": {},
}


def named(kind: str) -> TargetRef:
    namespace = "shop" if TARGET_KINDS[kind].namespace_key else ""
    return TargetRef(kind=kind, name="s", namespace=namespace, options=OPTIONS[kind])


@pytest.mark.parametrize("kind", TARGET_KINDS)
def test_a_targets_url_and_its_keys_name_the_same_target(shop: Shop, kind: str) -> None:
    target = named(kind)
    assert parse_target(target.url) == target
    shop.change("docker: {project: shop}", json.dumps(target.as_keys)[1:-1])
    assert shop.said() == []
    assert load.scenario(str(shop.scenario), {}).target == target


@pytest.mark.parametrize("kind", TARGET_KINDS)
def test_a_kind_of_target_has_its_keys_in_the_schema(kind: str) -> None:
    definitions = json.loads(schema.text())["$defs"]
    assert kind in definitions["Target"]["properties"]
    keys = definitions[kind.capitalize()]["properties"]
    known = TARGET_KINDS[kind]
    assert {known.name_key, *OPTIONS[kind]} <= set(keys)
    assert ("namespace" in keys) is bool(known.namespace_key)


def test_every_kind_of_target_can_be_opened() -> None:
    assert set(MODULES) == set(TARGET_KINDS)


def test_what_is_no_target_is_answered_with_every_form() -> None:
    with pytest.raises(ValueError, match="not a target") as refused:
        parse_target("nomad://x")
    forms = "docker://PROJECT, kubernetes://CONTEXT/NAMESPACE or local://SUPERVISOR"
    assert str(refused.value) == f"'nomad://x' is not a target; expected {forms}"
