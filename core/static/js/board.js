// The supervisor's board: follows the server's board and shows queue, counselors, figures, the day.

import { announce, element, t } from "./boot.js";
import { showChart } from "./board_chart.js";
import { showFigures } from "./board_figures.js";
import { showPromises } from "./board_promises.js";
import { showCounselors, showQueue, tickTables } from "./board_tables.js";
import { follow } from "./stream.js";
import { hour, length, secondsSince, setServerNow } from "./time.js";

const TICK_MS = 1_000;
const STALE_MS = 4_000;
const LONG_WAIT_SECONDS = 300;
const ANNOUNCE_MS = 60_000;

let board = null;
let lostSince = null;
let announcedAt = 0;

function longestWait() {
  return Math.max(0, ...board.waiting.map((call) => secondsSince(call.waiting_since)));
}

function setNow(name, text, tone = "") {
  const box = element(`now-${name}`);
  box.querySelector("dd").textContent = text;
  box.className = `card now ${tone}`;
}

function showNow() {
  const waiting = board.waiting.length;
  const longest = longestWait();
  const talking = board.counselors.filter((one) => one.state === "on_call").length;
  const free = board.counselors.filter(
    (one) => one.status === "ready" && one.state === "free" && one.reachable !== false,
  ).length;
  setNow("waiting", t("board.people", { count: waiting }), waiting > 0 && free === 0 ? "warn" : "");
  setNow("longest", waiting ? length(longest) : t("board.nobody"), longest >= LONG_WAIT_SECONDS ? "alarm" : "");
  setNow("talking", t("board.people", { count: talking }));
  setNow("ready", t("board.people", { count: free }), free === 0 && waiting > 0 ? "warn" : "");
}

// A queue that moves each second must not talk over everything else.
function announceQueue() {
  if (!board.waiting.length || Date.now() - announcedAt < ANNOUNCE_MS) return;
  announcedAt = Date.now();
  announce(t("board.announce_queue", { count: board.waiting.length, length: length(longestWait()) }));
}

function show(next) {
  board = next;
  if (board.now) setServerNow(board.now);
  showNow();
  showQueue(board.waiting);
  showCounselors(board.counselors);
  showFigures(board.today);
  showPromises(board.callbacks);
  showChart(board.by_half_hour ?? []);
  element("board").setAttribute("aria-busy", "false");
  element("as-of").textContent = t("board.at", { hour: hour(board.now ?? Date.now()) });
  announceQueue();
}

function setLive(live) {
  const badge = element("live");
  badge.textContent = t(live ? "board.live" : "board.connecting");
  badge.className = `krds-badge ${live ? "bg-light-success" : "bg-light-gray"}`;
  element("board").classList.toggle("old", !live && board !== null);
  element("stale").hidden = live || board === null;
  if (!live && board) element("stale").textContent = t("board.stale", { hour: hour(board.now ?? Date.now()) });
}

function reach(reached) {
  if (reached) {
    lostSince = null;
    setLive(true);
  } else {
    lostSince ??= Date.now();
  }
}

function tick() {
  if (lostSince && Date.now() - lostSince > STALE_MS) setLive(false);
  if (!board || lostSince) return;
  showNow();
  tickTables();
}

follow("/board", "board", show, reach);
window.setInterval(tick, TICK_MS);
