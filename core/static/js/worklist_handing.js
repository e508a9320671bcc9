// Risk rises: a counselor is called into the talk; the companion hears how far they are, and leaves when they choose.

import { ask } from "./api.js";
import { announce, element, t } from "./boot.js";
import { hangUp } from "./desk_phone.js";
import { closeDialog, openDialog } from "./dialogs.js";
import { notify, notifyFault } from "./notices.js";
import { clock, secondsSince } from "./time.js";

const AWAITED = ["called", "offered", "coming"];
let session = null;
let handing = null;
let toldSeconds = 0;

const waited = () => secondsSince(handing.called_at);
const words = () => t(`handing.${handing.state}`, { length: clock(waited()) });

function tell() {
  toldSeconds = waited();
  announce(words());
}

/** Let the time pass; while no counselor is there the companion is told again and again. */
export function tickHanding() {
  if (!handing) return;
  element("handing-state").textContent = words();
  if (AWAITED.includes(handing.state) && waited() - toldSeconds >= handing.tell_seconds) tell();
}

/** Show what a talk {id, state, handing} allows: to call a counselor, or to leave them to one. */
export function showHanding(next) {
  const before = handing;
  session = next?.state === "talking" ? next : null;
  handing = session?.handing ?? null;
  const isThere = handing?.state === "there";
  element("bring-in").hidden = !session || isThere || AWAITED.includes(handing?.state);
  element("hand-over").hidden = !isThere;
  element("handing-state").hidden = !handing;
  if (!session) closeDialog("bring-in-dialog");
  if (handing && (handing.state !== before?.state || handing.called_at !== before?.called_at)) tell();
  tickHanding();
}

async function bringIn(note, refresh) {
  if (!session) return;
  try {
    const brought = await ask("POST", `/sessions/${session.id}/bring-in`, { note });
    if (!brought.call_id) notify(t("handing.late"), "warning");
  } catch (fault) {
    notifyFault(fault);
  }
  await refresh();
}

async function handOver(refresh) {
  if (!session) return;
  try {
    await ask("POST", `/sessions/${session.id}/hand-over`);
    hangUp();
  } catch (fault) {
    notifyFault(fault);
  }
  await refresh();
}

/** Wire the buttons. refresh: asks for worklist and list anew. */
export function wireHanding(refresh) {
  element("bring-in").addEventListener("click", () => openDialog("bring-in-dialog"));
  element("hand-over").addEventListener("click", () => handOver(refresh));
  element("bring-in-form").addEventListener("submit", (event) => {
    bringIn(new FormData(event.target).get("note"), refresh);
    event.target.reset();
  });
}
