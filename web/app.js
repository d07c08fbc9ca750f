"use strict";
// Both pages. Figures come as server-sent events from /events; everything is put in as text, never as HTML.

const side = document.documentElement.dataset.side;
const byId = (id) => document.getElementById(id);
const put = (id, text) => { const at = byId(id); if (at && at.textContent !== text) at.textContent = text; };

// ---- figures as text; what is no number, or no sensible one, is a dash

const isNumber = (value) => typeof value === "number" && Number.isFinite(value) && value >= 0;
const whole = (value) => isNumber(value) ? Math.round(value).toLocaleString("en") : "–";
function scaled(value) {
  if (!isNumber(value)) return "–";
  const prefixes = ["", "k", "M", "G", "T", "P", "E", "Z", "Y"];
  let at = 0;
  while (value >= 999.5 && at < prefixes.length - 1) { value /= 1000; at += 1; }
  return `${Number(value.toPrecision(3))} ${prefixes[at]}`;
}
const rate = (hps) => isNumber(hps) ? `${scaled(hps)}H/s` : "–";
const interval = (low, high) => isNumber(low) && isNumber(high) ? `${rate(low)} to ${rate(high)}` : "";
const clock = (ms) => isNumber(ms) && ms > 0 ? new Date(ms).toLocaleString([], { dateStyle: "short", timeStyle: "medium" }) : "–";
function span(ms) {
  if (!isNumber(ms)) return "–";
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}
const latency = (of) => of && isNumber(of.p50) ? `p50 ${whole(of.p50)} ms, p99 ${whole(of.p99)} ms` : "";
function rejected(reasons) {
  const parts = Object.entries(reasons ?? {}).map(([reason, count]) => `${whole(count)} ${reason}`);
  return parts.length ? `rejected: ${parts.join(", ")}` : "none rejected";
}

function fillTable(id, rows) {
  const body = byId(id)?.tBodies[0];
  if (!body) return;
  body.replaceChildren(...rows.map((cells) => {
    const row = document.createElement("tr");
    for (const { text, kind } of cells) {
      const cell = document.createElement("td");
      const holder = kind?.startsWith("state") ? document.createElement("span") : cell;
      holder.textContent = text;
      if (kind) holder.className = kind;
      if (holder !== cell) cell.append(holder);
      row.append(cell);
    }
    return row;
  }));
}

// ---- what the pages show

function showFreshness(stats) {
  const at = byId("freshness");
  const since = clock(stats.as_of_ms);
  const texts = { ok: "live", stale: `no new records: figures of ${since}`, away: `hp-stats does not answer: figures of ${since}` };
  at.className = stats.state;
  const text = texts[stats.state] ?? "unknown";
  if (at.textContent !== text) at.textContent = text;
}

const valueOf = (fields, name) => fields?.[name]?.value;
const stateCell = (isUp, isKnown) => isKnown ? { text: isUp ? "up" : "down", kind: isUp ? "state up" : "state down" }
                                              : { text: "unknown", kind: "state waiting" };

// A state older than this is no state.
const OLD_MS = 30000;

function serviceRows(state) {
  const status = state.figures?.status ?? {};
  const now = state.stats.now_ms;
  const isFresh = (field) => state.stats.state === "ok" && field && now - field.ts_ms < OLD_MS;
  const rows = [];
  const add = (name, isUp, isKnown, since, about) =>
    rows.push([{ text: name, kind: "name" }, stateCell(isUp, isKnown), { text: since }, { text: about, kind: "name" }]);
  for (const [source, fields] of Object.entries(status)) {
    const mint = source.match(/^hp-pool mint (.*)$/s);
    if (mint) {
      const known = isFresh(fields.connected);
      const oldest = valueOf(fields, "pending") > 0 ? `, the oldest for ${span(valueOf(fields, "oldest_age_ms"))}` : "";
      add(mint[1] === "mint" ? "mint" : `mint ${mint[1]}`, valueOf(fields, "connected") === true, known,
          clock(valueOf(fields, "since_ms")), `${whole(valueOf(fields, "pending"))} quotes wait${oldest}`);
    } else if (source === "hp-pool" && side === "pool") {
      add("pool", true, isFresh(fields.connections), "", `${whole(valueOf(fields, "outbox_pending"))} quotes wait, ${whole(valueOf(fields, "outbox_dead"))} dead`);
    } else if (source === "hp-proxy" && side === "proxy") {
      add("proxy", true, isFresh(fields.miners), "", "");
      add("pool", valueOf(fields, "pool_connected") === true, isFresh(fields.pool_connected), "", "");
      add("mint", valueOf(fields, "mint_connected") === true, isFresh(fields.mint_connected), "", "");
    }
  }
  return rows;
}

function workerRow(w, now) {
  const name = { text: w.worker === "" ? "(no name)" : w.worker, kind: "name" };
  if (side === "proxy") return [name, { text: whole(w.shares_accepted), kind: "number" }, { text: ago(w.last_share_ms, now) }];
  return [
    name,
    { text: rate(w.hashrate_hps), kind: "number" },
    { text: interval(w.hashrate_low_hps, w.hashrate_high_hps), kind: "number extra" },
    { text: whole(w.shares_accepted), kind: "number" },
    { text: whole(w.amount), kind: "number extra" },
    { text: ago(w.last_share_ms, now) },
  ];
}

const orDash = (text) => typeof text === "string" && text !== "" ? text : "–";
const ago = (ms, now) => isNumber(ms) ? `${span(Math.max(now - ms, 0))} ago` : "–";

function clientRow(client, now) {
  const since = { text: `for ${span(Math.max(now - (client.opened_ms ?? client.connected_at_secs * 1000), 0))}`, kind: "extra" };
  const rates = (hps) => [{ text: rate(hps), kind: "number" }, { text: interval(client.hashrate_low_hps, client.hashrate_high_hps), kind: "number extra" }];
  if (side === "pool")
    return [{ text: orDash(client.peer), kind: "name" }, { text: orDash(client.program), kind: "name" },
            { text: whole(client.extended_channels_count + client.standard_channels_count), kind: "number extra" },
            ...rates(client.total_hashrate), since];
  return [{ text: client.authorized_worker_name || "(no name)", kind: "name" }, { text: orDash(client.user_agent), kind: "name extra" },
          ...rates(client.hashrate), { text: whole(client.shares_accepted), kind: "number" },
          { text: whole(client.shares_rejected), kind: "number extra" }, { text: ago(client.last_share_ms, now) }, since];
}

// A list of which the answer has the first ones.
function showNames(id, list, row, now) {
  const items = list?.items;
  fillTable(id, Array.isArray(items) ? items.map((item) => row(item, now)) : []);
  const more = (list?.total ?? 0) - (items?.length ?? 0);
  put(`${id}-more`, list && !Array.isArray(items) ? "hp-web's token does not reach so far."
    : more > 0 ? `and ${whole(more)} more` : items?.length ? "" : "None.");
}

function show(state) {
  showFreshness(state.stats);
  const { global, figures } = state;
  if (!figures || !global) return;
  const isFresh = state.stats.state === "ok";
  fillTable("services", serviceRows(state));
  showNames("clients", state.clients, clientRow, state.stats.now_ms);
  showNames("workers", state.workers, workerRow, state.stats.now_ms);
  if (side === "pool") {
    put("hashrate", isFresh ? rate(global.hashrate_hps) : "–");
    put("hashrate-range", isFresh ? interval(global.hashrate_low_hps, global.hashrate_high_hps) : "");
    put("connections", whole(global.sv2_clients?.total_clients));
    put("channels", whole(global.sv2_clients?.total_channels));
    put("shares", whole(figures.shares_accepted));
    put("rejected", rejected(figures.shares_rejected));
    put("quotes", whole(figures.quotes_created));
    put("quote-latency", latency(figures.share_to_quote_ms));
    put("ehash", whole(figures.share_amount));
    put("issued", `${whole(figures.quote_amount)} in quotes`);
    put("blocks", whole(figures.blocks_found));
    put("alarms", figures.alarms > 0 ? `${whole(figures.alarms)} alarms` : "");
  } else {
    put("balance", whole(figures.wallet_balance));
    put("miners", whole(global.sv1_clients?.total_clients));
    put("answer-latency", latency(figures.miner_answer_ms));
    put("miner-shares", whole(figures.miner_shares_accepted));
    put("miner-rejected", rejected(figures.miner_shares_rejected));
    put("tokens", whole(figures.tokens_minted));
    put("token-latency", latency(figures.share_to_token_ms));
  }
}

// ---- the chart

// The library's legend writes style attributes, which the page's policy forbids; #chart-at is in its place.
if (window.Dygraph) Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);

let chart = null;
let shownSpan = "1h";

const points = (rows) => rows.map((row) => {
  const isKnown = row.observed === true && isNumber(row.hashrate_hps);
  const mid = isKnown ? row.hashrate_hps : null;
  return [new Date(row.from_ms), isKnown ? [isNumber(row.hashrate_low_hps) ? row.hashrate_low_hps : mid, mid,
                                            isNumber(row.hashrate_high_hps) ? row.hashrate_high_hps : mid] : [null, null, null]];
});

function drawChart(rows) {
  const known = rows.filter((row) => row.observed === true && isNumber(row.hashrate_hps));
  const rates = known.map((row) => row.hashrate_hps);
  put("chart-text", known.length
    ? `From ${clock(rows[0].from_ms)}: lowest ${rate(Math.min(...rates))}, highest ${rate(Math.max(...rates))}, ` +
      `${known.length} points, ${rows.length - known.length} without records. The band is the 95 % interval.`
    : "No accepted work in this time.");
  const at = byId("chart");
  if (!known.length) { chart?.destroy(); chart = null; return; }
  const data = points(rows);
  if (chart) { chart.updateOptions({ file: data }); return; }
  const ink = getComputedStyle(document.documentElement).getPropertyValue("--main").trim();
  chart = new Dygraph(at, data, {
    labels: ["time", "hash rate"], customBars: true, colors: [ink], strokeWidth: 2, fillAlpha: 0.2, includeZero: true,
    connectSeparatedPoints: false, drawPoints: known.length < 40, pointSize: 2,
    highlightCallback: (_event, ms, [point]) =>
      put("chart-at", `${clock(ms)}: ${point ? rate(point.yval) : "no records"}`),
    unhighlightCallback: () => put("chart-at", ""),
    axes: { y: { valueFormatter: rate, axisLabelFormatter: (hps) => hps === 0 ? "0" : rate(hps), axisLabelWidth: 80 } },
  });
}

async function loadChart() {
  if (side !== "pool") return;
  const asked = shownSpan;
  try {
    const answer = await fetch(`/api/history?span=${asked}`);
    const history = await answer.json();
    if (asked === shownSpan && Array.isArray(history.rows)) drawChart(history.rows);
  } catch {
    // The line at the top says that figures do not come; the next try is due soon.
  }
}

for (const button of document.querySelectorAll("[data-span]"))
  button.addEventListener("click", () => {
    shownSpan = button.dataset.span;
    for (const other of document.querySelectorAll("[data-span]"))
      other.setAttribute("aria-pressed", String(other === button));
    chart?.destroy();
    chart = null;
    loadChart();
  });

// ---- the proxy's page: settings to copy, and the faucet

for (const button of document.querySelectorAll("[data-copy]"))
  button.addEventListener("click", async () => {
    const from = byId(button.dataset.copy);
    from.select();
    try { await navigator.clipboard.writeText(from.value); } catch { document.execCommand("copy"); }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });

async function loadSettings() {
  const { miner_port: port } = await (await fetch("/api/settings")).json();
  byId("miner-url").value = `stratum+tcp://${location.hostname}:${port}`;
}

// Rows of 0 and 1, four white modules around them as the standard wants.
function drawQr(canvas, rows) {
  canvas.hidden = !rows;
  if (!rows) return;
  const lines = rows.split("/"), size = lines.length + 8, scale = Math.max(2, Math.floor(420 / size));
  canvas.width = canvas.height = size * scale;
  const at = canvas.getContext("2d");
  at.fillStyle = "#fff";
  at.fillRect(0, 0, canvas.width, canvas.height);
  at.fillStyle = "#000";
  lines.forEach((line, y) => [...line].forEach((bit, x) => {
    if (bit === "1") at.fillRect((x + 4) * scale, (y + 4) * scale, scale, scale);
  }));
}

async function loadFaucet() {
  const answer = await fetch("/api/faucet");
  const faucet = await answer.json();
  byId("faucet").hidden = !answer.ok;
  put("faucet-max", whole(faucet.amount_max));
}

async function takeToken() {
  const button = byId("faucet-take");
  button.disabled = true;
  try {
    const answer = await fetch("/api/faucet", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
    const got = await answer.json();
    byId("faucet-token").hidden = !answer.ok;
    if (answer.ok) {
      put("faucet-text", `${whole(got.amount)} ehash:`);
      byId("token").value = got.token;
      drawQr(byId("token-qr"), got.qr);
    } else {
      const wait = answer.headers.get("retry-after");
      put("faucet-text", `No token: ${got.error}${wait ? `; try again in ${wait} s` : ""}.`);
    }
  } catch {
    put("faucet-text", "No token: hp-web does not answer.");
  }
  button.disabled = false;
}

if (side === "proxy") {
  loadSettings();
  loadFaucet();
  byId("faucet-take").addEventListener("click", takeToken);
}

// ---- live

let lastEvent = performance.now();
const events = new EventSource("/events");
events.addEventListener("state", (event) => {
  lastEvent = performance.now();
  show(JSON.parse(event.data));
});
setInterval(() => {
  if (performance.now() - lastEvent < 5000) return;
  const at = byId("freshness");
  at.className = "away";
  at.textContent = "hp-web does not answer: figures are old";
}, 1000);
loadChart();
setInterval(loadChart, 10000);
