"""Names in a cluster: what can be one, and which namespaces are the cluster's own.

A name becomes a part of the API's paths, and a client resolves `..` in those: what is
no name never gets there. Namespaces are labels of RFC 1123, objects its subdomains.
"""

import re

NAME = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
EXPECTED = "at most 63 small letters, digits and inner '-', such as shop"
_NAME = re.compile(NAME)
_OBJECT = re.compile(rf"(?=.{{1,253}}\Z){NAME}(\.{NAME})*")
_OWN = ("kube-", "openshift")


def is_name(text: str) -> bool:
    """Return whether a namespace can have this name."""
    return _NAME.fullmatch(text) is not None


def object_name(text: str) -> str:
    """Return an object's name; ValueError where no object can have it."""
    if not _OBJECT.fullmatch(text):
        raise ValueError(
            f"{text!r} is no object's name; expected small letters, digits and inner "
            "'-' and '.', such as settings"
        )
    return text


def is_protected(name: str) -> bool:
    """Return whether what runs the cluster is in a namespace of this name."""
    return name.startswith(_OWN)


def lacks_consent(name: str, consent: str) -> bool:
    """Return whether it is protected, and the consent does not repeat its name."""
    return is_protected(name) and consent != name
