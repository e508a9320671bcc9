"""Tells browsers what a page of ours may do: its own files, its own API, its own telephone."""

from functools import lru_cache
from urllib.parse import urlsplit

#: Where Twilio's browser SDK signals, reports and fetches its sounds (its own documentation:
#: "Voice JavaScript SDK, Content Security Policy").
TWILIO_CONNECT = ("https://*.twilio.com", "wss://*.twilio.com", "https://media.twiliocdn.com")
TWILIO_MEDIA = ("https://media.twiliocdn.com", "https://sdk.twilio.com")


def softphone_sources(api_base_url: str) -> tuple[str, ...]:
    """Return what the softphone must reach for a carrier at `api_base_url`.

    Twilio's own edges for Twilio; the same host by web socket for a stand-in.
    """
    parts = urlsplit(api_base_url)
    if parts.hostname is None or parts.hostname.endswith(".twilio.com"):
        return TWILIO_CONNECT
    return (f"ws://{parts.netloc}", f"wss://{parts.netloc}", f"{parts.scheme}://{parts.netloc}")


@lru_cache
def content_security_policy(connect: tuple[str, ...] = (), media: tuple[str, ...] = ()) -> str:
    """Return the policy: nothing inline, nothing foreign, but `connect` and `media` hosts."""
    directives = {
        "default-src": ("'self'",),
        "script-src": ("'self'",),
        "style-src": ("'self'",),
        "img-src": ("'self'", "data:"),
        "font-src": ("'self'",),
        "connect-src": ("'self'", *connect),
        "media-src": ("'self'", "blob:", "data:", *media),
        "object-src": ("'none'",),
        "base-uri": ("'none'",),
        "form-action": ("'self'",),
        "frame-ancestors": ("'none'",),
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())


def security_headers(policy: str, over_https: bool) -> dict[str, str]:
    """Return the headers of every answer that a browser shows.

    policy: a Content-Security-Policy. over_https: whether people reach us by HTTPS; only then
    are browsers told to insist on it.
    """
    headers = {
        "Content-Security-Policy": policy,
        "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), display-capture=()",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    if over_https:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return headers
