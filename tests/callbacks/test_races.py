"""Several processes at the same instant, and a worker that dies with a call in hand."""

import multiprocessing
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from callbacks import records
from callbacks.actions import NotMade, move
from callbacks.booking import book
from callbacks.booking_terms import Booking
from callbacks.states import PromiseEvent
from callbacks.withdrawing import forbid_calls
from citizens.consent import How
from ivr.carry_out import carry_out
from ivr.spoken import page
from routing.models import Order
from tests.callbacks import race_workers
from tests.callbacks.town import CITIZEN, Town
from tests.databases import DATA_KEY
from tests.locks import beside

SPAWN = multiprocessing.get_context("spawn")
JOIN_SECONDS_MAX = 90
COUNT = 12


def race(town: Town, *works: tuple[Callable[..., None], tuple[Any, ...]]) -> None:
    barrier = SPAWN.Barrier(len(works))
    url = town.services.database.engine.url.render_as_string(hide_password=False)
    processes = [
        SPAWN.Process(target=work, args=(url, town.now, barrier, *arguments))
        for work, arguments in works
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(JOIN_SECONDS_MAX)
    assert [process.exitcode for process in processes] == [0] * len(processes)
    town.stage.check()


def numbers(count: int) -> list[str]:
    return [f"+8210333{n:05}" for n in range(count)]


def counted(town: Town, sql: str) -> int:
    with town.look() as session:
        return int(session.execute(text(sql)).scalar_one())


def test_two_presses_at_once_begin_one_call(town: Town, tmp_path: Path) -> None:
    """Two companions, one promise that belongs to nobody yet; then both pressing their own."""
    first, second = town.companion()[0], town.companion()[0]
    ids = [str(town.promise("companion", number)) for number in numbers(COUNT)]
    wins = [tmp_path / "a", tmp_path / "b"]
    race(
        town,
        (race_workers.call_each, (DATA_KEY, str(first), ids, str(wins[0]))),
        (race_workers.call_each, (DATA_KEY, str(second), ids, str(wins[1]))),
    )
    assert sum(int(win.read_text()) for win in wins) == 2  # one each: then both are busy
    assert counted(town, "SELECT count(*) FROM sessions") == 2
    assert counted(town, "SELECT count(*) FROM promises WHERE state = 'calling'") == 2


def test_the_same_companion_in_two_tabs_begins_one_call(town: Town, tmp_path: Path) -> None:
    who = str(town.companion()[0])
    ids = [str(town.promise("companion", number)) for number in numbers(3)]
    wins = [tmp_path / "a", tmp_path / "b"]
    race(town, *[(race_workers.call_each, (DATA_KEY, who, ids, str(win))) for win in wins])
    assert sum(int(win.read_text()) for win in wins) == 1


def test_two_requests_at_once_make_one_promise(town: Town, tmp_path: Path) -> None:
    wins = [tmp_path / name for name in "abc"]
    race(town, *[(race_workers.make_each, (DATA_KEY, numbers(COUNT), str(win))) for win in wins])
    assert sum(int(win.read_text()) for win in wins) == COUNT
    assert counted(town, "SELECT count(*) FROM promises") == COUNT
    assert counted(town, "SELECT count(*) FROM citizens") == COUNT
    assert counted(town, "SELECT count(*) FROM consents") == COUNT


def test_tending_in_three_processes_queues_each_promise_once(town: Town) -> None:
    for number in numbers(40):
        town.promise(e164=number)
    race(town, *[(race_workers.tend_in_turn, (10,))] * 3)
    assert counted(town, "SELECT count(*) FROM calls WHERE direction = 'outward'") == 40
    assert (
        counted(town, "SELECT count(DISTINCT entry_call_id) FROM promises WHERE state = 'planned'")
        == 40
    )


class Died(BaseException):
    """The worker is gone at this point, with whatever it had in hand."""


def test_a_worker_that_dies_after_ringing_does_not_let_the_citizen_be_rung_twice(
    town: Town,
) -> None:
    citizen = town.person(answer_after=27.0)
    promise_id = town.promise()
    town.counselor()
    real = town.carrier.ring
    dead = 0

    def ring_and_die(to: str, **how: Any) -> str:
        nonlocal dead
        sid = real(to, **how)
        if to == citizen.address and not dead:
            dead += 1
            raise Died
        return sid

    town.carrier.ring = ring_and_die  # type: ignore[method-assign]
    town.survives = Died
    town.run(90)
    assert dead == 1
    assert len(town.dials()) == 1
    assert town.outcomes(promise_id) == []
    town.talk_over()
    assert town.get(promise_id).state == "kept"
    assert citizen.rooms != []


def test_a_worker_that_dies_before_ringing_costs_one_lease(town: Town) -> None:
    citizen = town.person()
    promise_id = town.promise()
    town.counselor()
    real = town.carrier.ring
    dead = 0

    def die(to: str, **how: Any) -> str:
        nonlocal dead
        if to == citizen.address and not dead:
            dead += 1
            raise Died
        return real(to, **how)

    town.carrier.ring = die  # type: ignore[method-assign]
    town.survives = Died
    begun = town.now
    town.run(90)
    assert len(town.dials()) == 1
    assert town.dials()[0] - begun < timedelta(seconds=60)
    town.talk_over()
    assert town.get(promise_id).state == "kept"


def test_an_order_carried_out_by_two_workers_rings_once(town: Town) -> None:
    citizen = town.person(answer_after=20.0)
    town.promise()
    town.counselor()
    real = town.carrier.ring

    def twice(to: str, **how: Any) -> str:
        """The same order comes to another worker while this one asks the carrier."""
        if to == citizen.address:
            with town.look() as session:
                order_id = session.query(Order).filter_by(kind="reach").one().id
            said = carry_out(town.services, town.carrier, page(town.services), order_id)
            assert said == "elsewhere"
        return real(to, **how)

    town.carrier.ring = twice  # type: ignore[method-assign]
    town.run(60)
    assert len(town.dials()) == 1
    assert citizen.rooms != []


def test_a_number_is_forbidden_beside_somebody_who_books_for_it(town: Town) -> None:
    """Promises before their citizen, on both sides: else each waited for the other."""
    promise_id = town.promise("talk", CITIZEN)
    services, now = town.services, town.now
    booking = Booking(CITIZEN, "talk", "companion", None)

    def book_it() -> object:
        with services.database.transaction() as session:
            return book(session, booking, services.sealer, now, services.policy)

    with services.database.transaction() as session:
        promise = records.locked(session, promise_id)
        assert promise is not None
        booking_it = beside(services.database, book_it)
        forbid_calls(
            session,
            promise.citizen_id,
            "by request",
            How.SPOKEN,
            services.sealer,
            now,
            services.policy,
        )
    assert booking_it.result() == NotMade("do_not_call")


def test_what_ends_while_it_is_asked_for_again_is_promised_anew(town: Town) -> None:
    """An escalation hung its note on a promise that was just ending, and nobody called."""
    promise_id, services = town.promise(), town.services
    with services.database.transaction() as session:
        promise = records.locked(session, promise_id)
        assert promise is not None
        asking = beside(services.database, town.promise)
        move(promise, PromiseEvent.WITHDREW, town.now, "by request")
    assert asking.result() != promise_id
    assert town.get(asking.result()).state == "planned"
