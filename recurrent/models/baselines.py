"""What a name's characters say without their order, or in pairs: the networks must beat these.

Both are fitted by scikit-learn and answer through the same contract as the networks.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import NonNegativeInt, PositiveFloat, PositiveInt
from scipy.sparse import csr_matrix
from torch import Tensor

from recurrent.models import base as contract
from recurrent.models.base import State


class NaiveBayes(contract.Model):
    """log p(class) + the sum of log p(character | class) over a name's characters."""

    class Settings(contract.Settings):
        smoothing: PositiveFloat = 1.0

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.prior: Tensor
        self.register_buffer("prior", torch.zeros(outputs, dtype=torch.float64))
        self.evidence: Tensor
        self.register_buffer("evidence", torch.zeros(inputs, outputs, dtype=torch.float64))

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        return self.prior + self.evidence[ids].sum(dim=1), None

    def fit(self, ids: Tensor, labels: Tensor) -> None:
        from sklearn.naive_bayes import MultinomialNB

        counts = _counts(ids.numpy(), self.inputs)[:, 1:]  # without the padding
        bayes = MultinomialNB(alpha=self.settings.smoothing).fit(counts, labels.numpy())
        self.prior.copy_(torch.from_numpy(bayes.class_log_prior_))
        self.evidence[1:] = torch.from_numpy(bayes.feature_log_prob_.T)


class LogisticNgrams(contract.Model):
    """Logistic regression on the characters of a name and its pairs of neighbours.

    The name stands between padding characters, so that a pair also says what comes first
    and last.
    """

    class Settings(contract.Settings):
        strength: PositiveFloat  # scikit-learn's C: larger is less regularised
        iterations: PositiveInt = 200
        pairs: NonNegativeInt = 0  # how many different pairs the training names have: found by fit

    def __init__(self, inputs: int, outputs: int, settings: Settings) -> None:
        super().__init__(inputs, outputs, settings)
        self.bias: Tensor
        self.register_buffer("bias", torch.zeros((), dtype=torch.float64))
        self.of_character: Tensor
        self.register_buffer("of_character", torch.zeros(inputs, dtype=torch.float64))
        self._make_pairs(torch.zeros(settings.pairs, dtype=torch.int64))

    def _make_pairs(self, codes: Tensor) -> None:
        """Room for the weights of these pairs; a last weight, 0, is that of any other pair."""
        self.pair_codes: Tensor
        self.register_buffer("pair_codes", codes)
        self.of_pair: Tensor
        self.register_buffer("of_pair", torch.zeros(len(codes) + 1, dtype=torch.float64))

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        logit = self.bias + self.of_character[ids].sum(dim=1)
        logit = logit + self.of_pair[self._places(ids)].sum(dim=1)
        return torch.stack([torch.zeros_like(logit), logit], dim=-1), None

    def _codes(self, ids: Tensor) -> Tensor:
        """One number for each pair of neighbours: (batch, steps + 1)."""
        framed = torch.nn.functional.pad(ids, (1, 1))
        return framed[:, :-1] * self.inputs + framed[:, 1:]

    def _places(self, ids: Tensor) -> Tensor:
        codes = self._codes(ids)
        places = torch.searchsorted(self.pair_codes, codes)
        return places.where(torch.isin(codes, self.pair_codes), len(self.pair_codes))

    def fit(self, ids: Tensor, labels: Tensor) -> None:
        from sklearn.linear_model import LogisticRegression

        codes = torch.unique(self._codes(ids))
        self._make_pairs(codes[codes > 0])  # 0 is padding beside padding, and says nothing
        self.settings = self.settings.model_copy(update={"pairs": len(self.pair_codes)})
        columns = torch.cat([ids, self.inputs + self._places(ids)], dim=1).numpy()
        counts = _counts(columns, self.inputs + len(self.of_pair))[:, 1:-1]
        regression = LogisticRegression(
            C=self.settings.strength, max_iter=self.settings.iterations
        ).fit(counts, labels.numpy())
        weights = torch.from_numpy(regression.coef_[0])
        self.bias.fill_(regression.intercept_[0])
        self.of_character[1:] = weights[: self.inputs - 1]
        self.of_pair[:-1] = weights[self.inputs - 1 :]


def _counts(columns: NDArray[np.int64], width: int) -> csr_matrix:
    """How often each column number stands in each row: (rows, width), sparse."""
    rows = np.repeat(np.arange(len(columns)), columns.shape[1])
    ones = np.ones(columns.size)
    return csr_matrix((ones, (rows, columns.ravel())), shape=(len(columns), width))
