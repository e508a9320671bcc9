"""The two clocks."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel import LoopKernel, VirtualKernel

START = datetime(2026, 11, 22, tzinfo=UTC)


@given(st.lists(st.integers(min_value=0, max_value=5), max_size=40))
def test_events_run_by_time_and_then_in_order_of_scheduling(delays: list[int]) -> None:
    kernel = VirtualKernel(START)
    ran: list[tuple[int, int]] = []
    for number, delay in enumerate(delays):
        kernel.at(delay, lambda delay=delay, number=number: ran.append((delay, number)))
    while kernel.run_next():
        pass
    assert ran == sorted((delay, number) for number, delay in enumerate(delays))


def test_the_clock_jumps_and_stops_where_told() -> None:
    kernel = VirtualKernel(START)
    seen: list[datetime] = []
    kernel.at(3600, lambda: seen.append(kernel.now()))
    kernel.at(7200, lambda: seen.append(kernel.now()))
    kernel.run_until(START + timedelta(hours=1))
    assert seen == [START + timedelta(hours=1)]
    kernel.run_for(60)
    assert kernel.now() == START + timedelta(minutes=61)
    assert kernel.next_at() == START + timedelta(hours=2)


def test_a_cancelled_timer_never_happens_and_leaves_nothing_to_run() -> None:
    kernel = VirtualKernel(START)
    timer = kernel.at(5, lambda: pytest.fail("it was cancelled"))
    timer.cancel()
    assert not kernel.run_next()
    assert kernel.now() == START


def test_hooks_run_after_each_event() -> None:
    kernel = VirtualKernel(START)
    story: list[str] = []
    kernel.after_each.append(lambda: story.append("hook"))
    kernel.at(1, lambda: kernel.post(lambda: story.append("second")))
    kernel.run_for(2)
    assert story == ["hook", "second", "hook"]


def test_a_naive_start_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        VirtualKernel(datetime(2026, 1, 1))  # noqa: DTZ001 - the mistake under test


def test_the_wall_clock_runs_on_its_loop_and_takes_posts_from_any_thread() -> None:
    async def scene() -> list[str]:
        kernel = LoopKernel()
        done = asyncio.Event()
        story: list[str] = []
        kernel.at(0.02, done.set)
        cancelled = kernel.at(0.01, lambda: story.append("cancelled"))
        cancelled.cancel()
        home = threading.get_ident()

        def note() -> None:
            story.append("home" if threading.get_ident() == home else "abroad")

        thread = threading.Thread(target=kernel.post, args=(note,))
        thread.start()
        await done.wait()
        thread.join()
        return story

    assert asyncio.run(scene()) == ["home"]
