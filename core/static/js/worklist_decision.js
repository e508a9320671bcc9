// A person decides what comes next where the tries are spent, and writes why.

import { ApiFault, ask } from "./api.js";
import { element, t } from "./boot.js";
import { dateFrom } from "./dates.js";
import { closeDialog, openDialog } from "./dialogs.js";
import { notify, notifyFault } from "./notices.js";
import { serverNow } from "./time.js";

let row = null;

const chosen = () => document.querySelector('input[name="decision"]:checked').value;

function showWhen() {
  element("decision-when").hidden = chosen() !== "again";
}

/** Ask for the decision about the promise of a row. */
export function decideAbout(next) {
  row = next;
  element("decision-form").reset();
  element("decision-fault").hidden = true;
  element("decision-person").textContent = row.number;
  element("decision-at").value = `${dateFrom(serverNow(), 1)}T10:00`;
  showWhen();
  openDialog("decision-dialog");
}

async function send(refresh) {
  const note = element("decision-note").value.trim();
  if (note.length < 2) {
    element("decision-fault").textContent = t("decision.note_needed");
    element("decision-fault").hidden = false;
    element("decision-note").focus();
    return;
  }
  const decision = chosen();
  const at = decision === "again" && element("decision-at").value;
  try {
    await ask("POST", `/callbacks/${row.id}/decision`, { decision, note, at: at ? `${at}:00+09:00` : null });
    closeDialog("decision-dialog");
    notify(t("decision.sent"), "success");
  } catch (fault) {
    if (!(fault instanceof ApiFault)) throw fault;
    closeDialog("decision-dialog");
    notifyFault(fault);
  }
  await refresh();
}

/** Wire the dialog. refresh: asks for the list anew. */
export function wireDecision(refresh) {
  element("decision-form").addEventListener("change", showWhen);
  element("decision-form").addEventListener("submit", (event) => {
    event.preventDefault();
    send(refresh);
  });
}
