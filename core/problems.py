"""Errors of the API as `application/problem+json` (RFC 9457), each a sentence one can act on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, json, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from core.database import DatabaseAway
from core.fields import Fault
from core.life import IllegalEvent
from core.log import event_log

log = event_log(__name__)

MEDIA_TYPE = "application/problem+json"
API_PREFIX = "/api/"


@dataclass
class Problem(Exception):
    """A request that can't be served.

    status: HTTP status 4xx or 5xx. kind: stable slug for programs. detail: a sentence for people.
    faults: the bad fields. headers: such as Retry-After (seconds). members: further members of the
    document, for programs.
    """

    status: int
    kind: str
    detail: str
    faults: Sequence[Fault] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the members of the problem document."""
        document: dict[str, Any] = {
            "type": f"urn:helpline:problem:{self.kind}",
            "title": self.kind.replace("-", " "),
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }
        if self.faults:
            document["errors"] = [
                {"field": fault.field, "message": fault.message} for fault in self.faults
            ]
        return document

    def response(self) -> Response:
        """Return the answer to send."""
        return answer(self.body(), self.status, self.headers)


def answer(
    body: Mapping[str, Any], status: int, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a problem document as a response that nobody may cache."""
    response = Response(json.dumps(body), status, mimetype=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(headers or {})
    return response


def from_http(error: HTTPException) -> Problem:
    """Return Flask's own refusal (404, 405, 413, ...) as a problem."""
    status = error.code or 500
    kind = error.name.lower().replace(" ", "-").replace("'", "")
    allow = dict(error.get_headers()).get("Allow") if status == 405 else None
    detail = error.description or error.name
    return Problem(status, kind, detail, headers={"Allow": allow} if allow else {})


def is_api() -> bool:
    """Tell whether the request is to the API, whose errors are problem documents."""
    return request.path.startswith(API_PREFIX)


def install(app: Flask) -> None:
    """Answer every Problem with its document; turn Flask's refusals under /api into one."""
    app.register_error_handler(Problem, lambda problem: problem.response())
    app.register_error_handler(DatabaseAway, lambda _: _away().response())
    app.register_error_handler(OperationalError, lambda _: _away().response())
    app.register_error_handler(PoolTimeout, lambda _: _away().response())
    app.register_error_handler(IllegalEvent, lambda _: _too_late().response())
    handle_http, handle_crash = app.handle_http_exception, app.handle_exception

    def handle(error: HTTPException) -> Any:
        if is_api() and error.code is not None:
            return from_http(error).response()
        return handle_http(error)

    def crash(error: Exception) -> Any:
        if not is_api() or app.config["PROPAGATE_EXCEPTIONS"] or app.testing:
            return handle_crash(error)
        log.error("request_failed", error, endpoint=request.endpoint)
        return Problem(500, "our-fault", "This failed on our side; it is in our log.").response()

    # Not register_error_handler: the pages register theirs by status, which would come first.
    app.handle_http_exception = handle  # type: ignore[method-assign,assignment]
    app.handle_exception = crash  # type: ignore[method-assign,assignment]


def _too_late() -> Problem:
    return Problem(409, "gone", "This can't be done any more; look again at how things stand.")


def _away() -> Problem:
    return Problem(
        503,
        "database-away",
        "The database can't be reached; try again.",
        headers={"Retry-After": "2"},
    )
