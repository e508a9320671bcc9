// The desk's telephone: makes the softphone when it is first needed and shows how it is.

import { createSoftphone } from "../softphone.js";
import { ask } from "./api.js";
import { boot, element, t } from "./boot.js";
import { notify } from "./notices.js";

const TONES = { ready: "success", open: "primary", connecting: "information", ringing: "information" };
const JOIN_MS_MAX = 8_000;
// Twilio's codes for a signalling connection that failed or was lost.
const UNREACHABLE = new Set([31000, 31005, 31009, 53000, 53001]);
let phone = null;
let making = null;
let muted = false;
let toldUnreachable = false;
const listeners = new Set();

/** Call `listener(state)` whenever the softphone's state changes. */
export function onPhoneState(listener) {
  listeners.add(listener);
}

/** Whether the counselor's microphone is off. */
export function isMuted() {
  return muted;
}

function showState(state) {
  const badge = element("softphone-state");
  badge.textContent = t(`softphone.${state}`);
  badge.dataset.state = state;
  badge.className = `krds-badge bg-light-${TONES[state] ?? (state === "offline" ? "danger" : "gray")}`;
  if (state !== "open" && state !== "reconnecting") muted = false;
  if (state === "ready") toldUnreachable = false;
  listeners.forEach((listener) => listener(state));
}

// The SDK reports each of its own tries to reach the carrier; the badge shows them, one line is enough.
function showFault(fault) {
  const unreachable = UNREACHABLE.has(fault.code);
  if (unreachable && toldUnreachable) return;
  toldUnreachable ||= unreachable;
  const sentence = unreachable ? t("softphone.unreachable") : t("softphone.trouble", { reason: fault.message });
  notify(sentence, "danger");
}

async function make() {
  const { token, edge_host: edgeHost } = await ask("GET", "/me/softphone");
  return createSoftphone({
    token,
    edgeHost,
    onState: showState,
    // Nothing rings a browser here; whatever tries is turned away.
    onIncoming: (call) => call.reject(),
    onError: showFault,
    refreshToken: async () => (await ask("GET", "/me/softphone")).token,
  });
}

/** Have a softphone, within a click; harmless where there is one or none is needed. */
export function preparePhone() {
  if (boot.endpoint !== "browser") {
    element("softphone-state").textContent = t("softphone.other_endpoint");
    return Promise.resolve(null);
  }
  making ??= make().then(
    (made) => {
      phone = made;
      showState(made.state);
      return made;
    },
    (fault) => {
      making = null;
      notify(t("softphone.trouble", { reason: fault.message }), "danger");
      return null;
    },
  );
  return making;
}

/** Join the session: `params` are the ones the accepted offer gave. Throws when it can't. */
export async function joinSession(params) {
  const ready = await preparePhone();
  if (!ready) return;
  let timer;
  const late = new Promise((_, reject) => {
    timer = window.setTimeout(() => reject(new Error(t("softphone.offline"))), JOIN_MS_MAX);
  });
  try {
    await Promise.race([ready.connect(params), late]);
  } catch (fault) {
    ready.hangUp();
    throw fault;
  } finally {
    window.clearTimeout(timer);
  }
}

/** Turn the microphone off or on. */
export function setMuted(silent) {
  muted = silent;
  phone?.mute(silent);
}

/** Put the receiver down, if there is a call. */
export function hangUp() {
  phone?.hangUp();
}

/** Let go of the telephone: this tab is no longer the desk. */
export function leavePhone() {
  phone?.destroy();
  phone = null;
  making = null;
}
