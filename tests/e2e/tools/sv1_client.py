#!/usr/bin/env python3
"""A Stratum V1 client for tests: it really mines, and it can misbehave in named ways.

sv1_client.py HOST:PORT STORY [FILE]   prints what the server answered, one JSON object a line; exit 1 on a time-out.
Stories: shares (accepted, duplicate, low, unknown job, wrong extranonce2 size, unauthorized, not subscribed),
         replay FILE (sends the client lines of a recorded dialogue, prints the answer to each), garbage, hold,
         odd (what miners say that is unusual, and shares that must count for all that),
         outage (works until its standard input has a line, submits again, and prints what it hears until the end)
"""
import hashlib, json, socket, struct, sys

DEADLINE_S = 20


class Client:
    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=DEADLINE_S)
        self.file = self.socket.makefile("r", newline="\n")
        self.next_id = 1
        self.notify = None
        self.difficulty = None
        self.extranonce1 = b""
        self.extranonce2_size = 0

    def send_line(self, text):
        self.socket.sendall(text.encode() + b"\n")

    def read(self):
        line = self.file.readline()
        if not line:
            raise EOFError
        message = json.loads(line)
        if message.get("method") == "mining.notify":
            self.notify = message["params"]
        elif message.get("method") == "mining.set_difficulty":
            self.difficulty = message["params"][0]
        return message

    def answer_to(self, wanted):
        while True:
            message = self.read()
            if "method" not in message and message.get("id") == wanted:
                return message

    def call(self, method, params):
        wanted, self.next_id = self.next_id, self.next_id + 1
        self.send_line(json.dumps({"id": wanted, "method": method, "params": params}))
        return self.answer_to(wanted)

    def subscribe(self):
        result = self.call("mining.subscribe", ["sv1-test/1"])["result"]
        self.extranonce1 = bytes.fromhex(result[1])
        self.extranonce2_size = result[2]

    def wait_for_work(self):
        while self.notify is None or self.difficulty is None:
            self.read()

    def target(self):
        return int(0xFFFF * 2**208 / self.difficulty)

    def header_prefix(self, extranonce2):
        job = self.notify
        coinbase = bytes.fromhex(job[2]) + self.extranonce1 + extranonce2 + bytes.fromhex(job[3])
        root = sha256d(coinbase)
        for branch in job[4]:
            root = sha256d(root + bytes.fromhex(branch))
        prev = b"".join(bytes.fromhex(job[1])[i : i + 4][::-1] for i in range(0, 32, 4))
        return (bytes.fromhex(job[5])[::-1] + prev + root + bytes.fromhex(job[7])[::-1] + bytes.fromhex(job[6])[::-1])

    def find(self, extranonce2, meets):
        """A nonce whose hash meets the target, or does not, as asked."""
        prefix, target = self.header_prefix(extranonce2), self.target()
        for nonce in range(2**32):
            value = int.from_bytes(sha256d(prefix + struct.pack("<I", nonce)), "little")
            if (value <= target) == meets:
                return nonce
        raise RuntimeError("no such nonce")

    def submit(self, nonce, extranonce2, job_id=None):
        job = self.notify
        return self.call("mining.submit", ["rig", job_id or job[0], extranonce2.hex(), job[7], "%08x" % nonce])


def sha256d(data):
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def show(name, message):
    print(json.dumps({"case": name, "result": message.get("result"), "error": message.get("error")}), flush=True)


def shares(address):
    client = Client(address)
    show("not-subscribed", client.call("mining.submit", ["rig", "1", "00", "00000000", "00000000"]))
    client.subscribe()
    show("unauthorized", client.call("mining.submit", ["rig", "1", "00" * client.extranonce2_size, "00000000", "00000000"]))
    show("authorize", client.call("mining.authorize", ["rig", "x"]))
    client.wait_for_work()
    extranonce2 = (7).to_bytes(client.extranonce2_size, "big")
    good, bad = client.find(extranonce2, True), client.find(extranonce2, False)
    show("accepted", client.submit(good, extranonce2))
    show("duplicate", client.submit(good, extranonce2))
    show("low-difficulty", client.submit(bad, extranonce2))
    show("unknown-job", client.submit(good, extranonce2, job_id="987654"))
    show("wrong-extranonce2-size", client.submit(good, extranonce2 + b"\0"))
    show("unknown-method", client.call("mining.no_such_thing", []))
    show("suggest-difficulty", client.call("mining.suggest_difficulty", [client.difficulty]))
    show("extranonce-subscribe", client.call("mining.extranonce.subscribe", []))


def replay(address, path):
    client = Client(address)
    for line in open(path):
        entry = json.loads(line)
        if entry["from"] != "client":
            continue
        message = json.loads(entry["line"])
        client.send_line(entry["line"])
        if "method" not in message or message["method"] == "pong":
            continue  # an answer to the server, which nobody answers
        answer = client.answer_to(message["id"])
        print(json.dumps({"method": message["method"], "params": message["params"], "answer": answer}), flush=True)


def garbage(address):
    for junk in [b"hello\n", b"{]\n", b"\xff\xfe\x00\n", b"[" * 5000 + b"\n"]:
        client = Client(address)
        client.socket.sendall(junk)
        received = b""
        while chunk := client.socket.recv(4096):
            received += chunk
        first = received.split(b"\n")[0]
        print(json.dumps({"case": junk[:12].hex(), "answer": json.loads(first) if first else None}), flush=True)


def hold(address):
    """Subscribes, authorizes, mines five shares, and stays until its standard input closes."""
    client = Client(address)
    client.subscribe()
    show("authorize", client.call("mining.authorize", ["rig", "x"]))
    client.wait_for_work()
    n = 0
    while n < 5:
        extranonce2 = n.to_bytes(client.extranonce2_size, "big")
        show("accepted", client.submit(client.find(extranonce2, True), extranonce2))
        n += 1
    sys.stdin.read()


def odd(address):
    client = Client(address)
    everything = ["version-rolling", "minimum-difficulty", "subscribe-extranonce", "x"]
    for count in (2, "00000002", "16", "", None, 40, -1, {}, 2**64):
        options = {"version-rolling.mask": "ffffffff", "version-rolling.min-bit-count": count, "minimum-difficulty.value": "x"}
        show("configure", client.call("mining.configure", [everything, options]))
    big = 2**64 + 1
    client.send_line('{"id":%d,"method":"mining.subscribe","params":[7,%d]}' % (big, big))
    answer = client.answer_to(big)
    client.extranonce1, client.extranonce2_size = bytes.fromhex(answer["result"][1]), answer["result"][2]
    client.send_line('{"id":1.5,"method":"mining.authorize","params":["rig",{"a":1}]}')
    show("authorize", client.answer_to(1.5))
    client.wait_for_work()
    for n, sixth in enumerate(([None], [""], ["00000000"], [None, 7, {}])):
        extranonce2 = n.to_bytes(client.extranonce2_size, "big")
        nonce, job = client.find(extranonce2, True), client.notify
        show("share", client.call("mining.submit", ["rig", job[0], extranonce2.hex(), job[7], "%08x" % nonce, *sixth]))


def outage(address):
    client = Client(address)
    client.subscribe()
    show("authorize", client.call("mining.authorize", ["rig", "x"]))
    client.wait_for_work()
    extranonce2 = (1).to_bytes(client.extranonce2_size, "big")
    nonce = client.find(extranonce2, True)
    show("accepted", client.submit(nonce, extranonce2))
    sys.stdin.readline()
    # As many as ended the connection once.
    for _ in range(40):
        show("away", client.submit(nonce, extranonce2))
    client.notify = None
    try:
        client.wait_for_work()
        show("works", {"result": True})
    except EOFError:
        show("closed", {"result": True})


if __name__ == "__main__":
    stories = {"shares": shares, "replay": replay, "garbage": garbage, "hold": hold, "odd": odd, "outage": outage}
    stories[sys.argv[2]](sys.argv[1], *sys.argv[3:])
