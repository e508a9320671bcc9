// Asks the JSON API with the page's cookie: CSRF token, idempotency key, problem+json.

import { boot } from "./boot.js";
import { setServerNow } from "./time.js";

const ANSWER_MS_MAX = 10_000;

/** What went wrong with a request. status 0: the server was not reached. */
export class ApiFault extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? problem?.title ?? `HTTP ${status}`);
    this.status = status;
    this.problem = problem ?? {};
  }
}

/** Leave for the sign-in page; the session has ended. */
export function leaveForSignIn() {
  window.onbeforeunload = null;
  const here = encodeURIComponent(window.location.pathname);
  window.location.assign(`/login?notice=expired&next=${here}`);
}

async function answerOf(method, path, body, options) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") {
    headers["X-CSRF-Token"] = boot.csrf;
    headers["Idempotency-Key"] = crypto.randomUUID();
    headers["Content-Type"] = "application/json";
  }
  const content = body === undefined ? undefined : JSON.stringify(body);
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  return fetch(`/api/v1${path}`, { method, headers, body: content, signal, cache: "no-store", ...options });
}

/** Ask and return the JSON answer; throws ApiFault. options: fetch's own, such as keepalive. */
export async function ask(method, path, body, options = {}) {
  let answer;
  let text;
  try {
    answer = await answerOf(method, path, body, options);
    text = await answer.text();
  } catch (fault) {
    throw new ApiFault(0, { detail: fault.message });
  }
  if (answer.status === 401) leaveForSignIn();
  setServerNow(answer.headers.get("Date"));
  let content = null;
  try {
    content = text ? JSON.parse(text) : null;
  } catch {
    content = { detail: text.slice(0, 200) };
  }
  if (!answer.ok) throw new ApiFault(answer.status, content);
  return content;
}
