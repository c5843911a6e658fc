"""Execute notebooks/tour.ipynb and write its output into it: `make notebook`."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

TOUR = Path("notebooks/tour.ipynb")
TIMEOUT_S = 300  # of a cell


def main() -> None:
    """Execute the notebook in place."""
    notebook = nbformat.read(TOUR, as_version=4)
    execute(notebook, TOUR.parent)
    nbformat.write(notebook, TOUR)


def execute(notebook: NotebookNode, folder: Path) -> None:
    """Execute every cell in a folder, without output that differs between machines."""
    metadata = notebook.metadata.copy()  # execution adds the kernel's version
    NotebookClient(
        notebook,
        timeout=TIMEOUT_S,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    notebook.metadata = metadata


if __name__ == "__main__":
    main()
