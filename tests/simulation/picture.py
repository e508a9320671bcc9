"""Draws a simulated stretch as a page of its own, from what the application wrote down of it."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from app import create_app
from core.clock import SEOUL
from supervision.day_page import Heading, page
from supervision.day_pages import limits_of
from supervision.day_picture import Fault
from supervision.day_records import picture_of
from supervision.hours import Span
from tests.simulation.world import World

DAYS_MAX = 31
"""A page of more would be slow to open, and nobody could read it."""


def paint(world: World, out: Path, faults: Sequence[Fault] = ()) -> None:
    """Write the picture of all that `world` lived through to `out`, up to the last call's hour."""
    now, policy = world.kernel.now(), world.services.policy
    begin = world.plan.start.astimezone(SEOUL)
    with world.database.transaction() as session:
        last = session.scalar(text("SELECT max(closed_at) FROM calls")) or begin
        hours = max(world.plan.hours, -((begin - last) // timedelta(hours=1)))
        span = Span(begin, begin + timedelta(hours=min(hours, DAYS_MAX * 24)))
        picture = picture_of(session, span, now, policy, faults)
    with create_app(world.services).app_context():
        heading = Heading(limits_of(policy), simulated=f"SEED={world.plan.seed}")
        out.write_text(page(picture, heading), "utf-8")
