"""Stage: put a corpus into data/raw/<corpus>/, generated or downloaded and verified."""

import shutil

from recurrent.common import config, console, files, paths
from recurrent.common.config import Config, Corpus, Download
from recurrent.data import base
from recurrent.data.fetch import fetch, file_name, upstream


def main(corpus: str) -> None:
    """Generate or download one corpus of params.yaml."""
    settings = config.load()
    chosen = config.choose(settings.corpora, corpus, "corpus")
    module = base.corpus(chosen.kind)
    wanted, origin = source(settings, corpus, chosen)
    folder = paths.raw(corpus)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if wanted is None:
        module.generate(folder, chosen.synthetic)
    else:
        fetch(wanted, folder / module.FILE)
        module.check(folder / module.FILE)
    files.write_json(folder / "origin.json", origin)
    size = (folder / module.FILE).stat().st_size
    console.note(f"{corpus}: {origin['name']} ({origin['source']}), {size:,} bytes")


def source(settings: Config, key: str, corpus: Corpus) -> tuple[Download | None, dict[str, str]]:
    """Return the file to download, or None to generate one, and how results are labelled."""
    if corpus.own:
        is_stand_in = corpus.stand_in is not None and corpus.own.sha256 == corpus.stand_in.sha256
        label = "stand-in" if is_stand_in else "own file"
        return corpus.own, {"source": label, "name": file_name(corpus.own.url)}
    if settings.source == "bundled":
        return None, {"source": "bundled", "name": "generated"}
    published = upstream(key, corpus)
    return published, {"source": "upstream", "name": file_name(published.url)}


if __name__ == "__main__":
    console.run(main)
