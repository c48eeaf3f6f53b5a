"""Names of namespaces: what never gets into a path, and what is protected."""

import pytest

from gameday.model.values.namespace import (
    is_name,
    is_protected,
    lacks_consent,
    object_name,
)


@pytest.mark.parametrize("name", ["a", "0", "shop", "a-b-0", "x" * 63])
def test_a_label_is_a_name(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "x/../kube-system", "x%2F..%2Fkube-system", "a.b", "a/b"),
        *("Shop", "-a", "a-", "a_b", "a b", "shop\n", "x" * 64, "ä", "shop?x=1"),
    ],
)
def test_anything_else_is_none(name: str) -> None:
    assert not is_name(name)


def test_an_object_s_name_may_have_dots() -> None:
    assert object_name("kube-root-ca.crt") == "kube-root-ca.crt"
    for wrong in ("", "..", "a..b", "a/b", "A", "a.", "x" * 254):
        with pytest.raises(ValueError, match="no object's name"):
            object_name(wrong)


def test_the_clusters_own_need_their_name_as_consent() -> None:
    for name in ("kube-system", "kube-public", "openshift", "openshift-dns"):
        assert is_protected(name)
        assert lacks_consent(name, "")
        assert lacks_consent(name, "shop")
        assert not lacks_consent(name, name)
    for name in ("shop", "kube", "my-kube-system", "open"):
        assert not lacks_consent(name, "")
