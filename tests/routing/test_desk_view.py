"""The desk shows whom it is about, whoever rang whom."""

from citizens.models import NUMBER_CONTEXT
from core.services import Services
from routing import outward
from tests.counselors.desk_stage import House

NUMBER = "+821012345678"


def test_the_number_of_a_call_that_we_make_is_masked_and_can_be_revealed(
    services: Services,
) -> None:
    """It carries the citizen's own sealed number; under another context it showed only stars."""
    house = House(services)
    desk = house.desk()
    with services.database.transaction() as session:
        call = outward.queue_outward(
            session,
            sealed_number=services.sealer.seal(NUMBER, NUMBER_CONTEXT),
            number_index=services.sealer.index(NUMBER),
            need="talk",
            language="ko",
            queued_at=house.stage.now,
            now=house.stage.now,
        )
    (offer,) = house.stage.dispatch()
    shown = desk.get("/me/desk").get_json()["offer"]["caller"]
    assert shown == {"kind": "callback", "number": "010-****-5678"}
    desk.send("POST", f"/offers/{offer.offer_id}/accept")
    told = desk.send("POST", f"/calls/{call.id}/reveal", {"reason": "to call back"})
    assert (told.status_code, told.get_json()) == (200, {"number": NUMBER})
