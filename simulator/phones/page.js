// The telephone itself: keypad, call button, incoming calls, and the number it rings under.

import { createSoftphone } from "./softphone.js";
import * as captions from "./captions.js";
import { formatNumber, switchLanguage, translatePage, words } from "./words.js";

const HELPLINE = "02120";
const KEYS = "123456789*0#";
const KEY_NAMES = { "*": "별표 star", "#": "우물정자 pound" };
const IN_CALL = ["connecting", "ringing", "open", "reconnecting"];
const ENDINGS = { cancel: "canceled", reject: "completed", error: "failed" };

const $ = (id) => document.getElementById(id);
let phone = null;
let incoming = null;
let state = "loading";
let openedAt = 0;
let muted = false;

// A number of one's own for each tab. Mobile numbers starting 010-0 are given to nobody.
let myNumber = sessionStorage.getItem("number")
  ?? `0100000${String(Math.floor(Math.random() * 10000)).padStart(4, "0")}`;

async function fetchToken(number) {
  const response = await fetch("/phones/token", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ number }),
  });
  if (!response.ok) throw new Error(words().wrongNumber);
  return response.json();
}

// Somebody without a microphone can still listen, read and press keys: their voice is silence.
function lendSilentMicrophone() {
  const devices = navigator.mediaDevices;
  if (!devices) return;
  const real = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    try {
      return await real(constraints);
    } catch {
      notify(words().noMicrophone);
      return new AudioContext().createMediaStreamDestination().stream;
    }
  };
}

function notify(text) { $("notice").textContent = text; }

function show(next, detail = {}) {
  state = next;
  if (detail.ended) captions.close(ENDINGS[detail.ended] ?? "completed");
  document.body.dataset.state = next;
  const inCall = IN_CALL.includes(next);
  if (next === "open" && !openedAt) openedAt = Date.now();
  if (!inCall) { openedAt = 0; setMuted(false); }
  $("state").textContent = words().states[next];
  $("number").readOnly = inCall;
  $("call").disabled = !inCall && next !== "ready";
  $("mute").disabled = next !== "open";
  $("erase").disabled = inCall;
  for (const id of ["change", "withhold"]) $(id).disabled = inCall;
  labelCallButton();
  if (next !== "incoming") hideIncoming();
}

function labelCallButton() {
  const dialled = $("number").value.trim();
  const calling = dialled ? words().call : words().callEmpty;
  $("call-label").textContent = IN_CALL.includes(state) ? words().hangUp : calling;
}

function setMuted(silent) {
  muted = silent;
  phone?.mute(silent);
  $("mute").setAttribute("aria-pressed", String(silent));
  $("mute").textContent = silent ? words().unmute : words().mute;
}

function showTimer() {
  const seconds = openedAt ? Math.floor((Date.now() - openedAt) / 1000) : 0;
  const two = (value) => String(value).padStart(2, "0");
  $("timer").textContent = openedAt ? `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}` : "";
}

function ringIn(call) {
  incoming = call;
  captions.startAfresh();
  const from = /^\+?\d+$/.test(call.from) ? formatNumber(call.from) : words().withheld;
  $("incoming-from").textContent = words().incomingFrom(from);
  $("incoming").hidden = false;
  document.title = `☎ ${words().incomingFrom(from)}`;
  $("answer").focus();
}

function hideIncoming() {
  if (!incoming) return;
  incoming = null;
  $("incoming").hidden = true;
  document.title = words().title;
}

async function switchOn(number) {
  const { token } = await fetchToken(number);
  phone?.destroy();
  myNumber = number.replace(/[^\d+]/g, "");
  sessionStorage.setItem("number", myNumber);
  $("my-number").textContent = formatNumber(myNumber);
  phone = createSoftphone({
    token,
    edgeHost: location.host,
    onState: show,
    onIncoming: ringIn,
    onError: ({ message }) => notify(words().error(message)),
    onMessage: (caption) => captions.take(caption, notify),
    refreshToken: async () => (await fetchToken(myNumber)).token,
  });
}

async function dial() {
  const number = $("number").value.replace(/[^\d+*#]/g, "") || HELPLINE;
  $("number").value = formatNumber(number);
  notify("");
  captions.startAfresh();
  const hidden = $("withhold").checked ? { Withheld: "1" } : {};
  await phone.connect({ To: number, ...hidden }).catch(() => {});
}

function callOrHangUp() {
  if (IN_CALL.includes(state)) phone.hangUp();
  else if (state === "ready") dial();
}

function press(key) {
  if (IN_CALL.includes(state)) {
    phone.sendDigits(key);
    captions.pressed(key);
  } else {
    $("number").value = formatNumber($("number").value + key);
    labelCallButton();
  }
  const button = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  button.classList.add("down");
  setTimeout(() => button.classList.remove("down"), 150);
}

function erase() {
  const digits = $("number").value.replace(/[^\d+*#]/g, "");
  $("number").value = formatNumber(digits.slice(0, -1));
  labelCallButton();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target === $("new-number")) return;
  const editing = event.target === $("number") && !IN_CALL.includes(state);
  if (event.key === "Escape" && (IN_CALL.includes(state) || incoming)) phone.hangUp();
  else if (event.key === "Enter" && event.target.tagName !== "BUTTON" && event.target.tagName !== "A") {
    if (incoming) incoming.accept();
    else if (state === "ready") dial();
  } else if (KEYS.includes(event.key) && event.key.length === 1 && !editing) {
    event.preventDefault();
    press(event.key);
  } else if (event.key === "Backspace" && !editing && !IN_CALL.includes(state)) erase();
}

function editNumber(open) {
  $("mine-form").hidden = !open;
  $("mine-shown").hidden = open;
  $("new-number-wrong").textContent = "";
  if (!open) { $("change").focus(); return; }
  $("new-number").value = formatNumber(myNumber);
  $("new-number").focus();
}

async function keepNumber(event) {
  event.preventDefault();
  try {
    await switchOn($("new-number").value);
    editNumber(false);
  } catch (error) {
    $("new-number-wrong").textContent = error.message;
  }
}

function buildKeypad() {
  for (const key of KEYS) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.key = key;
    button.textContent = key === "*" ? "✱" : key;
    if (KEY_NAMES[key]) button.setAttribute("aria-label", KEY_NAMES[key]);
    button.addEventListener("click", () => press(key));
    $("keypad").append(button);
  }
}

function speakLanguage() {
  translatePage();
  $("language").textContent = document.documentElement.lang === "ko" ? "English" : "한국어";
  $("language").lang = document.documentElement.lang === "ko" ? "en" : "ko";
  show(state);
  setMuted(muted);
  captions.showHearing();
}

buildKeypad();
speakLanguage();
lendSilentMicrophone();
$("language").addEventListener("click", () => { switchLanguage(); speakLanguage(); });
$("call").addEventListener("click", callOrHangUp);
$("erase").addEventListener("click", erase);
$("mute").addEventListener("click", () => setMuted(!muted));
$("answer").addEventListener("click", () => incoming?.accept());
$("reject").addEventListener("click", () => incoming?.reject());
$("change").addEventListener("click", () => editNumber(true));
$("mine-form").addEventListener("submit", keepNumber);
$("number").addEventListener("input", labelCallButton);
$("number").addEventListener("change", () => { $("number").value = formatNumber($("number").value); });
document.addEventListener("keydown", onKey);
setInterval(showTimer, 500);
switchOn(myNumber).catch((error) => notify(words().error(error.message)));
