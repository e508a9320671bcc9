"""Did the carrier send this? Checks the signature over the bytes it signed, and fails closed.

Traps this file exists for: Flask's own URLs are decoded and so not what was signed; the scheme and
host behind a proxy are not ours to guess; a missing header makes the library raise.
Reference: Twilio, "Webhooks security"; twilio-python issues 715, 751, 885.
"""

import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from twilio.request_validator import RequestValidator, get_signature_algorithm

SIGNATURE = "X-Twilio-Signature"
SETTINGS = "X-Twilio-Webhooks-Signature-Settings"


def raw_target(environ: Mapping[str, object]) -> str:
    """Return path and query exactly as they stood in the request line.

    waitress gives REQUEST_URI, gunicorn RAW_URI; without either, the path is quoted again, which
    is right as long as the client quoted nothing it need not have.
    """
    for name in ("REQUEST_URI", "RAW_URI"):
        target = environ.get(name)
        if isinstance(target, str) and target.startswith("/"):
            return target
    path = quote(str(environ.get("PATH_INFO", "/")).encode("latin-1"), safe="/:@!$&'()*+,;=~")
    query = str(environ.get("QUERY_STRING", ""))
    return f"{path}?{query}" if query else path


def is_signed(
    base_url: str,
    target: str,
    parameters: Mapping[str, object],
    headers: Mapping[str, str],
    auth_tokens: Sequence[str],
) -> bool:
    """Tell whether one of `auth_tokens` signed this request.

    base_url: the configured PUBLIC_BASE_URL. target: from `raw_target`. parameters: the form as it
    came, blanks included; empty for a GET. Never raises: what can't be checked is not signed.
    """
    signature = headers.get(SIGNATURE, "")
    if not signature:
        return False
    url = base_url + target
    try:
        algorithm = get_signature_algorithm(headers.get(SETTINGS, ""))
        return any(
            _is_by(token, url, parameters, signature, algorithm=algorithm) for token in auth_tokens
        )
    except (TypeError, ValueError, KeyError, AttributeError, UnicodeError):
        return False


def _is_by(
    token: str, url: str, parameters: Mapping[str, object], signature: str, *, algorithm: str
) -> bool:
    """Try the URL as it is, as nearly always, before the library tries it with and without port."""
    validator = RequestValidator(token)
    signed = validator.compute_signature(url, parameters, algorithm)
    if hmac.compare_digest(signed.encode(), signature.encode()):
        return True
    return bool(validator.validate(url, parameters, signature, algorithm=algorithm))
