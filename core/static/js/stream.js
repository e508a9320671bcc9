// Follows one thing on the server: by event stream, and by asking every two seconds while that fails.

import { ApiFault, ask } from "./api.js";

const POLL_MS = 2_000;
const SILENCE_MS_MAX = 20_000;
const ROUNDS_MAX = 3;

/**
 * Follow `path` and call onState for each state, onReach(true|false) as the server comes and goes.
 * event: name of the stream's event. Returns { refresh, stop }.
 */
export function follow(path, event, onState, onReach) {
  let source = null;
  let poll = null;
  let watch = null;
  let lastHeard = performance.now();
  let told = 0; // states the stream has told so far
  let asking = 0;

  function hear(state) {
    lastHeard = performance.now();
    onReach(true);
    onState(state);
  }

  // What the stream told meanwhile may be newer than the answer, so that it is asked for again; and
  // of several answers only the one asked for last is shown.
  async function refresh() {
    asking += 1;
    const mine = asking;
    try {
      for (let round = 0; round < ROUNDS_MAX && mine === asking; round += 1) {
        const before = told;
        const state = await ask("GET", path);
        if (mine === asking && before === told) {
          hear(state);
          return;
        }
      }
    } catch (fault) {
      if (fault instanceof ApiFault) onReach(false);
      else throw fault;
    }
  }

  function open() {
    source?.close();
    source = new EventSource(`/api/v1${path}/stream`);
    source.addEventListener(event, (message) => {
      told += 1;
      hear(JSON.parse(message.data));
    });
    source.onopen = () => {
      lastHeard = performance.now();
      window.clearInterval(poll);
      poll = null;
    };
    source.onerror = () => {
      poll ??= window.setInterval(refresh, POLL_MS);
      if (source.readyState === EventSource.CLOSED) window.setTimeout(() => source && open(), POLL_MS);
    };
  }

  // Comments of a stream are invisible here, so a still stream is checked by asking once.
  function check() {
    if (performance.now() - lastHeard > SILENCE_MS_MAX) refresh();
  }

  refresh();
  open();
  watch = window.setInterval(check, SILENCE_MS_MAX / 2);
  const wake = () => document.visibilityState === "visible" && refresh();
  document.addEventListener("visibilitychange", wake);
  return {
    refresh,
    stop() {
      source?.close();
      source = null;
      window.clearInterval(poll);
      window.clearInterval(watch);
      document.removeEventListener("visibilitychange", wake);
    },
  };
}
