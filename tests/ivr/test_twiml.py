"""Instructions become TwiML: well-formed whatever is said, absolute links, escaped once."""

import uuid
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from ivr import flow
from ivr import instructions as said
from ivr.menu import load_menus
from ivr.prompts import Prompts, load_prompts
from ivr.twiml import EMPTY, Page, clean, render
from routing.estimate import Wait
from tests.ivr.telephone import WAIT_VERBS

PROMPTS = load_prompts()
PAGE = Page("https://help.example", "+8225550120", PROMPTS)
MENUS = load_menus()


def document(reply: said.Reply) -> ElementTree.Element:
    return ElementTree.fromstring(render(reply, PAGE))


@given(st.text())
def test_no_text_breaks_the_document(text: str) -> None:
    odd = Prompts("1", "ko-KR", "Polly.Seoyeon-Neural", {"odd": "{text}"})
    page = Page(PAGE.base_url, PAGE.helpline_number, {"ko": odd})
    body = render(said.Reply((said.Say("odd", {"text": text}),)), page)
    spoken = ElementTree.fromstring(body.encode()).find("Say")
    assert spoken is not None
    expected = clean(text).replace("\r\n", "\n").replace("\r", "\n")
    assert (spoken.text or "") == expected


@given(st.dictionaries(st.sampled_from(["menu", "turn", "again"]), st.text(max_size=12)))
def test_a_link_comes_back_as_it_was_written(query: dict[str, str]) -> None:
    try:
        "".join(query.values()).encode()
    except UnicodeEncodeError:
        return
    link = said.Link("menu", query)
    redirect = document(said.Reply((said.Redirect(link),))).find("Redirect")
    assert redirect is not None
    parts = urlsplit(redirect.text or "")
    assert parts.scheme == "https"
    assert parts.path == "/ivr/menu"
    back = {name: values[0] for name, values in parse_qs(parts.query, True).items()}
    assert back == query


def test_nothing_to_say_is_an_empty_response() -> None:
    assert render(said.Reply(), PAGE) == EMPTY


def test_the_menu_takes_one_key_and_goes_on_without_one() -> None:
    notice, gather, redirect = document(flow.greet(MENUS, "ko"))
    assert (notice.tag, gather.tag, redirect.tag) == ("Say", "Gather", "Redirect")
    assert gather.attrib["numDigits"] == "1"
    assert gather.attrib["method"] == "POST"
    assert gather.attrib["action"].startswith("https://help.example/ivr/menu?")
    assert notice.attrib["language"] == "ko-KR"


def test_the_notice_cant_be_skipped() -> None:
    """A key stops only what is nested in the Gather."""
    greeting = document(flow.greet(MENUS, "ko"))
    assert greeting[0].tag == "Say"
    assert greeting[0] not in list(greeting[1])


def test_after_enqueue_there_is_a_safety_verb() -> None:
    verbs = [verb.tag for verb in document(flow.queue("ko"))]
    assert verbs == ["Say", "Enqueue", "Redirect"]


def test_the_wait_uses_only_what_a_queue_allows() -> None:
    told = (Wait(1, 0, 5), Wait(3, 20, 30), Wait(60, 60, None))
    for waiting in told:
        for seats in (0, 3):
            root = document(flow.wait(1, waiting, seats, again="", language="ko"))
            assert {verb.tag for verb in root.iter()} - {"Response"} <= WAIT_VERBS
    for reply in (flow.safety(1, "", "ko"), flow.keep_waiting(1, "", "ko")):
        assert {verb.tag for verb in document(reply)} <= WAIT_VERBS


def test_with_nobody_at_work_no_minutes_are_promised() -> None:
    spoken = " ".join(
        say.text or ""
        for say in document(flow.wait(1, Wait(1, 60, None), 0, again="", language="ko")).iter("Say")
    )
    assert "모두 자리를 비웠" in spoken
    assert "분 " not in spoken


ROOM = uuid.uuid4()


def conference(is_caller: bool, session_id: uuid.UUID = ROOM) -> ElementTree.Element:
    reply = flow.room(ROOM, "ko") if is_caller else flow.seat(session_id, ROOM)
    found = document(reply).find("Dial/Conference")
    assert found is not None
    return found


def test_only_the_callers_leaving_ends_the_room() -> None:
    """A counselor's refreshed browser must not end the citizen's call."""
    assert conference(True).attrib["endConferenceOnExit"] == "true"
    assert conference(False).attrib["endConferenceOnExit"] == "false"


def test_every_leg_asks_for_the_same_conference_events() -> None:
    """The carrier takes the callback from the first participant only."""
    names = ("statusCallbackEvent", "statusCallbackMethod")
    assert [conference(True).attrib[n] for n in names] == [
        conference(False).attrib[n] for n in names
    ]
    assert {"start", "end", "join", "leave"} <= set(
        conference(True).attrib["statusCallbackEvent"].split()
    )


def test_labels_tell_the_legs_apart() -> None:
    assert (
        conference(True).attrib["participantLabel"]
        != (conference(False).attrib["participantLabel"])
    )


def test_a_forwarded_call_shows_our_number_and_comes_back() -> None:
    root = document(flow.forward("+82212345678", "main", 1, "ko"))
    dial = root.find("Dial")
    assert dial is not None
    assert dial.attrib["callerId"] == PAGE.helpline_number
    assert "/ivr/menu-again?" in dial.attrib["action"]
    assert root[-1].tag == "Redirect"


def test_an_unknown_language_is_spoken_in_korean() -> None:
    assert document(flow.say_and_end("goodbye", "xx"))[0].attrib["language"] == "ko-KR"
