"""Stage: turn a raw file into the clean records of data/clean/<corpus>/, and count every row."""

import shutil

from recurrent.common import config, console, files, paths
from recurrent.data import base


def main(corpus: str) -> None:
    """Clean one corpus of params.yaml."""
    chosen = config.choose(config.load().corpora, corpus, "corpus")
    module = base.corpus(chosen.kind)
    raw, out = paths.raw(corpus), paths.clean(corpus)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    report = module.clean(raw / module.FILE, out, chosen)
    # Cleaning may recognise your own file as the lecture's corpus, if that has no public URL.
    origin = report.pop("origin", None) or files.read_json(raw / "origin.json")
    files.write_json(out / "origin.json", origin)
    files.write_json(paths.clean_report(corpus), {"origin": origin, **report})
    console.note(f"{corpus}: {console.brief(report)}")


if __name__ == "__main__":
    console.run(main)
