"""What stands in on a newcomer's machine for whatever is not configured. Never in production."""

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from core.config import DATA_KEY_BYTES, GENERATED_MARK
from core.embedded import EmbeddedPostgres, EmbeddedValkey

ROOT = Path(__file__).resolve().parent.parent
SIMULATOR_PORT = "8121"
KEY_NAMES = ("SECRET_KEY", "DATA_KEYS")


def var_directory(environ: Mapping[str, str]) -> Path:
    """Return where the embedded servers and generated keys live: HELPLINE_VAR, else `var/`."""
    return Path(environ.get("HELPLINE_VAR") or ROOT / "var").resolve()


def wants_simulator(environ: Mapping[str, str]) -> bool:
    """Tell whether no carrier is configured, so that the exchange in a box stands in."""
    return not (environ.get("TWILIO_API_BASE_URL") or environ.get("TWILIO_ACCOUNT_SID"))


def with_defaults(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` with the embedded servers, the simulator and generated keys filled in.

    Each only where unset; in production nothing is filled in, so that what is missing is named.
    """
    filled = {name: value for name, value in environ.items() if value.strip()}
    if filled.get("HELPLINE_ENV", "development") != "development":
        return filled
    var = var_directory(filled)
    port = filled.setdefault("PORT", "8120")
    filled.setdefault("PUBLIC_BASE_URL", f"http://127.0.0.1:{port}")
    filled.setdefault("DATABASE_URL", EmbeddedPostgres(var).url())
    filled.setdefault("REDIS_URL", EmbeddedValkey(var).url())
    if wants_simulator(filled):
        at = filled.setdefault("SIMULATOR_PORT", SIMULATOR_PORT)
        filled["TWILIO_API_BASE_URL"] = f"http://127.0.0.1:{at}"
    return _generated_keys(var / "keys.env") | filled


def _generated_keys(path: Path) -> dict[str, str]:
    """Read the keys of this machine, making them the first time. Only the owner may read them."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        random = secrets.token_bytes(DATA_KEY_BYTES - len(_mark_bytes()))
        data_key = base64.urlsafe_b64encode(_mark_bytes() + random).decode()
        secret = GENERATED_MARK + secrets.token_urlsafe(32)
        fresh = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"SECRET_KEY={secret}\nDATA_KEYS={data_key}\n")
        fresh.replace(path)  # whole or not at all: a half-written key would lock the data away
    lines = path.read_text(encoding="ascii").splitlines()
    pairs = dict(line.split("=", 1) for line in lines if "=" in line)
    return {name: pairs[name] for name in KEY_NAMES if name in pairs}


def _mark_bytes() -> bytes:
    return base64.urlsafe_b64decode(GENERATED_MARK)
