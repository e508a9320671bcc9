// The companions: what is in their hands, who is away and who stands in, to whom people pass on.

import { ApiFault, ask } from "./api.js";
import { element, t } from "./boot.js";
import { askIn, wireDialog } from "./asking.js";
import { dateFrom, onDay } from "./dates.js";
import { Missing } from "./field_faults.js";
import { badge, node } from "./nodes.js";
import { notify, notifyFault } from "./notices.js";
import { serverNow } from "./time.js";

let companions = [];
let shown = "";
let promise = null;
let companion = null;
let again = () => Promise.resolve();

function days(absence) {
  const from = onDay(absence.from_day);
  if (!absence.until_day) return t("promises.days_away_for_good", { from });
  return t("promises.days_away", { from, until: onDay(absence.until_day) });
}

function button(key, one, press, tone = "tertiary") {
  const made = node("button", { type: "button", class: `krds-btn ${tone} small`, "data-act": key }, t(`promises.${key}`));
  made.setAttribute("aria-label", t(`promises.${key}_of`, { name: one.name }));
  made.addEventListener("click", () => press(one));
  return made;
}

function absenceLine(one, absence) {
  const made = node("li", { "data-absence": absence.id }, t("promises.stands_in", { days: days(absence), name: absence.substitute }));
  const end = node("button", { type: "button", class: "krds-btn text small" }, t("promises.absence_end"));
  end.setAttribute("aria-label", t("promises.absence_end_of", { name: one.name, days: days(absence) }));
  end.addEventListener("click", () => endAbsence(one, absence));
  made.append(" ", end);
  return made;
}

function item(one) {
  const badges = node("span", { class: "badges" });
  if (!one.is_certified) badges.append(badge(t("promises.not_certified"), "danger"));
  if (one.is_away) badges.append(badge(t("promises.away_today"), "warning"));
  return node(
    "li",
    { "data-companion": one.login },
    node("h3", {}, one.name, " ", node("small", { class: "subtle" }, one.login)),
    badges,
    node("p", { class: "figures" }, t("promises.holds", { count: one.open })),
    one.absences.length ? node("ul", { class: "absences" }, ...one.absences.map((absence) => absenceLine(one, absence))) : null,
    node("div", { class: "buttons" }, button("absence", one, askAbsence), button("handover", one, askHandover)),
  );
}

/** Ask who there is and show them. */
export async function loadCompanions() {
  try {
    ({ companions } = await ask("GET", "/companions"));
  } catch (fault) {
    if (!(fault instanceof ApiFault)) throw fault;
    notifyFault(fault);
    return;
  }
  const now = JSON.stringify(companions);
  if (now !== shown) show();
  shown = now;
}

function show() {
  const box = element("companions");
  const rows = companions.map(item);
  if (!rows.length) rows.push(node("li", { class: "subtle" }, t("promises.no_companions")));
  const held = document.activeElement?.closest?.("[data-companion]")?.dataset.companion;
  const pressed = document.activeElement?.dataset?.act ?? "absence";
  box.replaceChildren(...rows);
  box.setAttribute("aria-busy", "false");
  if (held) box.querySelector(`[data-companion="${CSS.escape(held)}"] [data-act="${pressed}"]`)?.focus();
}

/** The certified companions as options of a select. first: what choosing nobody means; without: one left out. */
export function companionOptions(first, without = null) {
  const able = companions.filter((one) => one.is_certified && one.id !== without);
  return [
    node("option", { value: "" }, first),
    ...able.map((one) => node("option", { value: one.id }, t(one.is_away ? "assign.one_away" : "assign.one", { name: one.name, count: one.open }))),
  ];
}

/** Ask whose the promise of a row is to be. */
export function assignTo(row) {
  promise = row;
  askIn("assign", row.companion ? `${row.number} · ${row.companion.name}` : row.number);
  element("assign-to").replaceChildren(...companionOptions(t("assign.auto")));
}

function askAbsence(one) {
  companion = one;
  askIn("absence", one.name);
  element("absence-substitute").replaceChildren(...companionOptions("–", one.id));
  element("absence-from").min = dateFrom(serverNow());
  element("absence-from").value = dateFrom(serverNow());
}

function askHandover(one) {
  companion = one;
  askIn("handover", one.name);
  element("handover-to").replaceChildren(...companionOptions("–", one.id));
  element("handover-from").min = dateFrom(serverNow(), 1);
  element("handover-from").value = dateFrom(serverNow(), 7);
  element("handover-when").hidden = true;
}

async function endAbsence(one, absence) {
  try {
    await ask("DELETE", `/companions/${one.id}/absences/${absence.id}`);
    notify(t("promises.absence_ended"), "success");
  } catch (fault) {
    if (!(fault instanceof ApiFault)) throw fault;
    notifyFault(fault);
  }
  await again();
}

function sendAbsence(form) {
  const found = [];
  if (!form.get("from_day")) found.push(["from_day", "needed"]);
  if (!form.get("substitute")) found.push(["substitute", "choose"]);
  if (found.length) throw new Missing(...found);
  const until = form.get("until_day") || null;
  const body = { from_day: form.get("from_day"), until_day: until, substitute: form.get("substitute") };
  return ask("POST", `/companions/${companion.id}/absences`, body);
}

async function sendHandover(form) {
  const from = form.get("when") === "planned" ? form.get("from_day") : null;
  const found = [];
  if (!form.get("to")) found.push(["to", "choose"]);
  if (from === "") found.push(["from_day", "needed"]);
  if (found.length) throw new Missing(...found);
  const done = await ask("POST", `/companions/${companion.id}/handover`, { to: form.get("to"), from_day: from });
  return { ...done, from };
}

/** Wire the dialogs. refresh: asks for everything anew. */
export function wireCompanions(refresh) {
  again = refresh;
  wireDialog("assign", (form) => ask("POST", `/callbacks/${promise.id}/assign`, { companion_id: form.get("companion_id") || null }), async (row) => {
    await refresh();
    notify(t("assign.sent", { name: row.companion.name }), "success");
  });
  wireDialog("absence", async (form) => sendAbsence(form), async () => {
    await refresh();
    notify(t("absence.sent"), "success");
  });
  wireDialog("handover", sendHandover, async (done) => {
    await refresh();
    notify(done.from ? t("handover.done_later", { day: onDay(done.from) }) : t("handover.done", done), "success");
  });
  element("handover-form").addEventListener("change", () => {
    element("handover-when").hidden = element("handover-form").elements.when.value !== "planned";
  });
}
