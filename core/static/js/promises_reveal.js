// A citizen's whole number: with a reason, and only while the dialog is open.

import { ask } from "./api.js";
import { element, t } from "./boot.js";
import { askIn, wireForm } from "./asking.js";
import { Missing } from "./field_faults.js";

let row = null;

function forget() {
  element("revealed").textContent = "";
  element("revealed").hidden = true;
}

/** Ask why the number of a row is needed. */
export function revealOf(next) {
  row = next;
  forget();
  askIn("reveal", row.number);
}

async function send(form) {
  const reason = form.get("reason");
  if (!reason) throw new Missing(["reason", "choose"]);
  return ask("POST", `/callbacks/${row.id}/reveal`, { reason: t(`reveal.reason_${reason}`) });
}

/** Wire the dialog. */
export function wireReveal() {
  wireForm("reveal", send, (answer) => {
    element("revealed").textContent = answer.number;
    element("revealed").hidden = false;
  });
  // A revealed number must not stay on the screen.
  element("reveal-dialog").addEventListener("close", forget);
}
