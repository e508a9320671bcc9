// Turns the codes and reasons of the API into words a counselor reads.

import { boot, t } from "./boot.js";

/** The sentence of `section.code`, or the code itself where the catalog has none yet. */
export function phrase(section, code) {
  const key = `${section}.${code}`;
  return boot.words[key] ?? String(code ?? "").replaceAll("_", " ");
}

// The server gives its reason in fixed English phrases, joined by "; ".
const REASONS = [
  [/^same counselor as before$/, () => t("reason.same")],
  [/^longest idle \((\d+) min\)$/, (found) => t("reason.idle", { minutes: found[1] })],
  [/^(\w+) level (\d)$/, (found) => t("reason.level", { skill: phrase("need", found[1]), level: found[2] })],
  [/^nobody with (\w+) came free in time$/, (found) => t("reason.relaxed", { skill: phrase("need", found[1]) })],
];

function onePart(part) {
  for (const [pattern, say] of REASONS) {
    const found = part.match(pattern);
    if (found) return say(found);
  }
  return part;
}

/** Why this counselor, in the reader's language; an unknown reason is shown as it came. */
export function reasonText(reason) {
  return (reason ?? "").split("; ").map(onePart).join(" · ");
}

// What the server says of a bad field, by its beginning; a field may have a sentence of its own.
const FAULTS = [
  [/^(is needed|says why|names )/, "needed"],
  [/^must be one of the reasons/, "main_reason"],
];

/** What is wrong with a field, in the reader's language. */
export function faultText(field, message) {
  if (boot.language === "en") return message;
  const found = FAULTS.find(([pattern]) => pattern.test(message));
  const key = found ? `fault.${found[1]}` : "fault.other";
  return boot.words[`fault.${field}`] ?? t(key);
}

/** Why something may not be, from the server's problem document, in the reader's language. */
export function refusalText(problem) {
  const reason = String(problem?.reason ?? "");
  const code = reason.replaceAll("'", "").replaceAll(/[^a-z]+/gi, "_");
  return boot.words[`refusal.${code}`] ?? problem?.detail ?? reason;
}

/** The masked caller, or the kind of caller where there is no number. */
export function callerText(caller) {
  if (caller === null || caller === undefined) return t("caller.withheld");
  if (typeof caller === "string") return boot.words[`caller.${caller}`] ?? caller;
  const number = caller.number ?? caller.masked;
  return number ? number : phrase("caller", caller.kind ?? "withheld");
}
