"""The supervisor's board page; what it shows comes from the API."""

from pathlib import Path
from typing import Any

from flask import Blueprint

from core.access import admit, current_account
from core.clock import SEOUL
from core.services import services
from core.web.frame import current_language, render_page
from core.web.languages import CORE_WORDS, Catalog

#: Today's figures in the order they are read: what came, what became of it, how well, how busy.
FIGURES = (
    "offered",
    "answered",
    "abandoned",
    "short_abandoned",
    "service_level",
    "service_level_2",
    "asa_seconds",
    "longest_wait_seconds",
    "aht_seconds",
    "acw_seconds",
    "occupancy",
    "unrecorded",
)

#: What was promised: what stands, what became of it today, how well.
PROMISE_FIGURES = (
    "open",
    "overdue",
    "for_decision",
    "kept",
    "kept_in_time_share",
    "tries_per_reach",
    "silent_ends",
    "continuity",
)

WORDS = Catalog(Path(__file__).with_name("words.toml"), CORE_WORDS)

blueprint = Blueprint("supervision_pages", __name__, template_folder="templates")
admit(blueprint, {"supervisor", "admin"})


@blueprint.get("/board")
def board() -> str:
    """Show the board's frame; the page's script fills it and keeps it filled."""
    account = current_account()
    policy = services().policy
    return render_page(
        "board.html",
        WORDS,
        account=account,
        csrf=account.csrf,
        boot=_boot(account.csrf),
        figures=FIGURES,
        promise_figures=PROMISE_FIGURES,
        today=services().clock.now().astimezone(SEOUL).date(),
        service_level_seconds=_plain(policy.service_level_seconds),
        short_abandon_seconds=_plain(policy.short_abandon_seconds),
    )


def _boot(csrf: str) -> dict[str, Any]:
    language = current_language()
    return {"language": language, "csrf": csrf, "words": WORDS.words(language)}


def _plain(seconds: float) -> str:
    return f"{seconds:g}"
