// Figures as text; what is not a number, or not a sensible one, is a dash.

export const isNumber = (value) => typeof value === "number" && Number.isFinite(value) && value >= 0;

// Whole numbers beyond 2^53 - 1 come as strings of their digits, which are shown to the last one.
export function whole(value) {
  if (typeof value === "string" && /^\d{1,40}$/.test(value)) return BigInt(value).toLocaleString("en");
  return isNumber(value) ? Math.round(value).toLocaleString("en") : "–";
}

function scaled(value) {
  const prefixes = ["", "k", "M", "G", "T", "P", "E", "Z", "Y"];
  let at = 0;
  while (value >= 999.5 && at < prefixes.length - 1) { value /= 1000; at += 1; }
  return `${Number(value.toPrecision(3))} ${prefixes[at]}`;
}
export const rate = (hps) => isNumber(hps) ? `${scaled(hps)}H/s` : "–";
export const interval = (low, high) => isNumber(low) && isNumber(high) ? `${rate(low)} to ${rate(high)}` : "";

const two = (number) => String(number).padStart(2, "0");
const dayOf = (at) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
// "14:03:07", with the day where that is not today: of 24 hours, as on the chart's axis, whatever the locale.
export function clock(ms, nowMs = Date.now()) {
  if (!isNumber(ms) || ms <= 0) return "–";
  const at = new Date(ms);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return dayOf(at) === dayOf(new Date(nowMs)) ? time : `${dayOf(at)} ${time}`;
}

export function span(ms) {
  if (!isNumber(ms)) return "–";
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}
export const ago = (ms, now) => isNumber(ms) ? `${span(Math.max(now - ms, 0))} ago` : "–";

export const latency = (of) => of && isNumber(of.p50) ? `p50 ${whole(of.p50)} ms, p99 ${whole(of.p99)} ms` : "";

export function rejected(reasons) {
  const parts = Object.entries(reasons ?? {}).map(([reason, count]) => `${whole(count)} ${reason}`);
  return parts.length ? `rejected: ${parts.join(", ")}` : "none rejected";
}
