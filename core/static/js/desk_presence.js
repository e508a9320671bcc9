// The status switch: what the counselor says, what the machine knows, and since when.

import { ask } from "./api.js";
import { announce, boot, element, t } from "./boot.js";
import { wakeAudio } from "./chime.js";
import { microphoneFault } from "./microphone.js";
import { notify, notifyFault } from "./notices.js";
import { hour, length, secondsSince } from "./time.js";

const TONES = { free: "success", offered: "warning", on_call: "primary", wrapping: "information" };
let shown = null;
let changing = false;

function tone(presence) {
  if (presence.state === "free" && presence.status !== "ready") return "gray";
  return TONES[presence.state] ?? "gray";
}

function stateWords(presence) {
  const idle = presence.state === "free" && presence.status !== "ready";
  return t(idle ? `presence.${presence.status}` : `presence.${presence.state}`);
}

/** Show a presence {status, state, since, not_answering_since?}. */
export function showPresence(presence) {
  element("status-switch").disabled = !presence.status;
  if (!presence.status) return;
  const said = shown && (shown.status !== presence.status || shown.state !== presence.state);
  if (presence.not_answering_since && presence.not_answering_since !== shown?.not_answering_since) {
    notify(t("presence.not_answering"), "warning", 600_000);
  }
  shown = presence;
  const chosen = document.querySelector(`input[name=status][value=${presence.status}]`);
  // News of the old status must not undo a choice that is on its way.
  if (chosen && !changing) chosen.checked = true;
  const badge = element("state-badge");
  badge.textContent = stateWords(presence);
  badge.className = `krds-badge bg-light-${tone(presence)}`;
  tickPresence();
  if (said && presence.state !== "offered") {
    announce(t("presence.now", { status: t(`presence.${presence.status}`), state: stateWords(presence) }));
  }
}

/** Let the time since the last change pass. */
export function tickPresence() {
  if (!shown) return;
  element("state-since").textContent = t("presence.since", {
    hour: hour(shown.since),
    length: length(secondsSince(shown.since)),
  });
}

async function mayGoReady() {
  wakeAudio();
  if (boot.endpoint !== "browser") return true;
  const fault = await microphoneFault();
  if (fault) notify(fault, "danger");
  return fault === null;
}

async function change(status, onReady) {
  changing = true;
  try {
    if (status === "ready") {
      if (!(await mayGoReady())) return;
      onReady();
    }
    showPresence(await ask("PUT", "/me/presence", { status }));
    element("notice").hidden = true;
    if (shown.state === "on_call") notify(t("presence.after_call"));
  } catch (fault) {
    notifyFault(fault);
  } finally {
    changing = false;
    if (shown) showPresence(shown);
  }
}

/** Wire the switch. onReady: called before going ready, still within the click. */
export function wirePresence(onReady) {
  document.querySelectorAll("input[name=status]").forEach((input) => {
    input.addEventListener("change", () => change(input.value, onReady));
  });
}
