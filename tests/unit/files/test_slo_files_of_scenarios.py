"""SLO files that a scenario names: read document by document, as `check` reads them."""

import textwrap
from collections.abc import Callable

import pytest

from gameday.files.scenario import load
from gameday.files.slo import slo
from tests.unit.files.shop import PYRRA, Shop


def _listed(text: str) -> str:
    item = textwrap.indent(text, "  ")[2:]
    return f"apiVersion: v1\nkind: List\nitems:\n- {item}"


def _behind_a_namespace(text: str) -> str:
    return f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop}}\n---\n{text}"


@pytest.mark.parametrize("wrapped", [str, _listed, _behind_a_namespace])
def test_an_slo_of_pyrra_is_read_from_the_files_that_kubectl_takes(
    shop: Shop, wrapped: Callable[[str], str]
) -> None:
    shop.write("slos/latency.yaml", wrapped(PYRRA))
    shop.change("slo: checkout-availability, spends", "slo: web-errors, spends")
    assert shop.said() == []
    made = load.scenario(str(shop.scenario), {})
    assert [each.name for each in made.slos] == ["checkout-availability", "web-errors"]


@pytest.mark.parametrize("wrapped", [str, _listed, _behind_a_namespace])
def test_the_gate_reads_such_a_file_as_well(
    shop: Shop, wrapped: Callable[[str], str]
) -> None:
    path = shop.write("slos/latency.yaml", wrapped(PYRRA))
    (parsed,), problems = slo.read(str(path))
    assert (parsed.name, problems) == ("web-errors", [])


def test_a_mistake_behind_a_namespace_is_told_with_its_line(shop: Shop) -> None:
    text = _behind_a_namespace(PYRRA.replace("window: 4w", "window: 4 weeks"))
    shop.write("slos/latency.yaml", text)
    (told,) = shop.said()
    assert told.startswith("slos/latency.yaml:12: spec.window: '4 weeks' is not a")


def test_a_file_without_any_slo_is_refused_for_what_it_is(shop: Shop) -> None:
    shop.write("slos/latency.yaml", "apiVersion: v1\nkind: Namespace\n")
    (told,) = shop.said()
    assert "is of no kind that gameday knows; correct the path" in told


def test_a_name_that_two_namespaces_have_is_asked_for_by_both(shop: Shop) -> None:
    shop.write("slos/latency.yaml", PYRRA)
    shop.change("slo: checkout-availability, spends", "slo: web-errors, spends")
    assert shop.said() == []
    stage = PYRRA.replace("namespace: shop", "namespace: stage")
    shop.write("slos/latency.yaml", f"{PYRRA}---\n{stage}")
    (told,) = shop.said()
    assert "'web-errors' is ambiguous; write shop/web-errors or stage/" in told
    shop.change("slo: web-errors, spends", "slo: stage/web-errors, spends")
    assert shop.said() == []
