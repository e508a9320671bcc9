// Today's figures, each in its unit; what has no value yet says so instead of a zero.

import { boot, t } from "./boot.js";
import { length } from "./time.js";

const share = new Intl.NumberFormat(boot.language, { style: "percent", maximumFractionDigits: 0 });
const count = new Intl.NumberFormat(boot.language);
const SHARES = new Set(["service_level", "service_level_2", "occupancy"]);

function written(name, value) {
  if (SHARES.has(name)) return share.format(value);
  if (name.endsWith("_seconds")) return length(value);
  return count.format(value);
}

/** Show today's figures by name. */
export function showFigures(today) {
  for (const box of document.querySelectorAll("[data-figure]")) {
    const name = box.dataset.figure;
    const value = today?.[name];
    const known = value !== null && value !== undefined;
    const line = box.querySelector(".figure-value");
    line.textContent = known ? written(name, value) : t("today.none_yet");
    line.classList.toggle("none", !known);
  }
}
