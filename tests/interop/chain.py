"""Transactions, blocks and a node's JSON-RPC, as far as tests need them. Coins belong to anybody: no keys, no signatures."""

import base64
import hashlib
import http.client
import json
import os
import struct
import urllib.parse

TRUE = b"\x51"  # OP_TRUE
# Of it: P2SH and P2WSH, whose input script or witness is the script. (Bare, its spending would be too small for nodes.)
HASH_TRUE = b"\xa9\x14" + bytes.fromhex("da1745e9b549bd0bfa1a569971c77eba30cd5a4b") + b"\x87"
WITNESS_TRUE = b"\x00\x20" + hashlib.sha256(TRUE).digest()
COMMITMENT = bytes.fromhex("6a24aa21a9ed")  # BIP 141


def sha256d(data):
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def shown(hash_bytes):
    return hash_bytes[::-1].hex()


def varint(number):
    if number < 0xFD:
        return bytes([number])
    return b"\xfd" + struct.pack("<H", number) if number < 0x10000 else b"\xfe" + struct.pack("<I", number)


def spend(txid, vout, script, outputs):
    """A transaction that spends an output of HASH_TRUE or WITNESS_TRUE: its bytes and its txid. outputs: (sats, script)."""
    witness = varint(len(TRUE)) + TRUE  # as a push of an input script it has the same bytes
    proof = b"" if script == WITNESS_TRUE else witness
    inputs = b"\x01" + bytes.fromhex(txid)[::-1] + struct.pack("<I", vout) + varint(len(proof)) + proof + b"\xff" * 4
    paid = varint(len(outputs)) + b"".join(struct.pack("<Q", sats) + varint(len(to)) + to for sats, to in outputs)
    version, lock_time = struct.pack("<I", 2), bytes(4)
    bare = version + inputs + paid + lock_time
    whole = version + b"\x00\x01" + inputs + paid + b"\x01" + witness + lock_time
    return (whole if script == WITNESS_TRUE else bare), shown(sha256d(bare))


def merkle_root(hashes):
    while len(hashes) > 1:
        if len(hashes) % 2:
            hashes = hashes + hashes[-1:]
        hashes = [sha256d(hashes[i] + hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]


class Transaction:
    """Cut off the front of data[at:]; ends at self.end."""

    def __init__(self, data, at):
        self.data, self.end = data, at
        version = self._take(4)
        has_witness = data[self.end] == 0
        if has_witness:
            self._take(2)
        body = self.end
        inputs = self._number()
        for _ in range(inputs):
            self._take(36)
            self._take(self._number())
            self._take(4)
        self.scripts = []
        for _ in range(self._number()):
            self._take(8)
            self.scripts.append(self._take(self._number()))
        body = data[body:self.end]
        self.witnesses = [[self._take(self._number()) for _ in range(self._number())] for _ in range(inputs if has_witness else 0)]
        self.txid = sha256d(version + body + self._take(4))
        self.wtxid = sha256d(data[at:self.end])

    def _take(self, size):
        self.end += size
        assert self.end <= len(self.data), "the block is cut"
        return self.data[self.end - size:self.end]

    def _number(self):
        first = self._take(1)[0]
        return first if first < 0xFD else int.from_bytes(self._take({0xFD: 2, 0xFE: 4, 0xFF: 8}[first]), "little")


class Block:
    def __init__(self, data):
        self.header, self.transactions = data[:80], []
        self.hash = shown(sha256d(self.header))
        at = 80 if data[80] < 0xFD else 82
        count = data[80] if data[80] < 0xFD else int.from_bytes(data[81:83], "little")
        at += 1
        for _ in range(count):
            self.transactions.append(Transaction(data, at))
            at = self.transactions[-1].end
        assert at == len(data), "bytes after the block"

    def merkle_root_is_right(self):
        return merkle_root([t.txid for t in self.transactions]) == self.header[36:68]

    def commitment_is_right(self):
        """BIP 141: the last output that has the prefix holds it."""
        coinbase = self.transactions[0]
        stated = [s[6:38] for s in coinbase.scripts if s.startswith(COMMITMENT) and len(s) >= 38]
        root = merkle_root([bytes(32)] + [t.wtxid for t in self.transactions[1:]])
        return bool(stated) and bool(coinbase.witnesses) and stated[-1] == sha256d(root + coinbase.witnesses[0][0])


def empty_block(previous, height, time, bits):
    """A block of a coinbase only, on regtest's difficulty, and its hash."""
    number = height.to_bytes((height.bit_length() + 8) // 8, "little")
    script = varint(len(number)) + number + b"\x00"
    coinbase = (struct.pack("<I", 1) + b"\x01" + bytes(32) + b"\xff" * 4 + varint(len(script)) + script + b"\xff" * 4
                + b"\x01" + bytes(8) + varint(len(TRUE)) + TRUE + bytes(4))
    fixed = struct.pack("<I", 0x20000000) + bytes.fromhex(previous)[::-1] + sha256d(coinbase) + struct.pack("<I", time) + bits
    target = int.from_bytes(bits[:3], "little") << 8 * (bits[3] - 3)
    for nonce in range(1 << 32):
        header = fixed + struct.pack("<I", nonce)
        if int.from_bytes(sha256d(header), "little") <= target:
            return header + b"\x01" + coinbase, shown(sha256d(header))
    raise AssertionError("no nonce")


class Node:
    """The password is in the environment: NODE_PASSWORD."""

    def __init__(self, url, user):
        self.address = urllib.parse.urlsplit(url).netloc
        token = base64.b64encode(f"{user}:{os.environ['NODE_PASSWORD']}".encode()).decode()
        self.headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}

    def _post(self, body):
        connection = http.client.HTTPConnection(self.address, timeout=60)
        connection.request("POST", "/", json.dumps(body), self.headers)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def call(self, method, *params):
        answer = self._post({"jsonrpc": "1.0", "id": 1, "method": method, "params": params})
        assert not answer.get("error"), f"{method}: {answer['error']}"
        return answer["result"]

    def send_all(self, transactions, batch=200):
        """Into the mempool; each must be taken."""
        for at in range(0, len(transactions), batch):
            answers = self._post([{"jsonrpc": "2.0", "id": i, "method": "sendrawtransaction", "params": [t.hex()]}
                                  for i, t in enumerate(transactions[at:at + batch])])
            assert isinstance(answers, list), answers
            refused = [a["error"] for a in answers if a.get("error")]
            assert not refused, refused[0]
