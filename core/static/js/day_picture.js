// Draws a picture of a day from the data beside it, and tells what is pointed at. Needs no server.
"use strict";

(() => {
  const data = JSON.parse(document.getElementById("day-data").textContent);
  const chart = document.getElementById("chart");
  const card = document.getElementById("card");
  const hair = document.getElementById("hair");
  const read = hair.querySelector(".read");
  const PHASES = { m: "menu", w: "waiting", o: "offered", c: "reaching", t: "talking", p: "wrapping", r: "ready", b: "break" };
  // How much of a row a phase fills: its height tells it apart without its colour.
  const FILLS = { m: 0.25, w: 0.55, o: 0.75, c: 0.75, t: 0.9, p: 0.6, r: 0.4, b: 0.4 };
  const LOST = { a: "lost", k: "lost", d: "promised", n: "open" };
  const TICKS = [60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];
  const TICK_PX = 60;
  const DAY = 86400;
  const WIDTH_PX_MAX = 60000;
  const SCALE_MAX = 0.5; // px a second
  const HOUR_PX_MIN = 36; // at first; less only where the whole is asked for
  const PRINT_PX = 1020;
  const QUEUE_PX = 96;
  const PAD = 4;

  const svgs = Object.fromEntries([...chart.querySelectorAll(".track")].map((track) => [track.dataset.track, track.querySelector("svg")]));
  const gutter = () => chart.querySelector(".name").offsetWidth;
  let scale = 0;
  let isFit = true;
  let chosen = null;

  // -- what there is ---------------------------------------------------------------------------

  // "m0 w12 t300 .900": from 0 in the menu, from 12 waiting, ..., over at 900.
  const parts = (text) => {
    const turns = text.split(" ").map((turn) => [turn[0], Number(turn.slice(1))]);
    return turns.slice(0, -1).map(([code, from], place) => ({ code, from, to: turns[place + 1][1] })).filter((part) => part.code !== ".");
  };
  const line = (track, row, id, held) => ({
    track, row, id, parts: held, from: held.length ? held[0].from : 0, to: held.length ? held[held.length - 1].to : 0,
  });

  const calls = data.calls.map(([row, text, end], place) => {
    const held = parts(text);
    const one = line("calls", row, `call-${place + 1}`, held);
    if (!held.length) one.from = one.to = Number(text.split(" ")[0].slice(1));
    one.end = end;
    one.number = place + 1;
    return one;
  });
  const seats = data.seats.map((text, place) => parts(text).map((part) => line("seats", place, `seat-${place + 1}`, [part])));
  const promises = data.promises.map(([row, marks], place) => ({
    track: "promises", row, id: `promise-${place + 1}`, parts: [], marks, from: marks[0][1], to: marks[marks.length - 1][1],
  }));
  const faults = data.faults.map((at, place) => ({ track: "faults", row: 0, id: `fault-${place + 1}`, parts: [], from: at, to: at }));

  const ROWS = { calls: 1 + Math.max(-1, ...calls.map((one) => one.row)), seats: seats.length, promises: 1 + Math.max(-1, ...promises.map((one) => one.row)), faults: faults.length ? 1 : 0 };
  const callPx = ROWS.calls <= 40 ? 14 : ROWS.calls <= 80 ? 10 : 7;
  const ROW_PX = { calls: callPx, seats: 18, promises: ROWS.promises <= 12 ? 16 : 12, faults: 20 };
  const byRow = (items) => {
    const rows = new Map();
    for (const one of items) {
      const key = `${one.track} ${one.row}`;
      if (!rows.has(key)) rows.set(key, []);
      rows.get(key).push(one);
    }
    for (const row of rows.values()) row.sort((a, b) => a.from - b.from);
    return rows;
  };
  const rows = byRow([...faults, ...calls, ...promises, ...seats.flat()]);
  const bands = [...rows.values()];

  // -- drawing ---------------------------------------------------------------------------------

  const px = (value) => Math.round(value * 10) / 10;
  const middle = (track, row) => PAD + (row + 0.5) * ROW_PX[track];
  const tracksPx = { axis: 22, foot: 22, queue: QUEUE_PX };
  for (const track of Object.keys(ROWS)) tracksPx[track] = ROWS[track] * ROW_PX[track] + 2 * PAD;

  const GLYPHS = {
    lost: (x, y, r) => `M${px(x - r)} ${px(y - r)}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}`,
    promised: (x, y, r) => `M${px(x - r)} ${px(y)}l${r} ${-r}l${r} ${r}l${-r} ${r}z`,
    open: (x, y, r) => `M${px(x - r)} ${px(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
    due: (x, y, r) => `M${px(x - r)} ${px(y - r)}h${2 * r}v${2 * r}h${-2 * r}z`,
    made: (x, y, r) => `M${px(x)} ${px(y - r)}v${2 * r}`,
    rung: (x, y, r) => `M${px(x - r)} ${px(y + r)}h${2 * r}l${-r} ${-2 * r}z`,
    fault: (x, y, r) => `M${px(x - r)} ${px(y - r)}h${2 * r}l${-r} ${2 * r}z`,
  };
  GLYPHS.kept = GLYPHS.open;
  GLYPHS.late = GLYPHS.lost;

  const path = (name, d) => (d ? `<path class="${name}" d="${d}"/>` : "");
  const tick = () => TICKS.find((seconds) => seconds * scale >= TICK_PX) ?? TICKS[TICKS.length - 1];
  const clock = (seconds, withSeconds) => {
    const whole = Math.round(data.start + seconds);
    const at = ((whole % DAY) + DAY) % DAY;
    const two = (value) => String(value).padStart(2, "0");
    const text = `${two(Math.floor(at / 3600))}:${two(Math.floor((at % 3600) / 60))}`;
    return withSeconds ? `${text}:${two(at % 60)}` : text;
  };

  const gridLines = (height) => {
    const step = tick();
    let light = "";
    let days = "";
    for (let t = Math.ceil(data.start / step) * step - data.start; t <= data.seconds; t += step) {
      const isDay = (data.start + t) % DAY === 0 && data.days.length > 1 && t > 0;
      const drawn = `M${px(t * scale)} 0v${height}`;
      if (isDay) days += drawn;
      else light += drawn;
    }
    return path("grid", light) + path("grid day", days);
  };
  const overlay = (height) => {
    const lines = data.faults.map((at) => `M${px(at * scale)} 0v${height}`).join("");
    const now = data.now === null ? "" : `M${px(data.now * scale)} 0v${height}`;
    return path("fault-line", lines) + path("now-line", now);
  };

  const drawAxis = (name) => {
    const step = tick();
    let text = "";
    for (let t = Math.ceil(data.start / step) * step - data.start; t < data.seconds; t += step) {
      const isDay = (data.start + t) % DAY === 0 && data.days.length > 1;
      const said = isDay ? data.days[(data.start + t) / DAY] ?? "" : clock(t, false);
      text += `<text x="${px(t * scale + 3)}" y="15">${said}</text>`;
    }
    return gridLines(tracksPx[name]) + text;
  };

  const drawQueue = () => {
    const y = (count) => px(QUEUE_PX - (count / data.top) * (QUEUE_PX - 6));
    let d = `M0 ${QUEUE_PX}`;
    for (const [at, count] of data.queue) d += `H${px(at * scale)}V${y(count)}`;
    const end = data.now === null ? data.seconds : data.now;
    d += `H${px(end * scale)}V${QUEUE_PX}z`;
    const across = `M0 ${y(data.top)}H${px(data.seconds * scale)}M0 ${y(data.top / 2)}H${px(data.seconds * scale)}`;
    return path("grid", across) + path("queue", d);
  };

  const bars = (track, items) => {
    const drawn = {};
    const height = ROW_PX[track];
    for (const one of items) {
      for (const part of one.parts) {
        const tall = Math.max(1.5, height * FILLS[part.code]);
        const width = Math.max(1, (part.to - part.from) * scale);
        const y = middle(track, one.row) - tall / 2;
        drawn[part.code] = (drawn[part.code] ?? "") + `M${px(part.from * scale)} ${px(y)}h${px(width)}v${px(tall)}h${px(-width)}z`;
      }
    }
    return Object.keys(PHASES).map((code) => path(PHASES[code], drawn[code])).join("");
  };

  const drawCalls = () => {
    const marks = {};
    let text = "";
    const r = Math.min(4, callPx / 3);
    for (const one of calls) {
      const y = middle("calls", one.row);
      const kind = LOST[one.end];
      if (kind) marks[kind] = (marks[kind] ?? "") + GLYPHS[kind](one.to * scale, y, r);
      const talk = one.parts.find((part) => part.code === "t");
      if (talk && callPx >= 14 && (talk.to - talk.from) * scale >= 9 + 6 * String(one.number).length) {
        text += `<text class="in" x="${px(((talk.from + talk.to) / 2) * scale)}" y="${px(y)}">${one.number}</text>`;
      }
    }
    return bars("calls", calls) + text + Object.entries(marks).map(([kind, d]) => path(`m-${kind}`, d)).join("");
  };

  const drawPromises = () => {
    const marks = {};
    let threads = "";
    for (const one of promises) {
      const y = middle("promises", one.row);
      if (one.to > one.from) threads += `M${px(one.from * scale)} ${px(y)}H${px(one.to * scale)}`;
      for (const [kind, at] of one.marks) marks[kind] = (marks[kind] ?? "") + GLYPHS[kind](at * scale, y, 4);
    }
    return path("thread", threads) + ["made", "due", "rung", "kept", "late"].map((kind) => path(`m-${kind}`, marks[kind])).join("");
  };
  const drawFaults = () => path("m-fault", faults.map((one) => GLYPHS.fault(one.from * scale, middle("faults", 0), 5)).join(""));

  const DRAWN = { axis: () => drawAxis("axis"), foot: () => drawAxis("foot"), queue: drawQueue, calls: drawCalls, promises: drawPromises, seats: () => bars("seats", seats.flat()), faults: drawFaults };

  const draw = () => {
    const width = Math.ceil(data.seconds * scale) + 1;
    for (const [track, svg] of Object.entries(svgs)) {
      const height = tracksPx[track];
      svg.setAttribute("width", width);
      svg.setAttribute("height", height);
      const isAxis = track === "axis" || track === "foot";
      svg.innerHTML = (isAxis ? "" : gridLines(height)) + DRAWN[track]() + (isAxis ? "" : overlay(height));
    }
    if (chosen) outline(chosen);
  };

  // -- scale -----------------------------------------------------------------------------------

  const fitted = () => Math.max(0.0001, (chart.clientWidth - gutter() - 2) / data.seconds);
  const longest = () => Math.max(fitted(), Math.min(SCALE_MAX, WIDTH_PX_MAX / data.seconds));
  const zoom = (factor, atPx) => {
    const before = scale;
    const here = atPx ?? (chart.clientWidth - gutter()) / 2;
    scale = Math.min(longest(), Math.max(fitted(), scale * factor));
    isFit = scale === fitted();
    if (scale === before) return;
    const seconds = (chart.scrollLeft + here) / before;
    draw();
    chart.scrollLeft = seconds * scale - here;
  };
  const fit = () => {
    scale = fitted();
    isFit = true;
    draw();
  };

  // -- telling ---------------------------------------------------------------------------------

  const outline = (one) => {
    for (const old of chart.querySelectorAll(".chosen")) old.remove();
    const svg = svgs[one.track];
    const height = ROW_PX[one.track];
    const box = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const wide = Math.max(8, (one.to - one.from) * scale + 4);
    box.setAttribute("class", "chosen");
    box.setAttribute("x", px(((one.from + one.to) / 2) * scale - wide / 2));
    box.setAttribute("y", px(middle(one.track, one.row) - height / 2));
    box.setAttribute("width", px(wide));
    box.setAttribute("height", height);
    box.setAttribute("rx", 2);
    svg.append(box);
  };

  const copies = (cell) => [...cell.childNodes].map((node) => node.cloneNode(true));
  const made = (name, nodes, style) => {
    const node = document.createElement(name);
    if (style) node.className = style;
    node.append(...nodes);
    return node;
  };
  // What is told is the row of the table, so that both say the same.
  const tell = (one, part) => {
    const row = document.getElementById(one.id);
    const heads = [...row.closest("table").tHead.rows[0].cells];
    const [name, ...cells] = [...row.cells];
    const held = [made("p", copies(name))];
    if (part) {
      const phase = document.querySelector(`.legend [data-phase="${PHASES[part.code]}"] .word`);
      held.push(made("p", [...copies(phase), ` ${clock(part.from, true)} – ${clock(part.to, true)}`], "part"));
    }
    const list = document.createElement("dl");
    cells.forEach((cell, place) => {
      if (cell.textContent.trim()) list.append(made("dt", copies(heads[place + 1])), made("dd", copies(cell)));
    });
    card.replaceChildren(...held, list);
    card.hidden = false;
  };
  const place = (x, y) => {
    const { width, height } = card.getBoundingClientRect();
    const left = x + 16 + width < innerWidth ? x + 16 : Math.max(8, x - 16 - width);
    const top = Math.max(8, Math.min(y + 16, innerHeight - height - 8));
    card.style.left = `${left}px`;
    card.style.top = `${top}px`;
  };
  const hush = () => {
    card.hidden = true;
    chosen = null;
    for (const old of chart.querySelectorAll(".chosen")) old.remove();
  };

  // -- pointing --------------------------------------------------------------------------------

  const waiting = (seconds) => {
    let count = 0;
    for (const [at, here] of data.queue) {
      if (at > seconds) break;
      count = here;
    }
    return count;
  };
  const nearest = (band, seconds) => {
    let best = null;
    let least = Infinity;
    for (const one of band ?? []) {
      const apart = Math.max(one.from - seconds, seconds - one.to, 0);
      if (apart < least) [best, least] = [one, apart];
    }
    return [best, least];
  };
  const partAt = (one, seconds) => {
    const held = one.parts.filter((part) => part.from <= seconds);
    return held[held.length - 1] ?? one.parts[0];
  };
  const showHair = (seconds) => {
    if (seconds < 0 || seconds > data.seconds) {
      hair.hidden = true;
      return;
    }
    const x = gutter() + seconds * scale;
    hair.hidden = false;
    hair.style.left = `${x}px`;
    hair.classList.toggle("left", x - chart.scrollLeft > chart.clientWidth - 110);
    read.textContent = `${clock(seconds, true)} · ${waiting(seconds)}`;
  };

  const point = (event) => {
    const left = chart.getBoundingClientRect().left + gutter();
    const seconds = (event.clientX - left + chart.scrollLeft) / scale;
    showHair(event.clientX < left ? -1 : seconds);
    const track = event.target.closest(".track")?.dataset.track;
    if (!ROWS[track] || event.clientX < left) return hush();
    const row = Math.floor((event.clientY - svgs[track].getBoundingClientRect().top - PAD) / ROW_PX[track]);
    const [one, apart] = nearest(rows.get(`${track} ${row}`), seconds);
    if (!one || apart * scale > 6) return hush();
    chosen = one;
    outline(one);
    tell(one, partAt(one, seconds));
    place(event.clientX, event.clientY);
  };
  chart.addEventListener("pointermove", point);
  chart.addEventListener("pointerdown", point); // a finger that taps does not move
  chart.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "touch") return;
    hair.hidden = true;
    if (document.activeElement !== chart) hush();
  });
  chart.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.25 : 0.8, event.clientX - chart.getBoundingClientRect().left - gutter());
  }, { passive: false });

  // -- keys ------------------------------------------------------------------------------------

  const choose = (one) => {
    chosen = one;
    const x = one.from * scale;
    const seen = chart.clientWidth - gutter();
    if (x < chart.scrollLeft || x > chart.scrollLeft + seen - 40) chart.scrollLeft = x - seen / 3;
    outline(one);
    tell(one, one.track === "seats" ? one.parts[0] : null);
    const box = svgs[one.track].querySelector(".chosen");
    box.scrollIntoView({ block: "nearest", inline: "nearest" });
    const at = box.getBoundingClientRect();
    place(Math.min(at.right, innerWidth - 40), at.top);
  };
  const along = (by) => {
    const line = chosen.track === "calls" ? calls : chosen.track === "promises" ? promises : rows.get(`${chosen.track} ${chosen.row}`);
    return line[Math.max(0, Math.min(line.length - 1, line.indexOf(chosen) + by))];
  };
  const across = (by) => {
    const held = bands.slice().sort((a, b) => order(a[0]) - order(b[0]));
    const here = held.findIndex((band) => band[0].track === chosen.track && band[0].row === chosen.row);
    return nearest(held[Math.max(0, Math.min(held.length - 1, here + by))], chosen.from)[0];
  };
  const order = (one) => ["faults", "calls", "promises", "seats"].indexOf(one.track) * 1e6 + one.row;
  const MOVES = {
    ArrowRight: () => along(1), ArrowLeft: () => along(-1), ArrowDown: () => across(1), ArrowUp: () => across(-1),
    Home: () => along(-Infinity), End: () => along(Infinity),
  };
  chart.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") hush();
    else if (event.key === "+" || event.key === "=") zoom(1.5);
    else if (event.key === "-") zoom(1 / 1.5);
    else if (event.key === "0") fit();
    else if (MOVES[event.key] && bands.length) choose(chosen ? MOVES[event.key]() : calls[0] ?? bands[0][0]);
    else return;
    event.preventDefault();
  });
  chart.addEventListener("blur", hush);

  // -- the page --------------------------------------------------------------------------------

  document.getElementById("closer").addEventListener("click", () => zoom(1.5));
  document.getElementById("wider").addEventListener("click", () => zoom(1 / 1.5));
  document.getElementById("fit").addEventListener("click", fit);
  document.getElementById("print").addEventListener("click", () => print());
  document.getElementById("language").addEventListener("click", () => {
    const root = document.documentElement;
    root.lang = root.lang === "ko" ? "en" : "ko";
    document.title = root.dataset[root.lang];
    hush();
    if (isFit) fit();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hush();
  });
  addEventListener("resize", () => (isFit ? fit() : draw()));
  addEventListener("beforeprint", () => {
    scale = (PRINT_PX - gutter()) / data.seconds;
    chart.scrollLeft = 0;
    draw();
  });
  addEventListener("afterprint", fit);
  for (const tool of document.querySelectorAll("[data-drawn]")) tool.hidden = false;
  scale = Math.max(fitted(), data.days.length > 1 ? 0 : HOUR_PX_MIN / 3600);
  isFit = scale === fitted();
  draw();
  if (!isFit) {
    const busiest = data.queue.reduce((most, step) => (step[1] > most[1] ? step : most));
    chart.scrollLeft = busiest[0] * scale - (chart.clientWidth - gutter()) / 2;
  }
})();
