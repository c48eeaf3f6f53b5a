"""A pod as an instance: what its labels say of it."""

from typing import Any

from gameday.targets.kubernetes.inventory.pod_status import instance_of


def pod(*volumes: dict[str, Any]) -> dict[str, Any]:
    return {
        "metadata": {"name": "database-0", "namespace": "shop", "uid": "u"},
        "spec": {"containers": [{"name": "database"}], "volumes": list(volumes)},
    }


def test_what_keeps_data_in_volumes_says_so() -> None:
    claimed = pod(
        {"name": "data", "persistentVolumeClaim": {"claimName": "data-database-0"}},
        {"name": "scratch", "emptyDir": {}},
        {"name": "own", "ephemeral": {"volumeClaimTemplate": {}}},
    )
    made = instance_of(claimed, "database", "statefulset/database")
    assert made.labels["volumes"] == "data-database-0,own"
    plain = instance_of(pod({"name": "c", "configMap": {}}), "web", "deployment/web")
    assert "volumes" not in plain.labels
