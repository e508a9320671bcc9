// The counselor's desk: follows the server's desk and shows each part of it in its card.

import { ask } from "./api.js";
import { announce, element, t } from "./boot.js";
import { wakeAudio } from "./chime.js";
import { showOffer, tickOffer, wireOffer } from "./desk_offer.js";
import { leavePhone, preparePhone } from "./desk_phone.js";
import { showPresence, tickPresence, wirePresence } from "./desk_presence.js";
import { showSession, tickSession, wireSession } from "./desk_session.js";
import { showWrap, tickWrap, wireWrap } from "./desk_wrap.js";
import { wireDialogs } from "./dialogs.js";
import { wireMicrophone } from "./microphone.js";
import { beTheOnlyDesk } from "./one_tab.js";
import { follow } from "./stream.js";
import { setServerNow } from "./time.js";

const TICK_MS = 250;
const LOST_MS = 4_000;
let following = null;
let presence = null;
let lostSince = null;

function showIdle(desk) {
  const idle = !desk.offer && !desk.session && !desk.wrapping;
  element("idle").hidden = !idle;
  if (!idle || !presence) return;
  const status = presence.status ?? "seatless";
  element("idle-title").textContent = t(`idle.${status}_title`);
  element("idle-text").textContent = t(`idle.${status}_text`);
}

async function show(desk) {
  if (desk.now) setServerNow(desk.now);
  // The stream carries the presence; plain polling asks for it.
  presence = desk.presence ?? (await ask("GET", "/me").catch(() => presence));
  if (presence) showPresence(presence);
  // After a reload the counselor is still ready, and so must the telephone be.
  if (presence?.status === "ready") preparePhone();
  showOffer(desk.offer, Boolean(desk.session ?? desk.wrapping));
  showSession(desk.session);
  showWrap(desk.session, desk.wrapping);
  showIdle(desk);
  element("desk").hidden = false;
}

function reach(reached) {
  if (!reached) {
    lostSince ??= Date.now();
    return;
  }
  if (!element("lost").hidden) announce(t("desk.back"));
  lostSince = null;
  element("lost").hidden = true;
}

function tick() {
  tickPresence();
  tickOffer();
  tickSession();
  tickWrap();
  if (lostSince && Date.now() - lostSince > LOST_MS) element("lost").hidden = false;
}

function open() {
  element("other-tab").hidden = true;
  following = follow("/me/desk", "desk", show, reach);
}

function close(takeOver) {
  following?.stop();
  following = null;
  leavePhone();
  showOffer(null, true);
  showSession(null);
  element("desk").hidden = true;
  element("other-tab").hidden = false;
  element("use-here").onclick = takeOver;
}

const refresh = () => following?.refresh() ?? Promise.resolve();

wireDialogs();
wireMicrophone();
wirePresence(preparePhone);
wireOffer(refresh);
wireSession(refresh);
wireWrap(refresh);
window.setInterval(tick, TICK_MS);
document.addEventListener("pointerdown", wakeAudio, { once: true });
document.addEventListener("keydown", wakeAudio, { once: true });
beTheOnlyDesk(open, close);
