"""The API under generated requests, by its own description: never a 5xx, nothing undocumented."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.schemas import OpenApiSchema

from core.openapi import describe
from core.services import Services
from tests.counselors.desk_stage import Desk, House

EXAMPLES = 15  # for each operation, role and kind of data
ENDLESS = "/stream$"
CHECKS = [
    schemathesis.checks.not_a_server_error,
    schemathesis.specs.openapi.checks.status_code_conformance,
    schemathesis.specs.openapi.checks.content_type_conformance,
    schemathesis.specs.openapi.checks.response_schema_conformance,
]


@pytest.fixture
def house(services: Services) -> House:
    return House(services)


def described(house: House) -> OpenApiSchema:
    with house.app.app_context():
        document = describe(house.app)
    loaded = schemathesis.openapi.from_wsgi("/api/openapi.json", house.app)
    assert loaded.raw_schema == document
    return loaded.exclude(path_regex=ENDLESS)


def own_things(house: House, seat: Desk) -> dict[str, str]:
    """Return the ids of a call, an offer and a session of this counselor."""
    offered = house.offered()
    taken = seat.send("POST", f"/offers/{offered.offer_id}/accept").json
    seat.send("POST", f"/sessions/{taken['session_id']}/end")
    return {
        "call_id": str(offered.call_id),
        "offer_id": str(offered.offer_id),
        "session_id": taken["session_id"],
    }


def promised_things(seat: Desk) -> dict[str, str]:
    """Return the ids of a promise that this account sees, and of its person."""
    consent = {"wording": "fuzz", "heard": True}
    made = seat.send("POST", "/callbacks", {"number": "010-5550-1234", "consent": consent}).json
    detail = seat.get(f"/callbacks/{made['id']}").json
    assert detail is not None
    return {"callback_id": made["id"], "citizen_id": detail["callback"]["citizen_id"]}


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("role", ["counselor", "companion", "supervisor", "admin"])
def test_no_request_is_our_fault(house: House, role: str, mode: GenerationMode) -> None:
    is_seated = role in ("counselor", "companion")
    seat = house.desk(role=role) if is_seated else house.person(role)
    secret = str(seat.client.environ_base["HTTP_AUTHORIZATION"])
    things = own_things(house, seat) if role == "counselor" else {}
    if role in ("companion", "supervisor"):
        things |= promised_things(seat)
    tried = 0
    for found in described(house).get_all_operations():
        operation = found.ok()
        if operation.path.endswith("/tokens/current"):
            continue  # would end the sign-in under test

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            database=None,
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: schemathesis.Case) -> None:
            own = {name: things.get(name, value) for name, value in case.path_parameters.items()}
            case.path_parameters.update(own)
            case.call_and_validate(headers={"Authorization": secret}, checks=CHECKS)

        try:
            ask()
        except Unsatisfiable:
            continue  # this operation takes nothing that could be wrong
        tried += 1
    assert tried >= 8
