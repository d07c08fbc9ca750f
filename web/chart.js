// The chart of the hash rate: a slot without records is a gap, and the right edge is now.
import { byId, put } from "./dom.js";
import { clock, interval, isNumber, rate, roundRate, span } from "./format.js";

// The library's legend writes style attributes, which the page's policy forbids; #chart-at replaces it.
if (window.Dygraph) Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);

const REFRESH_MS = 10000;
const steps = { 60: "1\u00a0min", 300: "5\u00a0min", 3600: "1\u00a0h" };
const box = byId("chart");

let chart = null;
let shown = { rows: [], step_s: 60 };
let shownSpan = "1h";
let selected = -1;

const isKnown = (row) => row.observed === true && isNumber(row.hashrate_hps);

const points = (rows) => rows.map((row) => {
  const mid = isKnown(row) ? row.hashrate_hps : null;
  return [new Date(row.from_ms), mid === null ? [null, null, null]
    : [isNumber(row.hashrate_low_hps) ? row.hashrate_low_hps : mid, mid, isNumber(row.hashrate_high_hps) ? row.hashrate_high_hps : mid]];
});

function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  return { colors: [of("--main")], gridLineColor: of("--line"), axisLineColor: of("--line") };
}

// Which part of its slot a row covers, if not all of it.
function seen(row) {
  const whole = Math.min(shown.step_s, (Date.now() - row.from_ms) / 1000);
  return isNumber(row.seconds) && row.seconds < 0.95 * whole ? `, ${span(row.seconds * 1000)} of ${span(whole * 1000)} seen` : "";
}

function select(index) {
  const row = shown.rows[index];
  selected = row ? index : -1;
  if (row) chart?.setSelection(index); else chart?.clearSelection();
  const text = !row ? "" : `${clock(row.from_ms)}: ` + (isKnown(row)
    ? `${rate(row.hashrate_hps)} (${interval(row.hashrate_low_hps, row.hashrate_high_hps)})${seen(row)}` : "no records");
  put("chart-at", text);
  // Likewise for screen readers: a slider from point to point.
  box.setAttribute("aria-valuemax", String(Math.max(shown.rows.length - 1, 0)));
  box.setAttribute("aria-valuenow", String(Math.max(selected, 0)));
  box.setAttribute("aria-valuetext", text || "no point");
}

function selectAt(clientX) {
  if (!chart) return;
  const ms = chart.toDataXCoord(clientX - box.getBoundingClientRect().left);
  let nearest = 0;
  shown.rows.forEach((row, i) => {
    if (Math.abs(row.from_ms - ms) < Math.abs(shown.rows[nearest].from_ms - ms)) nearest = i;
  });
  select(nearest);
}

// Without the slot that is not over: its few shares say little, and the line would end in a jump that means nothing.
function ended({ rows, step_s }) {
  const last = rows.at(-1);
  return rows.length > 1 && last.from_ms + step_s * 1000 > Date.now() ? rows.slice(0, -1) : rows;
}

// What is not there, or not all there.
function gaps(rows, known) {
  const partly = known.filter((row) => seen(row) !== "").length;
  const parts = [];
  if (known.length < rows.length) parts.push(`${rows.length - known.length} of ${rows.length} without records`);
  if (partly) parts.push(`${partly} of ${rows.length} seen only in part`);
  return parts.length ? ` ${parts.join(", ")}.` : "";
}

function draw(history) {
  const rows = ended(history);
  const known = rows.filter(isKnown);
  const rates = known.map((row) => row.hashrate_hps);
  shown = { ...history, rows };
  put("chart-text", known.length
    ? `Averages over ${steps[history.step_s] ?? span(history.step_s * 1000)} since ${clock(rows[0].from_ms)}: ` +
      `lowest ${rate(Math.min(...rates))}, highest ${rate(Math.max(...rates))}.` +
      `${gaps(rows, known)} The band is the 95\u00a0% interval.`
    : "No accepted work in this time.");
  if (!known.length) return clear();
  const highest = Math.max(...known.map((row) => isNumber(row.hashrate_high_hps) ? row.hashrate_high_hps : row.hashrate_hps));
  const change = { file: points(rows), valueRange: [0, 1.1 * highest || 1], dateWindow: [rows[0].from_ms, Math.max(Date.now(), rows.at(-1).from_ms)], drawPoints: known.length < 40 };
  if (chart) chart.updateOptions(change);
  else {
    chart = new Dygraph(box, change.file, {
      ...change, ...colours(), labels: ["time", "hash rate"], customBars: true, strokeWidth: 2, fillAlpha: 0.2,
      connectSeparatedPoints: false, drawGapEdgePoints: true, pointSize: 2, rightGap: 16,
      interactionModel: {},  // no zoom and no panning: a finger scrolls the page
      axes: { x: { axisLabelWidth: 64, pixelsPerLabel: 50 }, y: { axisLabelFormatter: roundRate, axisLabelWidth: 84 } },
    });
  }
  if (selected >= 0) select(Math.min(selected, rows.length - 1));
}

function clear() {
  chart?.destroy();
  chart = null;
  select(-1);
}

async function load() {
  if (document.hidden) return;
  const asked = shownSpan;
  try {
    const history = await (await fetch(`api/history?span=${asked}`)).json();
    if (asked === shownSpan && Array.isArray(history.rows)) draw(history);
  } catch {
    // The line at the top says that no figures arrive; the next attempt is due soon.
  }
}

export function startChart() {
  for (const button of document.querySelectorAll("[data-span]"))
    button.addEventListener("click", () => {
      shownSpan = button.dataset.span;
      for (const other of document.querySelectorAll("[data-span]"))
        other.setAttribute("aria-pressed", String(other === button));
      clear();
      load();
    });
  for (const type of ["pointerdown", "pointermove"]) box.addEventListener(type, (event) => selectAt(event.clientX));
  box.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") select(-1); });
  box.addEventListener("keydown", (event) => {
    const last = shown.rows.length - 1, from = selected < 0 ? last : selected;
    const to = { ArrowLeft: selected < 0 ? last : from - 1, ArrowRight: from + 1, Home: 0, End: last, Escape: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    select(event.key === "Escape" ? -1 : Math.min(Math.max(to, 0), last));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => chart?.updateOptions(colours()));
  document.addEventListener("visibilitychange", load);
  load();
  setInterval(load, REFRESH_MS);
}
