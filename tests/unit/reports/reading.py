"""How tests read what was rendered."""

from xml.etree import ElementTree as ET


def parse_xml(text: str) -> ET.Element:
    """Return the root of XML that gameday itself made."""
    return ET.fromstring(text.encode())  # noqa: S314 - our own output


def properties_of(element: ET.Element) -> dict[str, str]:
    """Return the JUnit properties of a test case or a suite."""
    return {
        known.attrib["name"]: known.attrib["value"]
        for known in element.iter("property")
    }
