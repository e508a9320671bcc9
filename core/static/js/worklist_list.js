// The list of the chosen view: asked for anew when something changed, never while somebody reads on.

import { ApiFault, ask } from "./api.js";
import { element, t } from "./boot.js";
import { node } from "./nodes.js";
import { notifyFault } from "./notices.js";
import { promiseRow } from "./worklist_rows.js";
import { chosenView, showCounts } from "./worklist_tabs.js";

let shown = "";
let asked = 0;

function show(list, act) {
  const box = element("promises");
  const rows = list.callbacks.map((row) => promiseRow(row, act));
  if (!rows.length) rows.push(node("li", { class: "card subtle", "data-empty": "" }, t(`worklist.empty_${list.view}`)));
  if (!list.is_all) rows.push(node("li", { class: "subtle" }, t("worklist.more", { count: list.callbacks.length })));
  const focused = document.activeElement?.closest?.("[data-promise]")?.dataset.promise;
  box.replaceChildren(...rows);
  box.setAttribute("aria-busy", "false");
  if (focused) box.querySelector(`[data-promise="${focused}"] button, [data-promise="${focused}"] a`)?.focus();
}

/** Ask for the chosen view and show it. act: what a row's button does. */
export async function showList(act) {
  asked += 1;
  const [mine, view] = [asked, chosenView()];
  try {
    const list = await ask("GET", `/callbacks?view=${view}`);
    if (mine !== asked) return; // an older answer must not replace a newer one
    showCounts(list.counts);
    const now = JSON.stringify(list);
    if (now !== shown) show(list, act);
    shown = now;
  } catch (fault) {
    if (!(fault instanceof ApiFault)) throw fault;
    notifyFault(fault);
  }
}
