"""Access tokens for the counselors' softphones."""

import uuid
from datetime import datetime

from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant

from core.config import CarrierConfig

TOKEN_SECONDS = 3600


def identity(account_id: uuid.UUID) -> str:
    """Return the softphone identity of an account: letters, digits and underscore only."""
    return f"counselor_{account_id.hex}"


def mint(config: CarrierConfig, account_id: uuid.UUID, now: datetime) -> str:
    """Return a token with which this account's browser may call our TwiML app, for an hour."""
    token = AccessToken(
        config.account_sid,
        config.api_key_sid,
        config.api_key_secret,
        identity=identity(account_id),
        nbf=int(now.timestamp()),
        ttl=TOKEN_SECONDS,
    )
    token.add_grant(VoiceGrant(outgoing_application_sid=config.twiml_app_sid, incoming_allow=True))
    return str(token.to_jwt())
