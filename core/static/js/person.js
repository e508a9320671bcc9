// A person's page: the promise, the series as steps, what was tried, decided and consented to.

import { ApiFault, ask } from "./api.js";
import { boot, element, t } from "./boot.js";
import { onDay, when, windowsText } from "./dates.js";
import { closeDialog, openDialog, wireDialogs } from "./dialogs.js";
import { fact, node } from "./nodes.js";
import { notify, notifyFault } from "./notices.js";
import { phrase } from "./phrases.js";
import { seriesSteps } from "./series_steps.js";

const OPEN = ["planned", "calling", "for_decision"];
const TONES = { planned: "primary", calling: "success", for_decision: "warning", kept: "success" };
const path = `/callbacks/${boot.promise_id}`;

function showFacts(row) {
  const companion = row.companion?.name ?? t("worklist.nobody");
  element("facts").replaceChildren(
    fact(t("worklist.when"), when(row.next_at)),
    fact(t("worklist.deadline"), when(row.deadline)),
    fact(t("worklist.origin"), phrase("origin", row.origin)),
    fact(t("worklist.windows"), windowsText(row.windows)),
    fact(t("worklist.companion"), companion),
  );
}

function showSeries(series) {
  const box = element("series");
  if (!series) {
    box.replaceChildren(node("p", { class: "subtle" }, t("person.no_series")));
    return;
  }
  const { sessions_held: held, sessions_planned: planned } = series;
  box.replaceChildren(
    node("p", {}, t("worklist.steps", { held, planned })),
    seriesSteps(series),
    node(
      "dl",
      { class: "facts" },
      fact(t("person.goal"), series.goal),
      fact(t("worklist.series"), t("person.every", { days: series.every_days })),
      fact(t("person.ends_on"), onDay(series.ends_on)),
    ),
  );
}

function fill(part, rows) {
  const empty = node("tr", {}, node("td", { class: "empty", colspan: "3" }, t("person.none")));
  const made = rows.map(([at, what, how = ""]) => node("tr", {}, ...[at, what, how].map((cell) => node("td", {}, cell))));
  element(part).replaceChildren(...(made.length ? made : [empty]));
}

function consentText(one) {
  const given = t("person.given_at", { when: when(one.given_at) });
  return one.withdrawn_at ? `${given} · ${t("person.withdrawn_at", { when: when(one.withdrawn_at) })}` : given;
}

function show(detail) {
  const row = detail.callback;
  const isOpen = OPEN.includes(row.state);
  element("number").textContent = row.number;
  element("state").textContent = phrase("promise_state", row.state);
  element("state").className = `krds-badge bg-light-${TONES[row.state] ?? "gray"}`;
  element("do-not-call").hidden = !detail.do_not_call;
  element("actions").hidden = !isOpen;
  element("note").hidden = !detail.note;
  element("note").textContent = detail.note ?? "";
  showFacts(row);
  showSeries(row.series);
  fill("tries", row.tries.map((one) => [when(one.at), phrase("try", one.outcome)]));
  fill("decisions", detail.decisions.map((one) => [when(one.at), phrase("decision", one.decision), `${one.note} (${one.by})`]));
  fill("consents", detail.consents.map((one) => [consentText(one), phrase("consent", one.purpose), `${phrase("how", one.how)} · ${one.wording}`]));
  fill("history", detail.history.map((one) => [when(one.made_at), phrase("promise_state", one.state), phrase("origin", one.origin)]));
  element("person").hidden = false;
}

async function load() {
  try {
    show(await ask("GET", path));
  } catch (fault) {
    if (!(fault instanceof ApiFault)) throw fault;
    if (fault.status === 404 || fault.status === 403) element("gone").hidden = false;
    else notifyFault(fault);
  }
}

function wire(name, send, said) {
  element(name).addEventListener("click", () => openDialog(`${name}-dialog`));
  element(`${name}-form`).addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    try {
      await send(form);
      notify(t(said), "success");
    } catch (fault) {
      notifyFault(fault);
    }
    closeDialog(`${name}-dialog`);
    await load();
  });
}

wireDialogs();
wire("escalate", (form) => ask("POST", `${path}/escalate`, { note: form.get("text") }), "person.escalated");
wire(
  "withdraw",
  (form) => ask("POST", `${path}/withdraw`, { reason: form.get("text"), do_not_call: form.has("never") }),
  "person.withdrawn",
);
load();
