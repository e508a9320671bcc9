// The session card: the clock with its gentle cues, mute, the caller's number, the end.

import { ApiFault, ask } from "./api.js";
import { announce, boot, element, t } from "./boot.js";
import { showHanded } from "./desk_handed.js";
import { hangUp, isMuted, onPhoneState, setMuted } from "./desk_phone.js";
import { closeDialog, openDialog } from "./dialogs.js";
import { notify, notifyFault } from "./notices.js";
import { callerText } from "./phrases.js";
import { clock, secondsSince } from "./time.js";

let session = null;
let phoneState = "none";
let cueSaid = -1;

function cueSeconds() {
  const cues = session.cues ?? boot.cue_seconds;
  return cues.map((cue) => (typeof cue === "number" ? cue : cue.seconds));
}

function startedAt() {
  return session.joined_at ?? session.started_at ?? session.accepted_at;
}

function isJoined() {
  return session.state ? session.state === "talking" : Boolean(startedAt());
}

function caption() {
  if (isMuted()) return t("session.muted");
  if (phoneState === "reconnecting") return t("session.reconnecting");
  return t(isJoined() ? "session.talking" : "session.joining");
}

function showCaption() {
  if (!session) return;
  const line = element("session-caption");
  const text = caption();
  if (line.textContent !== text) {
    line.textContent = text;
    announce(text);
  }
  line.dataset.muted = String(isMuted());
  element("mute").setAttribute("aria-pressed", String(isMuted()));
  element("mute").textContent = t(isMuted() ? "session.unmute" : "session.mute");
}

/** Let the session's time pass; each cue is said once. */
export function tickSession() {
  if (!session) return;
  const talked = isJoined() && startedAt() ? secondsSince(startedAt()) : 0;
  const cues = cueSeconds();
  element("session-clock").textContent = clock(talked);
  const whole = cues.at(-1) ?? 1800;
  element("cue-fill").style.inlineSize = `${Math.min(100, (100 * talked) / whole)}%`;
  const reached = cues.filter((cue) => talked >= cue).length - 1;
  if (reached > cueSaid) sayCue(reached, cues[reached]);
}

function sayCue(place, seconds) {
  cueSaid = place;
  const text = t(`session.cue_${Math.min(place, 2)}`, { m: Math.round(seconds / 60) });
  const line = element("session-cue");
  line.textContent = text;
  line.hidden = false;
  announce(text);
}

/** Show a session, or none. */
export function showSession(next) {
  const isNew = next && next.id !== session?.id;
  session = next;
  element("session").hidden = !session;
  showHanded("session", session);
  window.onbeforeunload = session ? (event) => event.preventDefault() : null;
  if (!session) {
    closeDialog("end-dialog");
    return;
  }
  if (isNew) {
    cueSaid = -1;
    element("session-cue").hidden = true;
    element("revealed").hidden = true;
    element("reveal-form").reset();
  }
  element("session-caller").textContent = callerText(session.caller);
  element("reveal-open").hidden = session.caller === null || session.caller === undefined;
  showCaption();
  tickSession();
}

async function end(refresh) {
  closeDialog("end-dialog");
  if (!session) return;
  try {
    await ask("POST", `/sessions/${session.id}/end`);
    hangUp();
  } catch (fault) {
    if (!(fault instanceof ApiFault && fault.status === 409)) notifyFault(fault);
  }
  await refresh();
}

async function reveal(event) {
  event.preventDefault();
  const reason = new FormData(event.target).get("reveal-reason");
  const line = element("revealed");
  line.hidden = false;
  if (!reason || !session) {
    line.textContent = t("reveal.choose");
    return;
  }
  try {
    const said = t(`reveal.reason_${reason}`);
    const answer = await ask("POST", `/calls/${session.call_id}/reveal`, { reason: said });
    line.textContent = answer.number;
  } catch (fault) {
    line.textContent = t("reveal.failed", { reason: fault.message });
  }
}

/** Wire the card. refresh: asks the server for the desk anew. */
export function wireSession(refresh) {
  onPhoneState((state) => {
    const dropped = phoneState === "open" && (state === "ready" || state === "offline");
    phoneState = state;
    showCaption();
    if (dropped) refresh().then(() => session && notify(t("session.lost"), "warning"));
  });
  element("mute").addEventListener("click", () => {
    setMuted(!isMuted());
    showCaption();
  });
  element("end").addEventListener("click", () => openDialog("end-dialog"));
  element("end-yes").addEventListener("click", () => end(refresh));
  element("reveal-open").addEventListener("click", () => openDialog("reveal-dialog"));
  element("reveal-form").addEventListener("submit", reveal);
  // A revealed number must not stay on the screen.
  element("reveal-dialog").addEventListener("close", () => {
    element("revealed").textContent = "";
    element("revealed").hidden = true;
  });
}
