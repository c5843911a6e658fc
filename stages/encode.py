"""Stage: clean records into the integer arrays of data/encoded/<dataset>/, once and for all."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from stages import cli, files, params, paths
from stages.errors import PipelineError
from stages.params import Dataset
from stages.text.labelled import CLASSES, LabelledNames
from stages.text.splits import random_split
from stages.text.vocabulary import Vocabulary


def main(dataset: str) -> None:
    """Encode one dataset of params.yaml."""
    chosen = params.choose(params.load().datasets, dataset, "dataset")
    encoded, report = ENCODERS[chosen.encoder](paths.clean(chosen.corpus), chosen)
    out = paths.encoded(dataset)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    encoded.save(out)
    files.write_json(paths.encode_report(dataset), report)
    cli.note(f"{dataset}: {cli.brief(report)}")


def labelled_names(clean: Path, dataset: Dataset) -> tuple[LabelledNames, dict[str, object]]:
    """Keep the names written wholly in the most frequent characters; split them at random."""
    frequencies = pd.read_csv(clean / "frequencies.csv", keep_default_na=False)
    vocabulary = Vocabulary(frequencies["character"][: dataset.top_characters])
    table = pd.read_csv(clean / "names.csv", keep_default_na=False)
    written = table["name"].str.fullmatch(f"[{''.join(vocabulary.characters[1:])}]+")
    kept = table[written]
    if kept.empty:
        raise PipelineError(
            f"no name is written wholly in the {dataset.top_characters} most frequent characters.",
            where="params.yaml: datasets",
            remedy="Raise top_characters.",
        )
    ids, lengths = vocabulary.encode_rows(kept["name"].tolist())
    oracle = kept.get("male_probability")
    encoded = LabelledNames(
        vocabulary=vocabulary,
        ids=ids,
        lengths=lengths,
        labels=(kept["label"] == CLASSES[1]).to_numpy().astype(np.uint8),
        splits=random_split(len(kept), dataset.train, dataset.valid, dataset.test, dataset.seed),
        oracle=None if oracle is None else oracle.to_numpy(np.float32),
        origin=files.read_json(clean / "origin.json"),
    )
    return encoded, {
        "origin": encoded.origin,
        "names": len(table),
        "kept": len(kept),
        "vocabulary": len(vocabulary),
        **{split: len(rows) for split, rows in encoded.splits.items()},
        "floor": encoded.floor("test"),
    }


ENCODERS = {"labelled_names": labelled_names}

if __name__ == "__main__":
    cli.run(main)
