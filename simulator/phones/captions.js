// The live captions: what the line says, as text, and aloud where the exchange itself can't speak.

import { words } from "./words.js";

const log = document.getElementById("log");
const steps = document.getElementById("steps");
const hearing = document.getElementById("hearing");

// What was last said to be heard; kept as a key so that a change of language can say it anew.
let heardKind = "";
let ended = true;

function line(text, kind, language) {
  steps.hidden = true;
  const item = document.createElement("p");
  item.className = kind;
  const time = document.createElement("time");
  time.textContent = new Date().toTimeString().slice(0, 8);
  const said = document.createElement("span");
  said.textContent = text;
  if (language) said.lang = language;
  item.append(time, said);
  log.append(item);
  while (log.children.length > 200) log.firstChild.remove();
  log.scrollTop = log.scrollHeight;
}

function speakAloud(text, language) {
  if (!("speechSynthesis" in window)) return;
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.lang = language || "ko-KR";
  utterance.rate = 0.95;
  window.speechSynthesis.speak(utterance);
}

function hush() {
  window.speechSynthesis?.cancel();
}

export function showHearing() {
  hearing.textContent = words().hearing[heardKind] ?? "";
  hearing.dataset.kind = heardKind;
}

function heard(kind) {
  const changed = kind !== heardKind;
  heardKind = kind;
  showHearing();
  return changed;
}

// Takes one caption from the exchange (see captions.py for the kinds).
export function take(caption, notify) {
  hush();
  if (caption.kind === "ended") {
    close(caption.status);
    return;
  }
  const changed = heard(caption.kind);
  if (caption.kind === "speech") {
    line(caption.text, "speech", caption.language);
    if (!caption.audible) {
      notify(words().browserVoice);
      speakAloud(caption.text, caption.language);
    }
  } else if (caption.kind === "recording") {
    line(`♪ ${caption.name}`, "event");
  } else if (changed && caption.kind !== "silence") {
    line(words().hearing[caption.kind], "event");
  }
}

export function pressed(digit) {
  line(words().pressed(digit), "key");
}

// The call is over; only the first reason given is shown. Who hangs up here isn't told one.
export function close(status) {
  hush();
  heard("");
  if (ended) return;
  ended = true;
  line(words().ended[status] ?? status, "event");
}

export function startAfresh() {
  hush();
  log.replaceChildren();
  heard("");
  ended = false;
}
