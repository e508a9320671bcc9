// Says beside each field what the server found wrong with it, in the reader's language.

import { t } from "./boot.js";
import { node } from "./nodes.js";

// What the server says of a field, by how it begins.
const SAID = [
  [/^is an emergency/, "number_emergency"],
  [/^is a service/, "number_service"],
  [/^is a premium/, "number_premium"],
  [/^is a number abroad/, "number_foreign"],
  [/^is a business/, "number_business"],
  [/^is no telephone number/, "number"],
  [/^(must be from now|is no moment)/, "moment"],
  [/^must be from today/, "day"],
  [/^must not come before/, "until"],
  [/^must be somebody else/, "somebody_else"],
  [/certified companion/, "certified"],
  [/at least/i, "too_short"],
  [/at most/i, "too_long"],
  [/^(needed|choose|consent|taken)$/, null],
];

function sentence(message) {
  const found = SAID.find(([pattern]) => pattern.test(message));
  if (!found) return t("field.other");
  return t(`field.${found[1] ?? message}`);
}

/** What the page itself finds missing, in the shape of the server's own refusal. */
export class Missing extends Error {
  constructor(...errors) {
    super("missing");
    this.errors = errors.map(([field, message]) => ({ field, message }));
  }
}

/** Take every fault away again. */
export function clearFaults(form) {
  for (const line of form.querySelectorAll(".field-fault")) line.remove();
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    const before = input.dataset.describedby;
    if (before) input.setAttribute("aria-describedby", before);
    else input.removeAttribute("aria-describedby");
  }
}

function mark(box, field, message) {
  const id = `${field.replaceAll(".", "-")}-field-fault`;
  const input = box.querySelector("input, select, textarea");
  input.dataset.describedby ??= input.getAttribute("aria-describedby") ?? "";
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", `${input.dataset.describedby} ${id}`.trim());
  box.append(node("p", { class: "field-fault", id }, sentence(message)));
  return input;
}

/** Mark the fields of `errors` [{field, message}] and go to the first. Returns how many were found. */
export function showFaults(form, errors) {
  clearFaults(form);
  const marked = [];
  for (const { field, message } of errors) {
    const name = String(field);
    const box = form.querySelector(`[data-field="${CSS.escape(name)}"]`)
      ?? form.querySelector(`[data-field="${CSS.escape(name.split(".")[0])}"]`);
    if (box) marked.push(mark(box, name, message));
  }
  marked[0]?.focus();
  return marked.length;
}
