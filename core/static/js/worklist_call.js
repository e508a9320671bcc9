// One press calls: the companion's own telephone joins first, then the person's rings.

import { ApiFault, ask } from "./api.js";
import { announce, element, t } from "./boot.js";
import { hangUp, isMuted, joinSession, onPhoneState, setMuted } from "./desk_phone.js";
import { microphoneFault } from "./microphone.js";
import { when } from "./dates.js";
import { notify, notifyFault } from "./notices.js";
import { phrase, refusalText } from "./phrases.js";
import { clock, secondsSince } from "./time.js";
import { showHanding, tickHanding, wireHanding } from "./worklist_handing.js";

let session = null;
let beginning = false;

function refusal(problem) {
  const reason = refusalText(problem);
  if (problem.next_at) return t("call.not_now_until", { reason, when: when(problem.next_at) });
  return t("call.not_now", { reason });
}

/** Begin to call the person of a row. refresh: asks for worklist and list anew. */
export async function callPerson(row, refresh) {
  if (beginning || session) return;
  beginning = true;
  try {
    const deaf = await microphoneFault();
    if (deaf) {
      notify(deaf, "danger");
      return;
    }
    const begun = await ask("POST", `/callbacks/${row.id}/call`);
    await refresh();
    await joinSession(begun.connect.params);
  } catch (fault) {
    if (fault instanceof ApiFault && fault.status === 409) notify(refusal(fault.problem), "warning");
    else if (fault instanceof ApiFault) notifyFault(fault);
    else notify(t("call.failed", { reason: fault.message }), "danger");
  } finally {
    beginning = false;
    await refresh();
  }
}

function showMute() {
  element("mute").setAttribute("aria-pressed", String(isMuted()));
  element("mute").textContent = t(isMuted() ? "session.unmute" : "session.mute");
}

/** Show the call {id, state, number, joined_at} that goes on, or none. */
export function showCall(next) {
  const changed = next?.state !== session?.state || next?.id !== session?.id;
  session = next;
  element("call").hidden = !session;
  showHanding(session);
  window.onbeforeunload = session ? (event) => event.preventDefault() : null;
  if (!session) return;
  element("call-number").textContent = session.number;
  element("call-hint").hidden = session.state === "talking";
  element("end").textContent = t(session.state === "talking" ? "call.end" : "call.stop");
  element("mute").hidden = session.state !== "talking";
  element("call").dataset.state = session.state;
  showMute();
  if (changed) {
    element("call-state").textContent = t(`call.${session.state}`);
    announce(t(`call.${session.state}`));
    element("call").scrollIntoView({ block: "nearest" });
  }
  tickCall();
}

/** Let the time of the talk pass. */
export function tickCall() {
  if (!session) return;
  const since = session.state === "talking" ? (session.joined_at ?? session.started_at) : session.started_at;
  element("session-clock").textContent = clock(secondsSince(since));
  tickHanding();
}

/** Say what the carrier told of a call that was not answered. */
export function tellLastTry(tried) {
  notify(t("call.came_of_it", { outcome: phrase("try", tried.outcome) }));
}

async function end(refresh) {
  if (!session) return;
  try {
    await ask("POST", `/sessions/${session.id}/end`);
  } catch (fault) {
    if (!(fault instanceof ApiFault)) throw fault;
    if (fault.status !== 409 && fault.status !== 404) notifyFault(fault);
  }
  hangUp();
  await refresh();
}

/** Wire the card. refresh: asks for worklist and list anew. */
export function wireCall(refresh) {
  wireHanding(refresh);
  element("end").addEventListener("click", () => end(refresh));
  element("mute").addEventListener("click", () => {
    setMuted(!isMuted());
    showMute();
  });
  onPhoneState((state) => {
    if (state === "ready" || state === "offline") refresh();
  });
}
