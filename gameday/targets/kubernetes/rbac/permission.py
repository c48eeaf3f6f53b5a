"""What this account may do, asked of the cluster itself.

One SelfSubjectRulesReview tells what is surely held; what it does not list may still
be (a webhook may decide), so each such right is asked with a SelfSubjectAccessReview.
"""

import threading
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from gameday.errors import GamedayError
from gameday.model.faults.rights import RbacRule
from gameday.targets.kubernetes.client.api import Api, ApiRefused
from gameday.targets.kubernetes.rbac.rights import rules_for
from gameday.targets.threads import all_of

_GROUP = "authorization.k8s.io/v1"
_ONE = f"/apis/{_GROUP}/selfsubjectaccessreviews"
_ALL = f"/apis/{_GROUP}/selfsubjectrulesreviews"


class Permission:
    """Asks once for each right and remembers the answer for the process."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api = api
        self._namespace = namespace
        self._listed: Sequence[Mapping[str, Any]] | None = None
        self._known: dict[tuple[RbacRule, str], bool] = {}
        self._asking = threading.Lock()

    def missing(self, kinds: Collection[str]) -> tuple[RbacRule, ...]:
        """Return the rights that these faults (and any run) need and we have not."""
        rules = rules_for(kinds)
        with self._asking:
            self._read_rules([(rule, verb) for rule in rules for verb in rule.verbs])
            lacks = {
                rule: [verb for verb in rule.verbs if not self._known[rule, verb]]
                for rule in rules
            }
        return tuple(rule.only(verbs) for rule, verbs in lacks.items() if verbs)

    def _read_rules(self, wanted: Sequence[tuple[RbacRule, str]]) -> None:
        if self._listed is None:
            self._listed = self._list()
        for rule, verb in wanted:
            if not rule.cluster and any(allows(o, rule, verb) for o in self._listed):
                self._known[rule, verb] = True
        asked = [pair for pair in wanted if pair not in self._known]
        if asked:
            answers = all_of([partial(self._is_allowed, *pair) for pair in asked])
            self._known.update(zip(asked, answers, strict=True))

    def _list(self) -> Sequence[Mapping[str, Any]]:
        spec = {"namespace": self._namespace}
        try:
            told = self._review(_ALL, "SelfSubjectRulesReview", spec)
        except ApiRefused:
            return ()
        return [
            rule for rule in told.get("resourceRules") or () if _covers_all_names(rule)
        ]

    def _is_allowed(self, rule: RbacRule, verb: str) -> bool:
        resource, sub = rule.parts
        about: dict[str, Any] = {
            "group": rule.group,
            "resource": resource,
            "subresource": sub,
            "verb": verb,
        }
        if not rule.cluster:
            about["namespace"] = self._namespace
        spec = {"resourceAttributes": about}
        told = self._review(_ONE, "SelfSubjectAccessReview", spec)
        return bool(told.get("allowed"))

    def _review(
        self, path: str, kind: str, spec: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        body = {"apiVersion": _GROUP, "kind": kind, "spec": spec}
        review: Mapping[str, Any] = self._api.create(path, body)["status"]
        return review

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


def allows(told: Mapping[str, Any], rule: RbacRule, verb: str) -> bool:
    """Return whether a rule that the cluster lists grants one verb of ours."""
    _, sub = rule.parts
    names = {rule.resource, "*", *([f"*/{sub}"] if sub else [])}
    return (
        bool({verb, "*"} & set(told.get("verbs") or ()))
        and bool({rule.group, "*"} & set(told.get("apiGroups") or ()))
        and bool(names & set(told.get("resources") or ()))
    )


def _covers_all_names(told: Mapping[str, Any]) -> bool:
    """Whether a rule covers every object of its kinds, and not only named ones."""
    return not told.get("resourceNames")
