// The board's two tables: who waits and why, who answers and since when.

import { element, t } from "./boot.js";
import { phrase } from "./phrases.js";
import { hour, length, secondsSince } from "./time.js";

const LONG_WAIT_SECONDS = 300;
const STATE_TONES = { free: "success", offered: "warning", on_call: "primary", wrapping: "information" };
const STATUS_TONES = { ready: "success", break: "warning", off: "gray" };

// A companion on the line calls for a counselor: routing/handing_on.py.
const FIRST_OF_ALL = 144;
// The server's reasons of waiting are fixed English phrases; each has a place for one name at most.
const WAIT_REASONS = [
  [/^ringing (.+)$/, (name) => t("queue.ringing", { name })],
  [/^nobody free$/, () => t("queue.nobody_free")],
  [/^no one free speaks (\w+)$/, (code) => t("queue.language", { language: phrase("language", code) })],
  [/^no one free has the skill (\w+)$/, (code) => t("queue.skill", { skill: phrase("need", code) })],
  [/^every free counselor just declined/, () => t("queue.resting")],
  [/^about to be offered/, () => t("queue.next")],
  [/^in turn/, () => t("queue.in_turn")],
];

function cell(content, className = "") {
  const made = document.createElement("td");
  made.className = className;
  made.append(content);
  return made;
}

function badge(text, tone) {
  const made = document.createElement("span");
  made.className = `krds-badge bg-light-${tone}`;
  made.textContent = text;
  return made;
}

function small(text) {
  const made = document.createElement("small");
  made.textContent = text;
  return made;
}

function emptyRow(text) {
  const row = document.createElement("tr");
  const only = cell(text, "empty");
  only.colSpan = 5; // more columns than a table has do no harm
  row.append(only);
  return row;
}

function waitReason(reason) {
  for (const [pattern, say] of WAIT_REASONS) {
    const found = (reason ?? "").match(pattern);
    if (found) return say(found[1]);
  }
  return reason ?? "";
}

function since(moment) {
  const made = document.createElement("span");
  made.className = "figures";
  made.dataset.since = moment;
  return made;
}

function queueRow(call, place) {
  const row = document.createElement("tr");
  row.dataset.callId = call.call_id;
  const raised = t(call.priority < FIRST_OF_ALL ? "queue.priority_n" : "queue.priority_first", { n: call.priority });
  const priority = call.priority > 0 ? badge(raised, "danger") : t("queue.priority_0");
  row.append(
    cell(String(place + 1), "figures"),
    cell(since(call.waiting_since)),
    cell(phrase("need", call.need ?? "talk")),
    cell(priority),
    cell(waitReason(call.reason)),
  );
  return row;
}

/** Show the waiting calls in the order they will be asked. */
export function showQueue(waiting) {
  const rows = waiting.map(queueRow);
  element("queue").replaceChildren(...(rows.length ? rows : [emptyRow(t("queue.empty"))]));
  tickTables();
}

function stateBadge(one) {
  const idle = one.state === "free" && one.status !== "ready";
  if (idle) return badge(t(one.status === "break" ? "counselors.resting" : "counselors.away"), "gray");
  return badge(t(`counselors.${one.state}`), STATE_TONES[one.state] ?? "gray");
}

function notesOf(one) {
  const notes = [];
  if (one.not_answering_since) notes.push(t("counselors.not_answering", { hour: hour(one.not_answering_since) }));
  if (one.reachable === false && one.status !== "off") notes.push(t("counselors.unreachable"));
  return notes.join(" · ");
}

function counselorRow(one) {
  const row = document.createElement("tr");
  row.dataset.login = one.login;
  const name = document.createElement("th");
  name.scope = "row";
  name.className = "name";
  name.append(one.name ?? one.login, small(one.login));
  const state = cell(stateBadge(one));
  if (notesOf(one)) state.append(small(notesOf(one)));
  const time = cell(since(one.since));
  time.append(small(t("counselors.since_text", { hour: hour(one.since) })));
  row.append(
    name,
    cell(badge(t(`counselors.${one.status}`), STATUS_TONES[one.status] ?? "gray")),
    state,
    time,
  );
  return row;
}

const ORDER = ["on_call", "offered", "wrapping", "free"];

function rank(one) {
  const present = one.status === "off" && one.state === "free" ? 10 : 0;
  return present + ORDER.indexOf(one.state) + (one.status === "break" ? 4 : 0);
}

/** Show every counselor, the busy ones first, the absent ones last. */
export function showCounselors(counselors) {
  const ordered = [...counselors].sort((a, b) => rank(a) - rank(b) || a.login.localeCompare(b.login));
  const rows = ordered.map(counselorRow);
  element("counselors").replaceChildren(...(rows.length ? rows : [emptyRow(t("counselors.empty"))]));
  tickTables();
}

/** Let the times in both tables pass. */
export function tickTables() {
  for (const shown of document.querySelectorAll("[data-since]")) {
    const seconds = secondsSince(shown.dataset.since);
    const waits = shown.closest("tbody").id === "queue";
    shown.textContent = length(seconds);
    shown.parentElement.classList.toggle("long", waits && seconds >= LONG_WAIT_SECONDS);
  }
}
