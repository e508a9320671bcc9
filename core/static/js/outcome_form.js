// Builds the outcome form from the taxonomy the server gave: the kind of call first, the rest after.

import { boot, t } from "./boot.js";
import { faultText } from "./phrases.js";

const { fields, more, brief_kinds: briefKinds, talk_kinds: talkKinds } = boot.taxonomy;
const KIND = "contact_kind";

function node(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function chip(field, option, type) {
  const input = node("input", { type, name: field.name, value: option.code });
  return node("label", { class: "chip" }, input, node("span", {}, option.label));
}

function legend(field) {
  const made = node("legend", {}, field.label);
  if (field.shape === "several") made.append(node("small", {}, t("wrap.several")));
  if (field.required) {
    made.append(node("small", { class: "must", "data-required": field.required }, t("wrap.required")));
  }
  return made;
}

function choices(field) {
  const type = field.shape === "one" ? "radio" : "checkbox";
  const chips = field.options.map((option) => chip(field, option, type));
  return node("fieldset", { "data-field": field.name }, legend(field), node("div", { class: "chips" }, ...chips));
}

function referrals(field) {
  const box = choices(field);
  const states = node("div", { class: "referral-states" });
  box.append(states);
  box.addEventListener("change", (event) => {
    if (event.target.name === field.name) showReferralStates(field, states);
  });
  return box;
}

function showReferralStates(field, box) {
  const chosen = checked(box.closest("form"), field.name);
  for (const row of [...box.children]) if (!chosen.includes(row.dataset.code)) row.remove();
  for (const option of field.options) {
    const there = [...box.children].some((row) => row.dataset.code === option.code);
    if (chosen.includes(option.code) && !there) box.append(referralState(field, option));
  }
}

function referralState(field, option) {
  const states = field.states.map((state) => node("option", { value: state.code }, state.label));
  const select = node("select", { class: "krds-input", name: `${field.name}:${option.code}` }, ...states);
  const label = node("label", { "data-code": option.code }, node("span", {}, option.label), select);
  select.setAttribute("aria-label", `${option.label}: ${t("wrap.referral_state")}`);
  return label;
}

function text(field) {
  const id = `field-${field.name}`;
  const label = node("label", { for: id, class: "label" }, field.label);
  const isNotes = field.name === "notes";
  const area = node("textarea", {
    id, class: "krds-input", name: field.name, rows: isNotes ? "4" : "2", maxlength: field.length_max,
  });
  const box = node("div", { "data-field": field.name }, label, area);
  if (isNotes) {
    area.setAttribute("aria-describedby", `${id}-hint`);
    box.append(node("p", { class: "subtle small", id: `${id}-hint` }, t("wrap.notes_hint")));
  }
  return box;
}

function flag(field) {
  const input = node("input", { type: "checkbox", name: field.name, value: "yes" });
  const label = node("label", { class: "check" }, input, node("span", {}, field.label));
  return node("div", { "data-field": field.name }, label);
}

const BUILDERS = { one: choices, several: choices, referrals, text, flag };

/** Build the fields into `form`; the ones of lesser moment go behind "more detail". */
export function buildForm(form, container) {
  const behind = node("div", { class: "details-body" });
  container.replaceChildren();
  for (const field of fields) {
    const built = BUILDERS[field.shape](field);
    if (more.includes(field.name)) behind.append(built);
    else container.append(built);
  }
  const details = node("details", {}, node("summary", {}, t("wrap.more")), behind);
  const notes = container.querySelector('[data-field="notes"]');
  container.insertBefore(details, notes);
  form.addEventListener("change", () => showWhatIsAsked(form));
  showWhatIsAsked(form);
}

/** Show only what this kind of call asks for: a misdialled call needs no more than its kind. */
export function showWhatIsAsked(form) {
  const kind = checked(form, KIND)[0];
  const brief = !kind || briefKinds.includes(kind);
  for (const box of form.querySelectorAll("[data-field]")) {
    if (box.dataset.field !== KIND && box.dataset.field !== "notes") box.hidden = brief;
  }
  form.querySelector("details").hidden = brief;
  for (const mark of form.querySelectorAll('[data-required="talk"]')) {
    mark.hidden = !talkKinds.includes(kind);
  }
  showMainReason(form);
  const unassessed = checked(form, "risk")[0] === "not_assessed";
  form.querySelector('[data-field="risk_reason"]')?.toggleAttribute("hidden", brief || !unassessed);
}

// The main reason is one of the reasons chosen.
function showMainReason(form) {
  const box = form.querySelector('[data-field="main_reason"]');
  if (!box) return;
  const chosen = checked(form, "reasons");
  for (const input of box.querySelectorAll("input")) {
    input.closest("label").hidden = !chosen.includes(input.value);
    if (!chosen.includes(input.value)) input.checked = false;
  }
  if (chosen.length === 1) box.querySelector(`input[value="${chosen[0]}"]`).checked = true;
  box.hidden = box.hidden || chosen.length < 2;
}

function checked(form, name) {
  return [...form.querySelectorAll("input:checked")].filter((input) => input.name === name).map((input) => input.value);
}

function valueOf(form, field) {
  if (field.shape === "text") return form.elements[field.name].value.trim() || null;
  const chosen = checked(form, field.name);
  if (field.shape === "flag") return chosen.length ? true : null;
  if (field.shape === "one") return chosen.length ? numeric(field, chosen[0]) : null;
  if (field.shape === "several") return chosen;
  return chosen.map((code) => ({ kind: code, state: form.elements[`${field.name}:${code}`]?.value }));
}

function numeric(field, code) {
  return field.numeric ? Number(code) : code;
}

/** What the form says, as the API takes it; a brief kind sends only what it asks for. */
export function readForm(form) {
  const kind = checked(form, KIND)[0];
  const brief = kind && briefKinds.includes(kind);
  const said = {};
  for (const field of fields) {
    if (brief && field.name !== KIND && field.name !== "notes") continue;
    const value = valueOf(form, field);
    if (value !== null && !(Array.isArray(value) && !value.length)) said[field.name] = value;
  }
  return said;
}

/** Put what was said before back into the form. */
export function fillForm(form, said) {
  form.reset();
  for (const field of fields) {
    const value = said?.[field.name];
    if (value === undefined || value === null) continue;
    if (field.shape === "text") form.elements[field.name].value = value;
    else tick(form, field, [value].flat());
  }
  showWhatIsAsked(form);
}

function tick(form, field, values) {
  const codes = values.map((value) => (value === true ? "yes" : String(value?.kind ?? value)));
  for (const input of form.querySelectorAll("input")) {
    if (input.name === field.name) input.checked = codes.includes(input.value);
  }
  if (field.shape !== "referrals") return;
  showReferralStates(field, form.querySelector(`[data-field="${field.name}"] .referral-states`));
  for (const value of values) {
    const select = form.elements[`${field.name}:${value.kind}`];
    if (select && value.state) select.value = value.state;
  }
}

/** Mark the fields the server found fault with; returns the first one's box. */
export function markFaults(form, faults) {
  for (const box of form.querySelectorAll(".faulty")) box.classList.remove("faulty");
  for (const line of form.querySelectorAll(".field-fault")) line.remove();
  let first = null;
  for (const fault of faults) {
    const name = String(fault.field).split(/[.[]/)[0];
    const box = form.querySelector(`[data-field="${CSS.escape(name)}"]`);
    if (!box) continue;
    box.hidden = false;
    if (box.closest("details")) box.closest("details").open = true;
    box.classList.add("faulty");
    box.append(node("p", { class: "field-fault" }, faultText(name, fault.message)));
    first ??= box;
  }
  return first;
}
