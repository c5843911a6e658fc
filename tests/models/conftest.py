from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(scope="module")
def doubles() -> Iterator[None]:
    """Compute in 64 bits, so that only another formula makes a difference."""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(usual)
