// The day by half hours as a chart, and as a table for whoever can't see one.

import { element, t } from "./boot.js";
import { hour } from "./time.js";

const HEIGHT_PX = 240;
// Distinct in lightness and in dash, not by hue alone.
const SERIES = [
  { name: "offered", stroke: "#58616a", dash: [] },
  { name: "answered", stroke: "#0b50d0", dash: [] },
  { name: "abandoned", stroke: "#b3321f", dash: [6, 4] },
];
let plot = null;

function options(width) {
  const font = '14px "Pretendard GOV", sans-serif';
  return {
    width,
    height: HEIGHT_PX,
    cursor: { drag: { x: false, y: false } },
    tzDate: (seconds) => window.uPlot.tzDate(new Date(seconds * 1000), "Asia/Seoul"),
    scales: { y: { range: (_, low, high) => [0, Math.max(4, Math.ceil(high * 1.1))] } },
    axes: [
      { font, stroke: "#464c53", grid: { stroke: "#e6e8ea" }, values: (_, marks) => marks.map((mark) => hour(mark * 1000)) },
      { font, stroke: "#464c53", grid: { stroke: "#e6e8ea" }, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500] },
    ],
    series: [
      { label: t("chart.half_hour"), value: (_, mark) => (mark === null ? "–" : hour(mark * 1000)) },
      ...SERIES.map((one) => ({
        label: t(`figure.${one.name}`), stroke: one.stroke, width: 2, dash: one.dash, points: { size: 6 },
      })),
    ],
  };
}

function columns(halfHours) {
  const starts = halfHours.map((one) => Date.parse(one.start) / 1000);
  return [starts, ...SERIES.map((series) => halfHours.map((one) => one[series.name] ?? 0))];
}

function showTable(halfHours) {
  const rows = halfHours.map((one) => {
    const row = document.createElement("tr");
    const start = document.createElement("th");
    start.scope = "row";
    start.textContent = hour(one.start);
    row.append(start, ...SERIES.map((series) => {
      const made = document.createElement("td");
      made.className = "figures";
      made.textContent = String(one[series.name] ?? 0);
      return made;
    }));
    return row;
  });
  element("half-hours").replaceChildren(...rows);
}

/** Show the half hours [{start, offered, answered, abandoned}]. */
export function showChart(halfHours) {
  const any = halfHours.some((one) => one.offered > 0);
  element("chart-empty").hidden = any;
  element("chart").hidden = !any;
  element("chart-details").hidden = !any;
  if (!any) return;
  showTable(halfHours);
  const box = element("chart");
  if (plot) plot.setData(columns(halfHours));
  else plot = new window.uPlot(options(box.clientWidth), columns(halfHours), box);
}

window.addEventListener("resize", () => {
  plot?.setSize({ width: element("chart").clientWidth, height: HEIGHT_PX });
});
