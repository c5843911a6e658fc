"""The name of a metric for people, its unit, and which direction is better."""

from collections.abc import Iterable

from recurrent.evaluation.rows import Published

NATS = "nats per character"
METRICS = {  # name, unit
    "loss": ("loss", NATS),
    "train_loss": ("training loss", NATS),
    "train_loss_smoothed": ("training loss, smoothed", NATS),
    "valid_loss": ("validation loss", NATS),
    "loss_in_view": ("loss, answer in view", NATS),
    "perplexity": ("perplexity", ""),
    "train_perplexity": ("training perplexity", ""),
    "perplexity_in_view": ("perplexity, answer in view", ""),
    "accuracy": ("accuracy", ""),
    "accuracy_seen_given_name": ("accuracy, given name seen in training", ""),
    "accuracy_new_given_name": ("accuracy, given name new", ""),
    "accuracy_not_trained_on": ("accuracy, names not trained on", ""),
    "accuracy_in_view": ("accuracy, answer in view", ""),
    "restored": ("share of hidden characters restored", ""),
    "restoration_loss": ("loss on hidden characters", NATS),
    "log_loss": ("log loss", "nats per name"),
    "calibration_error": ("calibration error", ""),
    "mape": ("error", "share of sales"),  # the mean absolute percentage error
    "get_next": ("next character", ""),
    "get_next_n": ("next 40 characters", ""),
}
HIGHER = ("accuracy", "restored")
UP, DOWN = "\N{NO-BREAK SPACE}↑", "\N{NO-BREAK SPACE}↓"
ARROWS = "↓ lower is better, ↑ higher is better."


def called(metric: str) -> str:
    """Return what people call a metric."""
    return METRICS.get(metric, (metric.replace("_", " "), ""))[0]


def unit(metric: str) -> str:
    """Return the unit of a metric."""
    return METRICS.get(metric, ("", ""))[1]


def direction(metric: str) -> str:
    """Return which direction of a metric is better, in words."""
    return "higher is better" if metric.startswith(HIGHER) else "lower is better"


def scale(metric: str) -> str:
    """Return the unit of a metric, if it has one, and which direction is better."""
    return ", ".join(part for part in (unit(metric), direction(metric)) if part)


def labelled(metric: str) -> str:
    """Return the label of an axis or a column: metric, unit and direction."""
    return f"{called(metric)}, {scale(metric)}"


def arrowed(metric: str) -> str:
    """Return a metric with an arrow in the better direction; `note` has its unit."""
    if metric not in METRICS or metric.startswith("get_next"):
        return called(metric)
    return f"{called(metric)}{UP if metric.startswith(HIGHER) else DOWN}"


def note(used: Iterable[str]) -> str:
    """Return what a table's arrows mean, and the units of its metrics."""
    units: dict[str, list[str]] = {}
    for metric in dict.fromkeys(used):
        if unit(metric):
            units.setdefault(unit(metric), []).append(called(metric))
    said = "".join(f" Unit of {' and '.join(names)}: {of}." for of, names in units.items())
    return f"{ARROWS}{said}"


def measured(row: Published) -> str:
    """Return what a published number measures, and after which epoch."""
    of = f"{arrowed(row.metric)}, ensemble" if row.ensemble else arrowed(row.metric)
    return of if row.epoch is None else f"{of}, epoch {row.epoch}"
