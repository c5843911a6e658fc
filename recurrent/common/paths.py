"""Every path under data/ and metrics/, relative to the project."""

from dataclasses import dataclass
from pathlib import Path

PARAMS = Path("params.yaml")
BEYOND_PARAMS = Path("beyond/params.yaml")
UPSTREAM_PARAMS = Path("params.upstream.yaml")
LECTURES = Path("lectures.yaml")
UPSTREAM_METRICS = Path("metrics/upstream")  # the tables of `recurrent replicate`
REPLICATED = UPSTREAM_METRICS / "replicated.json"  # the date and the commit of these tables
CHAMPIONS = Path("data/champions")  # the best network of each lecture
CHAMPION = "champion.json"  # in a champion's folder: which variant it is
JOBS_LOG = Path(".dvc/tmp/jobs.csv")  # the jobs of the last `recurrent repro`
SECONDS = Path("metrics/bench/seconds.csv")  # how long each job took when the benchmark was run


def raw(corpus: str) -> Path:
    """Return the folder of a corpus's raw file."""
    return Path("data/raw") / corpus


def clean(corpus: str) -> Path:
    """Return the folder of a corpus's clean records."""
    return Path("data/clean") / corpus


def clean_report(corpus: str) -> Path:
    """Return the report of how many rows cleaning kept, and why it dropped the others."""
    return Path("metrics/clean") / f"{corpus}.json"


def encoded(dataset: str) -> Path:
    """Return the folder of a dataset: arrays, vocabulary, splits, and sizes in report.json."""
    return Path("data/encoded") / dataset


def study(key: str) -> Path:
    """Return the folder of a study's report.json, tables and pictures."""
    return Path("data/studies") / key


def champion(name: str) -> Path:
    """Return the folder of a champion: spec.json, weights, and champion.json."""
    return CHAMPIONS / name


@dataclass(frozen=True)
class Results:
    """Where one pipeline keeps its models and results: small tables in git, the rest in DVC."""

    metrics: Path
    data: Path

    def model(self, experiment: str, variant: str) -> Path:
        """Return the folder of a variant's spec.json and its weights for each seed."""
        return self.data / "models" / experiment / variant

    def weights(self, experiment: str, variant: str, seed: int) -> Path:
        """Return the file of one run's weights."""
        return self.model(experiment, variant) / f"seed-{seed}.safetensors"

    def run(self, experiment: str) -> Path:
        """Return the folder of everything that an experiment's runs recorded."""
        return self.data / "runs" / experiment

    def history(self, experiment: str) -> Path:
        """Return the file of losses and scores by variant, seed and epoch."""
        return self.run(experiment) / "history.csv"

    def gradients(self, experiment: str, variant: str) -> Path:
        """Return the file of each parameter's gradient norms, by seed and step."""
        return self.run(experiment) / variant / "gradients.csv"

    def findings(self, experiment: str, variant: str) -> Path:
        """Return the file of problems that a variant's runs found in their gradients."""
        return self.run(experiment) / variant / "findings.json"

    def written(self, experiment: str, variant: str) -> Path:
        """Return the file of text that a variant's models generated during training."""
        return self.run(experiment) / variant / "samples.json"

    def evaluation(self, experiment: str, variant: str) -> Path:
        """Return the file of all measurements of a variant."""
        return self.data / "evaluation" / experiment / f"{variant}.json"

    def merits(self, experiment: str, variant: str) -> Path:
        """Return the file of each record's contribution to a variant's main metric."""
        return self.data / "evaluation" / experiment / f"{variant}.safetensors"

    def samples(self, experiment: str, variant: str) -> Path:
        """Return the file of a variant's sample answers or generated text.

        It is not in git: samples of a real corpus may repeat its text or people's names.
        """
        return self.data / "evaluation" / experiment / f"{variant}-samples.json"

    def score(self, experiment: str, variant: str) -> Path:
        """Return the file of a variant's scores, for `dvc metrics`."""
        return self.metrics / "scores" / experiment / f"{variant}.json"

    @property
    def examined(self) -> Path:
        """A folder of csv files: gradient flow, spectra, clipping and embeddings of networks."""
        return self.data / "examined"

    @property
    def published(self) -> Path:
        """A table with a row for each published number and our value."""
        return self.metrics / "published.csv"

    @property
    def claims(self) -> Path:
        """A table with a row for each claim of a lecture."""
        return self.metrics / "claims.csv"

    @property
    def comparisons(self) -> Path:
        """A table with a row for each pair of compared models."""
        return self.metrics / "comparisons.csv"

    @property
    def scores(self) -> Path:
        """A table with a row for each variant and metric."""
        return self.metrics / "scores.csv"

    @property
    def summary(self) -> Path:
        """The headline numbers."""
        return self.metrics / "summary.json"

    @property
    def tables(self) -> Path:
        """All tables as one Markdown page."""
        return self.metrics / "tables.md"

    @property
    def report(self) -> Path:
        """All results as one HTML page."""
        return self.metrics / "report.html"

    def figure(self, name: str) -> Path:
        """Return the file of a chart."""
        return self.metrics / "figures" / f"{name}.svg"

    def curves(self, lecture: str) -> Path:
        """Return the file of the training curves of a lecture's experiments."""
        return self.metrics / "curves" / f"{lecture}.csv"


PIPELINES = {
    "lectures": Results(Path("metrics"), Path("data")),
    "beyond": Results(Path("metrics/beyond"), Path("data/beyond")),
}
