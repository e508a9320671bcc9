"""The operators' page: what is due, what runs, what is stuck, and what needs a person now.

It is whole without a script; with one it asks for itself again every two seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint

from callbacks.catalog import WORDS
from callbacks.standing import Standing, standing
from core.access import admit, current_account
from core.clock import SEOUL
from core.doorbell_view import Doorbell, look
from core.services import services
from core.web.frame import render_page, translator

SWEEP_SECONDS_MAX = 15.0
OLD_TRANSACTION_SECONDS = 30.0

blueprint = Blueprint("operations", __name__, template_folder="templates")
admit(blueprint, {"supervisor", "admin"})


@dataclass(frozen=True)
class Concern:
    """One thing that a person should look at. key: its sentence in the catalog; tone: how bad."""

    key: str
    tone: str
    count: int = 0


@blueprint.get("/operations")
def operations() -> str:
    """Show how everything stands at this moment."""
    account, held = current_account(), services()
    now = held.clock.now()
    with held.database.transaction() as session:
        seen = standing(session, now, held.policy)
    doorbell = look(held.config.redis_url, now)
    return render_page(
        "operations.html",
        WORDS,
        account=account,
        csrf=account.csrf,
        seen=seen,
        doorbell=doorbell,
        concerns=concerns(seen, doorbell),
        since=lambda moment: _since(moment, now),
        seconds=_spoken,
        hour=lambda moment: moment.astimezone(SEOUL).strftime("%H:%M:%S"),
    )


def concerns(seen: Standing, doorbell: Doorbell | None) -> Sequence[Concern]:
    """Return what needs a person, the worst first; empty when all is well."""
    found = [
        Concern("not_swept", "danger", int(_is_old(seen))),
        Concern("stuck_calls", "danger", sum(pile.stuck for pile in seen.calls)),
        Concern("stuck_orders", "danger", sum(pile.stuck for pile in seen.orders)),
        Concern("shut_out", "danger", seen.shut_out),
        Concern("overdue", "danger", sum(one.overdue for one in seen.promises)),
        Concern("old_transaction", "warning", int(_has_old_transaction(seen))),
        Concern("silent_processes", "warning", sum(one.is_silent for one in seen.processes)),
        Concern("no_worker", "warning", int(not _live(seen, "worker"))),
        Concern("redis_away", "warning", int(doorbell is None)),
        Concern("silent_workers", "warning", _silent_workers(doorbell)),
        Concern("failed_orders", "warning", sum(pile.count for pile in seen.failed)),
        Concern("for_decision", "information", sum(one.for_decision for one in seen.promises)),
    ]
    return [concern for concern in found if concern.count]


def _is_old(seen: Standing) -> bool:
    if seen.swept_at is None:
        return True
    return (seen.at - seen.swept_at).total_seconds() > SWEEP_SECONDS_MAX


def _has_old_transaction(seen: Standing) -> bool:
    return seen.store.oldest_seconds > OLD_TRANSACTION_SECONDS


def _live(seen: Standing, kind: str) -> bool:
    return any(one.kind == kind and not one.is_silent for one in seen.processes)


def _silent_workers(doorbell: Doorbell | None) -> int:
    return sum(worker.is_silent for worker in doorbell.workers) if doorbell else 0


def _since(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "–"
    return _spoken(max(0.0, (now - moment).total_seconds()))


def _spoken(seconds: float) -> str:
    """Say a length of time: seconds, minutes or hours."""
    say: Any = translator(WORDS)
    whole = round(seconds)
    if whole < 60:
        return str(say("time.seconds", s=whole))
    if whole < 3600:
        return str(say("time.minutes_seconds", m=whole // 60, s=whole % 60))
    return str(say("time.hours_minutes", h=whole // 3600, m=whole % 3600 // 60))
