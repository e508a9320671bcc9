"""The carrier's request signature, written from its description and not from its library."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit


def signed_url(url: str) -> str:
    """The URL as it is signed: no fragment, no user and password, no port under https."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if parts.scheme == "https":
        name, colon, port = host.rpartition(":")
        if colon and port.isdecimal():
            host = name
    bare = url.split("#", 1)[0]
    if host == parts.netloc:
        return bare
    return urlunsplit((parts.scheme, host, "", "", "")) + bare.split(parts.netloc, 1)[1]


def sign(auth_token: str, url: str, params: Iterable[tuple[str, str]] = ()) -> str:
    """The X-Twilio-Signature of a request: base64 of HMAC-SHA1 over URL and form.

    params: the POST form, blanks included; nothing for GET. Repeated names: values sorted, doubles
    dropped, the name before each, as the carrier's own library checks them.
    """
    pairs = sorted(set(params))
    message = signed_url(url) + "".join(name + value for name, value in pairs)
    digest = hmac.new(auth_token.encode(), message.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
