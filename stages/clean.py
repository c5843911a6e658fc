"""Stage: raw bytes into the clean records of data/clean/<corpus>/, every dropped row counted."""

import shutil

from recurrent import config as params
from recurrent import console as cli
from recurrent import files, paths
from recurrent.data import corpora as contract


def main(corpus: str) -> None:
    """Clean one corpus of params.yaml."""
    chosen = params.choose(params.load().corpora, corpus, "corpus")
    module = contract.load(chosen.module)
    out = paths.clean(corpus)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    report = module.clean(paths.raw(corpus) / module.FILE, out, chosen)
    # A file of one's own may turn out to be the lecture's, where only its owner can give it.
    origin = report.pop("origin", None) or files.read_json(paths.raw(corpus) / "origin.json")
    files.write_json(out / "origin.json", origin)
    files.write_json(paths.clean_report(corpus), {"origin": origin, **report})
    cli.note(f"{corpus}: {cli.brief(report)}")


if __name__ == "__main__":
    cli.run(main)
