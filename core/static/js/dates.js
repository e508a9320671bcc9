// Days and hours as the worklist writes them, always Seoul's; and what a date field means.

import { boot, t } from "./boot.js";

const day = { timeZone: "Asia/Seoul", month: "short", day: "numeric", weekday: "short" };
const hours = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const dayAndHour = new Intl.DateTimeFormat(boot.language, { ...day, ...hours });
const dayAlone = new Intl.DateTimeFormat(boot.language, day);

/** `11월 23일 (월) 10:00`. */
export function when(moment) {
  return dayAndHour.format(Date.parse(moment));
}

/** `11월 23일 (월)`; an agreed day has no hour. */
export function onDay(date) {
  return dayAlone.format(Date.parse(`${date}T12:00:00+09:00`));
}

/** What was chosen in a date and a time field, as a moment in Seoul; null where one is empty. */
export function chosenMoment(date, time) {
  return date && time ? `${date}T${time}:00+09:00` : null;
}

/** Today's date in Seoul, `days` on, as a date field takes it. */
export function dateFrom(now, days = 0) {
  return new Date(now + (9 * 3600 + days * 86_400) * 1000).toISOString().slice(0, 10);
}

/** `월·화 09:00–12:00`, or any time by day. */
export function windowsText(windows) {
  if (!windows.length) return t("worklist.any_time");
  return windows
    .map((one) => {
      const days = one.days.length === 7 ? "" : `${one.days.map((name) => t(`ask.day_${name}`)).join("·")} `;
      return `${days}${one.from}–${one.until}`;
    })
    .join(", ");
}
