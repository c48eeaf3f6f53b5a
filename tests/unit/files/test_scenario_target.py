"""A cluster as the target: what is wrong with it is told by `check`, with its line."""

import pytest

from gameday.files.scenario import load
from tests.unit.files.shop import Shop

EXPECTED = "expected at most 63 small letters, digits and inner '-', such as shop"
CLUSTER = """kubernetes:
    context: {context}
    namespace: {namespace}
"""


def on_cluster(shop: Shop, namespace: str, more: str = "", context: str = "c") -> None:
    cluster = CLUSTER.format(context=context, namespace=namespace) + more
    shop.change("docker: {project: shop}\n", cluster)


def told(message: str, line: int, key: str = "namespace") -> list[str]:
    return [f"scenarios/s.yaml:{line}: target.kubernetes.{key}: {message}"]


@pytest.mark.parametrize("name", ["x/../kube-system", "..", "Shop", "a_b", "x" * 64])
def test_what_cannot_be_a_namespaces_name_is_refused(shop: Shop, name: str) -> None:
    on_cluster(shop, f'"{name}"')
    message = f"{name!r} is not a namespace's name; {EXPECTED}"
    assert shop.said() == told(message, 10)


@pytest.mark.parametrize("consent", ["", "    consent: shop\n"])
def test_a_protected_namespace_needs_consent(shop: Shop, consent: str) -> None:
    on_cluster(shop, "kube-system", consent)
    message = "'kube-system' is protected; add consent: kube-system"
    assert shop.said() == told(message, 10)


def test_a_protected_namespace_with_its_consent_is_read(shop: Shop) -> None:
    on_cluster(shop, "kube-system", "    consent: kube-system\n")
    assert shop.said() == []
    url = load.scenario(str(shop.scenario), {}).target.url
    assert url == "kubernetes://c/kube-system?consent=kube-system"


def test_a_namespace_of_the_environment_is_judged_by_its_value(shop: Shop) -> None:
    on_cluster(shop, '"${SPACE:-shop}"')
    assert shop.said() == []
    message = "'kube-system' is protected; add consent: kube-system"
    assert shop.said({"SPACE": "kube-system"}) == told(message, 10)
    message = f"'a/../b' is not a namespace's name; {EXPECTED}"
    assert shop.said({"SPACE": "a/../b"}) == told(message, 10)


def test_a_context_is_one_line_and_an_image_one_word(shop: Shop) -> None:
    on_cluster(shop, "shop", '    helper_image: "a b"\n', context='"a\\nb"')
    context = "'a\\nb' has a control character in it; remove it"
    assert shop.said() == [
        *told(context, 9, "context"),
        *told("'a b' has a space in it; remove it", 11, "helper_image"),
    ]


def test_a_contexts_name_may_have_spaces(shop: Shop) -> None:
    on_cluster(shop, "shop", context="My cluster")
    assert load.scenario(str(shop.scenario), {}).target.name == "My cluster"
