"""The JSON Schema of scenarios, for editors; made from the one definition."""

import json
from typing import Any


def text() -> str:
    """Return the JSON Schema of the scenario format, as it stands in `schema/`."""
    from gameday.files.scenario_wire import Scenario

    schema = Scenario.model_json_schema(by_alias=True, mode="validation")
    _plainer(schema)
    observe = schema["$defs"]["Observe"]["properties"]
    for name in ("prometheus", "alertmanager"):
        url = schema["$defs"]["Endpoint"]["properties"]["url"]
        observe[name] = {"anyOf": [url, {"$ref": "#/$defs/Endpoint"}]}
    top = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://gameday.invalid/scenario.schema.json",
    }
    return json.dumps({**top, **schema}, indent=2, sort_keys=True) + "\n"


def _plainer(node: Any) -> None:
    """Take out `null` (an empty key is an error, not an absent one) and noise."""
    for one in node if isinstance(node, list) else ():
        _plainer(one)
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
    for one in node.values():
        _plainer(one)
