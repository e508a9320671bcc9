"""Logs one line for each request: its route, status and time; no query, no address, no number."""

import time

from flask import Flask, Response, g, request

from core.log import event_log

log = event_log(__name__)

QUIET = ("/healthz", "/readyz", "/metrics", "/assets/<asked_version>/<path:path>")


def install(app: Flask) -> None:
    """Log every request to `app` except those that a machine makes all day."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "unknown"
    if route not in QUIET or response.status_code >= 500:
        log.info(
            "request",
            method=request.method if request.method.isalpha() else "odd",
            route=route,
            status=response.status_code,
            milliseconds=round((time.perf_counter() - g.get("began", 0.0)) * 1000, 1),
        )
    return response
