// The offer card: who calls, why this counselor, how long is left; accept, or decline with a reason.

import { ApiFault, ask } from "./api.js";
import { announce, element, t } from "./boot.js";
import { startChime, stopChime } from "./chime.js";
import { showHanded } from "./desk_handed.js";
import { joinSession } from "./desk_phone.js";
import { closeDialog, openDialog } from "./dialogs.js";
import { notify, notifyFault } from "./notices.js";
import { callerText, phrase, reasonText } from "./phrases.js";
import { length, secondsSince, secondsUntil } from "./time.js";

const plainTitle = document.title;
let offer = null;
let total = 1;
let soonSaid = false;
let busy = false;

function fill() {
  element("offer-need").textContent = phrase("need", offer.need);
  element("offer-caller").textContent = callerText(offer.caller);
  element("offer-reason").textContent = reasonText(offer.reason);
  const language = offer.language && offer.language !== "ko" ? offer.language : null;
  element("offer-language-row").hidden = !language;
  element("offer-language").textContent = language ? phrase("language", language) : "";
  element("offer-waited-row").hidden = waited() === null;
}

function waited() {
  const since = offer.queued_at ?? offer.waiting_since;
  if (since) return secondsSince(since);
  return offer.waited_seconds ?? null;
}

/** Let the deadline come nearer. */
export function tickOffer() {
  if (!offer) return;
  const left = secondsUntil(offer.deadline);
  element("offer-left").textContent = t("offer.seconds_left", { s: Math.ceil(left) });
  const ring = element("offer-ring");
  ring.style.strokeDashoffset = String(100 - (100 * left) / total);
  ring.classList.toggle("soon", left <= 5);
  if (waited() !== null) element("offer-waited").textContent = length(waited());
  if (left <= 5 && !soonSaid) {
    soonSaid = true;
    announce(t("offer.soon"));
  }
}

function appear(next) {
  offer = next;
  soonSaid = false;
  setBusy(false);
  total = Math.max(1, secondsUntil(offer.deadline));
  fill();
  showHanded("offer", offer);
  element("offer").hidden = false;
  document.title = `● ${t("offer.tab")} | ${plainTitle}`;
  startChime();
  tickOffer();
  element("offer-accept").focus();
  const said = t("offer.announce", { need: phrase("need", offer.need), seconds: Math.round(total) });
  announce(offer.handed_on === "talk" ? `${t("handed.talk")} ${said}` : said);
}

function vanish() {
  offer = null;
  stopChime();
  closeDialog("decline-dialog");
  showHanded("offer", null);
  element("offer").hidden = true;
  document.title = plainTitle;
}

function sayWhyGone() {
  if (secondsUntil(offer.deadline) < 1) notify(t("offer.lapsed"), "warning");
  else notify(t("offer.gone"));
}

/** Show an offer, or none. joined: a session has come of it, so nothing needs to be said. */
export function showOffer(next, joined = false) {
  if (next === null) {
    if (offer && !busy && !joined) sayWhyGone();
    if (offer) vanish();
  } else if (offer?.id !== next.id) {
    appear(next);
  }
}

function setBusy(now) {
  busy = now;
  const accept = element("offer-accept");
  accept.setAttribute("aria-disabled", String(now));
  accept.textContent = t(now ? "offer.accepting" : "offer.accept");
}

// A leg that did not come is tried once more: accepting again gives a fresh way in.
async function joinPatiently(id, params) {
  try {
    await joinSession(params);
  } catch {
    notify(t("session.retry"), "warning");
    const again = await ask("POST", `/offers/${id}/accept`);
    await joinSession(again.connect?.params ?? {});
  }
}

async function accept(refresh) {
  if (busy || !offer) return;
  setBusy(true);
  stopChime();
  const { id } = offer;
  try {
    const answer = await ask("POST", `/offers/${id}/accept`);
    await refresh();
    await joinPatiently(id, answer.connect?.params ?? {});
  } catch (fault) {
    if (fault instanceof ApiFault && fault.status === 409) notify(t("offer.gone"), "warning");
    else if (fault instanceof ApiFault) notifyFault(fault);
    else notify(t("session.connect_failed", { reason: fault.message }), "danger");
    await refresh();
  } finally {
    setBusy(false);
  }
}

async function decline(reason, refresh) {
  if (busy || !offer) return;
  setBusy(true);
  stopChime();
  try {
    await ask("POST", `/offers/${offer.id}/decline`, { reason });
    notify(t("offer.declined"));
  } catch (fault) {
    if (fault.status === 409) notify(t("offer.gone"), "warning");
    else notifyFault(fault);
  } finally {
    await refresh();
    setBusy(false);
  }
}

/** Wire the card. refresh: asks the server for the desk anew. */
export function wireOffer(refresh) {
  element("offer-accept").addEventListener("click", () => accept(refresh));
  element("offer-decline").addEventListener("click", () => openDialog("decline-dialog"));
  element("decline-form").addEventListener("submit", (event) => {
    const reason = new FormData(event.target).get("decline-reason");
    decline(reason, refresh);
  });
}
