"""A life as a table: which event leads from which state to which. Pure.

Rule: an illegal event raises `IllegalEvent` and changes nothing; a table is data, so the diagrams
in docs/ are drawn from it and tests throw every event at every state.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)


class IllegalEvent(Exception):
    """The event can't happen in this state. It came late, twice, or out of order; drop it."""

    def __init__(self, state: StrEnum, event: StrEnum) -> None:
        super().__init__(f"{event.value!r} can't happen in state {state.value!r}")
        self.state = state
        self.event = event


class Life(Generic[State, Event]):
    """The life of one kind of thing. table: state -> event -> next state."""

    def __init__(self, name: str, table: Mapping[State, Mapping[Event, State]]) -> None:
        self.name = name
        self.table = table

    def after(self, state: State, event: Event) -> State:
        """Return the state that follows `event`. Raises IllegalEvent, and then nothing moved."""
        following = self.table.get(state, {}).get(event)
        if following is None:
            raise IllegalEvent(state, event)
        return following

    def allows(self, state: State, event: Event) -> bool:
        """Tell whether `event` can happen in `state`."""
        return event in self.table.get(state, {})

    def diagram(self) -> str:
        """Draw the table as a Mermaid state diagram."""
        lines = [f"%% {self.name}", "stateDiagram-v2"]
        for state, row in self.table.items():
            arrows: dict[State, list[str]] = {}
            for event, following in row.items():
                arrows.setdefault(following, []).append(event.value)
            for following, events in arrows.items():
                lines.append(f"    {state.value} --> {following.value}: {', '.join(events)}")
            if not row:
                lines.append(f"    {state.value} --> [*]")
        return "\n".join(lines) + "\n"
