"""Random numbers that depend on names alone, so that resuming needs no generator's state."""

import hashlib

import numpy as np
import torch


def derive(*parts: str | int) -> int:
    """A seed for one purpose: the same on every machine, and different for any other purpose."""
    text = "/".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def seed_torch(*parts: str | int) -> None:
    """Seed torch's global generators (first weights, dropout)."""
    torch.manual_seed(derive(*parts))


def generator(*parts: str | int) -> np.random.Generator:
    """A NumPy generator for one purpose (shuffling)."""
    return np.random.default_rng(derive(*parts))
