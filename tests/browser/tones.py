"""Tones for fake microphones, and ears in the page that tell which frequency they hear."""

import math
import wave
from array import array
from pathlib import Path

# Kept by the page itself before any script runs: the streams that a connection brings, however
# the software in the page was written. So what is measured is what a person would hear.
LISTEN_SCRIPT = """
(() => {
  const Native = window.RTCPeerConnection;
  window.heardStreams = [];
  window.RTCPeerConnection = class extends Native {
    constructor(...options) {
      super(...options);
      this.addEventListener('track', (event) => window.heardStreams.push(event.streams[0]));
    }
  };
})();
"""

# Loudness of each asked frequency in dB, the loudest of many looks within the given time; -200
# for silence. 8192 samples of 48 kHz give bins of 6 Hz.
MEASURE_SCRIPT = """
async ([frequencies, milliseconds]) => {
  const stream = window.heardStreams.at(-1);
  if (!stream) return frequencies.map(() => -200);
  const context = new AudioContext();
  await context.resume();
  const analyser = new AnalyserNode(context, {fftSize: 8192, smoothingTimeConstant: 0});
  context.createMediaStreamSource(stream).connect(analyser);
  const bins = new Float32Array(analyser.frequencyBinCount);
  const loudest = frequencies.map(() => -200);
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    await new Promise((done) => setTimeout(done, 60));
    analyser.getFloatFrequencyData(bins);
    frequencies.forEach((hz, i) => {
      const at = Math.round(hz * analyser.fftSize / context.sampleRate);
      loudest[i] = Math.max(loudest[i], ...bins.slice(at - 1, at + 2));
    });
  }
  await context.close();
  return loudest.map((level) => Math.max(level, -200));
}
"""


def write_tone(path: Path, hz: float, seconds: float = 20.0, rate_hz: int = 48_000) -> Path:
    """Write a steady tone as a WAV file and return its path; Chromium repeats it as microphone.

    It swells gently twice a second, so that noise suppression doesn't take it for background.
    """
    samples = array("h")
    for n in range(round(seconds * rate_hz)):
        swell = 0.6 + 0.4 * math.sin(2 * math.pi * 2 * n / rate_hz)
        samples.append(round(12_000 * swell * math.sin(2 * math.pi * hz * n / rate_hz)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples.tobytes())
    return path
