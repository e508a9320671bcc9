// Keeps what is written of an outcome on the server while it is written, so that a reload loses nothing.

import { ApiFault, ask } from "./api.js";
import { element, t } from "./boot.js";
import { hour, serverNow } from "./time.js";

const SAVE_MS = 800;
const RETRY_MS = 4_000;

function say(key) {
  element("draft-state").textContent = key ? t(key, { hour: hour(serverNow()) }) : "";
}

/**
 * Keep drafts of one form, session by session. read: what the form says now; fill(draft): puts it back.
 * Returns { begin(sessionId), touch, rest, end }; #draft-state tells how far it is.
 */
export function keepDrafts(read, fill) {
  let id = null;
  let timer = null;
  let isUnsaved = false;

  function saveSoon(delayMs) {
    window.clearTimeout(timer);
    timer = window.setTimeout(save, delayMs);
  }

  // keepalive: what is on its way still arrives when the page goes away.
  async function save() {
    if (!id || !isUnsaved) return;
    const whose = id;
    isUnsaved = false;
    say("wrap.draft_saving");
    try {
      await ask("PUT", `/sessions/${whose}/draft`, { draft: read() }, { keepalive: true });
      if (whose === id && !isUnsaved) say("wrap.draft_saved");
    } catch (fault) {
      if (!(fault instanceof ApiFault)) throw fault;
      if (whose !== id) return;
      isUnsaved = true;
      say("wrap.draft_failed");
      if (fault.status === 0 || fault.status >= 500) saveSoon(RETRY_MS);
    }
  }

  /** Something was written: what was said of an earlier draft no longer holds. */
  function touch() {
    isUnsaved = true;
    say(null);
    saveSoon(SAVE_MS);
  }

  /** Wait with saving, as while the outcome itself is sent. */
  function rest() {
    window.clearTimeout(timer);
  }

  /** Take up the draft of another session, if one is kept. */
  async function begin(sessionId) {
    end();
    id = sessionId;
    try {
      const kept = await ask("GET", `/sessions/${sessionId}/draft`);
      if (id === sessionId && kept?.draft && !isUnsaved) fill(kept.draft);
    } catch (fault) {
      if (!(fault instanceof ApiFault)) throw fault;
    }
  }

  /** Let go of the session: it is written, or over. */
  function end() {
    rest();
    id = null;
    isUnsaved = false;
    say(null);
  }

  // What was written in the last moment still goes out when the page goes away.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") save();
  });
  return { begin, touch, rest, end };
}
