"""Tells the machine's own watchers how the process is: /healthz, /readyz, /metrics."""

import ipaddress
from typing import Any

import redis
from flask import Blueprint, Response, abort, jsonify, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from core.access import ANYBODY, admit
from core.clock import APART_SECONDS_MAX, ahead_seconds
from core.schema import OldSchema, require_current
from core.services import services
from core.work import connect

REDIS_SECONDS_MAX = 0.3

blueprint = Blueprint("health", __name__)
admit(blueprint, ANYBODY)


@blueprint.before_request
def own_network_only() -> None:
    """Hide these pages from everyone but this machine; a proxied request is from elsewhere."""
    address = request.remote_addr or ""
    try:
        own = ipaddress.ip_address(address).is_loopback
    except ValueError:
        own = False
    if not own or "X-Forwarded-For" in request.headers:
        abort(404)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Say that the process lives; nothing else is asked."""
    return jsonify(status="alive")


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Say whether calls can be served: database and migrations.

    Redis is told, not required; nor is a clock that agrees with the database's, since callers are
    answered all the same.
    """
    database = _database_says()
    ready = database == "ok"
    answer: dict[str, Any] = {
        "status": "ready" if ready else "not ready",
        "database": database,
        "clock": _clock_says() if ready else "unknown",
        "redis": _redis_says(),
    }
    return jsonify(answer), 200 if ready else 503


@blueprint.get("/metrics")
def metrics() -> Response:
    """Give the process's figures in Prometheus form."""
    return Response(services().metrics.page(), content_type="text/plain; version=0.0.4")


def _database_says() -> str:
    try:
        with services().database.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            require_current(connection)
    except SQLAlchemyError:
        return "away"
    except OldSchema as old:
        return str(old)
    return "ok"


def _clock_says() -> str:
    held = services()
    asked_at = held.clock.now()
    try:
        with held.database.reading() as session:
            told_at = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    except SQLAlchemyError:
        return "unknown"
    ahead = ahead_seconds(held.clock, asked_at, told_at)
    if abs(ahead) <= APART_SECONDS_MAX:
        return "ok"
    return f"{ahead:+.1f} s from the database's: this process offers and sweeps nothing"


def _redis_says() -> str:
    url = services().config.redis_url
    if url is None:
        return "none"
    try:
        with connect(url, REDIS_SECONDS_MAX) as client:
            client.ping()
    except (redis.RedisError, OSError):
        return "away"
    return "ok"
