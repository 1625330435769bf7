"""Where a text stands in what a server keeps: byte searches that know how it is kept, and share no code with it."""

import re

import zstandard

MAGIC = b"\x28\xb5\x2f\xfd"  # of a Zstandard frame


def alone(text):
    """Matches the text where it stands by itself: names that have it in them are of others."""
    return re.compile(rb"(?<![\w.@-])" + re.escape(text.encode()) + rb"(?![\w@-]|\.\w)")


def in_frames(raw):
    """What the Zstandard frames in the bytes hold, wherever they begin."""
    at = raw.find(MAGIC)
    while at >= 0:
        try:
            yield zstandard.ZstdDecompressor().decompressobj().decompress(raw[at:at + 2_000_000])
        except zstandard.ZstdError:
            pass
        at = raw.find(MAGIC, at + len(MAGIC))


def of_folder(folder):
    """All bytes of all its files, and what their frames hold."""
    for file in sorted(folder.iterdir()):
        raw = file.read_bytes()
        yield raw
        yield from in_frames(raw)


def of_windows(psql):
    """The saved windows."""
    for part in psql("SELECT encode(state, 'hex') FROM callerprint.window_state ORDER BY part").split():
        yield from in_frames(bytes.fromhex(part))


def count(text, pieces):
    pattern, plain = alone(text), text.encode()
    return sum(len(pattern.findall(piece)) for piece in pieces if plain in piece)
