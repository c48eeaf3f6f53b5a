"""The JSON Schema of our formats, for editors; made from their one definition."""

import json
from typing import Any

KINDS = ("scenario", "gate")


def text(kind: str = "scenario") -> str:
    """Return the JSON Schema of a format, as it stands in `schema/`."""
    if kind == "gate":
        from gameday.files.scenario.gate_wire import GATE_POLICY

        return _schema(GATE_POLICY.json_schema(), "gate-policy")
    from gameday.files.scenario.scenario_wire import SCENARIO

    return _schema(SCENARIO.json_schema(), "scenario")


def _schema(schema: dict[str, Any], name: str) -> str:
    _plainer(schema)
    parts = schema["$defs"]
    for part in (schema, *parts.values()):
        properties = part.get("properties", {})
        for server in {"prometheus", "alertmanager"} & properties.keys():
            if "$ref" in properties[server]:
                url = parts["Endpoint"]["properties"]["url"]
                reference = {"$ref": properties[server].pop("$ref")}
                properties[server]["anyOf"] = [url, reference]
    top = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://gameday.invalid/{name}.schema.json",
    }
    return json.dumps({**top, **schema}, indent=2, sort_keys=True) + "\n"


def _plainer(node: Any) -> None:
    """Take out `null` (an empty key is an error, not an absent one) and noise."""
    for item in node if isinstance(node, list) else ():
        _plainer(item)
    if not isinstance(node, dict):
        return
    choices = node.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        rest = [choice for choice in choices if choice != {"type": "null"}]
        del node["anyOf"]
        node.update(rest[0] if len(rest) == 1 else {"anyOf": rest})
    if isinstance(node.get("title"), str):
        del node["title"]
    # How pydantic writes these differs between its versions.
    node.pop("default", None)
    if node.get("additionalProperties") is True:
        del node["additionalProperties"]
    if "const" in node:
        node.pop("enum", None)
    for value in node.values():
        _plainer(value)
