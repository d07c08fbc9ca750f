// Tokens from the proxy's wallet. Each is money that has left the balance: it stays on the page, and across a reload,
// until it was copied and another one is taken, or until it is dismissed.
import { byId, put } from "./dom.js";
import { whole } from "./format.js";

const KEPT = "hashpool-tokens";

// Only the answer may have been lost.
const madeAllTheSame = " If one was made nevertheless, it is in the list of \"hp-wallet tokens\".";

// {token, amount, qr, isCopied}, the newest first.
let tokens = [];

function keep() {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(tokens));
  } catch {
    // Then they last as long as the page.
  }
}
function kept() {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(found) ? found.filter((one) => typeof one?.token === "string") : [];
  } catch {
    return [];
  }
}

// Whether the text is in the clipboard now; otherwise it is selected, to copy it by hand.
export async function copy(input) {
  input.select();
  try { await navigator.clipboard.writeText(input.value); return true; } catch { return document.execCommand("copy"); }
}
export async function copyBy(button, input) {
  const isCopied = await copy(input);
  button.textContent = isCopied ? "Copied" : "Press Ctrl+C";
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
  return isCopied;
}

// Rows of 0 and 1, with the four white modules around them that the standard requires.
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

function itemOf(one) {
  const item = byId("token-form").content.firstElementChild.cloneNode(true);
  const at = (name) => item.querySelector(`[data-part=${name}]`);
  at("amount").textContent = `${whole(one.amount)} ehash`;
  at("token").value = one.token;
  drawQr(at("qr"), one.qr);
  at("copy").addEventListener("click", async () => {
    if (!await copyBy(at("copy"), at("token"))) return;
    one.isCopied = true;
    keep();
  });
  at("dismiss").addEventListener("click", () => {
    tokens = tokens.filter((other) => other !== one);
    keep();
    item.remove();
    byId("faucet-take").focus();
  });
  return item;
}
function show() { byId("tokens").replaceChildren(...tokens.map(itemOf)); }

async function take() {
  const button = byId("faucet-take");
  button.disabled = true;
  try {
    const answer = await fetch("api/faucet", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
    const got = await answer.json();
    if (answer.ok) {
      tokens = [{ token: got.token, amount: got.amount, qr: got.qr, isCopied: false }, ...tokens.filter((one) => !one.isCopied)];
      keep();
      show();
      put("faucet-text", "Here it is. It stays until you dismiss it, or take the next one after copying it.");
    } else {
      const wait = answer.headers.get("retry-after");
      put("faucet-text", `No token: ${got.error}${wait ? `; try again in ${wait} s` : ""}.${answer.status === 503 ? madeAllTheSame : ""}`);
    }
  } catch {
    put("faucet-text", `No token: hp-web does not answer.${madeAllTheSame}`);
  }
  button.disabled = false;
}

// Whether there is a faucet now; earlier tokens stay in any case.
export async function lookForFaucet() {
  try {
    const faucet = await (await fetch("api/faucet")).json();
    const isThere = faucet.amount_max !== null && faucet.amount_max !== undefined;
    if (isThere) put("faucet-max", whole(faucet.amount_max));
    byId("faucet-offer").hidden = !isThere;
    byId("faucet").hidden = !isThere && tokens.length === 0;
  } catch {
    // The next check is due when the proxy sends records.
  }
}

export function startFaucet() {
  tokens = kept();
  show();
  byId("faucet").hidden = tokens.length === 0;
  byId("faucet-take").addEventListener("click", take);
  lookForFaucet();
}
