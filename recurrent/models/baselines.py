"""Baselines for the names: classifiers on characters and pairs, without a network.

Both are fitted by scikit-learn. The n-grams are counted here, in arrays: scikit-learn's vectorizers
loop over strings in Python, which takes minutes for a million names.
"""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic import PositiveFloat, PositiveInt
from scipy.sparse import csr_matrix
from torch import Tensor

from recurrent.common.errors import PipelineError
from recurrent.models import base
from recurrent.models.base import State


class NaiveBayes(base.Model):
    """log p(class) + the sum of log p(character | class) over the characters of a name."""

    class Settings(base.Settings):
        smoothing: PositiveFloat = 1.0

    prior: Tensor
    evidence: Tensor

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.register_buffer("prior", torch.zeros(outputs, dtype=torch.float64))
        self.register_buffer("evidence", torch.zeros(inputs, outputs, dtype=torch.float64))

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        return self.prior + self.evidence[ids].sum(dim=1), None

    def fit(self, ids: Tensor, labels: Tensor) -> None:
        from sklearn.naive_bayes import MultinomialNB

        counts = count(ids.numpy(), self.inputs)[:, 1:]  # without padding
        bayes = MultinomialNB(alpha=self.settings.smoothing).fit(counts, labels.numpy())
        self.prior.copy_(torch.from_numpy(bayes.class_log_prior_))
        self.evidence[1:] = torch.from_numpy(bayes.feature_log_prob_.T)


class LogisticNgrams(base.FittedModel):
    """Logistic regression on the characters of a name and its pairs of neighbours.

    The name is padded on both sides, so that pairs also encode its first and last character.
    """

    class Settings(base.Settings):
        strength: PositiveFloat  # scikit-learn's C: a larger one regularises less
        iterations: PositiveInt = 200

    bias: Tensor
    of_character: Tensor  # weights
    pair_codes: Tensor  # the pairs of the training names, sorted
    of_pair: Tensor  # their weights; the last entry, 0, is for all other pairs

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        if inputs**2 > 1 << 31:
            raise PipelineError(
                f"pairs of {inputs - 1:,} characters do not fit in 31 bits.",
                where="params.yaml: model LogisticNgrams",
                remedy="Lower `top_characters` of its dataset.",
            )
        self.register_buffer("bias", torch.zeros((), dtype=torch.float64))
        self.register_buffer("of_character", torch.zeros(inputs, dtype=torch.float64))
        self._set_pairs(torch.zeros(0))

    def _set_pairs(self, codes: Tensor) -> None:
        self.register_buffer("pair_codes", codes.int())
        self.register_buffer("of_pair", torch.zeros(len(codes) + 1, dtype=torch.float64))

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        logit = self.bias + self.of_character[ids].sum(dim=1)
        logit = logit + self.of_pair[self._places(ids)].sum(dim=1)
        return torch.stack([torch.zeros_like(logit), logit], dim=-1), None

    def _codes(self, ids: Tensor) -> Tensor:
        """Return one number for each pair of neighbours: (batch, steps + 1)."""
        framed = F.pad(ids.int(), (1, 1))
        return framed[:, :-1] * self.inputs + framed[:, 1:]

    def _places(self, ids: Tensor) -> Tensor:
        """Return each pair's index in `of_pair`."""
        codes = self._codes(ids)
        places = torch.searchsorted(self.pair_codes, codes)
        # The last entry is not a code: it is found for codes larger than all others.
        known = F.pad(self.pair_codes, (0, 1), value=-1)[places] == codes
        return places.where(known, len(self.pair_codes))

    def fit(self, ids: Tensor, labels: Tensor) -> None:
        from sklearn.linear_model import LogisticRegression

        codes = torch.unique(self._codes(ids))
        self._set_pairs(codes[codes > 0])  # 0 is padding next to padding
        columns = torch.cat([ids, self.inputs + self._places(ids)], dim=1).numpy()
        counts = count(columns, self.inputs + len(self.of_pair))[:, 1:-1]
        regression = LogisticRegression(
            C=self.settings.strength, max_iter=self.settings.iterations
        ).fit(counts, labels.numpy())
        weights = torch.from_numpy(regression.coef_[0])
        self.bias.fill_(regression.intercept_[0])
        self.of_character[1:] = weights[: self.inputs - 1]
        self.of_pair[:-1] = weights[self.inputs - 1 :]


def count(columns: NDArray[np.int64], width: int) -> csr_matrix:
    """Count how often each row contains each column number: (rows, width), sparse."""
    rows = np.repeat(np.arange(len(columns)), columns.shape[1])
    ones = np.ones(columns.size)
    return csr_matrix((ones, (rows, columns.ravel())), shape=(len(columns), width))
