"""What a cluster's API, or somebody before it, answers besides what it was asked."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gameday.errors import FaultFailed, GamedayError, TargetNotFound
from gameday.model.faults.fault import Undone
from gameday.targets.kubernetes.client.api import (
    Api,
    ApiRefused,
    Forbidden,
    Gone,
    TooMany,
)
from gameday.targets.kubernetes.inventory.pods import Namespace
from gameday.targets.kubernetes.sidecars.context import undone_or_why
from gameday.targets.kubernetes.sidecars.helper import Helper
from gameday.targets.kubernetes.sidecars.helper_pod import HelperPodSpec, pod_name
from tests.unit.ledger.fake import HandClock
from tests.unit.targets.fake_cluster import NAMESPACE, FakeCluster, running

PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
LOGIN = b"<html>\n  <body>Please log in</body></html>"
TRIES = 3


@pytest.fixture
def lab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[FakeCluster, Api]]:
    with running(tmp_path, monkeypatch) as (cluster, api):
        yield cluster, Api(api.access, HandClock())


def status(code: int, words: bytes = b"") -> tuple[str, str, int, bytes]:
    return "GET", PODS, code, words or b'{"message": "etcdserver: leader changed"}'


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_what_may_pass_is_asked_again(lab: tuple[FakeCluster, Api], code: int) -> None:
    cluster, api = lab
    cluster.put(PODS, "a")
    cluster.answers = [status(code)] * (TRIES - 1)
    assert [pod["metadata"]["name"] for pod in api.items(PODS)] == ["a"]


def test_it_is_asked_a_bounded_number_of_times(lab: tuple[FakeCluster, Api]) -> None:
    cluster, api = lab
    cluster.answers = [status(503, b"no healthy upstream")] * (TRIES + 1)
    with pytest.raises(ApiRefused, match="no healthy upstream"):
        api.items(PODS)
    assert len(cluster.answers) == 1


def test_a_right_that_lacks_is_not_asked_for_again(
    lab: tuple[FakeCluster, Api],
) -> None:
    cluster, api = lab
    cluster.forbidden = {PODS}
    with pytest.raises(Forbidden):
        api.items(PODS)
    assert cluster.asked == [PODS]


@pytest.mark.parametrize("words", [LOGIN, b'["a list"]', b"null", b""])
def test_an_answer_that_is_no_object_is_nobody_of_ours(
    lab: tuple[FakeCluster, Api], words: bytes
) -> None:
    cluster, api = lab
    cluster.answers = [("GET", PODS, 200, words)] * TRIES
    with pytest.raises(TargetNotFound, match="is no Kubernetes API"):
        api.items(PODS)


def test_nor_is_a_watch_that_is_a_page(lab: tuple[FakeCluster, Api]) -> None:
    cluster, api = lab
    cluster.answers = [("GET", PODS, 200, LOGIN)]
    with pytest.raises(TargetNotFound, match=r"no Kubernetes API.*Please log in"):
        list(api.lines(PODS, 5.0))


@pytest.mark.parametrize("words", [b'["a list"]', b"<html>"])
def test_a_refusal_may_be_anything(lab: tuple[FakeCluster, Api], words: bytes) -> None:
    cluster, api = lab
    cluster.answers = [("GET", PODS, 400, words)]
    with pytest.raises(ApiRefused) as refused:
        api.items(PODS)
    assert str(refused.value) == words.decode()


# Undoing ------------------------------------------------------------------------------


def failing(wrong: GamedayError) -> Callable[[], Undone]:
    def act() -> Undone:
        raise wrong

    return act


def wrapped(wrong: GamedayError) -> GamedayError:
    made = FaultFailed("no helper pod could be made")
    made.__cause__ = wrong
    return made


GOING = ApiRefused("leader changed", 500, {})
NO = ApiRefused("not valid", 422, {})
GONE = Gone("replicasets web-old not found", 404, {})


@pytest.mark.parametrize(
    ("wrong", "unanswered"),
    [
        (GOING, True),
        (ApiRefused("bad gateway", 502, {}), True),
        (TooMany("slow down", 429, {}), True),
        (TargetNotFound("nobody there"), True),
        (wrapped(GOING), True),
        (NO, False),
        (wrapped(NO), False),
        (GONE, False),
        (FaultFailed("no"), False),
    ],
)
def test_what_goes_wrong_undoes_nothing_and_what_may_pass_is_waited_for(
    wrong: GamedayError, unanswered: bool
) -> None:
    undone = undone_or_why("kubectl it", failing(wrong))
    assert not undone.ok
    assert undone.unanswered is unanswered
    assert str(wrong) in undone.found
    assert undone.by_hand == "kubectl it"


@pytest.mark.parametrize("code", [500, 504])
def test_a_helper_that_was_made_though_nobody_said_so_is_removed(
    lab: tuple[FakeCluster, Api], code: int
) -> None:
    cluster, api = lab
    order = HelperPodSpec(spec={"do": "partition"}, mark="r1.abc", node="n1")
    name = pod_name(order)
    cluster.put(PODS, name)
    cluster.answers = [("POST", PODS, code, b'{"message": "timeout"}')]
    helper = Helper(api, Namespace(api, NAMESPACE), "an-image", lambda _run: [])
    with pytest.raises(FaultFailed, match=r"no helper pod could be made: .*timeout"):
        helper.start(order)
    assert cluster.object(f"{PODS}/{name}") is None
