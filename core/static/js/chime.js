// Two soft notes, made here, that say a caller is waiting for this counselor.

const NOTES_HZ = [659.25, 880.0];
const REPEAT_MS = 3_500;

let context = null;
let repeat = null;

/** Wake the audio; browsers allow it only from a click or a key. */
export function wakeAudio() {
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume().catch(() => {});
  return context;
}

function note(hz, start) {
  const tone = context.createOscillator();
  const loudness = context.createGain();
  tone.type = "sine";
  tone.frequency.value = hz;
  loudness.gain.setValueAtTime(0, start);
  loudness.gain.linearRampToValueAtTime(0.22, start + 0.03);
  loudness.gain.exponentialRampToValueAtTime(0.001, start + 1.1);
  tone.connect(loudness).connect(context.destination);
  tone.start(start);
  tone.stop(start + 1.2);
}

/** Sound the chime once. */
export function chime() {
  wakeAudio();
  NOTES_HZ.forEach((hz, place) => note(hz, context.currentTime + 0.02 + place * 0.28));
}

/** Sound the chime now and again until stopChime. */
export function startChime() {
  stopChime();
  chime();
  repeat = window.setInterval(chime, REPEAT_MS);
}

/** Be quiet. */
export function stopChime() {
  window.clearInterval(repeat);
  repeat = null;
}
