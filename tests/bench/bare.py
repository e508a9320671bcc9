"""The yardstick: a bare Flask route with a signature check and one committed insert.

Run by `python -m tests.bench.bare` on the port in BARE_PORT, by the same server with the same
threads as the real web process.
"""

import dataclasses
import os
import threading

import psycopg
from flask import Flask, Response, request
from twilio.request_validator import RequestValidator

from core.config import load_config
from core.defaults import with_defaults
from core.serve import serve
from tests.databases import plain

TABLE = "CREATE TABLE IF NOT EXISTS bare (id bigserial PRIMARY KEY, call_sid text, digits text)"
INSERT = "INSERT INTO bare (call_sid, digits) VALUES (%s, %s)"
ANSWER = "<Response><Say>.</Say></Response>"


def make(database_url: str, base_url: str, token: str) -> Flask:
    """The bare app. database_url: in libpq's form."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(TABLE)
    held = threading.local()  # a connection for each thread: the cheapest there is
    validator = RequestValidator(token)
    app = Flask(__name__, static_folder=None)

    @app.get("/readyz")
    def ready() -> str:
        return "ok"

    @app.post("/bare")
    def turn() -> Response:
        url = base_url + str(request.environ["REQUEST_URI"])
        signature = request.headers.get("X-Twilio-Signature", "")
        if not validator.validate(url, request.form, signature):
            return Response(status=403)
        if not hasattr(held, "connection"):
            held.connection = psycopg.connect(database_url)
        held.connection.execute(INSERT, (request.form["CallSid"], request.form["Digits"]))
        held.connection.commit()
        return Response(ANSWER, content_type="text/xml")

    return app


def main() -> None:
    """Serve until told to stop."""
    port = os.environ["BARE_PORT"]
    config = load_config(with_defaults(os.environ))
    url = plain(config.database_url or "")
    app = make(url, f"http://127.0.0.1:{port}", config.carrier.auth_tokens[0])
    serve(app, dataclasses.replace(config, port=int(port)))


if __name__ == "__main__":
    main()
