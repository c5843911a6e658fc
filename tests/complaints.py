"""What is said of a params.yaml that cannot be read."""

import pytest

from recurrent import config as params
from recurrent.errors import PipelineError


def complaint() -> str:
    with pytest.raises(PipelineError) as fault:
        params.load()
    assert str(fault.value).startswith("params.yaml: ")
    return str(fault.value)
