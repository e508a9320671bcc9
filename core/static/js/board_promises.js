// What was promised, on the board: the figures, and what is in each companion's hands.

import { ApiFault, ask } from "./api.js";
import { element, t } from "./boot.js";
import { showFigures } from "./board_figures.js";
import { badge, node } from "./nodes.js";

const LOADS_MS_MIN = 5_000; // between two looks at the companions
// Above nothing, these need a person.
const TONES = { overdue: "alarm", silent_ends: "alarm", for_decision: "warn" };

let latest = "";
let shown = "";
let asking = null;

function bar(value, most, kind) {
  const filled = node("span", { class: `bar ${kind}`, "aria-hidden": "true" }, node("span", {}));
  filled.firstChild.style.inlineSize = `${most ? (100 * value) / most : 0}%`;
  return node("td", {}, node("span", { class: "load" }, node("span", { class: "figures" }, String(value)), filled));
}

function row(one, most) {
  const name = node("th", { scope: "row", class: "name" }, one.name, node("small", {}, one.login));
  if (!one.is_certified) name.append(badge(t("promised.not_certified"), "danger"));
  return node("tr", { "data-companion": one.login }, name, bar(one.open, most, "open"), bar(one.kept, most, "kept"));
}

function showLoads(companions) {
  const most = Math.max(...companions.flatMap((one) => [one.open, one.kept]), 1);
  const empty = node("tr", {}, node("td", { class: "empty", colspan: "3" }, t("promised.no_companions")));
  element("loads").replaceChildren(...(companions.length ? companions.map((one) => row(one, most)) : [empty]));
}

async function lookAtLoads() {
  try {
    const { companions } = await ask("GET", "/callbacks/figures");
    showLoads(companions);
  } catch (fault) {
    if (!(fault instanceof ApiFault)) throw fault;
    shown = ""; // the board says by itself that the server is away; it is asked again with the next news
  }
}

function lookWhenNews() {
  if (asking || latest === shown) return;
  shown = latest;
  asking = window.setTimeout(() => {
    asking = null;
    lookWhenNews();
  }, LOADS_MS_MIN);
  lookAtLoads();
}

/** Show the figures of promises; whose they are is asked for when something changed. */
export function showPromises(figures) {
  showFigures(figures, "promised");
  for (const [name, tone] of Object.entries(TONES)) {
    document.querySelector(`[data-promised="${name}"]`)?.classList.toggle(tone, figures?.[name] > 0);
  }
  latest = JSON.stringify(figures);
  lookWhenNews();
}
