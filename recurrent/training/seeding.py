"""Randomness that depends on names, not on what ran before: resume needs no generator's state."""

import hashlib

import numpy as np
import torch


def derive(*parts: str | int) -> int:
    """A seed from what it is for: the same on every machine, and unlike that of any other use."""
    text = "/".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def seed_torch(*parts: str | int) -> None:
    """Seed torch's global generators (initial weights, dropout)."""
    torch.manual_seed(derive(*parts))


def generator(*parts: str | int) -> np.random.Generator:
    """A NumPy generator of its own (shuffling)."""
    return np.random.default_rng(derive(*parts))
