"""MLflow's experiments and datasets, from lectures.yaml and dvc.lock."""

from collections.abc import Mapping

from recurrent.commands.dvc_lock import locked_outputs
from recurrent.common import files, paths
from recurrent.evaluation import lectures
from recurrent.evaluation.lectures import Lecture
from recurrent.tracking.experiments import TrackedExperiment
from recurrent.tracking.runs import TrackedData

MORE_COLUMNS = {  # by the metric that ranks a lecture's models
    "accuracy": ("test/log_loss", "valid/accuracy"),
    "loss": ("test/perplexity", "train/final_loss", "train/final_perplexity", "valid/loss"),
}
READING = """\
- `test/…`: on held-out records, which neither trained the model nor chose its epoch; `…_sd` is the
  standard deviation over seeds, `…_bayes` the best possible score.
- `train/final_…`: the trained model, measured on its training text, as the lecture does.
- All other metrics are curves: means over seeds, by epoch. `seed_0/…` are the curves of one seed.

To compare runs, select them and choose *Compare*, or open the view of charts: `recurrent ui` prints
the links."""


def tracked_experiments() -> dict[str, TrackedExperiment]:
    """Return MLflow's experiment for each lecture."""
    return {key: tracked_experiment(key, lecture) for key, lecture in lectures.load().items()}


def tracked_experiment(key: str, lecture: Lecture) -> TrackedExperiment:
    """Return MLflow's experiment for a lecture."""
    title = lecture.title.rpartition(" — ")[2]
    main = f"test/{lecture.headline}"
    rows = "\n".join(f"- {code} · {about}" for code, about in lecture.rows.items())
    perplexity = ["train/perplexity", "valid/perplexity"] * (lecture.headline == "loss")
    return TrackedExperiment(
        key=key,
        title=title[:1].upper() + title[1:],
        description="\n\n".join(
            [f"**{lecture.title}**", lecture.shows, f"After {lecture.given_by}", rows, READING]
        ),
        columns=(main, f"{main}_bayes", *MORE_COLUMNS.get(lecture.headline, ())),
        charts=(main, "train/loss", "valid/loss", *perplexity, "gradient/norm"),
        higher_is_better=lecture.better == "higher",
    )


def display_names() -> dict[str, str]:
    """Return the display name of each variant."""
    return {
        name: display_name
        for lecture in lectures.load().values()
        for name, display_name in lecture.names.items()
    }


def tracked_data(name: str, hashes: Mapping[str, str]) -> TrackedData:
    """Describe an encoded dataset, with DVC's hash of its folder."""
    path = paths.encoded(name) / "report.json"
    report = files.read_json(path) if path.exists() else {}
    sizes = {split: report[split] for split in ("train", "valid", "test") if split in report}
    return TrackedData(name, hashes.get(paths.encoded(name).as_posix(), ""), sizes)


def locked_hashes() -> Mapping[str, str]:
    """Return the hash of every output that the lock files name."""
    return {out["path"]: out["md5"] for out in locked_outputs() if "md5" in out}
