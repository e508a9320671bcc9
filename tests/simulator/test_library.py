"""Sounds as audio: real lengths where a sound can be made here, estimates where it can't."""

import http.server
import io
import threading
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.media.pcm import seconds_of, tone
from simulator.phones.captions import caption
from simulator.phones.library import SoundLibrary
from simulator.phones.speech import Speaker, espeak_path
from simulator.sounds import (
    Beep,
    Bridge,
    HoldMusic,
    Recording,
    Ringback,
    Silence,
    Sound,
    Speech,
    Tones,
    estimated_seconds,
)
from tests.simulator.goertzel import dominant

GREETING = Speech("안녕하세요. 외로움안녕 일이공입니다.", "ko-KR")


def wav_of(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(pcm)
    return file.getvalue()


class Files(http.server.BaseHTTPRequestHandler):
    """One sound file, one that is no sound, and nothing else; counts what was asked."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body = {"/tone.wav": wav_of(tone((880,), 1.5)), "/text.wav": b"no sound"}.get(self.path)
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def files() -> Iterator[str]:
    """The origin of a small file server."""
    Files.asked = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def silent_library(tmp_path: Path, own_origin: str = "") -> SoundLibrary:
    return SoundLibrary(Speaker(tmp_path, None), own_origin)


def test_a_recording_is_fetched_once_and_lasts_as_long_as_it_is(files: str, tmp_path: Path) -> None:
    library = silent_library(tmp_path)
    sound = Recording(f"{files}/tone.wav")
    assert library.seconds(sound) == pytest.approx(1.5 + 0.3, abs=0.02)
    rendered = library.render(sound)
    assert rendered is not None
    assert dominant(rendered.audio, (440.0, 880.0)) == 880
    assert not rendered.loop
    assert Files.asked == ["/tone.wav"]


@pytest.mark.parametrize("path", ["/missing.wav", "/text.wav"])
def test_a_recording_that_is_none_is_estimated_and_not_asked_for_again(
    files: str, tmp_path: Path, path: str
) -> None:
    library = silent_library(tmp_path)
    sound = Recording(files + path)
    assert library.render(sound) is None
    assert library.seconds(sound) == estimated_seconds(sound)
    assert Files.asked == [path]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "nonsense"])
def test_only_http_is_fetched(tmp_path: Path, url: str) -> None:
    assert silent_library(tmp_path).render(Recording(url)) is None


def test_the_exchange_never_waits_for_itself(files: str, tmp_path: Path) -> None:
    library = silent_library(tmp_path, own_origin=f"{files}/")
    assert library.render(Recording(f"{files}/tone.wav")) is None
    assert Files.asked == []


@pytest.mark.skipif(espeak_path() is None, reason="needs espeak-ng: apt-get install espeak-ng")
def test_speech_lasts_as_long_as_its_audio(tmp_path: Path) -> None:
    library = SoundLibrary(Speaker(tmp_path, espeak_path()))
    rendered = library.render(GREETING)
    assert rendered is not None
    assert library.seconds(GREETING) == pytest.approx(seconds_of(rendered.audio) + 0.3)


def test_speech_without_a_synthesiser_is_estimated(tmp_path: Path) -> None:
    library = silent_library(tmp_path)
    assert library.render(GREETING) is None
    assert library.seconds(GREETING) == estimated_seconds(GREETING)


@pytest.mark.parametrize(
    ("sound", "loops"), [(HoldMusic(), True), (Ringback(), True), (Tones("5"), False)]
)
def test_what_goes_on_for_ever(tmp_path: Path, sound: Sound, loops: bool) -> None:
    rendered = silent_library(tmp_path).render(sound)
    assert rendered is not None
    assert rendered.loop is loops


@pytest.mark.parametrize("sound", [Silence(), Bridge("CF1")])
def test_what_is_silent_by_itself(tmp_path: Path, sound: Sound) -> None:
    assert silent_library(tmp_path).render(sound) is None


@pytest.mark.parametrize(
    ("sound", "kind"),
    [
        (GREETING, "speech"),
        (Recording("http://127.0.0.1/a/b.wav"), "recording"),
        (Ringback(), "ringback"),
        (HoldMusic(), "music"),
        (Silence(), "silence"),
        (Tones("1"), "tone"),
        (Beep(), "tone"),
        (Bridge("CF1"), "bridge"),
    ],
)
def test_every_sound_has_a_caption(sound: Sound, kind: str) -> None:
    assert caption(sound, audible=True)["kind"] == kind


def test_a_caption_says_what_is_said_and_whether_it_can_be_heard() -> None:
    assert caption(GREETING, audible=False) == {
        "kind": "speech",
        "text": GREETING.text,
        "language": "ko-KR",
        "audible": False,
    }
