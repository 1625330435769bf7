"""A stolen copy of the database and the configuration, without secret.key, opens nothing."""

import base64
import hashlib
import hmac
import re
import zlib

import pytest

from conftest import fire, make_call
from harness import signature_holds, wait_until

pytestmark = pytest.mark.smoke

PURPOSES = ["tokens", "seal", "scrub", "origin", "key-index", "answers", "audit", "canary"]
CUSTOMER_KEY = "sk-Zt4vQ9wLm2XnB7cRk5PdYh8s"


@pytest.fixture(scope="module")
def stolen():
    from conftest import FIRE
    from harness import Receiver, Server
    receiver = Receiver()
    server = Server(policies={"fire.yml": FIRE})
    try:
        server.start()
        added = server.run("webhook", "add", "--name", "hook", receiver.url)
        secret = re.search(r"whsec_[A-Za-z0-9+/=]+", added.stdout).group(0)
        token = server.token()
        assert server.ingest([fire("k-rest"), make_call(api_key=CUSTOMER_KEY), make_call()]).status == 200
        delivered = wait_until(lambda: receiver.deliveries, 40, what="the delivery")[0]
        server.wait_calls(3)
        yield server, server.dump(), server.config.read_bytes(), secret, token, delivered
    finally:
        server.close()
        receiver.close()


def forms(secret):
    """How bytes may stand in a dump."""
    return [secret, secret.hex().encode(), base64.b64encode(secret), base64.b64encode(secret).rstrip(b"="),
            base64.b32encode(secret).lower().rstrip(b"=")]


def test_neither_the_key_nor_one_derived_from_it_is_in_the_copy(stolen):
    server, dump, config, secret, token, _ = stolen
    master = (server.data / "secret.key").read_bytes()
    assert (server.data / "secret.key").stat().st_mode & 0o777 == 0o400
    keys = [master] + [hmac.digest(master, purpose.encode(), "sha256") for purpose in PURPOSES]
    for copy in (dump, config):
        for key in keys:
            assert not any(form in copy for form in forms(key))
        assert token.encode() not in copy and token.split("_")[2].encode() not in copy
        assert secret.encode() not in copy
        assert not any(form in copy for form in forms(base64.b64decode(secret.removeprefix("whsec_"))))
        assert CUSTOMER_KEY.encode() not in copy


def test_what_is_stored_of_a_token_is_no_token(stolen):
    server, dump, _, _, token, _ = stolen
    identity = token.split("_")[1]
    stored = re.search(rf"^{identity}\t.*?\\\\x([0-9a-f]{{64}})", dump.decode(), re.M).group(1)
    guesses = [base64.b32encode(bytes.fromhex(stored)).decode().lower().rstrip("="), stored[:52]]
    for guess in guesses:
        text = f"cp_{identity}_{guess}"
        forged = f"{text}_{zlib.crc32(text.encode()):08x}"
        assert server.ingest([make_call()], token=forged).status == 401


def test_what_is_stored_of_a_webhook_signs_nothing(stolen):
    _, dump, _, secret, _, (headers, body) = stolen
    assert signature_holds(secret, headers, body)
    sealed = set(re.findall(rb"\\\\x([0-9a-f]{40,})", dump))
    assert sealed
    for one in sealed:
        guess = bytes.fromhex(one.decode())
        for key in (guess, guess[13:-16], guess[-32:]):
            assert not signature_holds("whsec_" + base64.b64encode(key).decode(), headers, body)


def test_a_known_key_cannot_be_found_among_the_names_of_keys(stolen):
    """Somebody who has a customer's key and the copy cannot tell which calls were made with it."""
    server, dump, _, _, _, _ = stolen
    names = set(re.findall(rb"kh_([a-z2-7]{26})", dump))
    assert names, "the call's key has its name"

    def name(digest):
        return base64.b32encode(digest[:16]).lower().rstrip(b"=")

    key = CUSTOMER_KEY.encode()
    for salt in [b"", b"scrub", b"key-index", b"callerprint", *(bytes.fromhex(s.decode())
                 for s in set(re.findall(rb"\\\\x([0-9a-f]{64})", dump)))]:
        assert name(hmac.digest(salt, key, "sha256")) not in names
        assert name(hashlib.sha256(salt + key).digest()) not in names
    master = (server.data / "secret.key").read_bytes()
    right = hmac.digest(hmac.digest(master, b"scrub", "sha256"), key, "sha256")
    assert name(right) in names, "with secret.key it is found"
