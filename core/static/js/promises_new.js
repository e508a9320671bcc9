// A new promise on behalf of a citizen: number, kind, moment, companion, and what they consented to.

import { ask } from "./api.js";
import { boot, element, t } from "./boot.js";
import { askIn, wireDialog } from "./asking.js";
import { chosenMoment, dateFrom, when } from "./dates.js";
import { Missing } from "./field_faults.js";
import { notify } from "./notices.js";
import { companionOptions } from "./promises_companions.js";
import { serverNow } from "./time.js";

const OPTIONAL = ["sensitive", "third_party", "night_calls"];
const chosen = (name) => element("new-promise-form").querySelector(`input[name="${name}"]:checked`).value;

function showWhatIsAsked() {
  element("new-when").hidden = chosen("when") !== "at";
  element("new-companion-box").hidden = chosen("purpose") !== "companion";
  element("new-consents").hidden = chosen("consent") !== "now";
  for (const text of element("new-consents").querySelectorAll("[data-spoken]")) {
    text.hidden = text.dataset.spoken !== chosen("language");
  }
}

function begin() {
  askIn("new-promise");
  element("new-companion").replaceChildren(...companionOptions(t("new_promise.companion_auto")));
  element("new-date").min = dateFrom(serverNow());
  element("new-date").value = dateFrom(serverNow(), 1);
  showWhatIsAsked();
}

function consent(form) {
  if (form.get("consent") === "lives") return null;
  const spoken = `[data-spoken="${form.get("language")}"][data-version]`;
  const { version } = element("new-consents").querySelector(spoken).dataset;
  const said = Object.fromEntries(OPTIONAL.map((name) => [name, form.get(name) === "yes"]));
  return { wording: version, heard: true, ...said };
}

// Days without hours mean all day; hours without days every day; neither leaves what was agreed before.
function windows(form) {
  const days = form.getAll("day").map(Number);
  const slots = form.getAll("slot");
  if (!days.length && !slots.length) return null;
  const times = (slots.length ? slots : ["all_day"]).map((name) => boot.slots[name]);
  return times.map(([from, until]) => ({ days: days.length ? days : [0, 1, 2, 3, 4, 5, 6], from, until }));
}

function moment(form) {
  return form.get("when") === "at" ? chosenMoment(form.get("date"), form.get("time")) : null;
}

function missing(form) {
  const found = [];
  if (!form.get("number").trim()) found.push(["number", "needed"]);
  if (form.get("when") === "at" && !moment(form)) found.push(["at", "needed"]);
  if (form.get("consent") === "now" && form.get("heard") !== "yes") found.push(["consent.heard", "consent"]);
  return found;
}

async function send(form) {
  const found = missing(form);
  if (found.length) throw new Missing(...found);
  const isCompanion = form.get("purpose") === "companion";
  return ask("POST", "/callbacks", {
    number: form.get("number").trim(),
    purpose: form.get("purpose"),
    about: form.get("about"),
    language: form.get("language"),
    at: moment(form),
    windows: windows(form),
    companion_id: (isCompanion && form.get("companion_id")) || null,
    note: form.get("note").trim() || null,
    consent: consent(form),
  });
}

/** Wire button and dialog. refresh: asks for everything anew. */
export function wireNewPromise(refresh) {
  element("new-promise").addEventListener("click", begin);
  element("new-promise-form").addEventListener("change", showWhatIsAsked);
  wireDialog("new-promise", send, async (made) => {
    await refresh();
    notify(t(made.is_new ? "new_promise.made" : "new_promise.stood", { when: when(made.next_at) }), "success");
  });
}
