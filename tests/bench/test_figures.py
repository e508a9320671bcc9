"""The bench's own arithmetic and its prepared requests."""

from urllib.parse import parse_qsl

import pytest
from twilio.request_validator import RequestValidator

from tests.bench.figures import percentile, spread
from tests.bench.load import prepare
from tests.bench.offers import CASES, TURNING, fill
from tests.invariants import broken, overdue


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_a_percentile_is_one_of_the_values(share: float, value: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == value


def test_a_spread_is_told_in_milliseconds() -> None:
    assert spread("x", [0.001, 0.002]) == "x: p50 1.0 ms, p99 2.0 ms, most 2.0 ms (n=2)"


def test_a_prepared_request_is_signed_as_the_carrier_signs() -> None:
    url = "http://127.0.0.1:8120/ivr/menu?turn=1&tries=0"
    raw = prepare("secret", url, [("Digits", "5"), ("FromCity", "")])
    head, _, body = raw.partition(b"\r\n\r\n")
    signature = head.decode().split("X-Twilio-Signature: ")[1].split("\r\n")[0]
    form = dict(parse_qsl(body.decode(), keep_blank_values=True))
    assert head.startswith(b"POST /ivr/menu?turn=1&tries=0 HTTP/1.1\r\n")
    assert RequestValidator("secret").validate(url, form, signature)


def test_the_bench_people_are_a_possible_state_of_the_line(database, clock) -> None:
    """But for how long it lasts: their deadlines are an hour off, so that no sweep meets them."""
    numbers = fill(database, 20, TURNING + 5)
    with database.transaction() as session:
        assert broken(session) | overdue(session, clock.now()) == {}
    assert len(numbers) == TURNING
    assert CASES == ((200, 10), (2000, 500))
