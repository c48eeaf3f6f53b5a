"""A cluster's namespaces: what can be the name of one, and which are its own.

A name becomes a part of the API's paths, and a client resolves `..` in those: what is
no name never gets there. The form is a label of RFC 1123.
"""

import re

NAME = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
EXPECTED = "at most 63 small letters, digits and inner '-', such as shop"
_NAME = re.compile(NAME)
_OWN = ("kube-", "openshift")


def is_name(text: str) -> bool:
    """Return whether a namespace can have this name."""
    return _NAME.fullmatch(text) is not None


def is_protected(name: str) -> bool:
    """Return whether what runs the cluster is in a namespace of this name."""
    return name.startswith(_OWN)


def lacks_consent(name: str, consent: str) -> bool:
    """Return whether it is protected, and the consent does not repeat its name."""
    return is_protected(name) and consent != name
