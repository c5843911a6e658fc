"""The only module that spells a path under data/ or metrics/. All are relative to the project."""

from pathlib import Path

PARAMS = Path("params.yaml")
LECTURES = Path("lectures.yaml")
METRICS = Path("metrics")
CHECKPOINTS = Path(".checkpoints")


def raw(corpus: str) -> Path:
    """What was downloaded or generated for a corpus."""
    return Path("data/raw") / corpus


def clean(corpus: str) -> Path:
    """The clean records of a corpus."""
    return Path("data/clean") / corpus


def encoded(dataset: str) -> Path:
    """A dataset's integer arrays, vocabulary and splits."""
    return Path("data/encoded") / dataset


def model(experiment: str) -> Path:
    """An experiment's weights and spec, one pair a seed."""
    return Path("data/models") / experiment


def checkpoint(experiment: str) -> Path:
    """Where a training in progress keeps its state: DVC does not know it, nor does git."""
    return CHECKPOINTS / experiment


def training_lock(experiment: str) -> Path:
    """What a training holds while it runs."""
    return CHECKPOINTS / f"{experiment}.lock"


def clean_report(corpus: str) -> Path:
    """How many rows cleaning kept, and why it dropped the others."""
    return METRICS / "clean" / f"{corpus}.json"


def encode_report(dataset: str) -> Path:
    """Sizes, vocabulary and the floor of a dataset."""
    return METRICS / "encode" / f"{dataset}.json"


def frequencies(corpus: str) -> Path:
    """Every character of a clean corpus with its count, most frequent first."""
    return clean(corpus) / "frequencies.csv"


def history(experiment: str) -> Path:
    """Losses and scores by seed and epoch."""
    return METRICS / "history" / f"{experiment}.csv"


def gradients(experiment: str) -> Path:
    """Gradient norms of each parameter, by seed and step."""
    return METRICS / "gradients" / f"{experiment}.csv"


def health(experiment: str) -> Path:
    """What a training found wrong with itself."""
    return METRICS / "health" / f"{experiment}.json"


def demonstration(key: str) -> Path:
    """What a demonstration computed: its report.json, its tables, its pictures."""
    return METRICS / "demonstrations" / key


def evaluation(experiment: str) -> Path:
    """Everything that evaluate measured of one experiment."""
    return EVALUATIONS / f"{experiment}.json"


def samples(experiment: str) -> Path:
    """What the model answers, or writes: to be read, not counted."""
    return SAMPLES / f"{experiment}.json"


def figure(lecture: str) -> Path:
    """The picture of a lecture's experiments."""
    return METRICS / "figures" / f"{lecture}.svg"


PROBES = METRICS / "probes"
EVALUATIONS = METRICS / "evaluation"
SAMPLES = METRICS / "samples"
SCORES = METRICS / "scores.json"
REPLICATION_TABLE = METRICS / "replication.csv"
REPLICATION_PAGE = METRICS / "replication.md"
REPORT = METRICS / "report.html"
