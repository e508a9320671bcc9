"""The API's route table: one declaration registers an operation, admits its roles and documents it.

Nothing undocumented can exist under /api/v1: what is not an operation has no roles, so nobody
gets in.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, request
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core import idempotency, problems
from core.access import ANYBODY, admits, current_account
from core.bodies import parse, validate
from core.database import was_taken_back
from core.fields import Nothing
from core.problems import Problem
from core.rows import undo
from core.services import services

PREFIX = "/api/v1"
OPERATION_ATTRIBUTE = "operation"


@dataclass(frozen=True)
class Operation:
    """One call of the API, as it is served and as it is described.

    path: Flask's form below /api/v1. body: None for reads. answer: None where the view makes its
    own response (an event stream). refusals: statuses and why, beyond those of every call.
    """

    method: str
    path: str
    summary: str
    roles: frozenset[str]
    answer: type[BaseModel] | None
    body: type[BaseModel] | None
    status: int
    refusals: Mapping[int, str]
    media_type: str
    keeps_answer: bool = True
    query: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        """Tell whether it is a change, which takes an Idempotency-Key."""
        return self.method not in {"GET", "HEAD"}


class Api:
    """Operations of one room, gathered in a Flask blueprint."""

    def __init__(self, name: str, import_name: str) -> None:
        self.blueprint = Blueprint(name, import_name, url_prefix=PREFIX)

    def read(
        self,
        path: str,
        *,
        summary: str,
        roles: frozenset[str],
        answer: type[BaseModel] | None,
        refusals: Mapping[int, str] | None = None,
        media_type: str = "application/json",
        query: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register a GET. The view gets the path's values and returns an `answer`.

        With answer=None it returns a Flask response of `media_type`. query: the JSON schema of
        each optional parameter after the question mark, which the view reads itself.
        """
        operation = Operation(
            "GET",
            path,
            summary,
            roles,
            answer,
            None,
            200,
            refusals or {},
            media_type,
            query=query or {},
        )
        return self._register(operation, _reading)

    def change(
        self,
        method: str,
        path: str,
        *,
        summary: str,
        roles: frozenset[str],
        answer: type[BaseModel],
        body: type[BaseModel] = Nothing,
        status: int = 200,
        refusals: Mapping[int, str] | None = None,
        keeps_answer: bool = True,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register a change. The view gets an open transaction, the body and the path's values.

        It returns an `answer`; it raises Problem, which undoes what it did, or returns one, which
        keeps it. Each is stored under the request's Idempotency-Key. After the commit the
        dispatcher is woken. keeps_answer=False is for what must be done anew each time: a reveal
        that is logged whenever it is shown.
        """
        operation = Operation(
            method,
            path,
            summary,
            roles,
            answer,
            body,
            status,
            refusals or {},
            "application/json",
            keeps_answer,
        )
        return self._register(operation, _changing)

    def _register(
        self, operation: Operation, wrap: Callable[[Operation, Callable[..., Any]], Any]
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def register(view: Callable[..., Any]) -> Callable[..., Any]:
            served = admits(operation.roles)(wrap(operation, view))
            setattr(served, OPERATION_ATTRIBUTE, operation)
            self.blueprint.add_url_rule(
                operation.path, view.__name__, served, methods=[operation.method]
            )
            return view

        return register


def json_response(body: BaseModel, status: int = 200) -> Response:
    """Return `body` as a JSON answer that nobody may cache."""
    return _response(body.model_dump_json(), status)


def _response(text: str, status: int) -> Response:
    response = Response(text, status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def _reading(operation: Operation, view: Callable[..., Any]) -> Callable[..., Any]:
    def serve(**values: Any) -> Any:
        made = view(**values)
        return json_response(made) if isinstance(made, BaseModel) else made

    return serve


def _changing(operation: Operation, view: Callable[..., Any]) -> Callable[..., Any]:
    def serve(**values: Any) -> Response:
        sent = _sent_json()
        body = validate(operation.body or Nothing, sent)
        key = idempotency.read_key(request.headers.get(idempotency.KEY_HEADER))
        held = services()

        def change() -> Response:
            with held.database.transaction() as session:
                kept = operation.keeps_answer and operation.roles != ANYBODY
                once = _Once(session, key if kept else None, sent)
                return once.do(operation, lambda: view(session, body, **values))

        given = _again_after_deadlock(change)
        held.live.ring("line")
        return given

    return serve


def _again_after_deadlock(change: Callable[[], Response]) -> Response:
    """Do a change once more where the database broke it off for another's sake."""
    try:
        return change()
    except DBAPIError as fault:
        if not was_taken_back(fault):
            raise
    return change()


class _Once:
    """Does a change inside `session`, once for each Idempotency-Key."""

    def __init__(self, session: Session, key: str | None, sent: Any) -> None:
        self._session = session
        self._now = services().clock.now()
        self._sealer = services().sealer
        self._asked: idempotency.Request | None = None
        if key is not None:
            digest = idempotency.digest(request.method, request.path, sent)
            self._asked = idempotency.Request(current_account().account_id, key, digest)

    def do(self, operation: Operation, work: Callable[[], BaseModel | Problem]) -> Response:
        """Return the answer given before, or do `work`, keep its answer and return it."""
        if self._asked is None:
            return _rendered(work(), operation)
        before = idempotency.recall(self._session, self._asked, self._now, self._sealer)
        if before is not None:
            return _again(before)
        try:
            made = work()
        except Problem as problem:
            made = problem
            undo(self._session)  # and with it the lock: the same request may have come between
            before = idempotency.recall(self._session, self._asked, self._now, self._sealer)
            if before is not None:
                return _again(before)
        answer = _kept(made, operation)
        if answer.status < 500:
            idempotency.keep(self._session, self._asked, answer, self._now, self._sealer)
        return _rendered(made, operation)


def _kept(made: BaseModel | Problem, operation: Operation) -> idempotency.Answer:
    if isinstance(made, Problem):
        return idempotency.Answer(made.status, made.body())
    return idempotency.Answer(operation.status, made.model_dump(mode="json"))


def _rendered(made: BaseModel | Problem, operation: Operation) -> Response:
    if isinstance(made, Problem):
        return made.response()
    return json_response(made, operation.status)


def _again(before: idempotency.Answer) -> Response:
    if before.status >= 400:
        return problems.answer(before.body, before.status)
    # To the byte what it was the first time: members in their order, no blanks, no escapes.
    text = json.dumps(before.body, ensure_ascii=False, separators=(",", ":"))
    return _response(text, before.status)


def _sent_json() -> Any:
    raw = request.get_data(cache=True)
    if raw.strip() and not request.is_json:
        raise Problem(415, "media-type", "Send the body as application/json.")
    return parse(raw)
