"""Spoken prompts: which voice is asked for, what is kept, what happens where nothing can speak."""

from pathlib import Path

import pytest

from simulator.media.pcm import seconds_of
from simulator.phones.speech import Speaker, espeak_path, espeak_voice

needs_espeak = pytest.mark.skipif(
    espeak_path() is None, reason="needs espeak-ng: apt-get install espeak-ng"
)


@pytest.mark.parametrize(
    ("language", "voice", "wanted"),
    [
        ("ko-KR", "", "ko"),
        ("ko-KR", "Polly.Seoyeon", "ko+f2"),
        ("en-US", "man", "en"),
        ("en-GB", "woman", "en+f2"),
        ("zh-CN", "alice", "cmn"),
        ("", "", "ko"),
        ("--help", "", "ko"),
        ("../../etc", "", "ko"),
    ],
)
def test_voice_of_a_language(language: str, voice: str, wanted: str) -> None:
    assert espeak_voice(language, voice) == wanted


@needs_espeak
def test_a_sentence_is_spoken_once_and_kept(tmp_path: Path) -> None:
    text = "안녕하세요. 외로움안녕 일이공입니다."
    spoken = Speaker(tmp_path, espeak_path()).speak(text, "ko-KR")
    assert spoken is not None
    assert 2 < seconds_of(spoken) < 8
    assert [path.suffix for path in tmp_path.iterdir()] == [".wav"]
    no_program_left = Speaker(tmp_path, "/nonexistent/espeak-ng")
    assert no_program_left.speak(text, "ko-KR") == spoken


@needs_espeak
def test_text_is_never_an_option_of_the_program(tmp_path: Path) -> None:
    spoken = Speaker(tmp_path, espeak_path()).speak("--version", "en-US")
    assert spoken is not None
    assert seconds_of(spoken) > 0.3


def test_without_the_program_nothing_is_spoken(tmp_path: Path) -> None:
    assert Speaker(tmp_path, None).speak("안녕하세요", "ko-KR") is None


def test_a_failing_program_is_no_error_and_the_text_is_not_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert Speaker(tmp_path, "/bin/false").speak("공일공 일이삼사", "ko-KR") is None
    assert caplog.records
    assert "일이삼사" not in caplog.text


@needs_espeak
def test_an_unknown_language_is_left_to_the_browser(tmp_path: Path) -> None:
    assert Speaker(tmp_path, espeak_path()).speak("hello", "xx") is None
    assert not list(tmp_path.glob("*.wav"))
