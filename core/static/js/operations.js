// The operators' page asks for itself every two seconds and swaps the parts that changed.

const POLL_MS = 2_000;
const ANSWER_MS_MAX = 8_000;

function swap(fresh) {
  for (const part of document.querySelectorAll("[data-part]")) {
    const next = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
    if (next && next.innerHTML !== part.innerHTML) part.replaceChildren(...next.childNodes);
  }
}

async function ask() {
  const answer = await fetch(window.location.href, {
    cache: "no-store",
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  });
  if (answer.redirected) window.location.assign(answer.url);
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

async function again() {
  if (document.visibilityState === "visible") {
    try {
      swap(await ask());
      document.getElementById("stale").hidden = true;
    } catch {
      document.getElementById("stale").hidden = false;
    }
  }
  window.setTimeout(again, POLL_MS);
}

window.setTimeout(again, POLL_MS);
