"""The supervisor's picture of a day: `/board/day?day=2026-03-02`, to look at or to keep."""

import re
from datetime import date, datetime

from flask import Blueprint, Response, request

from core.access import admit
from core.access_log import note_access
from core.clock import SEOUL
from core.policy import Policy
from core.problems import Problem
from core.services import services
from core.web.frame import current_language
from supervision.day_page import Heading, content_policy, page
from supervision.day_records import picture_of
from supervision.figures import Limits, day_span

_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")

blueprint = Blueprint("day_pages", __name__, template_folder="templates")
admit(blueprint, {"supervisor", "admin"})


@blueprint.get("/board/day")
def day_picture() -> Response:
    """Show the picture of a day, today's where none is asked for; ?download=1 hands it over.

    The read is in the access log: there is nobody's name in it, yet it shows how people worked.
    """
    held = services()
    now = held.clock.now()
    day = _day(now)
    with held.database.transaction() as session:
        picture = picture_of(session, day_span(day), now, held.policy)
        note_access(session, "read day picture", f"days:{day}", "board")
    heading = Heading(limits_of(held.policy), current_language())
    answer = Response(page(picture, heading), mimetype="text/html")
    answer.headers["Content-Security-Policy"] = f"{content_policy()}; frame-ancestors 'none'"
    if request.args.get("download"):
        answer.headers["Content-Disposition"] = f'attachment; filename="day-{day}.html"'
    return answer


def limits_of(policy: Policy) -> Limits:
    """Return the limits that the figures are counted by."""
    return Limits(policy.service_level_seconds, policy.short_abandon_seconds)


def _day(now: datetime) -> date:
    asked = request.args.get("day")
    if asked is None:
        return now.astimezone(SEOUL).date()
    try:
        if _DAY.fullmatch(asked):
            return date.fromisoformat(asked)
    except ValueError:
        pass
    raise Problem(404, "no-such-day", "That is not a day of this century.")
