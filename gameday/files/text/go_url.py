"""URLs as Go's `net/url` parses them, which is not quite what a browser takes."""

import ipaddress
import re
from typing import NamedTuple

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_BAD_ESCAPE = re.compile(r"%(?![\da-fA-F]{2})", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_USER = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
# Says what no host has: a set of what it may have, up to the last of Unicode, takes a
# hundredth of a check's time to compile.
_HOST = re.compile(r"[^\x00-\x20#/?@\\^`{|}\x7f]*")
_ASCII_ESCAPE = re.compile(r"%(?!25)[0-7]")
_PORT = re.compile(r"(?::[0-9]*)?")


class UrlError(ValueError):
    """A text that Go does not parse as a URL; the message says why."""


class Url(NamedTuple):
    """What was read of a URL: its scheme in small letters, and host and port."""

    scheme: str
    host: str


def parse(text: str) -> Url:
    """Return a URL's scheme and host, both perhaps empty; UrlError as Go refuses it."""
    before, _, fragment = text.partition("#")
    if _CONTROL.search(before):
        raise UrlError("it has a control character")
    if before.startswith(":"):
        raise UrlError("its scheme is missing")
    match = _SCHEME.match(before)
    scheme = match[1].lower() if match else ""
    rest = (before[match.end() :] if match else before).partition("?")[0]
    host, path = _host_and_path(rest, scheme)
    if _BAD_ESCAPE.search(path) or _BAD_ESCAPE.search(fragment):
        raise UrlError("a % in it is no escape")
    return Url(scheme, host)


def _host_and_path(rest: str, scheme: str) -> tuple[str, str]:
    """Return host and path; none of both for one such as `mailto:`."""
    if not rest.startswith("/"):
        if not scheme and ":" in rest.split("/", 1)[0]:
            raise UrlError("its first part has a colon")
        return "", "" if scheme else rest
    if not rest.startswith("//") or (not scheme and rest.startswith("///")):
        return "", rest
    authority, slash, path = rest[2:].partition("/")
    return _authority(authority, strict=scheme in ("http", "https")), slash + path


def _authority(text: str, *, strict: bool) -> str:
    """Return host and port of `USER:PASSWORD@HOST:PORT`; `strict`: of HTTP."""
    user, _, host = text.rpartition("@")
    if not _USER.fullmatch(user) or _BAD_ESCAPE.search(user):
        raise UrlError("its user or password has a character that needs an escape")
    if not _HOST.fullmatch(host) or _BAD_ESCAPE.search(host):
        raise UrlError("its host has a character that no host has")
    if host.startswith("["):
        _bracketed(host)
        return host
    name, colon, port = host.rpartition(":")
    if not _PORT.fullmatch(colon + port if colon else ""):
        raise UrlError(f"its port {port!r} is no number")
    if "[" in host:
        raise UrlError("the [ in its host is not the first character")
    if ":" in name and strict:
        raise UrlError("its host has too many colons; write [ADDRESS]:PORT")
    if _ASCII_ESCAPE.search(host):
        raise UrlError("its host has an escape")
    return host


def _bracketed(host: str) -> None:
    """Refuse what is no address of IPv6 in brackets, with or without a port."""
    address, bracket, port = host[1:].rpartition("]")
    if not bracket:
        raise UrlError("the ] behind its host is missing")
    if not _PORT.fullmatch(port):
        raise UrlError(f"its port {port!r} is no number")
    try:
        ipaddress.IPv6Address(address.replace("%25", "%"))
    except ValueError:
        raise UrlError(f"[{address}] is no address of IPv6") from None
