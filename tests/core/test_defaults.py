"""A newcomer's machine gets servers, a simulator and keys; production gets nothing."""

from pathlib import Path

import pytest

from core.config import ConfigError, load_config
from core.defaults import var_directory, wants_simulator, with_defaults


def test_an_empty_environment_becomes_a_whole_configuration(tmp_path: Path) -> None:
    filled = with_defaults({"HELPLINE_VAR": str(tmp_path)})
    config = load_config(filled)
    assert config.database_url is not None
    assert config.database_url.startswith("postgresql+psycopg://")
    assert config.carrier.api_base_url == "http://127.0.0.1:8121"
    assert config.public_base_url == "http://127.0.0.1:8120"


def test_the_keys_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    first = load_config(with_defaults({"HELPLINE_VAR": str(tmp_path)}))
    again = load_config(with_defaults({"HELPLINE_VAR": str(tmp_path)}))
    assert first.data_keys == again.data_keys
    assert first.secret_key == again.secret_key
    assert (tmp_path / "keys.env").stat().st_mode & 0o777 == 0o600


def test_what_is_configured_is_kept(tmp_path: Path) -> None:
    own = {"HELPLINE_VAR": str(tmp_path), "REDIS_URL": "redis://own", "PORT": "9000"}
    filled = with_defaults(own)
    assert filled["REDIS_URL"] == "redis://own"
    assert filled["PUBLIC_BASE_URL"] == "http://127.0.0.1:9000"


def test_a_configured_carrier_takes_the_simulators_place() -> None:
    assert wants_simulator({})
    assert not wants_simulator({"TWILIO_ACCOUNT_SID": "AC1"})
    assert not wants_simulator({"TWILIO_API_BASE_URL": "https://carrier.example"})


def test_production_is_given_nothing(tmp_path: Path) -> None:
    bare = {"HELPLINE_ENV": "production", "HELPLINE_VAR": str(tmp_path / "var")}
    assert with_defaults(bare) == bare
    assert not (tmp_path / "var").exists()


def test_keys_generated_here_are_refused_in_production(tmp_path: Path) -> None:
    generated = with_defaults({"HELPLINE_VAR": str(tmp_path)})
    carried = {name: generated[name] for name in ("SECRET_KEY", "DATA_KEYS")}
    with pytest.raises(ConfigError) as caught:
        load_config(carried | {"HELPLINE_ENV": "production"})
    assert [f for f in caught.value.faults if "generated" in f and f.startswith("SECRET_KEY")]
    assert [f for f in caught.value.faults if "generated" in f and f.startswith("DATA_KEYS")]


def test_var_may_be_elsewhere(tmp_path: Path) -> None:
    assert var_directory({"HELPLINE_VAR": str(tmp_path)}) == tmp_path
    assert var_directory({}).name == "var"
