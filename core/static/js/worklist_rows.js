// The rows of the worklist: who, when, what was tried, and the one thing to press.

import { boot, t } from "./boot.js";
import { when, windowsText } from "./dates.js";
import { badge, fact, node } from "./nodes.js";
import { phrase } from "./phrases.js";
import { seriesSteps } from "./series_steps.js";
import { serverNow } from "./time.js";

function triesOf(row) {
  if (!row.tries.length) return t("worklist.no_tries");
  const lines = row.tries.map((one) => node("li", {}, `${when(one.at)} · ${phrase("try", one.outcome)}`));
  return node("ul", { class: "tries" }, ...lines);
}

function companionOf(row) {
  if (!row.companion) return t("worklist.nobody");
  const { name, talks_before: before } = row.companion;
  return `${name} · ${before ? t("worklist.talks", { count: before }) : t("worklist.first_talk")}`;
}

function seriesOf(row) {
  if (!row.series) return null;
  const { sessions_held: held, sessions_planned: planned, goal } = row.series;
  return fact(t("worklist.series"), t("worklist.series_of", { held, planned, goal }), seriesSteps(row.series));
}

function head(row) {
  const link = node("a", { href: `/worklist/${row.id}`, class: "figures" }, row.number);
  const badges = node("span", { class: "badges" });
  if (row.purpose === "talk") badges.append(badge(t("purpose.talk"), "information"));
  if (row.about === "other") badges.append(badge(t("worklist.about_other"), "warning"));
  if (row.language !== "ko") badges.append(badge(phrase("language", row.language), "primary"));
  if (row.state === "calling") badges.append(badge(t("worklist.is_calling"), "success"));
  return node("div", { class: "badges" }, node("h2", {}, link), badges);
}

function facts(row) {
  return node(
    "dl",
    { class: "facts" },
    fact(t("worklist.when"), when(row.next_at)),
    fact(t("worklist.deadline"), when(row.deadline)),
    fact(t("worklist.origin"), phrase("origin", row.origin)),
    fact(t("worklist.windows"), windowsText(row.windows)),
    fact(t("worklist.companion"), companionOf(row)),
    fact(t("worklist.tries"), triesOf(row)),
    row.waits_for ? fact(t("worklist.waits_for"), reasonOf(row.waits_for)) : null,
    seriesOf(row),
  );
}

// Reasons come as "3 tries, last no_answer", or as one code.
function reasonOf(reason) {
  const spent = reason.match(/^(\d+) tries, last (\w+)$/);
  if (spent) return t("worklist.tries_spent", { count: spent[1], outcome: phrase("try", spent[2]) });
  return boot.words[`try.${reason}`] ?? boot.words[`refusal.${reason}`] ?? reason;
}

function actionsOf(row, act) {
  const box = node("div", { class: "buttons" });
  if (row.state === "for_decision") {
    box.append(button("decide", "primary", row, () => act.decide(row)));
  } else if (boot.role === "companion" && row.purpose === "companion" && row.state === "planned") {
    box.append(button("call", "primary", row, () => act.call(row)));
  }
  if (act.assign && row.purpose === "companion" && row.state !== "calling") {
    box.append(button("assign", "secondary", row, () => act.assign(row)));
  }
  if (act.reveal) box.append(button("reveal", "tertiary", row, () => act.reveal(row)));
  return box;
}

function button(what, tone, row, press) {
  const made = node("button", { type: "button", class: `krds-btn ${tone} ${tone === "primary" ? "large" : "medium"}`, "data-act": what }, t(`worklist.${what}`));
  made.setAttribute("aria-label", t(`worklist.${what}_person`, { number: row.number }));
  made.addEventListener("click", press);
  return made;
}

/** Return the row of one promise. act: { decide(row) } and, where the page offers them, call, assign, reveal. */
export function promiseRow(row, act) {
  const lateFrom = Math.max(Date.parse(row.deadline), Date.parse(row.next_at));
  const isLate = row.state === "planned" && lateFrom < serverNow();
  return node(
    "li",
    { class: `card promise${isLate ? " late" : ""}`, "data-promise": row.id },
    node("div", {}, head(row), facts(row)),
    actionsOf(row, act),
  );
}
