"""The API's description in OpenAPI 3.1, made from the operations themselves."""

import re
from typing import Any

from flask import Blueprint, Flask, Response, current_app, json
from pydantic.json_schema import models_json_schema

from core.access import ANYBODY, admits
from core.operations import OPERATION_ATTRIBUTE, PREFIX, Operation
from core.roles import ROLES

blueprint = Blueprint("openapi", __name__)

_PART = re.compile(r"<(?:(\w+):)?(\w+)>")
_EVERY = {
    400: "The body is not well-formed JSON.",
    401: "Nobody is signed in.",
    403: "The role may not do this, or the CSRF token is missing.",
    404: "There is no such thing, or it is not yours.",
    503: "The database can't be reached just now.",
}
_OF_CHANGES = {
    409: "No longer possible, or the same request is in flight.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "Some fields are wrong; each is named.",
}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


@blueprint.get("/api/openapi.json")
@admits(ANYBODY)
def openapi() -> Response:
    """Serve the description of the API."""
    return Response(json.dumps(describe(current_app)), mimetype="application/json")


def operations(app: Flask) -> list[tuple[str, Operation]]:
    """Return every operation that `app` serves, with its name, by path."""
    found = [
        (endpoint, getattr(view, OPERATION_ATTRIBUTE))
        for endpoint, view in app.view_functions.items()
        if hasattr(view, OPERATION_ATTRIBUTE)
    ]
    return sorted(found, key=lambda pair: (pair[1].path, pair[1].method))


def describe(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of what `app` serves."""
    served = operations(app)
    schemas, components = _schemas([operation for _, operation in served])
    paths: dict[str, dict[str, Any]] = {}
    for endpoint, operation in served:
        path = PREFIX + _PART.sub(r"{\2}", operation.path)
        paths.setdefault(path, {})[operation.method.lower()] = _described(
            endpoint, operation, schemas
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "외로움안녕120 · Goodbye Loneliness 120",
            "version": "1",
            "description": "The helpline's desk, board and worklist. Times are RFC 3339 UTC.",
        },
        "paths": paths,
        "components": {
            "schemas": components | {"Problem": _PROBLEM},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "helpline"},
            },
        },
    }


def _schemas(served: list[Operation]) -> tuple[dict[Any, Any], dict[str, Any]]:
    bodies = [(o.body, "validation") for o in served if o.body is not None]
    answers = [(o.answer, "serialization") for o in served if o.answer is not None]
    asked: Any = list(dict.fromkeys([*bodies, *answers]))
    found, definitions = models_json_schema(asked, ref_template="#/components/schemas/{model}")
    return dict(found), definitions.get("$defs", {})


def _described(endpoint: str, operation: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": endpoint.replace(".", "_"),
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": _responses(operation, schemas),
    }
    if operation.roles != ANYBODY:
        described["security"] = [{"bearer": []}, {"cookie": []}]
        described["description"] = "For: " + ", ".join(sorted(operation.roles & ROLES)) + "."
    if operation.body is not None:
        schema = schemas[(operation.body, "validation")]
        described["requestBody"] = {
            "required": bool(operation.body.model_json_schema().get("required")),
            "content": {"application/json": {"schema": schema}},
        }
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": _schema_of(converter)}
        for converter, name in _PART.findall(operation.path)
    ]
    found += [
        {"name": name, "in": "query", "required": False, "schema": dict(schema)}
        for name, schema in operation.query.items()
    ]
    if operation.changes and operation.roles != ANYBODY:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
            }
        )
    return found


def _schema_of(converter: str) -> dict[str, str]:
    return {"type": "string", "format": "uuid"} if converter == "uuid" else {"type": "string"}


def _responses(operation: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {operation.media_type: {}}
    if operation.answer is not None:
        content = {operation.media_type: {"schema": schemas[(operation.answer, "serialization")]}}
    found: dict[str, Any] = {str(operation.status): {"description": "Done.", "content": content}}
    refusals = _EVERY | (_OF_CHANGES if operation.changes else {}) | dict(operation.refusals)
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, why in sorted(refusals.items()):
        found[str(status)] = {"description": why, "content": problem}
    return found
