"""What MLflow's experiments show: lectures.yaml and dvc.lock, in the words of its page."""

from collections.abc import Mapping
from pathlib import Path

from recurrent.common import config, files, paths
from recurrent.evaluation import lectures
from recurrent.evaluation.lectures import Lecture
from recurrent.tracking.experiments import Chapter
from recurrent.tracking.runs import TrackedData

LOCKS = (Path("dvc.lock"), Path("beyond/dvc.lock"))
MORE_COLUMNS = {  # beside the metric that ranks a lecture's models
    "accuracy": ("test/log_loss", "valid/accuracy"),
    "loss": ("test/perplexity", "train/final_loss", "train/final_perplexity", "valid/loss"),
}
READING = """\
- `test/…`: held-out records, which neither trained the model nor chose its epoch; `…_sd` is the
  standard deviation over seeds, `…_bayes` the best possible.
- `train/final_…`: the trained model on the text that it was trained on, as the lecture measures.
- Other curves are means over seeds, by epoch; `seed_0/…` are those of one seed.

To compare, select runs and choose *Compare*, or open the view of charts (`recurrent ui` prints
the links)."""


def chapters() -> dict[str, Chapter]:
    """Return MLflow's experiment for each lecture."""
    return {key: chapter(key, lecture) for key, lecture in lectures.load().items()}


def chapter(key: str, lecture: Lecture) -> Chapter:
    """Return MLflow's experiment for a lecture."""
    title = lecture.title.rpartition(" — ")[2]
    main = f"test/{lecture.headline}"
    rows = "\n".join(f"- {code} · {about}" for code, about in lecture.rows.items())
    perplexity = ["train/perplexity", "valid/perplexity"] * (lecture.headline == "loss")
    return Chapter(
        key=key,
        title=title[:1].upper() + title[1:],
        description="\n\n".join(
            [f"**{lecture.title}**", lecture.shows, f"After {lecture.given_by}", rows, READING]
        ),
        columns=(main, f"{main}_bayes", *MORE_COLUMNS.get(lecture.headline, ())),
        charts=(main, "train/loss", "valid/loss", *perplexity, "gradient/norm"),
        higher_is_better=lecture.better == "higher",
    )


def called_by_people() -> dict[str, str]:
    """Return what people call each variant."""
    return {
        name: called
        for lecture in lectures.load().values()
        for name, called in lecture.names.items()
    }


def tracked_data(name: str, hashes: Mapping[str, str]) -> TrackedData:
    """Return an encoded dataset with DVC's hash of its folder."""
    path = paths.encoded(name) / "report.json"
    report = files.read_json(path) if path.exists() else {}
    sizes = {split: report[split] for split in ("train", "valid", "test") if split in report}
    return TrackedData(name, hashes.get(paths.encoded(name).as_posix(), ""), sizes)


def locked_hashes() -> Mapping[str, str]:
    """Return the hash of every output that the lock files name."""
    found: dict[str, str] = {}
    for lock in filter(Path.exists, LOCKS):
        for stage in ((config.read_yaml(lock) or {}).get("stages") or {}).values():
            found |= {out["path"]: out["md5"] for out in stage.get("outs") or () if "md5" in out}
    return found
