// The call agreed in the session: a companion's first date, or one more talk after a lost line.

import { boot, element } from "./boot.js";
import { chosenMoment, dateFrom } from "./dates.js";
import { serverNow } from "./time.js";

const DATED = "needs_more_time_outbound";
const OFFERED = "line_lost";

const chosenOutcome = (form) => form.querySelector('input[name="outcome"]:checked')?.value;

function show(form) {
  const outcome = chosenOutcome(form);
  const kind = form.querySelector('[data-field="outcome"]');
  element("next-call").hidden = kind?.hidden || ![DATED, OFFERED].includes(outcome);
  element("next-call-when").hidden = outcome !== DATED;
}

/** Begin anew for a session; hasNumber: the caller's number is known. */
export function beginNextCall(form, hasNumber) {
  element("next-call-heard").checked = false;
  element("next-call-date").min = dateFrom(serverNow());
  element("next-call-date").value = dateFrom(serverNow(), 7);
  element("next-call-number-box").hidden = hasNumber;
  element("next-call-number").value = "";
  show(form);
}

/** What was agreed, as the API takes it; undefined where nothing was. */
export function readNextCall(form) {
  if (element("next-call").hidden || !element("next-call-heard").checked) return undefined;
  const said = { consent: { wording: boot.consent.version, heard: true } };
  const at = chosenMoment(element("next-call-date").value, element("next-call-time").value);
  if (chosenOutcome(form) === DATED && at) said.at = at;
  const number = element("next-call-number").value.trim();
  if (number) said.number = number;
  return said;
}

/** Show the fields with the outcomes in which a call may be agreed. */
export function wireNextCall(form) {
  form.addEventListener("change", () => show(form));
}
