// Records of a small pool that could be, for the pictures: three proxies and a miner of its own, 1.3 PH/s, a week. The same every
// time, but for the clock: all is drawn from a fixed seed, in time before `now`.

const SECOND = 1_000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const TH = 1e12;
const SHARES_PER_MINUTE = 6;
const UNIT = 2 ** 32;  // hashes of one ehash

// mulberry32
function randomOf(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
const random = randomOf(24);
const gap = (mean) => -Math.log(1 - random()) * mean;
// Log-normal, as times of networks are.
const around = (median, sigma) => Math.max(1, Math.round(median * Math.exp(sigma * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()))));

const connections = [
  { id: 2, peer: "203.0.113.14:52210", program: "hp-proxy", openedMs: 9 * DAY },
  { id: 3, peer: "198.51.100.7:38114", program: "hp-proxy", openedMs: 6 * DAY },
  { id: 5, peer: "192.0.2.86:41876", program: "hp-proxy", openedMs: 31 * HOUR },
  { id: 8, peer: "203.0.113.201:60342", program: "Braiins OS", openedMs: 22 * HOUR },
];
// Off between two times before now, each day if it says so.
const isIn = (off, agoMs) => { const ago = off.daily ? agoMs % DAY : agoMs; return ago <= off.from && ago > off.to; };
const evenings = { daily: true, from: 15 * HOUR, to: 12 * HOUR };  // dear power
const miners = [
  { name: "garage-s19", hps: 104 * TH, on: 2, agent: "bmminer/2.0.0" },
  { name: "bitaxe-1", hps: 1.21 * TH, on: 2, agent: "bitaxe/BM1370/v2.9.1" },
  { name: "bitaxe-2", hps: 1.14 * TH, on: 2, agent: "bitaxe/BM1370/v2.9.1" },
  { name: "nerdqaxe", hps: 4.8 * TH, on: 2, agent: "NerdQAxe++/v1.0.34" },
  { name: "heater-s9", hps: 12.9 * TH, on: 2, agent: "cgminer/4.9.0", off: [{ daily: true, from: 5 * HOUR, to: 2 * HOUR }] },
  { name: "office-avalon", hps: 218 * TH, on: 3, agent: "cgminer/4.11.1", off: [{ from: 4.1 * DAY, to: 3.6 * DAY }] },
  { name: "office-s21", hps: 198 * TH, on: 3, agent: "bmminer/2.0.0", off: [{ from: Infinity, to: 5.2 * DAY }] },
  { name: "barn-s19-01", hps: 96 * TH, on: 5, agent: "bmminer/2.0.0", off: [evenings] },
  { name: "barn-s19-02", hps: 93 * TH, on: 5, agent: "bmminer/2.0.0", off: [evenings] },
  { name: "barn-s19-03", hps: 91 * TH, on: 5, agent: "bmminer/2.0.0", off: [evenings, { from: 70 * HOUR, to: 49 * HOUR }] },
  { name: "barn-m60", hps: 186 * TH, on: 5, agent: "btminer/3.4.0", off: [evenings] },
  { name: "s19xp-loft", hps: 141 * TH, on: 8, agent: "" },
].map((miner, i) => ({ ...miner, off: miner.off ?? [], id: i + 1, work: miner.hps * 60 / SHARES_PER_MINUTE, accepted: 0, rejected: 0, lastMs: 0, recent: [] }));
const outage = { from: 30.5 * HOUR, to: 30 * HOUR };  // of the pool

// As a number that is no 64-bit integer.
const line = (source, type, ms, fields) => JSON.stringify({ v: 1, ts_ms: Math.round(ms), type, source, ...fields })
  .replace(/:(\d{18,})(?=[,}])/g, (_, digits) => `:${Number(digits).toExponential()}`) + "\n";
const hex = (bytes) => Array.from({ length: bytes }, () => Math.floor(random() * 256).toString(16).padStart(2, "0")).join("");
const hashOfBlock = "0".repeat(20) + hex(22);
const height = 977_614;

// Shares of all miners between two times, in order: [ms, miner].
function sharesBetween(fromMs, toMs, now) {
  const out = [];
  for (const miner of miners)
    for (let at = fromMs + gap(MINUTE / SHARES_PER_MINUTE); at < toMs; at += gap(MINUTE / SHARES_PER_MINUTE)) {
      const ago = now - at;
      if (!isIn(outage, ago) && !miner.off.some((off) => isIn(off, ago))) out.push([at, miner]);
    }
  return out.sort((a, b) => a[0] - b[0]);
}

let seq = 0;
const amountOf = (miner) => Math.floor(miner.work / UNIT);
function takeShare(ms, miner) {
  miner.accepted += 1;
  miner.lastMs = Math.round(ms);
  miner.recent.push(miner.lastMs);
}

// What the pool says of a share; its quote is told in the last hours only, which is what a page asks for.
function poolOnShare(ms, miner, now) {
  seq += 1;
  const share = `{"v":1,"ts_ms":${Math.round(ms)},"type":"share_accepted","source":"hp-pool","connection_id":${miner.on},"channel_id":${miner.id},` +
    `"worker":"${miner.name}","seq":${seq},"amount":${amountOf(miner)},"work_hashes":${miner.work}}\n`;
  if (now - ms > 2 * HOUR) return share;
  const latency_ms = around(6, 0.45);
  return share + line("hp-pool", "quote_created", ms + latency_ms, { seq, amount: amountOf(miner), replay: false, latency_ms });
}
// The first proxy's: its miners are those of the first connection.
const isHome = (miner) => miner.on === connections[0].id;
function proxyOnShare(ms, miner, now) {
  if (!isHome(miner)) return "";
  const latency_ms = around(31, 0.3), share_to_token_ms = latency_ms + around(96, 0.35);
  const share = line("hp-proxy", "miner_share_accepted", ms, { miner_id: miner.id, worker: miner.name, latency_ms });
  return now - ms > 2 * HOUR ? share : share + line("hp-proxy", "token_minted", ms + share_to_token_ms, { amount: amountOf(miner), share_to_token_ms });
}
const sides = { pool: poolOnShare, proxy: proxyOnShare };

// Pieces of text, oldest first: of both sides together, as they see the same shares.
export function* history(now, days) {
  const from = now - days * DAY;
  for (let at = from; at < now; at += 5 * MINUTE) {
    const piece = { pool: "", proxy: "" };
    for (const [ms, miner] of sharesBetween(at, Math.min(at + 5 * MINUTE, now), now)) {
      takeShare(ms, miner);
      for (const side in sides) piece[side] += sides[side](ms, miner, now);
    }
    // Alive, also where no share came for a while.
    for (let ms = at; ms < at + 5 * MINUTE; ms += 4 * SECOND)
      if (ms < now && !isIn(outage, now - ms)) piece.pool += line("hp-pool", "pool_status", ms, { connections: connections.length });
    for (const miner of miners) miner.recent = miner.recent.filter((ms) => ms > now - 10 * MINUTE);
    yield piece;
  }
  yield lastHour(now);
}

function lastHour(now) {
  const out = { pool: "", proxy: "" };
  const reject = (agoMs, name, reason) => {
    const miner = miners.find((one) => one.name === name), ms = now - agoMs;
    miner.rejected += 1;
    out.pool += line("hp-pool", "share_rejected", ms, { connection_id: miner.on, channel_id: miner.id, worker: name, reason });
    if (isHome(miner)) out.proxy += line("hp-proxy", "miner_share_rejected", ms, { miner_id: miner.id, worker: name, reason });
  };
  // Some came just behind a block of others.
  for (const tip of [8.2, 21.5, 27, 44.1])
    for (const name of ["garage-s19", "office-avalon", "barn-m60", "heater-s9"].filter(() => random() < 0.6))
      reject(tip * MINUTE - 200 * random(), name, "stale-share");
  reject(33 * MINUTE, "bitaxe-2", "difficulty-too-low");
  reject(12 * MINUTE, "garage-s19", "stale-share");
  out.pool += line("hp-pool", "block_found", now - 27 * MINUTE, { hash: hashOfBlock, template_id: 4711, worker: "office-avalon" });
  out.pool += line("hp-template", "block_submitted", now - 27 * MINUTE + 41, { height: height - 3, hash: hashOfBlock, accepted: true, fate: "accepted" });
  for (const ago of [14, 13, 11, 7, 2.5])
    out.pool += line("hp-pool", "setup_refused", now - ago * MINUTE,
      { connection_id: 0, peer: "198.51.100.145:50112", reason: "speaks SV1; this port speaks SV2" });
  for (const ago of [38, 38.1])
    out.proxy += line("hp-proxy", "miner_refused", now - ago * MINUTE,
      { miner_id: 77, peer: "192.168.1.23:50544", worker: "", reason: "speaks HTTP; this port speaks SV1" });
  return out;
}

// What comes while the pages are looked at: shares since `fromMs`.
export function live(fromMs, toMs) {
  const out = { pool: "", proxy: "" };
  for (const [ms, miner] of sharesBetween(fromMs, toMs, toMs)) {
    takeShare(ms, miner);
    for (const side in sides) out[side] += sides[side](ms, miner, toMs);
  }
  return out;
}

function windowOf(miner, ms) {
  miner.recent = miner.recent.filter((one) => one > ms - 5 * MINUTE);
  const shares = miner.recent.length;
  return { window_s: 300, window_shares: shares, window_work_hashes: shares * miner.work, window_work_squared: shares * miner.work ** 2,
    window_work_max: shares ? miner.work : 0, shares_accepted: miner.accepted, shares_rejected: miner.rejected, last_share_ms: miner.lastMs, work_hashes: miner.accepted * miner.work };
}

// What the programs say of themselves each second.
export function status(began, ms) {
  const out = { pool: "", proxy: "" };
  const upMs = began - 9 * DAY - 4 * HOUR;
  out.pool += line("hp-pool", "pool_status", ms, { started_ms: upMs, connections: connections.length, channels: miners.length, outbox_pending: 0,
    outbox_dead: 0, mint_connected: true, template_provider_connected: true, template_provider_since_ms: upMs + 340, has_template: true, template_age_ms: (ms - began + 9_000) % (30 * SECOND) });
  out.pool += line("hp-pool", "mint_status", ms, { mint: "mint", configured: true, connected: true, since_ms: began - 2.3 * DAY, pending: 0 });
  out.pool += line("hp-template", "template_status", ms, { node_connected: true, node_since_ms: upMs - 2_100, height });
  for (const miner of miners) {
    const { peer, program, openedMs } = connections.find((one) => one.id === miner.on);
    out.pool += line("hp-pool", "channel_status", ms, { connection_id: miner.on, channel_id: miner.id, peer, program, kind: "extended", worker: miner.name,
      opened_ms: began - openedMs + 900 * miner.id, ...windowOf(miner, ms) });
  }
  const home = miners.filter(isHome);
  out.proxy += line("hp-proxy", "proxy_status", ms, { started_ms: began - 9 * DAY, miners: home.length, pool_connected: true, pool_connections: 1,
    pool_channels: home.length, mint_connected: true, wallet_balance: 6_841_203_377 });
  for (const miner of home)
    out.proxy += line("hp-proxy", "downstream_status", ms, { miner_id: miner.id, peer: `192.168.1.${40 + miner.id}:51${miner.id}18`, worker: miner.name,
      user_agent: miner.agent, connected_ms: began - (9 - miner.id) * DAY + miner.id * HOUR, ...windowOf(miner, ms) });
  return out;
}

// A faucet's token: what a token begins with, and then what nobody reads.
export function tokenText() {
  const mint = "https://mint.example.org";
  const head = [0xa3, 0x61, 0x6d, 0x78, mint.length, ...Buffer.from(mint), 0x61, 0x75, 0x64, ...Buffer.from("hash"), 0x61, 0x74, 0x81, 0xa2, 0x61, 0x69, 0x48];
  return "cashuB" + Buffer.from([...head, ...Array.from({ length: 420 }, () => Math.floor(random() * 256))]).toString("base64url");
}
