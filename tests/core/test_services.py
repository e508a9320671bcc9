"""The services: an app's own first, the process's otherwise."""

from dataclasses import replace

import pytest
from flask import Flask

from core.policy import load_policy
from core.services import EXTENSION, NotInstalled, Services, build_services, install, services


def test_a_job_finds_what_its_process_installed(services: Services) -> None:
    from core.services import services as found

    assert found() is services


def test_without_a_process_the_remedy_is_named() -> None:
    install(None)
    with pytest.raises(NotInstalled, match="install"):
        services()


def test_an_app_has_its_own(services: Services) -> None:
    from core.services import services as found

    app, own = Flask(__name__), replace(services)
    app.extensions[EXTENSION] = own
    with app.app_context():
        assert found() is own


def test_a_real_process_needs_its_servers_named(services: Services) -> None:
    with pytest.raises(NotInstalled, match="REDIS_URL"):
        build_services(services.config)


def test_a_real_process_is_put_together_without_connecting(services: Services) -> None:
    config = replace(services.config, redis_url="unix:///nonexistent.sock")
    built = build_services(config)
    assert built.policy == load_policy()
    built.database.close()
