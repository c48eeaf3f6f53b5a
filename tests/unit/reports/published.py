"""Published formats of reports, as far as gameday writes them, each key by key.

SARIF: OASIS, sarif-schema-2.1.0.json (sarif-v2.1.0-errata01). GitLab: "Code Quality
report format", docs.gitlab.com/ci/testing/code_quality. JUnit: JUnit.xsd of windyroad,
which Jenkins, GitLab and Azure read. Unknown keys, which all three would refuse or pass
over, are errors here.
"""

from typing import Annotated, Literal
from xml.etree import ElementTree as ET

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

Reference = Annotated[str, StringConstraints(pattern=r"^[\w\-.~%!$&'()*+,;=:@/?#]+$")]
Positive = Annotated[int, Field(ge=1, strict=True)]
Text = Annotated[str, StringConstraints(min_length=1, strict=True)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Message(Strict):
    text: Text


class ReportingDescriptor(Strict):
    id: Text
    shortDescription: Message


class Driver(Strict):
    name: Text
    version: Text
    rules: list[ReportingDescriptor]


class Tool(Strict):
    driver: Driver


class ArtifactLocation(Strict):
    uri: Reference


class Region(Strict):
    startLine: Positive
    startColumn: Positive = 1


class PhysicalLocation(Strict):
    artifactLocation: ArtifactLocation
    region: Region | None = None


class Location(Strict):
    physicalLocation: PhysicalLocation


class Result(Strict):
    ruleId: Text
    ruleIndex: Annotated[int, Field(ge=-1, strict=True)]
    level: Literal["none", "note", "warning", "error"]
    message: Message
    locations: list[Location]
    partialFingerprints: dict[str, Text]


class SarifRun(Strict):
    tool: Tool
    columnKind: Literal["utf16CodeUnits", "unicodeCodePoints"]
    results: list[Result]


class Sarif(Strict):
    schema_: Reference = Field(alias="$schema")
    version: Literal["2.1.0"]
    runs: list[SarifRun]


class Lines(Strict):
    begin: Positive


class Place(Strict):
    path: Annotated[str, StringConstraints(pattern=r"^[^/]")]
    lines: Lines


class Issue(Strict):
    description: Text
    check_name: Text
    fingerprint: Text
    severity: Literal["info", "minor", "major", "critical", "blocker"]
    location: Place


CODE_QUALITY = TypeAdapter(list[Issue])


class Suite(Strict):
    id: int
    package: str
    name: Text
    timestamp: Annotated[
        str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")
    ]
    hostname: Text
    tests: Annotated[int, Field(ge=0)]
    failures: Annotated[int, Field(ge=0)]
    errors: Annotated[int, Field(ge=0)]
    skipped: Annotated[int, Field(ge=0)]
    time: float


class Case(Strict):
    name: str
    classname: str
    time: float


class Failure(Strict):
    type: str
    message: str = ""


_ORDER = ("properties", "testcase", "system-out", "system-err")


def judge_junit(text: str) -> None:
    """Raise where a text is not what JUnit.xsd says."""
    root = ET.fromstring(text)  # noqa: S314 - our own
    assert root.tag == "testsuites"
    for suite in root:
        assert suite.tag == "testsuite"
        told = Suite.model_validate(dict(suite.attrib))
        tags = [part.tag for part in suite]
        assert tags == sorted(tags, key=_ORDER.index)
        assert [tags.count(tag) for tag in _ORDER if tag != "testcase"] == [1, 1, 1]
        cases = suite.findall("testcase")
        assert told.tests == len(cases)
        for case in cases:
            Case.model_validate(dict(case.attrib))
            assert [part.tag for part in case] in ([], ["failure"])
            for failure in case:
                Failure.model_validate(dict(failure.attrib))
        assert told.failures == len(suite.findall("testcase/failure"))
