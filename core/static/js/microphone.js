// Checks the headset before a counselor goes ready: permission, and a level that moves.

import { t, element } from "./boot.js";
import { chime, wakeAudio } from "./chime.js";

const CHECK_MS = 8_000;
const ENOUGH_MS = 3_000; // a voice that was heard by then is enough
const VOICE = 0.05; // of the meter
let running = null;

function fault(error) {
  if (error.name === "NotAllowedError") return t("microphone.refused");
  if (error.name === "NotFoundError") return t("microphone.none");
  return t("microphone.trouble");
}

/** Ask for the microphone and let it go again; returns a sentence on what is wrong, or null. */
export async function microphoneFault() {
  if (!navigator.mediaDevices?.getUserMedia) return t("microphone.insecure");
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    stream.getTracks().forEach((track) => track.stop());
    return null;
  } catch (error) {
    return fault(error);
  }
}

function level(analyser, samples) {
  analyser.getFloatTimeDomainData(samples);
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  return Math.min(1, Math.sqrt(power) * 6);
}

function show(text, kind) {
  const result = element("microphone-result");
  result.textContent = text;
  result.dataset.kind = kind;
}

/** Show the level for some seconds; says whether a voice was heard. */
export async function checkMicrophone() {
  stopCheck();
  let stream;
  try {
    if (!navigator.mediaDevices?.getUserMedia) throw new Error("no microphone outside HTTPS");
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch (error) {
    show(fault(error), "fault");
    return;
  }
  const context = wakeAudio();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  running = { stream, analyser, samples: new Float32Array(analyser.fftSize), heard: 0 };
  show(t("microphone.speak"), "busy");
  window.setTimeout(() => running?.heard > VOICE && stopCheck(), ENOUGH_MS);
  window.setTimeout(stopCheck, CHECK_MS, running);
  draw();
}

function draw() {
  if (!running) return;
  const now = level(running.analyser, running.samples);
  running.heard = Math.max(running.heard, now);
  element("microphone-level").value = now;
  window.requestAnimationFrame(draw);
}

function stopCheck(which = running) {
  if (!running || which !== running) return;
  running.stream.getTracks().forEach((track) => track.stop());
  const heard = running.heard > VOICE;
  running = null;
  element("microphone-level").value = 0;
  show(heard ? t("microphone.good") : t("microphone.silent"), heard ? "good" : "fault");
}

/** Wire the two buttons of the equipment card. */
export function wireMicrophone() {
  element("microphone-check").addEventListener("click", checkMicrophone);
  element("sound-check").addEventListener("click", () => {
    chime();
    show(t("microphone.sounded"), "busy");
  });
}
