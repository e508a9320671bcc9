"""Settings: read whole, or every fault named at once and no secret told."""

import base64
import os

import pytest

from core.config import (
    DOCUMENTATION_NUMBER,
    GENERATED_MARK,
    SIMULATED_SID,
    ConfigError,
    load_config,
)

KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
DEVELOPMENT = {"SECRET_KEY": "x" * 32, "DATA_KEYS": KEY}
PRODUCTION = {
    "HELPLINE_ENV": "production",
    "DATABASE_URL": "postgresql+psycopg://helpline@db/helpline",
    "REDIS_URL": "redis://cache:6379/0",
    "PUBLIC_BASE_URL": "https://120.example.kr",
    "HELPLINE_NUMBER": "+82221234567",
    "SECRET_KEY": "a" * 40,
    "DATA_KEYS": KEY,
    "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
    "TWILIO_AUTH_TOKEN": "first,second",
    "TWILIO_API_KEY_SID": "SK" + "2" * 32,
    "TWILIO_API_KEY_SECRET": "own secret",
    "TWILIO_TWIML_APP_SID": "AP" + "3" * 32,
}


def faults(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_config(environ)
    return caught.value.faults


def test_development_needs_only_keys() -> None:
    config = load_config(DEVELOPMENT)
    assert (config.env, config.host, config.port) == ("development", "127.0.0.1", 8120)
    assert config.database_url is None
    assert config.helpline_number == DOCUMENTATION_NUMBER
    assert config.carrier.account_sid == "AC" + SIMULATED_SID


def test_a_whole_production_is_read() -> None:
    config = load_config(PRODUCTION)
    assert config.production
    assert config.carrier.auth_tokens == ("first", "second")
    assert config.carrier.api_base_url == "https://api.twilio.com"
    assert config.data_keys == (bytes(range(32)),)


def test_an_empty_production_names_everything_that_it_lacks() -> None:
    told = faults({"HELPLINE_ENV": "production"})
    for name in PRODUCTION.keys() - {"HELPLINE_ENV"}:
        assert any(fault.startswith(f"{name} ") for fault in told), name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TWILIO_ACCOUNT_SID", "AC" + SIMULATED_SID),
        ("TWILIO_AUTH_TOKEN", SIMULATED_SID),
        ("TWILIO_AUTH_TOKEN", f"own,{SIMULATED_SID}"),
        ("TWILIO_API_KEY_SECRET", SIMULATED_SID),
        ("HELPLINE_NUMBER", DOCUMENTATION_NUMBER),
        ("PUBLIC_BASE_URL", "http://127.0.0.1:8120"),
        ("PUBLIC_BASE_URL", "http://120.example.kr"),
        ("SECRET_KEY", GENERATED_MARK + "k" * 40),
        ("DATA_KEYS", GENERATED_MARK + KEY[8:]),
        ("TWILIO_API_BASE_URL", "http://127.0.0.1:8121"),
    ],
)
def test_production_refuses_what_a_newcomers_machine_uses(name: str, value: str) -> None:
    told = faults(PRODUCTION | {name: value})
    assert len(told) == 1
    assert told[0].startswith(name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HELPLINE_ENV", "staging"),
        ("PORT", "0"),
        ("PORT", "٨١٢٠"),
        ("PORT", "65536"),
        ("WORKER_METRICS_PORT", "eighty"),
        ("SIMULATOR_PORT", "-1"),
        ("DATABASE_URL", "mysql://x"),
        ("REDIS_URL", "memcached://x"),
        ("PUBLIC_BASE_URL", "120.example.kr"),
        ("PUBLIC_BASE_URL", "https://120.example.kr/"),
        ("PUBLIC_BASE_URL", "https://[half"),
        ("HELPLINE_NUMBER", "02-120"),
        ("SECRET_KEY", "short"),
        ("DATA_KEYS", "not base64 at all!"),
        ("DATA_KEYS", f"{KEY},{KEY}"),
        ("DATA_KEYS", base64.urlsafe_b64encode(bytes(32)).decode()),
        ("TWILIO_ACCOUNT_SID", "AC12"),
        ("TWILIO_AUTH_TOKEN", "a,b,c"),
        ("HELPLINE_POLICY", "/no/such/file.toml"),
    ],
)
def test_a_malformed_setting_is_named(name: str, value: str) -> None:
    assert any(fault.startswith(name) for fault in faults(PRODUCTION | {name: value}))


def test_no_secret_is_told() -> None:
    secret = "a-very-secret-word"
    broken = PRODUCTION | {"SECRET_KEY": secret, "DATA_KEYS": secret, "PORT": "no"}
    assert secret not in " ".join(faults(broken))
    config = load_config(PRODUCTION)
    for hidden in ("SECRET_KEY", "DATA_KEYS", "TWILIO_API_KEY_SECRET", "DATABASE_URL"):
        assert PRODUCTION[hidden] not in repr(config)


def test_the_tests_see_none_of_the_developers_settings() -> None:
    assert not [name for name in os.environ if name.startswith(("TWILIO_", "HELPLINE_"))]
