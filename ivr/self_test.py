"""At the start, asks whether the carrier would get in: by our public address, signed as it signs.

A proxy that rewrites the address, or a wrong token, refuses every call; nobody should learn that
from citizens. Reference: yap issue 1589, twilio-python issues 715 and 751.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import requests
from twilio.base.exceptions import TwilioException
from twilio.request_validator import RequestValidator

from core.log import event_log
from core.services import Services
from ivr.carrier import make_client
from ivr.signature import SIGNATURE
from ivr.twiml import EMPTY

log = event_log(__name__)

HOOK = "self-test"
TRICKY = f"/ivr/{HOOK}?words=%EC%99%B8%20a%2Bb&blank="  # what proxies like to rewrite
FORM = {"CallSid": "CAselftest", "FromCity": "", "Words": "외로움 + a&b"}
TRIES = 3
PAUSE_SECONDS = 2.0
ANSWER_SECONDS_MAX = 5.0


@dataclass(frozen=True)
class Finding:
    """What a check found. says: a sentence for who has to mend it; no secret, no address of ours.

    is_final: asking again would find the same.
    """

    is_well: bool
    says: str
    is_final: bool = True


WELL = Finding(True, "")
UNREACHABLE = Finding(
    False,
    "PUBLIC_BASE_URL can't be reached from this machine; if the carrier reaches it nevertheless "
    "(some networks lead no way back in), this is no fault.",
    is_final=False,
)
SOMEBODY_ELSE = Finding(
    False, "Something else answers at PUBLIC_BASE_URL; the carrier would reach that.", False
)
UNSIGNED = Finding(
    False,
    "Our own signature was refused at PUBLIC_BASE_URL: the proxy changes path, query or form, or "
    "another process there has another TWILIO_AUTH_TOKEN or PUBLIC_BASE_URL.",
)
WRONG_TOKEN = Finding(
    False,
    "The carrier refuses TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN: nothing can be rung or moved, "
    "and its webhooks will not match either.",
)
CARRIER_AWAY = Finding(False, "The carrier's REST server did not answer as it should.", False)


def check_address(base_url: str, token: str) -> Finding:
    """Send one signed webhook to ourselves by way of the public address."""
    url = base_url + TRICKY
    headers = {SIGNATURE: RequestValidator(token).compute_signature(url, FORM)}
    try:
        answer = requests.post(
            url, data=FORM, headers=headers, timeout=ANSWER_SECONDS_MAX, allow_redirects=False
        )
    except requests.RequestException:
        return UNREACHABLE
    if not answer.headers.get("Content-Type", "").startswith("text/xml"):
        return SOMEBODY_ELSE
    if answer.status_code == 403:
        return UNSIGNED
    return WELL if (answer.status_code, answer.text) == (200, EMPTY) else SOMEBODY_ELSE


def check_account(services: Services) -> Finding:
    """Ask the carrier for one call, as any account may."""
    account = services.config.carrier
    client = make_client(account, ANSWER_SECONDS_MAX)
    url = f"{client.api.base_url}/2010-04-01/Accounts/{account.account_sid}/Calls.json"
    try:
        answer = client.request("GET", url, params={"PageSize": "1"})
        if answer.status_code in (401, 403):
            return WRONG_TOKEN
        return WELL if "calls" in json.loads(answer.text) else CARRIER_AWAY
    except (TwilioException, requests.RequestException, ValueError):
        return CARRIER_AWAY


def run(services: Services, pause_seconds: float = PAUSE_SECONDS) -> bool:
    """Make both checks, again where that may help, and tell log and metrics what was found."""
    config = services.config
    checks: Mapping[str, Callable[[], Finding]] = {
        "address": lambda: check_address(config.public_base_url, config.carrier.auth_tokens[0]),
        "account": lambda: check_account(services),
    }
    found = {}
    for name, check in checks.items():
        found[name] = check()
        for _ in range(TRIES - 1):
            if found[name].is_well or found[name].is_final:
                break
            time.sleep(pause_seconds)
            found[name] = check()
        _tell(services, name, found[name])
    return all(finding.is_well for finding in found.values())


def _tell(services: Services, name: str, finding: Finding) -> None:
    services.metrics.self_test.labels(name).set(finding.is_well)
    if finding.is_well:
        log.info("self_test_passed", check=name)
    else:
        log.error("self_test_failed", check=name, says=finding.says)


def start(services: Services) -> None:
    """Run in a thread of its own: a failed check must not keep the line from answering."""
    threading.Thread(target=run, args=(services,), name="self-test", daemon=True).start()
