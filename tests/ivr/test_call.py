"""One call turn by turn, as the carrier walks it, with every turn that may go otherwise."""

import pytest
from sqlalchemy import func, select

from counselors.models import CounselingSession
from ivr.hooks import HOOKS
from ivr.menu import load_menus
from routing.models import Call
from routing.sweep import settle_look_up
from tests.ivr.room import Talk
from tests.ivr.telephone import VERBS, WAIT_VERBS, Answer, Telephone, hook_of
from tests.routing.line_stage import Stage


def state(phone: Telephone, sid: str) -> str:
    with phone.services.database.transaction() as session:
        return session.scalars(select(Call.state).where(Call.carrier_sid == sid)).one()


def test_notice_then_menu_then_the_queue(phone: Telephone) -> None:
    sid, greeting = phone.dial()
    assert greeting.verbs == ["Say", "Gather", "Redirect"]
    assert state(phone, sid) == "in_menu"
    queued = phone.press(sid, greeting, "5")
    assert queued.verbs == ["Say", "Enqueue", "Redirect"]
    assert state(phone, sid) == "waiting"
    waiting = phone.wait(sid, queued.link("Enqueue", "waitUrl"))
    assert waiting.verbs == ["Gather", "Redirect"]
    assert "다음 순서" in waiting.text


def test_that_the_notice_was_heard_is_kept(phone: Telephone) -> None:
    sid, _ = phone.dial()
    with phone.services.database.transaction() as session:
        call = session.scalars(select(Call).where(Call.carrier_sid == sid)).one()
    assert call.notice_version
    assert call.notice_at == phone.services.clock.now()


def test_silence_is_put_into_the_queue_and_never_dropped(phone: Telephone) -> None:
    sid, heard = phone.dial()
    for _ in range(load_menus().tries_max):
        assert "Hangup" not in heard.verbs
        heard = phone.follow(sid, heard)
    assert "Enqueue" in heard.verbs
    assert state(phone, sid) == "waiting"


@pytest.mark.parametrize("key", ["7", "#", "", "55", "５"])
def test_a_wrong_key_is_asked_again_and_then_queued(phone: Telephone, key: str) -> None:
    sid, heard = phone.dial()
    for _ in range(load_menus().tries_max):
        heard = phone.press(sid, heard, key)
    assert "Enqueue" in heard.verbs
    assert state(phone, sid) == "waiting"


def test_english_by_nine_and_one(phone: Telephone, stage: Stage) -> None:
    sid, greeting = phone.dial()
    languages = phone.press(sid, greeting, "9")
    english = phone.press(sid, languages, "1")
    assert "press five" in english.text
    queued = phone.press(sid, english, "5")
    assert "Thank you for calling" in queued.text
    stage.counselor(languages=("ko",))
    assert stage.dispatch() == ()
    stage.counselor(languages=("ko", "en"))
    assert len(stage.dispatch()) == 1


def test_whose_language_nobody_at_work_speaks_hears_so_and_may_be_called(
    phone: Telephone, stage: Stage
) -> None:
    stage.counselor(languages=("ko",))
    sid, greeting = phone.dial()
    english = phone.press(sid, phone.press(sid, greeting, "9"), "1")
    phone.press(sid, english, "5")
    told = phone.wait(sid, f"{phone.base}/ivr/wait?turn=1&again=ab").text
    assert "No counselor who speaks English is here" in told
    assert "minutes" not in told
    assert "press two" in told
    stage.counselor(languages=("ko", "en"))
    told = phone.wait(sid, f"{phone.base}/ivr/wait?turn=3&again=ab").text
    assert "minutes" in told


def test_an_announcement_comes_back_to_the_menu(phone: Telephone) -> None:
    sid, greeting = phone.dial()
    told = phone.press(sid, greeting, "0")
    assert told.verbs == ["Say", "Gather", "Redirect"]
    assert "Enqueue" in phone.press(sid, told, "5").verbs


def test_the_safety_key_says_where_help_is_and_moves_ahead(phone: Telephone, stage: Stage) -> None:
    first, _ = phone.queue()
    stage.later(1)
    sid, waiting = phone.queue()
    assert "2번째" in waiting.text
    safety = phone.press(sid, waiting, "9")
    assert "일공구" in safety.text
    back = phone.follow(sid, safety)
    assert "다음 순서" in back.text
    assert first


def test_a_call_the_carrier_holds_and_we_forgot_is_adopted(phone: Telephone) -> None:
    answer = phone.wait("CAforgotten", f"{phone.base}/ivr/wait?turn=9&again=abc", 600)
    assert answer.status == 200
    assert set(answer.verbs) <= WAIT_VERBS
    assert state(phone, "CAforgotten") == "waiting"


def test_an_end_before_the_beginning_is_a_tombstone(phone: Telephone) -> None:
    phone.post("status", phone.form("CAlate", "no-answer"))
    assert state(phone, "CAlate") == "closed"
    answer = phone.post("voice", phone.form("CAlate", "ringing"))
    assert answer.verbs == ["Say", "Hangup"]
    assert phone.wait("CAlate", f"{phone.base}/ivr/wait?turn=1").verbs == ["Say", "Hangup"]
    assert state(phone, "CAlate") == "closed"


@pytest.mark.parametrize("result", ["queue-full", "error", "system-error", "leave", "surprise"])
def test_a_queue_that_fails_puts_the_caller_back(phone: Telephone, result: str) -> None:
    sid, _ = phone.queue()
    answer = phone.post("queue-left?turn=1", phone.form(sid, QueueResult=result))
    assert "Enqueue" in answer.verbs
    assert state(phone, sid) == "waiting"


def test_hanging_up_in_the_queue_closes_the_call(phone: Telephone, stage: Stage) -> None:
    sid, _ = phone.queue()
    phone.post("queue-left?turn=1", phone.form(sid, "completed", QueueResult="hangup"))
    assert state(phone, sid) == "closed"
    stage.counselor()
    assert stage.dispatch() == ()


def test_the_whole_call(phone: Telephone, stage: Stage) -> None:
    talk = Talk(phone, stage)
    room = talk.connect()
    assert room.verbs == ["Dial"]
    assert stage.get_talk(talk.session).state == "talking"
    (order,) = stage.orders("due")
    assert (order.kind, order.details["to"]) == ("move", "join")
    joined = talk.come_over()
    assert joined.verbs == ["Say", "Dial"]
    assert [d.text for d in joined.document.iter("Conference")] == [
        d.text for d in room.document.iter("Conference")
    ]
    assert stage.get_call(talk.call).answered_at == stage.now
    stage.end(talk.session, talk.counselor)
    goodbye = phone.post(f"goodbye?session={talk.session}", phone.form(talk.caller))
    assert goodbye.verbs == ["Say", "Hangup"]
    for sent in talk.caller_hangs_up():
        talk.send(sent)
    stage.write(talk.session, talk.counselor, {"result": "listened"})
    assert state(phone, talk.caller) == "closed"


def test_a_caller_who_is_being_moved_hears_no_silence(phone: Telephone, stage: Stage) -> None:
    """Found by a torture with seed 7: a worker died with the move in hand, for 17 s of nothing."""
    talk = Talk(phone, stage)
    talk.connect()
    assert phone.wait(talk.caller, f"{phone.base}/ivr/wait?turn=3").verbs == ["Play", "Redirect"]


def test_only_the_accepting_counselor_with_the_token_gets_in_once(
    phone: Telephone, stage: Stage
) -> None:
    talk = Talk(phone, stage)
    stranger = stage.counselor()
    refused = [
        talk.connect("CA1", From=f"client:counselor_{stranger.hex}"),
        talk.connect("CA2", join="wrong"),
        talk.connect("CA3", join=""),
        talk.connect("CA4", From="+821055501234"),
        talk.connect("CA5", From="client:"),
        talk.connect("CA6", From=f"client:counselor_{talk.counselor.hex}x"),
    ]
    assert all(answer.verbs == ["Say", "Hangup"] for answer in refused)
    assert talk.connect().verbs == ["Dial"]
    assert talk.connect("CA7").verbs == ["Say", "Hangup"]
    assert stage.get_talk(talk.session).leg_sid == talk.leg


def test_parameters_of_a_browser_cant_name_another_session(phone: Telephone, stage: Stage) -> None:
    talk, other = Talk(phone, stage), Talk(phone, stage)
    talk.connect(session=str(other.session), CallSid=talk.leg, counselor=str(other.counselor))
    assert stage.get_talk(other.session).state == "joining"
    assert stage.get_talk(talk.session).state == "talking"


def test_a_caller_who_left_while_the_counselor_connected(phone: Telephone, stage: Stage) -> None:
    talk = Talk(phone, stage)
    phone.post("status", phone.form(talk.caller, "completed"))
    assert talk.connect().verbs == ["Say", "Hangup"]
    assert stage.get_presence(talk.counselor).state == "wrapping"


def test_a_lost_counselor_sends_the_caller_back_with_a_word(phone: Telephone, stage: Stage) -> None:
    talk = Talk(phone, stage)
    talk.talk()
    for sent in talk.counselor_drops():
        talk.send(sent)
    assert state(phone, talk.caller) == "waiting"
    back = phone.post(f"reconnect?session={talk.session}", phone.form(talk.caller))
    assert "다시 이어" in back.text
    assert "Enqueue" in back.verbs
    waiting = phone.wait(talk.caller, back.link("Enqueue", "waitUrl"))
    assert set(waiting.verbs) <= WAIT_VERBS


@pytest.mark.parametrize("first", ["leg-over", "talk-over"])
def test_a_room_that_the_carrier_ended_under_both_puts_the_caller_back(
    phone: Telephone, stage: Stage, first: str
) -> None:
    talk = Talk(phone, stage)
    talk.talk()
    legs = {"leg-over": talk.leg, "talk-over": talk.caller}
    heard = {
        hook: phone.post(f"{hook}?session={talk.session}", phone.form(legs[hook]))
        for hook in sorted(legs, key=lambda hook: hook != first)
    }
    assert heard["leg-over"].verbs in (["Hangup"], ["Say", "Hangup"])
    assert "Enqueue" in heard["talk-over"].verbs
    assert state(phone, talk.caller) == "waiting"
    assert stage.get_presence(talk.counselor).state == "free"


@pytest.mark.parametrize(("is_live", "then"), [(True, "connected"), (False, "wrapping")])
def test_a_counselor_left_alone_has_the_carrier_asked_for_the_caller(
    phone: Telephone, stage: Stage, is_live: bool, then: str
) -> None:
    talk = Talk(phone, stage)
    talk.talk()
    phone.post(f"leg-over?session={talk.session}", phone.form(talk.leg))
    assert state(phone, talk.caller) == "connected"
    asked = [order for order in stage.orders("due") if order.kind == "look_up"]
    assert [order.details["leg_sid"] for order in asked] == [talk.caller]
    with stage.open() as session:
        subject_id, asked_at = asked[0].subject_id, asked[0].created_at
        settle_look_up(session, subject_id, is_live, asked_at, stage.now, stage.policy)
    assert state(phone, talk.caller) == then


def rung(phone: Telephone, stage: Stage) -> tuple[str, str, Answer]:
    stage.counselor(endpoint="tel:+82212345678")
    caller, _ = phone.queue()
    offer = stage.dispatch()[0]
    hook = f"whisper?offer={offer.offer_id}"
    whisper = phone.post(hook, phone.form("CAring", From=phone.services.config.helpline_number))
    return caller, str(offer.offer_id), whisper


def test_a_rung_counselor_takes_the_call_by_a_key(phone: Telephone, stage: Stage) -> None:
    caller, _, whisper = rung(phone, stage)
    assert whisper.verbs == ["Gather", "Hangup"]
    assert phone.press("CAring", whisper, "1").verbs == ["Dial"]
    assert state(phone, caller) == "connected"


@pytest.mark.parametrize("key", ["2", "", "*"])
def test_any_other_key_gives_the_call_back(phone: Telephone, stage: Stage, key: str) -> None:
    caller, _, whisper = rung(phone, stage)
    assert "Hangup" in phone.press("CAring", whisper, key).verbs
    assert state(phone, caller) == "waiting"


@pytest.mark.parametrize("status", ["completed", "busy", "no-answer", "failed", "canceled"])
def test_a_voicemail_or_nobody_is_a_ring_no_answer(
    phone: Telephone, stage: Stage, status: str
) -> None:
    caller, offer, _ = rung(phone, stage)
    phone.post(f"leg?offer={offer}", phone.form("CAring", status, SequenceNumber="0"))
    assert state(phone, caller) == "waiting"
    assert stage.dispatch() == ()


def test_a_key_after_the_caller_left(phone: Telephone, stage: Stage) -> None:
    caller, _, whisper = rung(phone, stage)
    phone.post("status", phone.form(caller, "completed"))
    answer = phone.press("CAring", whisper, "1")
    assert answer.verbs == ["Say", "Hangup"]
    assert state(phone, caller) == "closed"


def test_a_telephone_that_hangs_up_ends_the_talk(phone: Telephone, stage: Stage) -> None:
    caller, offer, whisper = rung(phone, stage)
    phone.press("CAring", whisper, "1")
    with phone.services.database.transaction() as session:
        session_id = session.scalars(select(CounselingSession.id)).one()
    phone.post(f"join?session={session_id}", phone.form(caller))
    came = {"StatusCallbackEvent": "participant-join", "CallSid": "CAring"}
    phone.post(f"conference?session={session_id}", came)
    phone.post(f"leg?offer={offer}", phone.form("CAring", "completed", SequenceNumber="0"))
    assert state(phone, caller) == "wrapping"


def test_a_telephone_that_ends_on_its_way_to_the_room_gives_the_caller_back(
    phone: Telephone, stage: Stage
) -> None:
    caller, offer, whisper = rung(phone, stage)
    phone.press("CAring", whisper, "1")
    with phone.services.database.transaction() as session:
        session_id = session.scalars(select(CounselingSession.id)).one()
    phone.post(f"join?session={session_id}", phone.form(caller))
    phone.post(f"leg?offer={offer}", phone.form("CAring", "completed", SequenceNumber="0"))
    assert state(phone, caller) == "waiting"


def test_every_link_of_a_walk_leads_somewhere(phone: Telephone, stage: Stage) -> None:
    """Each URL that any document of a whole walk held is a hook, and only known verbs occur."""
    heard: list[Answer] = []
    sid, answer = phone.dial()
    heard += [answer, phone.press(sid, answer, "0"), phone.follow(sid, answer)]
    sid, greeting = phone.dial()
    heard.append(phone.press(sid, greeting, "5"))
    waiting = phone.wait(sid, heard[-1].link("Enqueue", "waitUrl"))
    heard += [waiting, phone.press(sid, waiting, "9"), phone.follow(sid, waiting)]
    phone.post("status", phone.form(sid, "completed"))
    talk = Talk(phone, stage)
    heard += [talk.connect(), talk.come_over()]
    links = {hook_of(link) for answer in heard for link in answer.links()}
    assert links <= set(HOOKS) | {"audio/hold.wav"}
    assert len(links) > 8
    assert {verb for answer in heard for verb in answer.verbs} <= VERBS


def test_the_hold_music_is_kept_by_the_carrier(phone: Telephone) -> None:
    client = phone.app.test_client()
    first = client.get("/ivr/audio/hold.wav")
    assert first.data[:4] == b"RIFF"
    again = client.get("/ivr/audio/hold.wav", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_one_call_is_one_row_however_often_it_is_told(phone: Telephone) -> None:
    sid, _ = phone.dial()
    for url, form in list(phone.sent) * 3:
        phone.post(url, form)
    with phone.services.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Call)) == 1
    assert state(phone, sid) == "in_menu"


def test_a_caller_who_comes_back_from_a_fault_goes_where_the_call_is(
    phone: Telephone, stage: Stage
) -> None:
    """The room's document failed while the database was away; the front door leads back in."""
    talk = Talk(phone, stage)
    talk.talk()
    answer = phone.post("voice?away=1", phone.form(talk.caller))
    assert [verb.text for verb in answer.document.iter("Conference")] == [talk.session.hex]
    assert stage.get_call(talk.call).state == "connected"


def test_a_queue_that_fails_in_mid_join_leads_into_the_room(phone: Telephone, stage: Stage) -> None:
    talk = Talk(phone, stage)
    talk.connect()
    answer = phone.post(*talk.left("error"))
    assert [verb.text for verb in answer.document.iter("Conference")] == [talk.session.hex]


def test_an_unknown_caller_whose_queue_failed_is_adopted(phone: Telephone) -> None:
    answer = phone.post("queue-left?turn=1", phone.form("CAheld", QueueResult="error"))
    assert "Enqueue" in answer.verbs
    assert state(phone, "CAheld") == "waiting"
