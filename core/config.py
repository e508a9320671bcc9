"""The settings of a process, read from the environment once; every fault is named at once."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from core.policy import PolicyError, load_policy

GENERATED_MARK = "devonly_"  # keys made for a newcomer's machine begin so; production refuses them
SIMULATED_SID = "0120" * 8
DOCUMENTATION_NUMBER = "+8225550120"
CARRIER_API = "https://api.twilio.com"
DATA_KEY_BYTES = 32
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_SID = re.compile(r"[0-9a-f]{32}")


class ConfigError(Exception):
    """Some settings are missing or malformed; each is named with what it should be.

    faults: one sentence for each. No value of a secret is in them.
    """

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("Settings to put right:\n- " + "\n- ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class CarrierConfig:
    """The account at the carrier. auth_tokens: newest first; two during a rotation."""

    account_sid: str
    auth_tokens: tuple[str, ...] = field(repr=False)
    api_key_sid: str
    api_key_secret: str = field(repr=False)
    twiml_app_sid: str
    api_base_url: str


@dataclass(frozen=True, slots=True)
class Config:
    """What DESIGN's table of the environment says, read and checked.

    env: "development" or "production". data_keys: newest first, 32 bytes each.
    database_url, redis_url: None where not configured. policy_path: overrides of the limits.
    worker_metrics_port: None where the worker shows no figures.
    """

    env: str
    host: str
    port: int
    database_url: str | None = field(repr=False)
    redis_url: str | None = field(repr=False)
    public_base_url: str
    helpline_number: str
    secret_key: str = field(repr=False)
    data_keys: tuple[bytes, ...] = field(repr=False)
    carrier: CarrierConfig
    policy_path: Path | None
    worker_metrics_port: int | None

    @property
    def production(self) -> bool:
        """Tell whether real people call."""
        return self.env == "production"


class _Reader:
    """Reads one environment and collects what is wrong with it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.faults: list[str] = []
        self.env = self.text("HELPLINE_ENV", "development")
        if self.env not in ("development", "production"):
            self.faults.append("HELPLINE_ENV must be `development` or `production`.")

    @property
    def production(self) -> bool:
        """Tell whether defaults are refused."""
        return self.env != "development"

    def text(self, name: str, default: str) -> str:
        """Return the setting without surrounding blanks, or `default` where unset or empty."""
        return self._environ.get(name, "").strip() or default

    def required(self, name: str, default: str | None) -> str:
        """Return the setting; in production neither absence nor the default will do."""
        value = self.text(name, "")
        if self.production and not value:
            self.faults.append(f"{name} is not set; production has no default for it.")
        elif self.production and default is not None and value == default:
            self.faults.append(f"{name} is the default of a newcomer's machine; set your own.")
        return value or default or ""

    def check(self, name: str, right: bool, should: str) -> None:
        """Note that `name` should be otherwise, unless it is right or named already."""
        if not right and not any(fault.startswith(f"{name} ") for fault in self.faults):
            self.faults.append(f"{name} {should}.")


def load_config(environ: Mapping[str, str]) -> Config:
    """Read the settings. Raises ConfigError with every fault, the policy file's among them."""
    read = _Reader(environ)
    path = read.text("HELPLINE_POLICY", "")
    config = Config(
        env=read.env,
        host=read.text("HOST", "127.0.0.1") if read.production else "127.0.0.1",
        port=_port(read, "PORT", "8120"),
        database_url=_server(read, "DATABASE_URL", ("postgresql", "postgresql+psycopg")),
        redis_url=_server(read, "REDIS_URL", ("redis", "rediss", "unix")),
        public_base_url=_public_base_url(read),
        helpline_number=_helpline_number(read),
        secret_key=_secret_key(read),
        data_keys=_data_keys(read),
        carrier=_carrier(read),
        policy_path=Path(path) if path else None,
        worker_metrics_port=_port(read, "WORKER_METRICS_PORT", "0") or None,
    )
    _port(read, "SIMULATOR_PORT", "0")  # read by the exchange itself
    try:
        load_policy(config.policy_path)
    except PolicyError as error:
        read.faults.append(str(error))
    if read.faults:
        raise ConfigError(tuple(read.faults))
    return config


def _port(read: _Reader, name: str, default: str) -> int:
    """Return the port; 0 where it is neither set nor has a default."""
    text = read.text(name, default)
    right = text == default or (text.isascii() and text.isdecimal() and 0 < int(text) < 65_536)
    read.check(name, right, "must be a number from 1 to 65535")
    return int(text) if right else 0


def _server(read: _Reader, name: str, schemes: tuple[str, ...]) -> str | None:
    url = read.required(name, None)
    right = not url or url.split("://", 1)[0] in schemes
    read.check(name, right, f"must begin with one of {', '.join(s + '://' for s in schemes)}")
    return url or None


def _public_base_url(read: _Reader) -> str:
    name = "PUBLIC_BASE_URL"
    url = read.required(name, "http://127.0.0.1:8120")
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname)
        bare = not (parts.path or parts.query or parts.fragment or parts.username)
    except ValueError:
        whole = bare = False
    read.check(name, whole and bare, "must be scheme and host only, such as https://120.example.kr")
    secure = not read.production or url.startswith("https://")
    read.check(name, secure, "must begin with https:// in production")
    return url


def _helpline_number(read: _Reader) -> str:
    number = read.required("HELPLINE_NUMBER", DOCUMENTATION_NUMBER)
    read.check(
        "HELPLINE_NUMBER", bool(_E164.fullmatch(number)), "must be E.164, such as +82221234567"
    )
    return number


def _secret_key(read: _Reader) -> str:
    key = read.required("SECRET_KEY", None)
    read.check("SECRET_KEY", len(key) >= 32, "must hold 32 characters or more")
    _refuse_generated(read, "SECRET_KEY", key)
    return key


def _data_keys(read: _Reader) -> tuple[bytes, ...]:
    name = "DATA_KEYS"
    texts = [text.strip() for text in read.required(name, None).split(",")]
    keys = tuple(_decoded(text) for text in texts)
    right = all(len(key) == DATA_KEY_BYTES for key in keys) and len(set(keys)) == len(keys)
    read.check(name, right, "must be different keys of 32 random bytes each in URL-safe base64")
    read.check(name, all(len(set(key)) > 8 for key in keys), "must be random bytes")
    for text in texts:
        _refuse_generated(read, name, text)
    return keys if right else ()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _refuse_generated(read: _Reader, name: str, value: str) -> None:
    own = not (read.production and value.startswith(GENERATED_MARK))
    read.check(name, own, "was generated for a newcomer's machine; make your own")


def _carrier(read: _Reader) -> CarrierConfig:
    tokens = read.required("TWILIO_AUTH_TOKEN", SIMULATED_SID)
    auth_tokens = tuple(token.strip() for token in tokens.split(",") if token.strip())
    read.check(
        "TWILIO_AUTH_TOKEN", len(auth_tokens) in (1, 2), "must be one token, two in rotation"
    )
    own = not read.production or SIMULATED_SID not in auth_tokens
    read.check("TWILIO_AUTH_TOKEN", own, "holds the simulator's token; set your own")
    base = read.text("TWILIO_API_BASE_URL", CARRIER_API).rstrip("/")
    web = base.startswith("https://") or (not read.production and base.startswith("http://"))
    read.check("TWILIO_API_BASE_URL", web, "must begin with https://")
    return CarrierConfig(
        account_sid=_sid(read, "TWILIO_ACCOUNT_SID", "AC"),
        auth_tokens=auth_tokens,
        api_key_sid=_sid(read, "TWILIO_API_KEY_SID", "SK"),
        api_key_secret=read.required("TWILIO_API_KEY_SECRET", SIMULATED_SID),
        twiml_app_sid=_sid(read, "TWILIO_TWIML_APP_SID", "AP"),
        api_base_url=base,
    )


def _sid(read: _Reader, name: str, prefix: str) -> str:
    sid = read.required(name, prefix + SIMULATED_SID)
    right = sid[:2] == prefix and bool(_SID.fullmatch(sid[2:]))
    read.check(name, right, f"must be {prefix} and 32 hexadecimal digits")
    return sid
