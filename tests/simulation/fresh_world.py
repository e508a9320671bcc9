"""A world on a database of its own, and nothing left of either."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from tests.databases import fresh
from tests.simulation.commits import Meddler
from tests.simulation.plan import Plan
from tests.simulation.world import World


@contextmanager
def fresh_world(
    postgres_url: str, template: str, plan: Plan, meddler: Meddler | None = None
) -> Iterator[World]:
    """Build a world on a copy of `template`, closed afterwards. meddler: see World."""
    with _collecting_once(), fresh(postgres_url, template) as url:
        world = World(url, plan, meddler)
        try:
            yield world
        finally:
            world.close()


@contextmanager
def _collecting_once() -> Iterator[None]:
    """Look for garbage only between worlds, and only for what the last one left."""
    _set_apart_what_stays()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@cache
def _set_apart_what_stays() -> None:
    gc.collect()
    gc.freeze()
