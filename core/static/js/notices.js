// The one line above the cards that tells what just happened.

import { ApiFault } from "./api.js";
import { element, t } from "./boot.js";
import { refusalText } from "./phrases.js";

const SHOWN_MS = 12_000;
let hiding = null;

/** Show a sentence; kind: information, success, warning or danger. */
export function notify(text, kind = "information", shownMs = SHOWN_MS) {
  const notice = element("notice");
  notice.className = `notice ${kind}`;
  notice.textContent = text;
  notice.hidden = false;
  window.clearTimeout(hiding);
  hiding = window.setTimeout(() => (notice.hidden = true), shownMs);
}

/** Show what went wrong with a request; anything else is our own fault and goes on upward. */
export function notifyFault(fault) {
  if (!(fault instanceof ApiFault)) throw fault;
  if (fault.status === 0) notify(t("desk.unreachable"), "danger");
  else notify(t("desk.refused", { reason: refusalText(fault.problem) || fault.message }), "danger");
}
