"""The format of gate policies: what a file has beside the keys of `GatePolicy`."""

from gameday.files.scenario.forms import Word
from gameday.files.scenario.model_keys import FileFormat
from gameday.model.gate import GatePolicy

GATE_POLICY = FileFormat(
    GatePolicy, apiVersion=Word("gameday/v1"), kind=Word("GatePolicy")
)
