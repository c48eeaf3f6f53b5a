"""SLO files as they are: OpenSLO v1, Sloth and Pyrra, told apart by their content."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from gameday.errors import Problem
from gameday.files import pieces
from gameday.files.kind import SLO
from gameday.files.slo.openslo_objects import KINDS
from gameday.files.slo.openslo_ratio import References
from gameday.files.text import source, yaml
from gameday.files.text.cursor import Cursor, top
from gameday.files.text.nodes import Document
from gameday.model.quoting import shown
from gameday.model.slos.slo import Slo

_OPENSLO = "openslo/v1"
_OTHER_VERSIONS = ("openslo/v1alpha", "openslo.com/v2alpha")  # OpenSLO's own


class SloReading(NamedTuple):
    """The SLOs of a file; `unmeasured`: name -> why gameday cannot count it."""

    slos: tuple[Slo, ...]
    problems: list[Problem]
    unmeasured: dict[str, str]


def read(path: str) -> tuple[tuple[Slo, ...], list[Problem]]:
    """Return the SLOs of a file that gameday can measure, and every problem."""
    reading = read_set([path])[0]
    return reading.slos, reading.problems


def parse(text: str, path: str) -> tuple[tuple[Slo, ...], list[Problem]]:
    """Return the SLOs of a text that gameday can measure, and every problem."""
    reading = _readings([yaml.parse(text, path)])[0]
    return reading.slos, reading.problems


def read_set(paths: Sequence[str]) -> list[SloReading]:
    """Read several files; an `indicatorRef` finds its SLI in any of them."""
    return read_sources([source.read(path) for path in paths])


def read_sources(sources: Sequence[source.Source]) -> list[SloReading]:
    """Read several texts; an `indicatorRef` finds its SLI in any of them."""
    return _readings([of_file(yaml.read(source)) for source in sources])


def of_file(document: Document) -> Document:
    """Return the documents of a file that hold SLOs: a service's may bring its own.

    Where none does, the whole file, so that it is refused for what it is.
    """
    parts = pieces.of(document, passing=False)
    slos = [part for part in parts if part.kind == SLO]
    if not slos:
        return document
    return pieces.joined(slos, pieces.concerning(parts, document.problems))


def read_documents(documents: Sequence[Document]) -> list[SloReading]:
    """Read several documents; an `indicatorRef` finds its SLI in any of them."""
    return _readings(documents)


def _readings(documents: Sequence[Document]) -> list[SloReading]:
    files = [_file(document) for document in documents]
    known = References(
        indicators={
            name: body for file in files for name, body in _named(file.objects, "SLI")
        },
        sources={
            name: str(body.value.get("type") or "")
            for file in files
            for name, body in _named(file.objects, "DataSource")
            if body is not None
        },
    )
    namesakes = _namesakes(files)
    return [_reading(file, known, namesakes) for file in files]


def _namesakes(files: Sequence["_File"]) -> frozenset[str]:
    """Return the names that Pyrra's SLOs of several namespaces have."""
    pyrras = [here for file in files for here in file.objects if _is_pyrra(here)]
    if not pyrras:
        return frozenset()
    from gameday.files.slo import pyrra

    full = {pyrra.qualified(here.value) for here in pyrras}
    names = [name.rpartition("/")[2] for name in full if name]
    return frozenset(name for name in names if names.count(name) > 1)


class _File(NamedTuple):
    path: str
    objects: list[Cursor]
    problems: list[Problem]


def _file(document: Document) -> _File:
    problems = list(document.problems)
    objects = [item for part in document.all for item in _objects(part, problems)]
    if objects and all(map(_is_read_by_go, objects)):
        problems[:] = document.problems_for_go()
    for reader, is_read_so in (("Sloth", _is_sloth), ("OpenSLO's SDK", _is_openslo)):
        if objects and all(map(is_read_so, objects)):
            problems[:] = [_as_taken(problem, reader) for problem in problems]
    return _File(document.path, objects, problems)


def _as_taken(problem: Problem, reader: str) -> Problem:
    """Return a problem of the text, which the format's own reader may not mind."""
    if problem.id != "file/duplicate-key":
        return problem
    message = f"{problem.message.partition(';')[0]}; {reader} takes the last one"
    return replace(problem, severity="warning", message=message)


def _reading(file: _File, known: References, namesakes: Collection[str]) -> SloReading:
    unmeasured: dict[str, str] = {}
    slos: list[Slo] = []
    for here in file.objects:
        if _is_sloth(here):
            from gameday.files.slo import sloth

            slos += sloth.read(here, unmeasured)
        elif here.value.get("apiVersion") == _OPENSLO:
            from gameday.files.slo import openslo

            slos += openslo.read(here, known)
        elif _is_pyrra(here):
            from gameday.files.slo import pyrra

            slos += pyrra.read(here, unmeasured, namesakes)
        else:
            _other(here)
    _twice(slos, file)
    waits = any(_refers_to_broken(here, known) for here in file.objects)
    if file.objects and not (slos or unmeasured or waits or _errors(file.problems)):
        message = "holds no SLO; expected an object of kind SLO"
        line = file.objects[0].line
        file.problems.append(Problem(file.path, line, message, "warning", "slo/none"))
    return SloReading(tuple(slos), file.problems, unmeasured)


def _refers_to_broken(here: Cursor, known: References) -> bool:
    """Return whether an SLO's indicator is another object, which is broken."""
    body = here.value.get("spec")
    reference = body.get("indicatorRef") if isinstance(body, dict) else None
    return isinstance(reference, str) and known.indicators.get(reference, here) is None


def _errors(problems: list[Problem]) -> bool:
    return any(problem.severity == "error" for problem in problems)


def _objects(document: Document, problems: list[Problem]) -> list[Cursor]:
    here = top(document, problems, family="slo")
    items = list(here.items()) if isinstance(here.value, list) else [here]
    return [item for item in items if item.mapping() is not None]


def _named(objects: list[Cursor], kind: str) -> Iterator[tuple[str, Cursor | None]]:
    """Go through (name, spec) of all OpenSLO objects of a kind; None: no mapping."""
    for here in objects:
        value = here.value
        if value.get("apiVersion") != _OPENSLO or value.get("kind") != kind:
            continue
        metadata, body = value.get("metadata"), value.get("spec")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        if isinstance(name, str) and name:
            yield name, here.at("spec") if isinstance(body, dict) else None


def _is_sloth(here: Cursor) -> bool:
    version = str(here.value.get("apiVersion") or here.value.get("version") or "")
    return version.startswith(("sloth.slok.dev/", "prometheus/"))


def _is_openslo(here: Cursor) -> bool:
    return bool(here.value.get("apiVersion") == _OPENSLO)


def _is_read_by_go(here: Cursor) -> bool:
    """Return whether Sloth or Pyrra reads the file itself, not `kubectl`."""
    if _is_sloth(here):
        return "apiVersion" not in here.value
    return _is_pyrra(here)


def _is_pyrra(here: Cursor) -> bool:
    return str(here.value.get("apiVersion")).startswith("pyrra.dev/")


def _other(here: Cursor) -> None:
    """Name a format or a version that is not read."""
    version = here.value.get("apiVersion")
    kind = here.value.get("kind")
    text = version if isinstance(version, str) else ""
    if text.startswith("sre.google.com/"):
        here.error(
            "slo-generator's format is not supported; "
            "expected OpenSLO v1, Sloth or Pyrra",
            code="version",
        )
    elif text == "openslo.com/v1":
        here.error(
            "'openslo.com/v1' is not OpenSLO's version; write apiVersion: openslo/v1",
            "apiVersion",
            code="version",
        )
    elif text.startswith(("openslo/", "openslo.com/")):
        here.error(
            f"OpenSLO {text!r} is not supported; expected openslo/v1",
            "apiVersion",
            code="other-version" if text in _OTHER_VERSIONS else "version",
        )
    elif kind in KINDS and not text:
        here.error("apiVersion is missing; expected openslo/v1", code="version")
    else:
        here.error(
            f"apiVersion {shown(version)} is no SLO format that is supported; "
            "expected OpenSLO (openslo/v1), Sloth (version: prometheus/v1) or Pyrra",
            code="version",
        )


def _twice(slos: list[Slo], file: _File) -> None:
    seen: set[str] = set()
    for slo in slos:
        if slo.name in seen:
            message = f"the SLO {slo.name!r} is there twice; rename one"
            file.problems.append(
                Problem(file.path, slo.line, message, id="slo/duplicate-name")
            )
        seen.add(slo.name)
