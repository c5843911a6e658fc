"""The names' baselines against scikit-learn on strings."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB

from recurrent.common.errors import PipelineError
from recurrent.data.vocabulary import Vocabulary
from recurrent.models.base import Model
from recurrent.models.baselines import LogisticNgrams, NaiveBayes

NAMES = ["ab", "abc", "cab", "dab", "bad", "cb", "dd", "bcd", "acd", "ba", "dca", "bb"] * 3
LABELS = np.array([0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0] * 3)
VOCABULARY = Vocabulary("abcd")
IDS = torch.from_numpy(VOCABULARY.encode_rows(NAMES)[0].astype(np.int32))  # as the task has them


def characters_and_pairs(name: str) -> list[str]:
    framed = f"^{name}$"
    return [*name, *(framed[i : i + 2] for i in range(len(framed) - 1))]


@pytest.mark.parametrize(
    ("model", "counter", "reference", "tolerance"),
    [
        (
            NaiveBayes(5, 2, NaiveBayes.Settings(smoothing=1.0)),
            CountVectorizer(analyzer="char", lowercase=False),
            MultinomialNB(),
            1e-9,
        ),
        (
            LogisticNgrams(5, 2, LogisticNgrams.Settings(strength=0.7, iterations=2000)),
            CountVectorizer(analyzer=characters_and_pairs),
            LogisticRegression(C=0.7, max_iter=2000),
            1e-4,
        ),
    ],
)
def test_a_baseline_is_scikit_learns_on_strings(
    model: Model, counter: CountVectorizer, reference: MultinomialNB, tolerance: float
) -> None:
    model.fit(IDS, torch.from_numpy(LABELS))
    reference.fit(counter.fit_transform(NAMES), LABELS)
    for name in NAMES:
        expected = reference.predict_proba(counter.transform([name]))[0]
        np.testing.assert_allclose(probabilities(model, name), expected, atol=tolerance)


def probabilities(model: Model, name: str) -> NDArray[np.float64]:
    """Return the prediction for one name, read without padding and in 64 bits."""
    ids = torch.from_numpy(VOCABULARY.encode(name).astype(np.int64))[None]
    found: NDArray[np.float64] = model(ids)[0].softmax(dim=-1)[0].numpy()
    return found


def test_an_unknown_pair_has_weight_0() -> None:
    model = LogisticNgrams(5, 2, LogisticNgrams.Settings(strength=1.0))
    model.fit(IDS[:2], torch.from_numpy(LABELS[:2]))
    ids = torch.from_numpy(VOCABULARY.encode("dd").astype(np.int64))[None]
    _, logit = model(ids)[0][0]
    torch.testing.assert_close(logit, model.bias + 2 * model.of_character[VOCABULARY.index["d"]])


@given(st.sets(st.integers(1, 24)), st.lists(st.lists(st.integers(1, 4), min_size=2, max_size=2)))
def test_the_place_of_a_pair_is_found_only_if_the_pair_is_known(
    known: set[int], rows: list[list[int]]
) -> None:
    model = LogisticNgrams(5, 2, LogisticNgrams.Settings(strength=1.0))
    model._set_pairs(torch.tensor(sorted(known)))
    ids = torch.tensor(rows, dtype=torch.int64).reshape(-1, 2)
    codes = model._codes(ids)
    places = torch.searchsorted(model.pair_codes, codes)
    expected = places.where(torch.isin(codes, model.pair_codes), len(known))
    torch.testing.assert_close(model._places(ids), expected, rtol=0, atol=0)


def test_more_characters_than_pairs_can_number_are_refused() -> None:
    settings = LogisticNgrams.Settings(strength=1.0)
    LogisticNgrams(46_340, 2, settings)
    with pytest.raises(PipelineError, match=r"46,340 characters do not fit.*`top_characters`"):
        LogisticNgrams(46_341, 2, settings)
