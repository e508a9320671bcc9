"""Holds that an event delivered twice is answered alike, whatever moved meanwhile."""

from collections import OrderedDict

from simulator.transport import Outcome, Request, Response

REMEMBERED = 200
TAKEN = 200


class SameAnswers:
    """Remembers the last answers by their requests. wrongs: of whom two answers differ."""

    def __init__(self) -> None:
        self.wrongs: list[str] = []
        self._answers: OrderedDict[int, tuple[Request, bytes]] = OrderedDict()

    def see(self, request: Request, outcome: Outcome) -> None:
        """Compare with an earlier delivery of this very request; failures say nothing."""
        if not isinstance(outcome, Response) or outcome.status != TAKEN:
            return
        before = self._answers.get(id(request))
        if before is None or before[0] is not request:
            self._answers[id(request)] = request, outcome.body
        elif before[1] != outcome.body:
            call_sid = dict(request.params).get("CallSid", "")
            self.wrongs.append(f"two answers to one event: {call_sid} {request.url}")
        if len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)
