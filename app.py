"""Puts the house together: `create_app`, and `python app.py`, which starts all of it.

`python app.py` starts web, worker and whatever is not configured; `python app.py web` the web
process alone; `python app.py migrate` brings the database to this program's shape.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from flask import Flask
from sqlalchemy.exc import OperationalError

from callbacks import api as callbacks_api
from callbacks import (
    calls_api,
    clients_api,
    clients_page,
    operators_page,
    promises_page,
    series_api,
    web_form,
)
from callbacks import pages as callbacks_pages
from citizens import api as citizens_api
from core import access, health, openapi, problems, request_log, sign_in_pages, tokens_api
from core.cli import access_log
from core.config import Config, ConfigError, load_config
from core.defaults import with_defaults
from core.launcher import AlreadyRunning, PortTaken
from core.log import event_log, set_up_logging
from core.schema import OldSchema, require_current, upgrade
from core.serve import BODY_BYTES_MAX, serve
from core.services import EXTENSION, Services, build_services, install
from core.web import frame
from counselors import api as counselors_api
from counselors import pages as counselors_pages
from counselors.cli import roster
from ivr import hooks, self_test
from ivr.dispatcher import Dispatcher
from supervision import api as supervision_api
from supervision import day_pages, promise_api
from supervision import pages as supervision_pages
from supervision.cli import day_picture

log = event_log("app")

# Every door into the house. Each module says at its top which roles may enter.
EDGES = (
    health,
    openapi,
    tokens_api,
    sign_in_pages,
    hooks,
    counselors_api,
    counselors_pages,
    supervision_api,
    supervision_pages,
    day_pages,
    callbacks_pages,
    promises_page,
    clients_page,
    web_form,
    operators_page,
    callbacks_api,
    calls_api,
    series_api,
    clients_api,
    citizens_api,
    promise_api,
)


def create_app(services: Services | None = None) -> Flask:
    """Return the web app on `services`; without them, on what the environment says."""
    if services is None:
        services = build_services(_settings_or_exit())
        install(services)
    app = Flask(__name__, static_folder=None)
    app.extensions[EXTENSION] = services
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES_MAX
    request_log.install(app)
    problems.install(app)
    frame.install(app, services.config.public_base_url.startswith("https://"))
    access.guard(app)
    for edge in EDGES:
        app.register_blueprint(edge.blueprint)
    app.cli.add_command(access_log)
    app.cli.add_command(roster)
    app.cli.add_command(day_picture)
    return app


def _settings_or_exit() -> Config:
    """Read the settings for `flask --app app`, which would show a refusal as a traceback."""
    try:
        return load_config(with_defaults(os.environ))
    except ConfigError as refused:
        raise SystemExit(str(refused)) from None


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
    dispatcher = Dispatcher(services)
    dispatcher.start()
    log.info("web_started", port=config.port, production=config.production)
    app = create_app(services)
    self_test.start(services)
    serve(app, config)
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
