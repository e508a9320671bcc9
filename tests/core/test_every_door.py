"""Every door of the app is listed here with who may enter: none unlisted, and each role tried."""

import uuid

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from werkzeug.routing import Rule

from core.access import roles_of
from core.openapi import describe, operations
from core.roles import ROLES
from core.services import Services
from tests.counselors.desk_stage import House

ANYBODY, ALL = {"anybody"}, set(ROLES)
COUNSELOR, BOARD = {"counselor"}, {"supervisor", "admin"}
WORKERS, ON_THE_PHONE = {"companion", "supervisor"}, {"counselor", "companion"}

DOORS: dict[tuple[str, str], set[str]] = {
    ("GET", "/"): ANYBODY,
    ("GET", "/api/openapi.json"): ANYBODY,
    ("POST", "/api/v1/calls/<uuid:call_id>/reveal"): {"counselor", "supervisor"},
    ("GET", "/api/v1/me"): ALL,
    ("GET", "/api/v1/me/desk"): COUNSELOR,
    ("GET", "/api/v1/me/desk/stream"): COUNSELOR,
    ("PUT", "/api/v1/me/presence"): COUNSELOR,
    ("GET", "/api/v1/me/softphone"): ON_THE_PHONE,
    ("POST", "/api/v1/offers/<uuid:offer_id>/accept"): COUNSELOR,
    ("POST", "/api/v1/offers/<uuid:offer_id>/decline"): COUNSELOR,
    ("PUT", "/api/v1/sessions/<uuid:session_id>/draft"): ON_THE_PHONE,
    ("GET", "/api/v1/sessions/<uuid:session_id>/draft"): ON_THE_PHONE,
    ("POST", "/api/v1/sessions/<uuid:session_id>/bring-in"): {"companion"},
    ("POST", "/api/v1/sessions/<uuid:session_id>/end"): ON_THE_PHONE,
    ("POST", "/api/v1/sessions/<uuid:session_id>/hand-over"): {"companion"},
    ("PUT", "/api/v1/sessions/<uuid:session_id>/outcome"): COUNSELOR,
    ("POST", "/api/v1/tokens"): ANYBODY,
    ("DELETE", "/api/v1/tokens/current"): ALL,
    ("GET", "/api/v1/board"): BOARD,
    ("GET", "/api/v1/callbacks"): WORKERS,
    ("POST", "/api/v1/callbacks"): WORKERS,
    ("GET", "/api/v1/callbacks/figures"): BOARD,
    ("GET", "/api/v1/callbacks/figures.csv"): BOARD,
    ("GET", "/api/v1/callbacks/<uuid:callback_id>"): WORKERS,
    ("POST", "/api/v1/callbacks/<uuid:callback_id>/assign"): {"supervisor"},
    ("POST", "/api/v1/callbacks/<uuid:callback_id>/call"): {"companion"},
    ("POST", "/api/v1/callbacks/<uuid:callback_id>/decision"): WORKERS,
    ("POST", "/api/v1/callbacks/<uuid:callback_id>/escalate"): WORKERS,
    ("PUT", "/api/v1/callbacks/<uuid:callback_id>/outcome"): {"companion"},
    ("POST", "/api/v1/callbacks/<uuid:callback_id>/reveal"): WORKERS,
    ("POST", "/api/v1/callbacks/<uuid:callback_id>/withdraw"): WORKERS,
    ("GET", "/api/v1/calls/<uuid:call_id>/handed-on"): COUNSELOR,
    ("GET", "/api/v1/citizens/<uuid:citizen_id>/consents"): WORKERS,
    ("POST", "/api/v1/citizens/<uuid:citizen_id>/consents"): WORKERS,
    ("POST", "/api/v1/citizens/<uuid:citizen_id>/consents/withdraw"): WORKERS,
    ("POST", "/api/v1/citizens/<uuid:citizen_id>/do-not-call"): WORKERS,
    ("PUT", "/api/v1/citizens/<uuid:citizen_id>/windows"): WORKERS,
    ("GET", "/api/v1/clients"): {"admin"},
    ("POST", "/api/v1/clients"): {"admin"},
    ("POST", "/api/v1/clients/<uuid:client_id>/keys"): {"admin"},
    ("POST", "/api/v1/clients/<uuid:client_id>/revoke"): {"admin"},
    ("GET", "/api/v1/companions"): WORKERS,
    ("POST", "/api/v1/companions/<uuid:companion_id>/absences"): {"supervisor"},
    ("DELETE", "/api/v1/companions/<uuid:companion_id>/absences/<uuid:absence_id>"): {"supervisor"},
    ("POST", "/api/v1/companions/<uuid:companion_id>/handover"): {"supervisor"},
    ("POST", "/api/v1/do-not-call"): {"counselor", "companion", "supervisor"},
    ("POST", "/api/v1/intake"): ANYBODY,
    ("GET", "/api/v1/me/worklist"): {"companion"},
    ("GET", "/api/v1/me/worklist/stream"): {"companion"},
    ("POST", "/api/v1/series"): WORKERS,
    ("GET", "/api/v1/series/<uuid:series_id>"): WORKERS,
    ("PUT", "/api/v1/series/<uuid:series_id>"): WORKERS,
    ("GET", "/api/v1/board/stream"): BOARD,
    ("GET", "/api/v1/figures"): BOARD,
    ("GET", "/api/v1/figures.csv"): BOARD,
    ("GET", "/api/v1/unrecorded"): BOARD,
    ("GET", "/assets/<asked_version>/<path:path>"): ANYBODY,
    ("GET", "/board"): BOARD,
    ("GET", "/board/day"): BOARD,
    ("GET", "/callback"): ANYBODY,
    ("POST", "/callback"): ANYBODY,
    ("GET", "/en/callback"): ANYBODY,
    ("POST", "/en/callback"): ANYBODY,
    ("GET", "/desk"): COUNSELOR,
    ("GET", "/healthz"): ANYBODY,
    ("GET", "/metrics"): ANYBODY,
    ("GET", "/operations"): BOARD,
    ("GET", "/readyz"): ANYBODY,
    ("GET", "/login"): ANYBODY,
    ("POST", "/login"): ANYBODY,
    ("POST", "/logout"): ALL,
    ("GET", "/promises"): {"supervisor"},
    ("GET", "/clients"): {"admin"},
    ("GET", "/worklist"): {"companion", "supervisor"},
    ("GET", "/worklist/<uuid:promise_id>"): {"companion", "supervisor"},
    ("GET", "/ivr/audio/hold.wav"): ANYBODY,
    ("GET", "/ivr/fallback"): ANYBODY,
    ("POST", "/ivr/fallback"): ANYBODY,
    ("POST", "/ivr/<hook>"): ANYBODY,
    ("GET", "/ivr/<path:_other>"): ANYBODY,
    ("POST", "/ivr/<path:_other>"): ANYBODY,
}


@pytest.fixture
def house(services: Services) -> House:
    return House(services)


def doors(house: House) -> list[tuple[str, str, Rule]]:
    """Return method, name and rule of each door; the carrier's hooks share one name."""
    found = []
    for rule in house.app.url_map.iter_rules():
        name = "/ivr/<hook>" if rule.rule.startswith("/ivr/<any(") else rule.rule
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        found += [(method, name, rule) for method in sorted(methods)]
    return found


def path_of(rule: Rule) -> str:
    """Return a path that the rule matches."""
    values = {name: str(uuid.uuid4()) for name in rule.arguments}
    path = rule.rule
    for name, value in values.items():
        path = path.replace(f"<uuid:{name}>", value)
    return path


def test_no_door_is_unlisted(house: House) -> None:
    listed = {
        (method, name): roles_of(house.app, rule.endpoint) for method, name, rule in doors(house)
    }
    assert listed == {door: DOORS.get(door, "not in the list") for door in listed}


def test_each_role_at_each_door(house: House) -> None:
    people = {role: house.person(role).client for role in sorted(ROLES)}
    nobody = house.app.test_client(use_cookies=False)
    for method, name, rule in doors(house):
        if DOORS[(method, name)] == ANYBODY or name.endswith(("/current", "/logout")):
            continue
        path, api = path_of(rule), name.startswith("/api/")
        stranger = nobody.open(path, method=method, json={})
        assert stranger.status_code == (401 if api else 302)
        for role, client in people.items():
            answer = client.open(path, method=method, json={} if method != "GET" else None)
            answer.close()
            allowed = role in DOORS[(method, name)]
            assert (answer.status_code != 403) == allowed, f"{role} at {method} {name}"
            assert answer.status_code < 500


def test_nothing_under_the_api_is_undocumented(house: House) -> None:
    with house.app.app_context():
        document = describe(house.app)
    OpenAPIV31SpecValidator(document).validate()
    served = {
        (method, name)
        for method, name, _ in doors(house)
        if name.startswith("/api/") and name != "/api/openapi.json"
    }
    described = {(op.method, f"/api/v1{op.path}") for _, op in operations(house.app)}
    assert served == described
