"""What this account may do, asked of the cluster itself (SelfSubjectAccessReview)."""

import threading
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from gameday.errors import GamedayError
from gameday.targets.kubernetes.api import Api, all_of
from gameday.targets.kubernetes.rights import Rule, rules_for

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class Permission:
    """Asks once for each right and remembers the answer for the process."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api = api
        self._namespace = namespace
        self._known: dict[tuple[Rule, str], bool] = {}
        self._asking = threading.Lock()

    def missing(self, kinds: Collection[str]) -> tuple[Rule, ...]:
        """Return the rights that these faults (and any run) need and we have not."""
        rules = rules_for(kinds)
        wanted = [(rule, verb) for rule in rules for verb in rule.verbs]
        with self._asking:
            asked = [pair for pair in wanted if pair not in self._known]
            if asked:
                answers = all_of([partial(self._may, *pair) for pair in asked])
                self._known.update(zip(asked, answers, strict=True))
            found = []
            for rule in rules:
                lacking = [v for v in rule.verbs if not self._known[rule, v]]
                if lacking:
                    found.append(rule.only(lacking))
        return tuple(found)

    def _may(self, rule: Rule, verb: str) -> bool:
        resource, sub = rule.parts
        about: dict[str, Any] = {
            "group": rule.group,
            "resource": resource,
            "subresource": sub,
            "verb": verb,
        }
        if not rule.cluster:
            about["namespace"] = self._namespace
        body: Mapping[str, Any] = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": about},
        }
        return bool(self._api.create(_REVIEWS, body)["status"].get("allowed"))

    def refusal(self, kind: str) -> str:
        """Return which rights this fault lacks here; empty when it has all."""
        try:
            lacking = self.missing([kind])
        except GamedayError as wrong:
            return f"what this account may do cannot be found out: {wrong}"
        if not lacking:
            return ""
        said = "; ".join(rule.lacking(self._namespace) for rule in lacking)
        return f"{kind} needs rights that this account lacks: {said} (`gameday doctor`)"
