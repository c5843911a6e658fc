"""Stage: a corpus into data/raw/<corpus>/ — generated, or fetched and verified by its hash."""

import shutil

from recurrent import config as params
from recurrent import console as cli
from recurrent import files, paths
from recurrent.config import Corpus, Params
from recurrent.data import corpora as contract
from recurrent.data.fetch import Pin, fetch, file_name, published


def main(corpus: str) -> None:
    """Fetch or generate one corpus of params.yaml."""
    settings = params.load()
    chosen = params.choose(settings.corpora, corpus, "corpus")
    module = contract.load(chosen.module)
    folder = paths.raw(corpus)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    origin = describe(settings, corpus, chosen)
    if origin["source"] == "bundled":
        module.generate(folder, chosen.bundled.seed, chosen.bundled.size)
    else:
        url, pin = wanted(corpus, chosen)
        fetch(url, pin, folder / module.FILE)
        module.check(folder / module.FILE)
    files.write_json(folder / "origin.json", origin)
    size = (folder / module.FILE).stat().st_size
    cli.note(f"{corpus}: {origin['name']} ({origin['source']}), {size:,} bytes")


def describe(settings: Params, key: str, corpus: Corpus) -> dict[str, str]:
    """Where the corpus comes from, as the tables say it."""
    if corpus.url:
        return {"source": "own file", "name": file_name(corpus.url)}
    if settings.source == "bundled":
        return {"source": "bundled", "name": "generated"}
    return {"source": "upstream", "name": file_name(published(key, corpus).url)}


def wanted(key: str, corpus: Corpus) -> tuple[str, Pin]:
    """The URL to fetch and the hash its file must have."""
    if corpus.url and corpus.sha256:
        return corpus.url, Pin("sha256", corpus.sha256)
    upstream = published(key, corpus)
    return upstream.url, Pin.of_published(upstream)


if __name__ == "__main__":
    cli.run(main)
