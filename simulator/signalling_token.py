"""Access tokens of browser telephones: Twilio's JWT shape, signed with the API key's secret."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Codes that the SDK knows (its own source, 2.18.5).
AUTHENTICATION_FAILED = 31201
TOKEN_INVALID = 31204
TOKEN_EXPIRED = 31205


class TokenRefusedError(Exception):
    """A browser showed a token that can't be accepted; `code` is what the SDK is told."""

    def __init__(self, code: int, sentence: str) -> None:
        """Refuse with a signalling error code and a sentence for the page's log."""
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """Who may sign tokens: the account, its API key's SID and that key's secret."""

    account_sid: str
    key_sid: str
    key_secret: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows: `identity` is the telephone's name, `expires` is in Unix seconds."""

    identity: str
    expires: int
    incoming: bool
    application_sid: str | None


def mint(keys: TokenKeys, identity: str, now: int, ttl_seconds: int = 3600) -> str:
    """Return a token for one of the simulator's own telephones; `now` in Unix seconds."""
    header = {"alg": "HS256", "typ": "JWT", "cty": "twilio-fpa;v=1"}
    payload = {
        "jti": f"{keys.key_sid}-{now}",
        "iss": keys.key_sid,
        "sub": keys.account_sid,
        "nbf": now,
        "exp": now + ttl_seconds,
        "grants": {"identity": identity, "voice": {"incoming": {"allow": True}, "outgoing": {}}},
    }
    signed = f"{_pack(header)}.{_pack(payload)}"
    return f"{signed}.{_signature(signed, keys.key_secret)}"


def verify(keys: TokenKeys, token: object, now: int) -> Grant:
    """Return what `token` grants at `now` (Unix seconds).

    Raises TokenRefusedError: expired, made for another account or key, signed with another secret,
    or no token at all.
    """
    if not isinstance(token, str) or token.count(".") != 2:
        raise TokenRefusedError(TOKEN_INVALID, "The access token is not a JWT.")
    signed, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(signed, keys.key_secret).encode()):
        raise TokenRefusedError(TOKEN_INVALID, "The access token has a wrong signature.")
    header, payload = (_unpack(part) for part in signed.split("."))
    if header.get("alg") != "HS256":
        raise TokenRefusedError(TOKEN_INVALID, "The access token must be signed with HS256.")
    if payload.get("iss") != keys.key_sid or payload.get("sub") != keys.account_sid:
        raise TokenRefusedError(AUTHENTICATION_FAILED, "The access token is of another account.")
    return _grant(payload, now)


def _grant(payload: Mapping[str, Any], now: int) -> Grant:
    grants = _mapping(payload, "grants")
    voice = _mapping(grants, "voice")
    identity, expires = grants.get("identity"), payload.get("exp")
    if not isinstance(identity, str) or not identity or not isinstance(expires, int):
        raise TokenRefusedError(TOKEN_INVALID, "The access token names no identity or no end.")
    if now >= expires:
        raise TokenRefusedError(TOKEN_EXPIRED, "The access token has expired; fetch a new one.")
    if now < payload.get("nbf", 0):
        raise TokenRefusedError(TOKEN_INVALID, "The access token is not valid yet.")
    return Grant(
        identity=identity,
        expires=expires,
        incoming=_mapping(voice, "incoming").get("allow") is True,
        application_sid=_mapping(voice, "outgoing").get("application_sid"),
    )


def _mapping(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    child = parent.get(name)
    return child if isinstance(child, dict) else {}


def _pack(value: Mapping[str, Any]) -> str:
    text = json.dumps(value, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _unpack(part: str) -> dict[str, Any]:
    try:
        value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError) as error:
        raise TokenRefusedError(TOKEN_INVALID, "The access token is not a JWT.") from error
    return value if isinstance(value, dict) else {}


def _signature(signed: str, secret: str) -> str:
    digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
