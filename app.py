"""Puts the house together: `create_app`, and `python app.py`, which starts all of it.

`python app.py` starts web, worker and whatever is not configured; `python app.py web` the web
process alone; `python app.py migrate` brings the database to this program's shape.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

from flask import Flask
from sqlalchemy.exc import OperationalError

from core import access, problems, request_log
from core.config import Config, ConfigError, load_config
from core.defaults import with_defaults
from core.launcher import AlreadyRunning, PortTaken
from core.log import event_log, set_up_logging
from core.schema import OldSchema, require_current, upgrade
from core.serve import BODY_BYTES_MAX, serve
from core.services import EXTENSION, Services, build_services, install
from core.web import frame

log = event_log("app")

# Every door into the house. Each module says at its top which roles may enter.
EDGES = (
    "core.health",
    "core.openapi",
    "core.tokens_api",
    "core.sign_in_pages",
    "ivr.hooks",
    "counselors.api",
    "counselors.pages",
    "supervision.api",
    "supervision.pages",
)


class Dispatcher(Protocol):
    """What decides who is asked: woken by bells, and by the sweep."""

    def start(self) -> None:
        """Begin to decide."""
        ...

    def stop(self) -> None:
        """End; what is left undone is in the tables."""
        ...


def create_app(services: Services | None = None) -> Flask:
    """Return the web app on `services`; without them, on what the environment says."""
    if services is None:
        services = build_services(load_config(with_defaults(os.environ)))
        install(services)
    app = Flask(__name__, static_folder=None)
    app.extensions[EXTENSION] = services
    app.secret_key = services.config.secret_key
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES_MAX
    request_log.install(app)
    problems.install(app)
    frame.install(app, services.config.public_base_url.startswith("https://"))
    access.guard(app)
    for edge in EDGES:
        if find_spec(edge) is not None:
            app.register_blueprint(import_module(edge).blueprint)
    app.cli.add_command(import_module("core.cli").access_log)
    if find_spec("counselors.cli") is not None:
        app.cli.add_command(import_module("counselors.cli").roster)
    return app


def dispatcher_of(services: Services) -> Dispatcher:
    """Return what decides who is asked, for this process."""
    made: Dispatcher = import_module("ivr.dispatcher").Dispatcher(services)
    return made


def refuse_old_schema(services: Services) -> None:
    """Raise OldSchema in production when the database answers and stands elsewhere.

    A database that is away is no reason not to start: the fallback must be spoken all the same.
    """
    if not services.config.production:
        return
    with suppress(OperationalError), services.database.engine.connect() as connection:
        require_current(connection)


def web(config: Config) -> int:
    """Run the web process until it is told to stop."""
    services = build_services(config)
    install(services)
    refuse_old_schema(services)
    services.live.start()
    dispatcher = dispatcher_of(services)
    dispatcher.start()
    log.info("web_started", port=config.port, production=config.production)
    serve(create_app(services), config)
    dispatcher.stop()
    services.live.stop()
    log.info("web_stopped")
    return 0


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says; return the exit status."""
    set_up_logging()
    command = arguments[0] if arguments else "all"
    try:
        if command == "all":
            from core.start import start

            return start(os.environ)
        config = load_config(with_defaults(os.environ))
        if command == "web":
            return web(config)
        if command == "migrate":
            upgrade(config.database_url or "")
            return 0
    except (ConfigError, AlreadyRunning, PortTaken, OldSchema) as refused:
        sys.stderr.write(f"{refused}\n")
        return 2
    sys.stderr.write("python app.py [web|migrate]\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
