// One desk in one tab: a second tab says so, and may take over.

const LOCK = "desk";

/**
 * Become the one desk of this browser. onHeld: this tab is the desk. onTaken: another tab is
 * (or has just become) the desk; it is given a function that takes over from here.
 */
export function beTheOnlyDesk(onHeld, onTaken) {
  const hold = (options) =>
    navigator.locks.request(LOCK, options, (lock) => {
      if (!lock) {
        onTaken(() => hold({ steal: true }));
        return undefined;
      }
      onHeld();
      // Held until the tab closes or another one steals it.
      return new Promise(() => {});
    }).catch((fault) => {
      if (fault.name !== "AbortError") throw fault;
      onTaken(() => hold({ steal: true }));
    });
  if (navigator.locks) hold({ ifAvailable: true });
  else onHeld();
}
