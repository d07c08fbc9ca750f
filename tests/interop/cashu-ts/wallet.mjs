// A stock wallet (cashu-ts, unmodified) lives on the ehash of real shares. Run by ../cashu-ts.bats.
// Environment: MINT_URL, OTHER_MINT_URL, MINER_URL. The stories build on each other, in this order.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import {
  Wallet,
  createRandomSecretKey,
  deriveKeysetId,
  getDecodedToken,
  getEncodedToken,
  getPubKeyFromPrivKey,
  hasValidDleq,
  schnorrSignMessage,
} from '@cashu/cashu-ts';

const { MINT_URL, OTHER_MINT_URL, MINER_URL } = process.env;
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const sum = (items, amount = (item) => item.amount) => items.reduce((total, item) => total + BigInt(amount(item)), 0n);
/** A proof as it travels, without what only a wallet keeps. */
const raw = ({ amount, id, secret, C }) => ({ amount: Number(amount), id, secret, C });
const left = (quote) => BigInt(quote.amount_paid) - BigInt(quote.amount_issued);

function newKey() {
  const secret = createRandomSecretKey();
  return { secret: hex(secret), pubkey: hex(getPubKeyFromPrivKey(secret)) };
}

function mine(shares, pubkey, hashRate) {
  const args = [MINER_URL, '--user', pubkey, '--threads', '1', '--json', '--connect-timeout', '10'];
  const miner = spawnSync('hp-miner', [...args, '--shares', shares, '--nominal-hash-rate', hashRate].map(String));
  assert.equal(miner.status, 0, `hp-miner: ${miner.stderr}`);
  const summary = JSON.parse(miner.stdout.toString().trim().split('\n').at(-1));
  assert.equal(summary.shares_accepted, shares);
}

async function post(path, body, url = MINT_URL) {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

/** The quotes of a key, by the lookup that cashu-ts does not have: NUT draft, signed for this mint alone. */
async function lookUp(wallet, key, more = {}) {
  const message = 'Cashu_MintQuoteLookup_v1' + wallet.getMintInfo().pubkey + key.pubkey;
  const request = { pubkeys: [key.pubkey], pubkey_signatures: [schnorrSignMessage(message, key.secret)], ...more };
  return post('/v1/mint/quote/pubkey', request);
}

/** Quotes come a moment after the share's acknowledgement. */
async function quotesOf(wallet, key, count) {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const { status, body } = await lookUp(wallet, key, { only_mintable: true });
    assert.equal(status, 200, JSON.stringify(body));
    if (body.quotes.length >= count || Date.now() > deadline) return body.quotes;
  }
}

/** The call must fail as an error of the mint with this NUT code, not in any other way. */
async function refused(code, call) {
  await assert.rejects(call, (error) => {
    assert.equal(error.name, 'MintOperationError', String(error));
    assert.equal(error.code, code, String(error));
    return true;
  });
}

const seed = crypto.getRandomValues(new Uint8Array(64));
const newWallet = async (options = {}, url = MINT_URL) => {
  const wallet = new Wallet(url, { unit: 'hash', requireSigDleq: true, ...options });
  await wallet.loadMint();
  return wallet;
};

const wallet = await newWallet({ bip39seed: seed });
const key = newKey();
const stranger = newKey();
let quotes = [];
let proofs = [];
let received = [];

test('the mint: unit, keyset and its id', () => {
  const keyset = wallet.getKeyset();
  assert.equal(keyset.unit, 'hash');
  assert.equal(keyset.fee, 0);
  assert.match(keyset.id, /^01[0-9a-f]{64}$/);
  assert.equal(deriveKeysetId(keyset.keys, { unit: 'hash', input_fee_ppk: 0, versionByte: 1 }), keyset.id);
  assert.match(wallet.getMintInfo().pubkey, /^0[23][0-9a-f]{64}$/);
});

test('shares become quotes that are locked to the miner, found by key', async () => {
  mine(4, key.pubkey, 1); // the easiest share: one unit each
  mine(3, key.pubkey, 6e8); // 360,000 hashes a share at 100,000 shares a minute: five units each
  quotes = await quotesOf(wallet, key, 7);
  assert.deepEqual(quotes.map((quote) => quote.amount).sort(), [1, 1, 1, 1, 5, 5, 5]);
  for (const quote of quotes) {
    assert.equal(quote.pubkey, key.pubkey);
    assert.equal(quote.method, 'ehash');
    assert.equal(quote.unit, 'hash');
    assert.equal(quote.amount_paid, quote.amount);
    assert.equal(quote.amount_issued, 0);
    assert.equal(quote.expiry, null);
    assert.match(quote.request, /^[0-9a-f]{60}0000$/);
  }
  assert.equal(new Set(quotes.map((quote) => quote.quote)).size, 7);
});

test('the lookup shows nobody the quotes of another', async () => {
  const forged = { ...key, secret: stranger.secret };
  assert.deepEqual(await lookUp(wallet, forged).then(({ status, body }) => [status, body.code]), [400, 20008]);
  assert.deepEqual((await lookUp(wallet, stranger)).body, { quotes: [] });
});

test('nobody can make a quote without a share', async () => {
  await refused(20003, () => wallet.createMintQuote('ehash', { amount: 1, pubkey: key.pubkey }));
});

test('a quote is minted only by its owner, and not for more than it holds', async () => {
  const quote = await wallet.checkMintQuote('ehash', quotes[0].quote);
  await refused(20008, () => wallet.mintProofs('ehash', left(quote), { quote: quote.quote }, { privkey: stranger.secret }));
  await refused(11005, () => wallet.mintProofs('ehash', left(quote) + 1n, quote, { privkey: key.secret }));
  assert.equal(left(await wallet.checkMintQuote('ehash', quote.quote)), left(quote));
});

test('minting one quote: exact, with proofs of the signatures', async () => {
  const quote = await wallet.checkMintQuote('ehash', quotes.find((one) => one.amount === 5).quote);
  const minted = await wallet.mintProofs('ehash', left(quote), quote, { privkey: key.secret });
  assert.equal(sum(minted), 5n);
  for (const proof of minted) {
    assert.equal(proof.id, wallet.keysetId);
    assert.ok(hasValidDleq(proof, wallet.getKeyset(), { require: true }));
  }
  const after = await wallet.checkMintQuote('ehash', quote.quote);
  assert.deepEqual([BigInt(after.amount_paid), BigInt(after.amount_issued)], [5n, 5n]);
  await refused(20002, () => wallet.mintProofs('ehash', 5, quote, { privkey: key.secret }));
  proofs.push(...minted);
});

test('a quote may be minted in parts, never beyond', async () => {
  const quote = quotes.find((one) => one.amount === 5 && one.quote !== quotes.find((first) => first.amount === 5).quote);
  proofs.push(...(await wallet.mintProofs('ehash', 2, quote, { privkey: key.secret })));
  assert.equal(left(await wallet.checkMintQuote('ehash', quote.quote)), 3n);
  await refused(11005, () => wallet.mintProofs('ehash', 4, quote, { privkey: key.secret }));
});

test('a prepared mint sent twice gives the same signatures, and the amount is issued once', async () => {
  const quote = (await quotesOf(wallet, key, 1)).find((one) => one.amount === 1);
  const preview = await wallet.prepareMint('ehash', 1, quote, { privkey: key.secret });
  const first = await wallet.completeMint(preview);
  assert.deepEqual(await wallet.completeMint(preview), first);
  proofs.push(...first);
});

test('the rest in one batch (NUT-29)', async () => {
  const rest = await quotesOf(wallet, key, 5);
  assert.equal(rest.length, 5);
  const checked = await wallet.checkMintQuoteBatch('ehash', rest.map((one) => one.quote));
  assert.deepEqual(checked.map((one) => one.quote), rest.map((one) => one.quote));
  const entries = checked.map((quote) => ({ amount: left(quote), quote }));
  // One bad signature among them refuses all.
  const forged = await post('/v1/mint/ehash/batch', {
    quotes: rest.map((one) => one.quote),
    quote_amounts: entries.map((entry) => Number(entry.amount)),
    outputs: [1, 2, 8].map((amount) => ({ amount, id: wallet.keysetId, B_: newKey().pubkey })),
    signatures: rest.map(() => schnorrSignMessage('something else', key.secret)),
  });
  assert.deepEqual([forged.status, forged.body.code], [400, 20008]);
  const minted = await wallet.completeBatchMint(await wallet.prepareBatchMint('ehash', entries, { privkey: key.secret }));
  assert.equal(sum(minted), 11n);
  proofs.push(...minted);
  assert.equal(sum(proofs), 19n);
  assert.deepEqual((await lookUp(wallet, key, { only_mintable: true })).body, { quotes: [] });
  assert.equal((await lookUp(wallet, key)).body.quotes.length, 7);
});

test('all proofs are unspent, restorable from the seed, and no two are the same', async () => {
  const states = await wallet.checkProofsStates(proofs);
  assert.deepEqual(new Set(states.map((one) => one.state)), new Set(['UNSPENT']));
  const restored = (await (await newWallet({ bip39seed: seed })).batchRestore()).proofs;
  assert.deepEqual(restored.map((one) => one.secret).sort(), proofs.map((one) => one.secret).sort());
  assert.equal(sum(restored), 19n);
});

test('sent, received by another wallet, spent once', async () => {
  const { keep, send } = await wallet.send(8, proofs, { includeFees: true });
  assert.deepEqual([sum(keep), sum(send)], [11n, 8n]);
  const token = getEncodedToken({ mint: MINT_URL, proofs: send, unit: 'hash' });
  assert.match(token, /^cashuB/);

  const other = await newWallet();
  received = await other.receive(token);
  assert.equal(sum(received), 8n);
  for (const proof of received) assert.ok(hasValidDleq(proof, other.getKeyset(), { require: true }));
  await refused(11001, () => other.receive(token));
  await refused(11001, async () => (await newWallet()).receive(token));
  assert.deepEqual(new Set((await wallet.checkProofsStates(send)).map((one) => one.state)), new Set(['SPENT']));
  assert.deepEqual(new Set((await wallet.checkProofsStates(keep)).map((one) => one.state)), new Set(['UNSPENT']));
  proofs = keep;
});

const noLocks = !wallet.getMintInfo().isSupported(11).supported && 'the mint does not announce NUT-11';
test('a token that is locked to a key (NUT-11) needs it', { skip: noLocks }, async () => {
  const owner = newKey();
  const { keep, send } = await wallet.ops.send(3, proofs).asP2PK({ pubkey: owner.pubkey }).run();
  const token = getEncodedToken({ mint: MINT_URL, proofs: send, unit: 'hash' });
  const other = await newWallet();
  await refused(20008, () => other.receive(token, { privkey: stranger.secret }));
  const got = await other.receive(token, { privkey: owner.secret });
  assert.equal(sum(got), 3n);
  received.push(...got);
  proofs = keep;
});

test('a spoilt proof is refused', async () => {
  const [proof] = proofs;
  const forged = raw({ ...proof, C: received[0].C });
  const output = { amount: forged.amount, id: wallet.keysetId, B_: newKey().pubkey };
  const swap = async (inputs, outputs) => (await post('/v1/swap', { inputs, outputs })).body.code;
  assert.equal(await swap([forged], [output]), 10001);
  assert.equal(await swap([raw({ ...proof, secret: proof.secret + '0' })], [output]), 10001);
  assert.equal(await swap([raw(proof), raw(proof)], [output, { ...output, B_: newKey().pubkey }]), 11007);
  assert.equal(await swap([raw(proof)], []), 11005);
  assert.deepEqual((await wallet.checkProofsStates([proof])).map((one) => one.state), ['UNSPENT']);
});

test('a token of another mint is refused by wallet and mint', async () => {
  const other = await newWallet({}, OTHER_MINT_URL);
  assert.notEqual(other.keysetId, wallet.keysetId);
  const token = getEncodedToken({ mint: MINT_URL, proofs, unit: 'hash' });
  await assert.rejects(() => other.receive(token));
  // The other mint itself, asked without any wallet's caution.
  const { status, body } = await post('/v1/swap', {
    inputs: [raw(proofs[0])],
    outputs: [{ amount: Number(proofs[0].amount), id: other.keysetId, B_: key.pubkey }],
  }, OTHER_MINT_URL);
  assert.deepEqual([status, body.code], [400, 12001]);
  assert.equal(getDecodedToken(token, [wallet.keysetId]).mint, MINT_URL);
  assert.deepEqual(new Set((await wallet.checkProofsStates(proofs)).map((one) => one.state)), new Set(['UNSPENT']));
});

test('nothing was lost on the way', () => {
  assert.equal(sum(proofs) + sum(received), 19n);
});
