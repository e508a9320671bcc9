// What lies behind a call that the citizen did not make: who hands it on, and why.

import { ask } from "./api.js";
import { element, t } from "./boot.js";

let told = { callId: null, promise: null };

// Each reading is an entry in the access log, so it is asked for once a call.
async function promiseOf(callId) {
  if (told.callId !== callId) {
    const promise = ask("GET", `/calls/${callId}/handed-on`).catch(() => null);
    told = { callId, promise };
  }
  return told.promise;
}

function cue(item, promise) {
  if (item.handed_on === "talk") {
    if (item.has_company === undefined) return t("handed.talk");
    return t(item.has_company ? "handed.together" : "handed.taken_over");
  }
  return t(promise?.origin === "escalation" ? "handed.escalation" : "handed.promise");
}

/** Show it in the card `place` (offer or session); item: the offer or session, or null. */
export async function showHanded(place, item) {
  const box = element(`${place}-handed`);
  box.hidden = !item?.handed_on;
  box.dataset.call = item?.call_id ?? "";
  if (!item?.handed_on) return;
  element(`${place}-handed-cue`).textContent = cue(item, null);
  const promise = await promiseOf(item.call_id);
  if (box.dataset.call !== item.call_id) return;
  element(`${place}-handed-cue`).textContent = cue(item, promise);
  const note = element(`${place}-handed-note`);
  note.textContent = promise?.note ?? "";
  note.hidden = !promise?.note;
}
