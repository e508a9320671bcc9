// Forms that ask the API for a change: sent once, faults beside the fields, refusals in words.

import { ApiFault } from "./api.js";
import { element, t } from "./boot.js";
import { closeDialog, openDialog } from "./dialogs.js";
import { clearFaults, Missing, showFaults } from "./field_faults.js";
import { refusalText } from "./phrases.js";

function say(name, text) {
  const line = element(`${name}-fault`);
  line.textContent = text;
  line.hidden = !text;
}

function tell(name, fault) {
  const errors = fault.errors ?? fault.problem?.errors ?? [];
  if (showFaults(element(`${name}-form`), errors)) return;
  const unreachable = fault instanceof ApiFault && fault.status === 0;
  say(name, unreachable ? t("desk.unreachable") : t("desk.refused", { reason: refusalText(fault.problem) }));
  element(`${name}-fault`).focus();
}

/**
 * Wire #<name>-form. send(form): asks the API and returns its answer; throws ApiFault or Missing.
 * done(answer): called after that.
 */
export function wireForm(name, send, done) {
  const form = element(`${name}-form`);
  let busy = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    say(name, "");
    clearFaults(form);
    try {
      await done(await send(new FormData(form)));
    } catch (fault) {
      if (!(fault instanceof ApiFault || fault instanceof Missing)) throw fault;
      tell(name, fault);
    } finally {
      busy = false;
    }
  });
}

/** Open #<name>-dialog with its form as at first. whose: the person or thing that it is about. */
export function askIn(name, whose = "") {
  const form = element(`${name}-form`);
  form.reset();
  clearFaults(form);
  say(name, "");
  const line = form.querySelector("[data-person], [data-client]");
  if (line) line.textContent = whose;
  openDialog(`${name}-dialog`);
}

/** Wire #<name>-form in its dialog, which closes when it is done. */
export function wireDialog(name, send, done) {
  wireForm(name, send, async (answer) => {
    closeDialog(`${name}-dialog`);
    await done(answer);
  });
}
