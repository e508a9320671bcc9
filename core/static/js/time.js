// Time as people read it: the server's clock, Seoul's hours, minutes and seconds.

import { boot, t } from "./boot.js";

let serverAheadMs = 0;

/** Learn the server's clock from a moment it just told; a desk computer's clock may be wrong. */
export function setServerNow(moment) {
  const told = Date.parse(moment);
  if (!Number.isNaN(told)) serverAheadMs = told - Date.now();
}

/** The server's present moment, in milliseconds since 1970. */
export function serverNow() {
  return Date.now() + serverAheadMs;
}

/** Whole seconds since `moment` (RFC 3339), never negative. */
export function secondsSince(moment) {
  return Math.max(0, Math.floor((serverNow() - Date.parse(moment)) / 1000));
}

/** Seconds until `moment`, never negative. */
export function secondsUntil(moment) {
  return Math.max(0, (Date.parse(moment) - serverNow()) / 1000);
}

/** `4:07` or `1:02:09`. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** `3분 20초`, `1시간 5분`: a length of time in words. */
export function length(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return t("time.seconds", { s: whole });
  if (whole < 3600) return t("time.minutes_seconds", { m: Math.floor(whole / 60), s: whole % 60 });
  return t("time.hours_minutes", { h: Math.floor(whole / 3600), m: Math.floor((whole % 3600) / 60) });
}

const seoul = new Intl.DateTimeFormat(boot.language, {
  timeZone: "Asia/Seoul",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

/** The hour and minute in Seoul, 24 hours. */
export function hour(moment) {
  return seoul.format(typeof moment === "number" ? moment : Date.parse(moment));
}
