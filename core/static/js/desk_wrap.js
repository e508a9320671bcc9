// The write-up: the outcome form, kept as a draft on the server while it is written.

import { ApiFault, ask } from "./api.js";
import { announce, element, t } from "./boot.js";
import { when } from "./dates.js";
import { beginNextCall, readNextCall, wireNextCall } from "./desk_next_call.js";
import { keepDrafts } from "./draft.js";
import { notify, notifyFault } from "./notices.js";
import { buildForm, fillForm, markFaults, readForm } from "./outcome_form.js";
import { clock, secondsUntil } from "./time.js";

let session = null;
let isWrapping = false;
let drafts = null;
let minuteSaid = false;
let sending = false;

async function load(id) {
  const form = element("outcome-form");
  fillForm(form, {});
  markFaults(form, []);
  beginNextCall(form, Boolean(session?.caller?.number));
  element("outcome-fault").hidden = true;
  await drafts.begin(id);
  form.dispatchEvent(new Event("change"));
}

function overText() {
  // The desk's own endings say "counselor ..."; every other one is the caller's.
  const own = !session?.end_reason || session.end_reason.startsWith("counselor");
  return t(own ? "wrap.over" : "wrap.caller_left");
}

/** Let the time to write run down. */
export function tickWrap() {
  if (!isWrapping || !session?.deadline) return;
  const left = secondsUntil(session.deadline);
  element("wrap-left").textContent = t("wrap.left", { clock: clock(Math.ceil(left)) });
  if (left <= 60 && !minuteSaid) {
    minuteSaid = true;
    announce(t("wrap.minute"));
  }
}

/** Show the form for the session being talked (`talking`) or written up (`wrapping`), or none. */
export function showWrap(talking, wrapping) {
  const next = wrapping ?? talking;
  if (!next && session && isWrapping && !sending) notify(t("wrap.lapsed"), "warning");
  const isNew = next && next.id !== session?.id;
  const begins = wrapping && (!isWrapping || isNew);
  session = next;
  isWrapping = Boolean(wrapping);
  element("wrap").hidden = !next;
  element("wrap").classList.toggle("early", !isWrapping);
  element("wrap-over").hidden = !isWrapping;
  element("wrap-over").textContent = overText();
  element("wrap-left").hidden = !isWrapping;
  element("outcome-send").hidden = !isWrapping;
  if (!next) drafts.end();
  if (isNew) load(next.id);
  if (begins) {
    minuteSaid = false;
    announce(overText());
    element("outcome-form").querySelector("input")?.focus({ preventScroll: true });
  }
  element("wrap-title").textContent = t(isWrapping ? "wrap.title" : "session.early_form");
  tickWrap();
}

function showFaults(fault) {
  const line = element("outcome-fault");
  const faults = fault.problem.errors ?? [];
  const first = markFaults(element("outcome-form"), faults);
  line.textContent = faults.length ? t("wrap.faulty", { count: faults.length }) : fault.message;
  line.hidden = false;
  (first?.querySelector("input, textarea") ?? line).focus();
}

async function send(refresh) {
  const said = readForm(element("outcome-form"));
  if (!said.contact_kind) {
    showFaults(new ApiFault(422, { errors: [{ field: "contact_kind", message: t("wrap.choose_first") }] }));
    return;
  }
  drafts.rest();
  sending = true;
  try {
    const nextCall = readNextCall(element("outcome-form"));
    const sent = nextCall ? { ...said, next_call: nextCall } : said;
    const answer = await ask("PUT", `/sessions/${session.id}/outcome`, sent);
    await refresh();
    const next = answer.promised?.next_at;
    notify(next ? t("wrap.sent_next", { when: when(next) }) : t("wrap.sent"), "success");
  } catch (fault) {
    if (!(fault instanceof ApiFault && fault.status === 409)) drafts.touch();
    if (fault instanceof ApiFault && fault.status === 422) showFaults(fault);
    else notifyFault(fault);
  } finally {
    sending = false;
  }
}

/** Wire the form. refresh: asks the server for the desk anew. */
export function wireWrap(refresh) {
  const form = element("outcome-form");
  buildForm(form, element("outcome-fields"));
  wireNextCall(form);
  drafts = keepDrafts(() => readForm(form), (draft) => fillForm(form, draft));
  form.addEventListener("input", drafts.touch);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!sending) send(refresh);
  });
}
