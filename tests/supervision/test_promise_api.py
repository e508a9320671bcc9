"""The promises' figures: on the board, of a period, and as CSV that nothing executes."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.models import Account
from core.services import Services
from tests.callbacks.worklist_stage import Worklist


@pytest.fixture
def work(services: Services) -> Worklist:
    return Worklist(services)


def week_of_promises(work: Worklist) -> None:
    """One kept at once, one after a try, one declined, one left to a person."""
    first = work.promised(number="010-5550-0001")
    series = {
        "goal": "산책",
        "first_at": (work.now + timedelta(days=1)).isoformat(),
        "every_days": 1,
        "sessions": 2,
    }
    step = work.kept(first, next={"series": series}).json["next"]
    second = work.promised(number="010-5550-0002")
    work.not_reached(second)
    third = work.promised(number="010-5550-0003")
    work.hung_up(third)
    work.maru.send("PUT", f"/callbacks/{third}/outcome", {"outcome": "refused"})
    work.undecided(work.promised(number="010-5550-0004"))
    work.later(days=1, hours=3)
    work.kept(second)
    work.kept(step["id"])
    path = f"/callbacks/{work.listed('decision')[0]}/decision"
    work.boss.send("POST", path, {"decision": "visit", "note": "주민센터가 들르기로"})


def test_a_period_counts_every_end_once(work: Worklist) -> None:
    week_of_promises(work)
    answer = work.boss.get("/callbacks/figures?from=2026-03-03").json
    assert answer is not None
    figures = answer["figures"]
    assert (answer["first_day"], answer["last_day"]) == ("2026-03-03", "2026-03-04")
    ends = {name: figures[name] for name in ("kept", "declined", "withdrawn", "decided")}
    assert ends == {"kept": 3, "declined": 1, "withdrawn": 0, "decided": 1}
    assert (figures["promised"], figures["open"], figures["silent_ends"]) == (6, 1, 0)
    assert (figures["tries"], figures["reached"], figures["tries_per_reach"]) == (6, 3, 2)
    (load,) = answer["companions"]
    assert (load["open"], load["kept"], load["is_certified"]) == (1, 3, True)


def test_the_board_shows_today(work: Worklist) -> None:
    week_of_promises(work)
    board = work.boss.get("/board").json
    assert board is not None
    shown = board["callbacks"]
    assert (shown["kept"], shown["decided"], shown["for_decision"]) == (2, 1, 0)
    assert shown["silent_ends"] == 0


def test_continuity_is_the_same_companion_as_before(work: Worklist) -> None:
    promise_id = work.promised()
    first_at = (work.now + timedelta(days=1)).isoformat()
    series = {"goal": "산책", "first_at": first_at, "every_days": 1, "sessions": 3}
    step = work.kept(promise_id, next={"series": series}).json["next"]["id"]
    for _ in range(2):
        work.later(days=1)
        following = work.kept(step).json
        series_id = following["callback"]["series"]["id"]
        shown = work.maru.get(f"/series/{series_id}").json
        assert shown is not None
        step = shown["next"]["id"]
    figures = work.boss.get("/callbacks/figures?from=2026-03-03").json
    assert figures is not None
    assert figures["figures"]["continuity"] == 1


def test_a_name_that_looks_like_a_formula_stays_a_name(work: Worklist) -> None:
    with work.services.database.transaction() as session:
        maru = session.scalars(select(Account).where(Account.role == "companion")).one()
        maru.name = "=HYPERLINK(1)"
    text = work.boss.get("/callbacks/figures.csv").text
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows[0][:3] == ["of", "promised", "kept"]
    assert rows[1][0].startswith("2026-03-03")
    assert rows[2][0].startswith("'=HYPERLINK")


@pytest.mark.parametrize("asked", ["from=2026-02-30", "from=x", "from=2026-03-03&until=2026-03-01"])
def test_a_period_that_is_none_is_refused(work: Worklist, asked: str) -> None:
    assert work.boss.get(f"/callbacks/figures?{asked}").status_code == 422
