"""SV2 sessions by sv2_probe, and an honest miner on top of it, whose shares a test may then spoil."""

import hashlib
import json
import os
import queue
import shutil
import struct
import subprocess
import threading
import time

DEADLINE_S = 15


class Closed(Exception):
    """The peer closed; the text is why, as far as the probe knows."""


class Session:
    """One Noise session. Frames go in and out as the JSON of sv2/describe.hpp."""

    def __init__(self, address, key, *options):
        program = shutil.which("sv2_probe") or os.path.join(os.environ["HP_BIN_DIR"], "sv2_probe")
        self.process = subprocess.Popen(
            [program, address, key, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.lines = queue.Queue()
        threading.Thread(target=self._pump, daemon=True).start()
        self.sent_hex = None
        self.all_sent = []
        self.seen = []  # every frame that came, by name
        if "--listen" in options:
            self._expect_event("listening")
        self._expect_event("connected")

    def _pump(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))
        self.lines.put({"event": "closed", "reason": "sv2_probe ended"})

    def _next(self, deadline):
        left = deadline - time.monotonic()
        try:
            return self.lines.get(timeout=max(left, 0.001))
        except queue.Empty:
            raise TimeoutError(f"nothing came; so far: {self.seen}") from None

    def _expect_event(self, name):
        line = self._next(time.monotonic() + DEADLINE_S)
        if line["event"] == "closed":
            raise Closed(line["reason"])
        assert line["event"] == name, line
        return line

    def send(self, name, tlv=None, **fields):
        message = {"name": name, "fields": fields}
        if tlv:
            message["tlv"] = tlv
        self._write(json.dumps(message))

    def send_raw(self, hex_text):
        self._write(hex_text)

    def _write(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Closed("sv2_probe ended") from None

    def receive(self, *names):
        """The fields of the next frame of one of these names, with "name" among them; others are passed over."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            line = self._next(deadline)
            event = line.get("event")
            if event == "closed":
                raise Closed(line["reason"])
            if event == "sent":
                self.sent_hex = line["hex"]
                self.all_sent.append(line["hex"])
                continue
            if event:
                continue
            self.seen.append(line["name"])
            self.on_frame(line)
            if not names or line["name"] in names:
                return {"name": line["name"], **line.get("fields", {})}

    def on_frame(self, frame):
        """For what must be kept whether or not anybody waits for it."""

    def wait_closed(self):
        """Until the peer closes; the names of the frames that came before."""
        before = len(self.seen)
        try:
            while True:
                self.receive("no such name")
        except Closed:
            self.process.wait(timeout=DEADLINE_S)
            return self.seen[before:]

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=DEADLINE_S)

    # ---- the first steps

    def setup(self, protocol=0, flags=0, min_version=2, max_version=2, text="test"):
        self.send("SetupConnection", protocol=protocol, min_version=min_version, max_version=max_version, flags=flags,
                  endpoint_host=text, endpoint_port=0, vendor=text, hardware_version=text, firmware=text, device_id=text)
        return self.receive("SetupConnection.Success", "SetupConnection.Error")

    def ask_for_ehash(self):
        self.send("RequestExtensions", request_id=1, requested_extensions=[EHASH])
        return self.receive("RequestExtensions.Success", "RequestExtensions.Error")


EHASH = 0x4851
LOCKING_PUBKEY = 1
EASIEST = "ff" * 32


def sha256d(data):
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def number(hex_le):
    return int.from_bytes(bytes.fromhex(hex_le), "little")


class Miner(Session):
    """One channel at a time, with the jobs of it."""

    def __init__(self, address, key):
        super().__init__(address, key)
        self.jobs, self.tip, self.channel, self.sequence = {}, None, None, 0
        self.tlv = None  # that each share gets
        self.tried = 0  # extranonces are counted up, so that no share comes twice by chance

    def on_frame(self, frame):
        fields = frame.get("fields", {})
        if frame["name"] in ("NewExtendedMiningJob", "NewMiningJob"):
            self.jobs[fields["job_id"]] = fields
            if fields["min_ntime"] is not None:
                self.job_id = fields["job_id"]
        elif frame["name"] == "SetNewPrevHash":
            self.tip, self.job_id = fields, fields["job_id"]

    def open(self, user, request_id=1, locking_key=None, min_extranonce_size=4, max_target=EASIEST, hash_rate=1, tlv=None):
        tlv = [{"extension_type": EHASH, "field_type": LOCKING_PUBKEY, "value": locking_key}] if locking_key is not None else tlv
        self.send("OpenExtendedMiningChannel", tlv, request_id=request_id, user_identity=user, nominal_hash_rate=hash_rate,
                  max_target=max_target, min_extranonce_size=min_extranonce_size)
        answer = self.receive("OpenExtendedMiningChannel.Success", "OpenMiningChannel.Error")
        if answer["name"] == "OpenExtendedMiningChannel.Success":
            self.channel = answer
            self.receive("SetNewPrevHash")
        return answer

    def open_standard(self, user, request_id=1, max_target=EASIEST):
        self.send("OpenStandardMiningChannel", request_id=request_id, user_identity=user, nominal_hash_rate=1, max_target=max_target)
        answer = self.receive("OpenStandardMiningChannel.Success", "OpenMiningChannel.Error")
        if answer["name"] == "OpenStandardMiningChannel.Success":
            self.channel = answer
            self.receive("SetNewPrevHash")
        return answer

    def ready(self, user):
        assert self.setup()["name"] == "SetupConnection.Success"
        assert self.open(user)["name"] == "OpenExtendedMiningChannel.Success"

    def merkle_root(self, job, extranonce):
        coinbase = bytes.fromhex(job["coinbase_tx_prefix"] + self.channel["extranonce_prefix"]) + extranonce
        root = sha256d(coinbase + bytes.fromhex(job["coinbase_tx_suffix"]))
        for step in job["merkle_path"]:
            root = sha256d(root + bytes.fromhex(step))
        return root

    def find_share(self, good=True, above=-1):
        """A share of the current job whose hash meets the channel's target, or (not good) does not; above a number."""
        job, target = self.jobs[self.job_id], number(self.channel["target"])
        self.tried += 1
        size = self.channel.get("extranonce_size")
        extranonce = self.tried.to_bytes(size, "little") if size else b""
        root = bytes.fromhex(job["merkle_root"]) if "merkle_root" in job else self.merkle_root(job, extranonce)
        ntime = max(self.tip["min_ntime"], int(time.time()))
        is_hard = target < 1 << 240
        start = hashlib.sha256(struct.pack("<I", job["version"]) + bytes.fromhex(self.tip["prev_hash"]) + root[:28])
        tail = root[28:] + struct.pack("<II", ntime, self.tip["nbits"])
        for nonce in range(1 << 32):
            state = start.copy()
            state.update(tail + nonce.to_bytes(4, "little"))
            digest = hashlib.sha256(state.digest()).digest()
            # The last two bytes decide for nearly all nonces; big integers are for the rest.
            if good and is_hard and (digest[31] or digest[30]):
                continue
            value = int.from_bytes(digest, "little")
            if (value <= target) == good and value > above:
                share = {"job_id": job["job_id"], "nonce": nonce, "ntime": ntime, "version": job["version"]}
                return {**share, "extranonce": extranonce.hex()} if size else share

    def submit(self, share, **spoilt):
        """Sends the share, with some fields of it replaced, and gives the answer."""
        self.sequence += 1
        fields = {"channel_id": self.channel["channel_id"], "sequence_number": self.sequence, **share, **spoilt}
        self.send("SubmitSharesExtended" if "extranonce" in share else "SubmitSharesStandard", self.tlv, **fields)
        return self.receive("SubmitShares.Success", "SubmitShares.Error")
