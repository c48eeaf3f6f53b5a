"""Secrets, resolved here and nowhere else: into headers and TLS settings.

No error text carries a value.
"""

import base64
import os
import ssl

from gameday.errors import ObserverLost
from gameday.model.scenario import Endpoint, Secret


def resolve(value: str | Secret) -> str:
    """Return a secret's value from the environment or its file."""
    if isinstance(value, str):
        return value
    if value.env:
        secret = os.environ.get(value.env)
        if secret is None:
            raise ObserverLost(f"the environment variable {value.env} is not set")
        return secret
    try:
        with open(value.file, encoding="utf-8") as stream:  # noqa: PTH123
            return stream.read().strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise ObserverLost(
            f"the secret's file {value.file} cannot be read ({type(problem).__name__})"
        ) from None


def _basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def headers_for(endpoint: Endpoint, user: str | None, password: str) -> dict[str, str]:
    """Return a request's headers; `user` and `password` are the URL's own."""
    headers = {"Accept": "application/json", "User-Agent": "gameday"}
    if user is not None:
        headers["Authorization"] = _basic(user, password)
    auth = endpoint.auth
    if "bearer" in auth:
        headers["Authorization"] = "Bearer " + resolve(auth["bearer"])
    elif "username" in auth:
        headers["Authorization"] = _basic(
            resolve(auth["username"]), resolve(auth.get("password", ""))
        )
    headers |= {name: resolve(value) for name, value in endpoint.headers.items()}
    for name, value in headers.items():
        if not value.isprintable():
            raise ObserverLost(f"the value of the header {name} is not one line")
    return headers


def tls_for(endpoint: Endpoint) -> ssl.SSLContext:
    """Return the TLS settings of an endpoint; OSError where they do not work."""
    tls = endpoint.tls
    context = ssl.create_default_context(cafile=str(tls["ca"]) if "ca" in tls else None)
    if tls.get("verify", True) is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if "cert" in tls:
        key = str(tls["key"]) if "key" in tls else None
        context.load_cert_chain(str(tls["cert"]), key)
    return context
