// Figures as text; what is not a number, or not a sensible one, is a dash. A number and its unit stay on one line.

const NBSP = "\u00a0";

export const isNumber = (value) => typeof value === "number" && Number.isFinite(value) && value >= 0;

// Whole numbers beyond 2^53 - 1 come as strings of their digits, which are shown in full.
export function whole(value) {
  if (typeof value === "string" && /^\d{1,40}$/.test(value)) return BigInt(value).toLocaleString("en");
  return isNumber(value) ? Math.round(value).toLocaleString("en") : "–";
}

export const count = (number, one, many = `${one}s`) => `${whole(number)}${NBSP}${number === 1 ? one : many}`;

// Three significant digits, and the unit.
function scaled(value) {
  const prefixes = ["", "k", "M", "G", "T", "P", "E", "Z", "Y"];
  let at = 0;
  while (value >= 999.5 && at < prefixes.length - 1) { value /= 1000; at += 1; }
  return [value === 0 ? "0" : value.toPrecision(3), `${prefixes[at]}H/s`];
}
export const rate = (hps) => isNumber(hps) ? scaled(hps).join(NBSP) : "–";
// For an axis, where 2 PH/s is between 1 and 3.
export const roundRate = (hps) => hps === 0 ? "0" : `${Number(scaled(hps)[0])}${NBSP}${scaled(hps)[1]}`;
// "1.21 to 1.43 PH/s"; where the ends have different units, both are shown.
export function interval(low, high) {
  if (!isNumber(low) || !isNumber(high)) return "";
  const [from, fromUnit] = scaled(low), [to, toUnit] = scaled(high);
  return fromUnit === toUnit ? [from, "to", to, toUnit].join(NBSP) : `${from}${NBSP}${fromUnit} to${NBSP}${to}${NBSP}${toUnit}`;
}

const two = (number) => String(number).padStart(2, "0");
const dayOf = (at) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
// "14:03:07", with the day if it is not today: 24-hour clock, as on the chart's axis, whatever the locale.
export function clock(ms, nowMs = Date.now()) {
  if (!isNumber(ms) || ms <= 0) return "–";
  const at = new Date(ms);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return dayOf(at) === dayOf(new Date(nowMs)) ? time : `${dayOf(at)} ${time}`;
}

export function span(ms) {
  if (!isNumber(ms)) return "–";
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds}${NBSP}s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)}${NBSP}min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)}${NBSP}h`;
  return `${Math.round(seconds / 86400)}${NBSP}days`;
}
export const ago = (ms, now) => isNumber(ms) ? `${span(Math.max(now - ms, 0))} ago` : "–";

// A latency: milliseconds, or three digits of seconds.
function short(ms) {
  if (!isNumber(ms)) return "–";
  if (ms < 999.5) return `${whole(ms)}${NBSP}ms`;
  return ms < 99_950 ? `${(ms / 1000).toPrecision(3)}${NBSP}s` : span(ms);
}
export const latency = (what, of) => of && isNumber(of.p50) ? `${what}: p50${NBSP}${short(of.p50)}, p99${NBSP}${short(of.p99)}` : "";

const REASONS_MAX = 3;
// How many of all, then a line for each reason, the most frequent first.
export function rejected(reasons, accepted) {
  const all = Object.entries(reasons ?? {}).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  if (!all.length) return "none rejected";
  const total = all.reduce((sum, [, times]) => sum + times, 0), part = 100 * total / (total + (Number(accepted) || 0));
  const percent = part < 0.01 ? "<0.01" : part < 10 ? Number(part.toPrecision(2)) : Math.round(part);
  const lines = all.length === 1 ? [all[0][0]] : all.slice(0, REASONS_MAX).map(([reason, times]) => `${whole(times)}${NBSP}${reason}`);
  if (all.length > REASONS_MAX) lines.push(`and ${count(all.length - REASONS_MAX, "other reason")}`);
  return [`${whole(total)}${NBSP}rejected (${percent}${NBSP}%)`, ...lines].join("\n");
}
