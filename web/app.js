// Both pages. Figures come as server-sent events; everything is inserted as text, never as HTML.
import { startChart } from "./chart.js";
import { byId, fillTable, put } from "./dom.js";
import { copyBy, lookForFaucet, startFaucet } from "./faucet.js";
import { ago, clock, count, interval, isNumber, latency, rate, rejected, span, whole } from "./format.js";
import { watchState } from "./live.js";

const side = document.documentElement.dataset.side;
const main = side === "pool" ? "hp-pool" : "hp-proxy";

// hp-web sends every second: without an event for this long it is down.
const WEB_MS = 3500;

let state = null;
let came = { tick: 0, clockMs: 0 };

// Since the last event; a machine that slept stops one of the two clocks.
const sinceEvent = () => state ? Math.max(performance.now() - came.tick, Date.now() - came.clockMs, 0) : Infinity;
const isHeard = (source) => sinceEvent() < WEB_MS && state.stats.state !== "away" && state.sources[source]?.heard === true;

// ---- age of the figures

function verdict() {
  if (!state) return sinceStart() < WEB_MS ? ["waiting", "Waiting for figures…"] : ["away", "hp-web does not answer"];
  const lastMs = state.sources[main]?.last_ms ?? state.stats.as_of_ms;
  const since = isNumber(lastMs) ? `: figures of ${clock(lastMs)}` : "";
  if (sinceEvent() >= WEB_MS) return ["away", `hp-web does not answer${since}`, lastMs];
  if (state.stats.state === "away") return ["away", `hp-stats does not answer${since}`, lastMs];
  if (!state.global?.last_record_ms) return ["stale", "no records yet"];
  if (!isHeard(main)) return ["stale", `no records from ${main}${since}`, lastMs];
  return ["ok", "live"];
}
const began = performance.now();
const sinceStart = () => performance.now() - began;

function showFreshness() {
  const [kind, text, lastMs] = verdict();
  const at = byId("freshness");
  if (at.className !== kind) at.className = kind;
  // Announced by screen readers when it changes; the running age is shown beside it.
  put("freshness", text);
  const isOld = kind !== "ok";
  document.body.classList.toggle("old", isOld);
  const age = isOld && isNumber(lastMs) ? `${span(Math.max(state.stats.now_ms + sinceEvent() - lastMs, 0))} old` : "";
  put("age", age);
  for (const title of document.querySelectorAll("[data-figures]")) title.dataset.age = age;
}

// ---- what the pages show

const orDash = (text) => typeof text === "string" && text !== "" ? text : "–";
const valueOf = (fields, name) => fields?.[name]?.value;
const isUp = (value) => value ? { text: "up", kind: "state up" } : { text: "down", kind: "state down" };
const unknown = { text: "unknown", kind: "state waiting" };
const waiting = (quotes) => quotes === 0 ? "no quotes waiting" : `${count(quotes, "quote")} waiting`;

function serviceRows(now) {
  const status = state.figures?.status ?? {};
  const rows = [];
  const add = (name, cell, since, about) =>
    rows.push({ key: name, cells: [{ text: name, kind: "name" }, cell,
      { text: orDash(since).replace(" ", "\n"), kind: "time" }, { text: orDash(about), kind: "name about" }] });
  // The program itself: it is not known to be down, but sends no records.
  const addSpeaker = (name, source, about) => {
    if (isHeard(source)) return add(name, isUp(true), valueOf(status[source], "started_ms") ? clock(valueOf(status[source], "started_ms")) : "", about);
    const lastMs = state.sources[source]?.last_ms;
    if (sinceEvent() >= WEB_MS || state.stats.state === "away") return add(name, unknown, "", `last record ${ago(lastMs, now)}`);
    add(name, { text: "silent", kind: "state down" }, clock(lastMs), `last record ${ago(lastMs, now)}`);
  };
  for (const [source, fields] of Object.entries(status)) {
    const mint = source.match(/^hp-pool mint (.*)$/s);
    if (mint && side === "pool") {
      const pending = valueOf(fields, "pending");
      const oldest = pending > 0 ? `, the oldest for ${span(valueOf(fields, "oldest_age_ms"))}` : "";
      const isKnown = isHeard(source);
      add(mint[1] === "mint" ? "mint" : `mint ${mint[1]}`, isKnown ? isUp(valueOf(fields, "connected") === true) : unknown,
          isKnown ? clock(valueOf(fields, "since_ms")) : "", waiting(pending) + oldest);
    } else if (source === "hp-pool" && side === "pool") {
      const dead = valueOf(fields, "outbox_dead");
      addSpeaker("pool", source, waiting(valueOf(fields, "outbox_pending")) + (dead > 0 ? `, ${whole(dead)} dead` : ""));
      const provider = valueOf(fields, "template_provider_connected");
      const work = valueOf(fields, "has_template") ? `newest work is ${span(valueOf(fields, "template_age_ms"))} old` : "no template yet";
      if (provider !== undefined)
        add("template provider", isHeard(source) ? isUp(provider) : unknown, isHeard(source) ? clock(valueOf(fields, "template_provider_since_ms")) : "", work);
    } else if (source === "hp-template" && side === "pool" && valueOf(fields, "node_connected") !== undefined) {
      const isKnown = isHeard(source);
      add("node", isKnown ? isUp(valueOf(fields, "node_connected")) : unknown, isKnown ? clock(valueOf(fields, "node_since_ms")) : "",
          `template for height ${whole(valueOf(fields, "height"))}`);
    } else if (source === "hp-proxy" && side === "proxy") {
      addSpeaker("proxy", source, count(valueOf(fields, "miners"), "miner"));
      const connections = valueOf(fields, "pool_connections");
      const upstream = connections > 0 ? `${count(connections, "connection")}, ${count(valueOf(fields, "pool_channels"), "channel")}` : "";
      for (const [name, field, about] of [["pool", "pool_connected", upstream], ["mint", "mint_connected", ""]])
        add(name, isHeard(source) ? isUp(valueOf(fields, field) === true) : unknown, "", about);
    }
  }
  return rows;
}

function workerRow(w, now) {
  const name = { text: w.worker === "" ? "(no name)" : w.worker, kind: "name" };
  const key = `w${w.worker}`;
  if (side === "proxy") return { key, cells: [name, { text: whole(w.shares_accepted), kind: "number" }, { text: ago(w.last_share_ms, now) }] };
  return { key, cells: [
    name,
    { text: rate(w.hashrate_hps), kind: "number" },
    { text: interval(w.hashrate_low_hps, w.hashrate_high_hps), kind: "number extra" },
    { text: whole(w.shares_accepted), kind: "number" },
    { text: whole(w.amount), kind: "number extra" },
    { text: ago(w.last_share_ms, now) },
  ] };
}

function clientRow(client, now) {
  const key = String(client.client_id);
  const since = { text: `for ${span(Math.max(now - (client.opened_ms ?? client.connected_at_secs * 1000), 0))}`, kind: "extra" };
  const rates = (hps) => [{ text: rate(hps), kind: "number" }, { text: interval(client.hashrate_low_hps, client.hashrate_high_hps), kind: "number extra" }];
  if (side === "pool")
    return { key, cells: [{ text: orDash(client.peer), kind: "name peer" }, { text: orDash(client.program), kind: "name extra" },
            { text: whole(client.extended_channels_count + client.standard_channels_count), kind: "number extra" },
            ...rates(client.total_hashrate), since] };
  return { key, cells: [{ text: client.authorized_worker_name || "(no name)", kind: "name" }, { text: orDash(client.user_agent), kind: "name extra" },
          ...rates(client.hashrate), { text: whole(client.shares_accepted), kind: "number" },
          { text: whole(client.shares_rejected), kind: "number extra" }, { text: ago(client.last_share_ms, now) }, since] };
}

const whats = { setup_refused: "connection", channel_refused: "channel", update_refused: "change of a channel",
  miner_channel_refused: "channel", upstream_refused: "connection to the pool", miner_refused: "worker name" };

function refusedRow(one, now) {
  // Who speaks another protocol names no worker.
  const what = one.type === "miner_refused" && one.worker === "" ? "connection" : whats[one.type] ?? one.type;
  return { key: JSON.stringify([one.source, one.type, one.who, one.worker, one.reason]), cells: [
    { text: orDash(one.who), kind: "name peer" }, { text: orDash(one.worker), kind: "name" },
    { text: `${what}: ${one.reason}`, kind: "name" },
    { text: whole(one.count), kind: "number extra" }, { text: ago(one.last_ms, now), kind: "extra" }] };
}

// A list of which the answer has only the first items.
function showNames(id, list, row, now) {
  const items = list?.items;
  fillTable(id, Array.isArray(items) ? items.map((item) => row(item, now)) : []);
  const more = (list?.total ?? 0) - (items?.length ?? 0);
  put(`${id}-more`, list && !Array.isArray(items) ? "hp-web's token does not allow this."
    : more > 0 ? `and ${whole(more)} more` : items?.length ? "" : "None.");
}

function showFigures() {
  const { global, figures } = state;
  if (!figures || !global) return;
  // Ages grow while nothing comes: they are relative to now, not to the figures.
  const now = state.stats.now_ms + sinceEvent();
  fillTable("services", serviceRows(now));
  showNames("clients", state.clients, clientRow, now);
  showNames("workers", state.workers, workerRow, now);
  showNames("refused", state.refused, refusedRow, now);
  byId("refused-section").hidden = !(state.refused?.items?.length > 0);
  if (side === "pool") {
    put("hashrate", rate(global.hashrate_hps));
    put("hashrate-range", interval(global.hashrate_low_hps, global.hashrate_high_hps));
    put("connections", whole(global.sv2_clients?.total_clients));
    put("channels", whole(global.sv2_clients?.total_channels));
    put("shares", whole(figures.shares_accepted));
    put("rejected", rejected(figures.shares_rejected, figures.shares_accepted));
    put("quotes", whole(figures.quotes_created));
    put("quote-latency", latency("share to quote", figures.share_to_quote_ms));
    put("ehash", whole(figures.share_amount));
    put("issued", `${whole(figures.quote_amount)} in quotes`);
    put("blocks", whole(figures.blocks_found));
    put("blocks-accepted", figures.blocks_found > 0 || figures.blocks_accepted > 0 ? `${whole(figures.blocks_accepted)} in the chain` : "");
    put("alarms", figures.alarms > 0 ? count(figures.alarms, "alarm") : "");
  } else {
    const miners = global.sv1_clients;
    put("balance", whole(figures.wallet_balance));
    put("earned", whole(figures.token_amount));
    put("tokens-minted", whole(figures.tokens_minted));
    put("token-latency", latency("share to token", figures.share_to_token_ms));
    put("hashrate", rate(miners?.total_hashrate));
    put("hashrate-range", interval(miners?.hashrate_low_hps, miners?.hashrate_high_hps));
    put("miners", whole(miners?.total_clients));
    put("answer-latency", latency("answer", figures.miner_answer_ms));
    put("miner-shares", whole(figures.miner_shares_accepted));
    put("miner-rejected", rejected(figures.miner_shares_rejected, figures.miner_shares_accepted));
  }
}

function show() {
  showFreshness();
  if (state) showFigures();
}

// ---- the proxy's page: settings to copy, and the faucet

async function loadSettings() {
  try {
    const { miner_port: port } = await (await fetch("api/settings")).json();
    byId("miner-url").value = `stratum+tcp://${location.hostname}:${port}`;
  } catch {
    setTimeout(loadSettings, 5000);
  }
}

if (side === "proxy") {
  for (const button of document.querySelectorAll("[data-copy]"))
    button.addEventListener("click", () => copyBy(button, byId(button.dataset.copy)));
  loadSettings();
  startFaucet();
} else {
  startChart();
}

// ---- live

let wasHeard = true;
watchState((text) => {
  state = JSON.parse(text);
  came = { tick: performance.now(), clockMs: Date.now() };
  show();
  if (side !== "proxy") return;
  if (!wasHeard && isHeard(main)) lookForFaucet();
  wasHeard = isHeard(main);
});
setInterval(show, 500);
