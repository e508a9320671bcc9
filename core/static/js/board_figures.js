// Today's figures, each in its unit; what has no value yet says so instead of a zero.

import { boot, t } from "./boot.js";
import { length } from "./time.js";

const share = new Intl.NumberFormat(boot.language, { style: "percent", maximumFractionDigits: 0 });
const count = new Intl.NumberFormat(boot.language);
const ratio = new Intl.NumberFormat(boot.language, { maximumFractionDigits: 1 });
const SHARES = new Set(["service_level", "service_level_2", "occupancy", "kept_in_time_share", "continuity"]);

function written(name, value) {
  if (SHARES.has(name)) return share.format(value);
  if (name === "tries_per_reach") return ratio.format(value);
  if (name.endsWith("_seconds")) return length(value);
  return count.format(value);
}

/** Show figures by name, each in its box `[data-<kind>]`. kind: figure for calls, promised for promises. */
export function showFigures(figures, kind = "figure") {
  for (const box of document.querySelectorAll(`[data-${kind}]`)) {
    const name = box.dataset[kind];
    const value = figures?.[name];
    const known = value !== null && value !== undefined;
    const line = box.querySelector(".figure-value");
    line.textContent = known ? written(name, value) : t("today.none_yet");
    line.classList.toggle("none", !known);
  }
}
