"""Why the API does not answer, in words for a person.

The client wraps what went wrong up to four times, and tells all of it: pools, retries
and the objects' own names. The innermost error is the reason.
"""

import re
import socket
import ssl
from collections.abc import Iterator

_WORDS = 300  # characters that a person is shown
_OPENSSL = re.compile(r"\[[^]]*\] | \(_ssl\.c:\d+\)")  # its library and line
_DEPTH = 10  # errors inside of errors


def reason(error: BaseException) -> str:
    """Return the root of an error of urllib3's or the system's in a few words."""
    from urllib3.exceptions import ProxyError

    chain = list(_inwards(error))
    via = "proxy: " if any(isinstance(cause, ProxyError) for cause in chain) else ""
    return via + _root_text(chain)


def _inwards(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what is inside of it, the root last."""
    inner: BaseException | None = error
    for _ in range(_DEPTH):
        if inner is None:
            return
        yield inner
        inside = (getattr(inner, "reason", None), inner.__cause__, *inner.args)
        # Not `__context__`: that is whatever was being handled when all this began.
        inner = next(
            (cause for cause in inside if isinstance(cause, BaseException)), None
        )


def _root_text(chain: list[BaseException]) -> str:
    from urllib3.exceptions import TimeoutError as Late

    root = chain[-1]
    if isinstance(root, ssl.SSLCertVerificationError):
        return f"certificate verify failed: {root.verify_message.rstrip('.')}"
    if isinstance(root, ssl.SSLError):
        return f"TLS failed: {_OPENSSL.sub('', str(root))}"
    if isinstance(root, socket.gaierror) and root.errno == socket.EAI_NONAME:
        return "name not known"
    if isinstance(root, TimeoutError | Late):
        return "timed out"
    if isinstance(root, OSError) and root.strerror:
        where = f": {root.filename}" if root.filename else ""
        return f"{root.strerror.lower()}{where}"
    text = " ".join(str(root).split()) or type(root).__name__
    return text[:_WORDS]
