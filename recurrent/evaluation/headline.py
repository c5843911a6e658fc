"""How close the network that validation chooses comes to the best possible, on held-out records.

A test score must not choose the model that it is reported for, so the validation loss chooses.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from recurrent.common.config import Config, Descent
from recurrent.evaluation.rows import Score
from recurrent.tracking.history import read_history

LOSSES = ("loss", "log_loss")  # in nats


class Headline(NamedTuple):
    """The chosen network on one set of held-out records; losses are in nats, lower is better."""

    lecture: str
    records: str
    model: str  # experiment/variant
    baseline: str  # the best model without a network on these records
    loss: float
    baseline_loss: float
    bayes: float | None  # None: not known, as for every corpus that is not generated
    share: float | None  # of the way from baseline to bayes; None if unknown, or the network loses
    behind: float | None  # how much the network loses to the baseline; None unless it loses


def headlines(scores: Sequence[Score], valid_loss: Mapping[str, float]) -> Iterator[Headline]:
    """Yield the headline of each set of held-out records that has a network and a baseline.

    `valid_loss` has the validation loss of each network that may be chosen, by name.
    """
    groups: dict[tuple[str, str], list[Score]] = {}
    for score in scores:
        if score.split == "test" and score.metric in LOSSES and not score.by_prefix:
            groups.setdefault((score.lecture, score.records), []).append(score)
    for group in groups.values():
        if (found := headline(group, valid_loss)) is not None:
            yield found


def headline(scores: Sequence[Score], valid_loss: Mapping[str, float]) -> Headline | None:
    """Return the headline of losses on the same records; None without a network or a baseline."""
    networks = [one for one in scores if one.method == "descent" and one.name in valid_loss]
    baselines = [one for one in scores if one.method == "fit"]
    if not networks or not baselines:
        return None
    chosen = min(networks, key=lambda one: valid_loss[one.name])
    best = min(baselines, key=lambda one: one.ours)
    gained = best.ours - chosen.ours
    bayes, share = chosen.bayes, None
    if gained >= 0 and bayes is not None and bayes < best.ours:
        share = gained / (best.ours - bayes)
    return Headline(
        lecture=chosen.lecture,
        records=chosen.records,
        model=chosen.name,
        baseline=best.name,
        loss=chosen.ours,
        baseline_loss=best.ours,
        bayes=bayes,
        share=share,
        behind=-gained if gained < 0 else None,
    )


def validation_losses(config: Config) -> dict[str, float]:
    """Return the validation loss of the kept weights of each network, as a mean over seeds.

    Models of words are left out: their validation losses are per word.
    """
    found: dict[str, float] = {}
    for variant in config.variants():
        path = config.results.history(variant.experiment)
        words = config.encoding(variant.dataset).kind == "words"
        if words or not isinstance(variant.training, Descent) or not path.is_file():
            continue
        history = read_history(path)
        if "valid_loss" not in history:
            continue
        own = history[history["variant"] == variant.variant].dropna(subset=["valid_loss"])
        by_seed = own.sort_values("epoch").groupby("seed")["valid_loss"]
        if len(by_seed):
            kept = by_seed.min() if variant.training.keep == "best" else by_seed.last()
            found[variant.name] = float(kept.mean())
    return found
