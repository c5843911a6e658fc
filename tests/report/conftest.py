from pathlib import Path

import pytest

from tests.report import metrics


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Metrics of both kinds of corpora."""
    return {
        source: metrics.everything(tmp_path_factory.mktemp(source), source)
        for source in ("bundled", "upstream")
    }
