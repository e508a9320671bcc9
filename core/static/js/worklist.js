// The companion's worklist: follows what the server says of the own call, and shows who is to be called.

import { announce, boot, element, t } from "./boot.js";
import { wakeAudio } from "./chime.js";
import { leavePhone, preparePhone } from "./desk_phone.js";
import { wireDialogs } from "./dialogs.js";
import { beTheOnlyDesk } from "./one_tab.js";
import { follow } from "./stream.js";
import { callPerson, showCall, tellLastTry, tickCall, wireCall } from "./worklist_call.js";
import { decideAbout, wireDecision } from "./worklist_decision.js";
import { showList } from "./worklist_list.js";
import { showCounts, wireTabs } from "./worklist_tabs.js";
import { showWrap, tickWrap, wireWrap } from "./worklist_wrap.js";

const TICK_MS = 250;
const LOST_MS = 4_000;
// Each look at the list is an entry in the access log, so it is asked for when something changed.
const LIST_MS = 60_000;
const isCompanion = boot.role === "companion";
let following = null;
let lostSince = null;
let before = null;

const list = () => showList({ call: (row) => callPerson(row, refresh), decide: decideAbout });

async function refresh() {
  await following?.refresh();
  await list();
}

function changedSince(next) {
  const key = ({ session, wrapping, last_try: tried, counts }) =>
    JSON.stringify([session?.id, session?.state, wrapping?.id, tried?.at, counts]);
  return before === null || key(before) !== key(next);
}

function show(next) {
  const own = next.session ?? next.wrapping;
  const tried = next.last_try;
  showCall(next.session);
  showWrap(next.wrapping);
  showCounts(next.counts);
  if (before?.session && !own && tried && tried.at !== before.last_try?.at) tellLastTry(tried);
  if (changedSince(next)) list();
  before = next;
  element("worklist").hidden = false;
}

function reach(reached) {
  if (!reached) lostSince ??= Date.now();
  else if (lostSince) {
    if (!element("lost").hidden) announce(t("desk.back"));
    lostSince = null;
    element("lost").hidden = true;
  }
}

function tick() {
  if (isCompanion) {
    tickCall();
    tickWrap();
  }
  if (lostSince && Date.now() - lostSince > LOST_MS) element("lost").hidden = false;
}

function open() {
  element("other-tab").hidden = true;
  before = null;
  following = follow("/me/worklist", "worklist", show, reach);
  preparePhone();
}

function close(takeOver) {
  following?.stop();
  following = null;
  leavePhone();
  element("worklist").hidden = true;
  element("other-tab").hidden = false;
  element("use-here").onclick = takeOver;
}

wireDialogs();
wireTabs(list);
wireDecision(list);
window.setInterval(tick, TICK_MS);
window.setInterval(() => document.visibilityState === "visible" && list(), LIST_MS);
if (isCompanion) {
  wireCall(refresh);
  wireWrap(refresh);
  document.addEventListener("pointerdown", wakeAudio, { once: true });
  beTheOnlyDesk(open, close);
} else {
  element("worklist").hidden = false;
  list();
}
