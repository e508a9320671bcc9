"""The board's list of who waits is held against the recounted queue, at any moment."""

from dataclasses import replace
from datetime import timedelta

from tests.simulation.board_recount import queue_differences
from tests.simulation.faults import NONE
from tests.simulation.faults_short import START, short_plan
from tests.simulation.fresh_world import fresh_world
from tests.simulation.world import World

LOOKS_EVERY_SECONDS = 7.0


class Looker:
    """Looks at the board all the while, as it is and as it would be wrong."""

    def __init__(self, world: World) -> None:
        self.wrongs: list[str] = []
        self.unlisted: list[str] = []
        self.stale: list[str] = []
        self._world = world
        self._earlier: list[dict[str, str]] = []
        world.kernel.at(LOOKS_EVERY_SECONDS, self.look)

    def look(self) -> None:
        """Compare three boards with what is known by now."""
        world, now = self._world, self._world.kernel.now()
        board, stories = world.office.supervisor.board(), world.recounted
        entering = sum(meeting.is_half_full for meeting in world.meetings)
        if "waiting" in board:
            self._earlier += board["waiting"]
            self.wrongs += queue_differences(board, stories, entering, now)
            self.unlisted += queue_differences({"waiting": []}, stories, entering, now)
            self.stale += queue_differences({"waiting": self._earlier}, stories, entering, now)
        world.kernel.at(LOOKS_EVERY_SECONDS, self.look)


def test_who_waits_and_is_not_listed_and_who_is_gone_and_still_is_are_found(
    postgres_url: str, template_database: str
) -> None:
    at_once = [START + timedelta(seconds=10 * number) for number in range(1, 7)]
    plan = replace(short_plan(7, NONE), seats=1, arrivals=at_once)  # so that most have to wait
    with fresh_world(postgres_url, template_database, plan) as world:
        looker = Looker(world)
        world.run()
    assert looker.wrongs == []
    assert any("and not CA" in wrong for wrong in looker.unlisted)
    assert any("still lists CA" in wrong for wrong in looker.stale)
