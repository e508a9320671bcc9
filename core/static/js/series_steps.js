// A series drawn as steps: filled for held, ringed for the next, empty for those to come.

import { t } from "./boot.js";
import { node } from "./nodes.js";

/** Return the steps of a series as a list that also reads well aloud. */
export function seriesSteps(series) {
  const steps = series.steps.map((step, place) =>
    node(
      "li",
      { class: step },
      node("span", { class: "visually-hidden" }, t(`person.step_${step}`, { n: place + 1 })),
      node("span", { "aria-hidden": "true" }, step === "held" ? "✓" : String(place + 1)),
    ),
  );
  return node("ol", { class: "steps" }, ...steps);
}
