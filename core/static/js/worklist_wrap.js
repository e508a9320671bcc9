// What came of the call: in the companion's words, the talk's own outcome, and the step agreed on.

import { ApiFault, ask } from "./api.js";
import { announce, element, t } from "./boot.js";
import { chosenMoment, dateFrom, when } from "./dates.js";
import { keepDrafts } from "./draft.js";
import { notify, notifyFault } from "./notices.js";
import { buildForm, fillForm, markFaults, readForm } from "./outcome_form.js";
import { clock, secondsUntil, serverNow } from "./time.js";

// The step agreed on, besides what every outcome has; kept in the draft by the fields' own ids.
const STEP_FIELDS = ["next-date", "next-time", "next-every", "next-sessions", "next-goal"];

let owed = null;
let drafts = null;
let sending = false;

const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`)?.value;

function choose(name, value) {
  const input = document.querySelector(`input[name="${name}"][value="${CSS.escape(value)}"]`);
  if (input) input.checked = true;
}

function readDraft() {
  const step = Object.fromEntries(STEP_FIELDS.map((id) => [id, element(id).value]));
  const said = readForm(element("outcome-form"));
  return { ...said, said: chosen("said"), step: { ...step, kind: chosen("next-step") } };
}

function fillDraft(draft) {
  fillForm(element("outcome-form"), draft);
  choose("said", draft.said ?? "reached");
  choose("next-step", draft.step?.kind ?? "none");
  for (const id of STEP_FIELDS) if (draft.step?.[id]) element(id).value = draft.step[id];
  showWhatFollows();
}

function showWhatFollows() {
  const reached = chosen("said") === "reached";
  const step = chosen("next-step");
  element("of-a-talk").hidden = !reached;
  element("next-when").hidden = step === "none";
  element("next-series").hidden = step !== "series";
}

/** Show the form for the call {callback_id, number, deadline} whose outcome is owed, or none. */
export function showWrap(next) {
  const isNew = next && next.id !== owed?.id;
  owed = next;
  element("wrap").hidden = !owed;
  if (!owed) {
    drafts.end();
    return;
  }
  element("wrap-number").textContent = owed.number;
  if (isNew) begin();
  tickWrap();
}

function begin() {
  const form = element("outcome-form");
  fillForm(form, {});
  markFaults(form, []);
  form.querySelector('input[name="contact_kind"][value="follow_up"]')?.click();
  element("next-date").value = dateFrom(serverNow(), 7);
  element("next-date").min = dateFrom(serverNow());
  element("outcome-fault").hidden = true;
  setInSeries(false);
  lookForSeries(owed.callback_id);
  showWhatFollows();
  drafts.begin(owed.id);
  announce(t("wrap.over"));
  element("wrap").scrollIntoView({ block: "start" });
  form.querySelector('input[name="said"]').focus({ preventScroll: true });
}

// In a series the next date is set by the plan, so nothing is to be agreed on here.
function setInSeries(isIn) {
  element("series-goes-on").hidden = !isIn;
  element("next-step").querySelector("fieldset").hidden = isIn;
}

async function lookForSeries(id) {
  try {
    const { callback } = await ask("GET", `/callbacks/${id}`);
    const series = callback.series;
    if (owed?.callback_id === id) setInSeries(Boolean(series && !series.ended_at));
  } catch (fault) {
    if (!(fault instanceof ApiFault)) throw fault;
  }
}

/** Let the time to write run down. */
export function tickWrap() {
  if (!owed?.deadline) return;
  const left = Math.ceil(secondsUntil(owed.deadline));
  element("wrap-left").textContent = t("wrap.left", { clock: clock(left) });
}

function nextStep() {
  const step = chosen("next-step");
  if (step === "none" || element("next-step").querySelector("fieldset").hidden) return null;
  const at = chosenMoment(element("next-date").value, element("next-time").value);
  if (!at) throw new Error(t("report.choose_date"));
  if (step === "at") return { at };
  const goal = element("next-goal").value.trim();
  if (goal.length < 2) throw new Error(t("report.choose_goal"));
  const everyDays = Number(element("next-every").value);
  const sessions = Number(element("next-sessions").value);
  return { series: { goal, first_at: at, every_days: everyDays, sessions } };
}

function body() {
  const outcome = chosen("said");
  if (!outcome) throw new Error(t("report.choose_said"));
  if (outcome !== "reached") return { outcome };
  const said = readForm(element("outcome-form"));
  if (!said.contact_kind) throw new Error(t("wrap.choose_first"));
  return { outcome, session_outcome: said, next: nextStep() };
}

function showFault(text, errors = []) {
  const line = element("outcome-fault");
  const own = errors.map((one) => ({ ...one, field: String(one.field).replace(/^session_outcome\./, "") }));
  const first = markFaults(element("outcome-form"), own);
  line.textContent = errors.length ? t("wrap.faulty", { count: errors.length }) : text;
  line.hidden = false;
  (first?.querySelector("input, textarea") ?? line).focus();
}

async function send(refresh) {
  drafts.rest();
  sending = true;
  try {
    const answer = await ask("PUT", `/callbacks/${owed.callback_id}/outcome`, body());
    await refresh();
    const next = answer.next?.next_at;
    notify(next ? t("report.sent_next", { when: when(next) }) : t("report.sent"), "success");
  } catch (fault) {
    if (!(fault instanceof ApiFault && fault.status === 409)) drafts.touch();
    if (!(fault instanceof ApiFault)) showFault(fault.message);
    else if (fault.status === 422) showFault(fault.message, fault.problem.errors ?? []);
    else notifyFault(fault);
  } finally {
    sending = false;
  }
}

/** Wire the form. refresh: asks for worklist and list anew. */
export function wireWrap(refresh) {
  const form = element("outcome-form");
  buildForm(form, element("outcome-fields"));
  drafts = keepDrafts(readDraft, fillDraft);
  form.addEventListener("change", showWhatFollows);
  form.addEventListener("input", () => {
    drafts.touch();
    element("outcome-fault").hidden = true; // what was faulty may be mended by now
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!sending && owed) send(refresh);
  });
}
