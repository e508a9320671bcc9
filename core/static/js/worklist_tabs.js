// The worklist's tabs with their counts, moved with the arrow keys as tabs are.

import { element, t } from "./boot.js";

const tabs = () => [...document.querySelectorAll("[role=tab][data-view]")];

/** The view that is chosen. */
export function chosenView() {
  return tabs().find((tab) => tab.getAttribute("aria-selected") === "true").dataset.view;
}

function choose(tab, onChoice) {
  for (const one of tabs()) {
    const isIt = one === tab;
    one.setAttribute("aria-selected", String(isIt));
    one.tabIndex = isIt ? 0 : -1;
  }
  element("list").setAttribute("aria-labelledby", tab.id);
  tab.focus();
  onChoice(tab.dataset.view);
}

function move(event, onChoice) {
  const all = tabs();
  const here = all.indexOf(event.target.closest("[role=tab]"));
  const to = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  choose(all.at(to % all.length), onChoice);
}

/** Show how many promises each view holds. */
export function showCounts(counts) {
  for (const [view, count] of Object.entries(counts)) {
    const box = document.querySelector(`[data-count="${view}"]`);
    if (!box) continue;
    box.textContent = t("worklist.count", { count });
    box.classList.toggle("late", view === "overdue" && count > 0);
  }
}

/** Wire the tabs. onChoice(view): called when another view is chosen. */
export function wireTabs(onChoice) {
  for (const tab of tabs()) {
    tab.addEventListener("click", () => choose(tab, onChoice));
    tab.addEventListener("keydown", (event) => move(event, onChoice));
  }
}
