"""Seeds that are derived from names, so that a resumed run needs no saved generator state."""

import hashlib

import numpy as np
import torch


def derive(*parts: str | int) -> int:
    """Return a seed for one purpose: the same on every machine, different for other purposes."""
    text = "/".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def seed_torch(*parts: str | int) -> None:
    """Seed torch's global generators (initial weights, dropout)."""
    torch.manual_seed(derive(*parts))


def generator(*parts: str | int) -> np.random.Generator:
    """Return a NumPy generator for one purpose (shuffling)."""
    return np.random.default_rng(derive(*parts))
