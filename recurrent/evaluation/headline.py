"""The network that stands for a lecture on held-out records, and how good it is.

A test score must not choose the model that it is reported for, so the validation loss chooses.
"""

from collections.abc import Iterable, Mapping

from recurrent.common.config import Champion, Config, Descent, Variant
from recurrent.evaluation.rows import Score
from recurrent.tracking.history import read_history

LOSSES = ("loss", "log_loss")  # in nats


def share_of_the_way(scores: Iterable[Score], network: str) -> float | None:
    """Return how far a network comes from the best model without one to the best possible.

    It is a share of the difference in log loss, for scores on the same records. It is None if the
    best possible is unknown, if there is no other model, or if the network loses to it.
    """
    losses = [score for score in scores if score.metric in LOSSES]
    own = next((score for score in losses if score.name == network), None)
    best = min((score.ours for score in losses if score.method == "fit"), default=None)
    if own is None or own.bayes is None or best is None or own.ours > best:
        return None
    return (best - own.ours) / (best - own.bayes) if own.bayes < best else None


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


def champion(config: Config, chosen: Champion, losses: Mapping[str, float]) -> Variant | None:
    """Return the variant with the lowest validation loss on a champion's datasets, if any."""
    known = [one for one in config.variants() if one.name in losses]
    candidates = (one for one in known if one.dataset in chosen.datasets)
    return min(candidates, key=lambda one: losses[one.name], default=None)
