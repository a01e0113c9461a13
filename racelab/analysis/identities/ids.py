"""The numbers themselves: the same in every store that reads the same sources in the same order."""

from collections.abc import Container
from hashlib import sha256

# 48 bits fit the integers that JSON readers keep exactly (53).
_BYTES = 6


def new_id(kind: str, key: str, fallback: str, taken: Container[int]) -> int:
    """An identity's number, made from its kind and what its providers agree on, such as its name.

    ``fallback`` (the provider and its id) tells namesakes apart; a number that is taken is passed over.
    """
    seeds = [key, f"{key}|{fallback}"]
    attempt = 0
    while True:
        seed = seeds[attempt] if attempt < len(seeds) else f"{key}|{fallback}|{attempt}"
        number = int.from_bytes(sha256(f"{kind}:{seed}".encode()).digest()[:_BYTES], "big")
        if number not in taken:
            return number
        attempt += 1
