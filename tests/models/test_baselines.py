"""The baselines against scikit-learn used as its documentation has it, on strings."""

import numpy as np
import torch
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB

from recurrent.data.vocabulary import Vocabulary
from recurrent.models.baselines import LogisticNgrams, NaiveBayes

NAMES = ["ab", "abc", "cab", "dab", "bad", "cb", "dd", "bcd", "acd", "ba", "dca", "bb"] * 3
LABELS = np.array([0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0] * 3)
VOCABULARY = Vocabulary("abcd")
IDS = torch.from_numpy(VOCABULARY.encode_rows(NAMES)[0].astype(np.int64))
TARGETS = torch.from_numpy(LABELS)


def answers(model: torch.nn.Module, name: str) -> np.ndarray:
    """Asked as evaluation asks: without padding."""
    ids = torch.from_numpy(VOCABULARY.encode(name).astype(np.int64))[None]
    return model(ids)[0].softmax(dim=-1)[0].numpy()


def test_naive_bayes_equals_scikit_learn_on_strings() -> None:
    model = NaiveBayes(len(VOCABULARY), 2, NaiveBayes.Settings())
    model.fit(IDS, TARGETS)
    counter = CountVectorizer(analyzer="char", lowercase=False)
    reference = MultinomialNB().fit(counter.fit_transform(NAMES), LABELS)
    for name in NAMES:
        expected = reference.predict_proba(counter.transform([name]))[0]
        np.testing.assert_allclose(answers(model, name), expected, rtol=1e-9)


def test_logistic_regression_equals_scikit_learn_on_framed_strings() -> None:
    settings = LogisticNgrams.Settings(strength=0.7, iterations=2000)
    model = LogisticNgrams(len(VOCABULARY), 2, settings)
    model.fit(IDS, TARGETS)

    def grams(name: str) -> list[str]:
        framed = f"^{name}$"
        return [*name, *(framed[i : i + 2] for i in range(len(framed) - 1))]

    counter = CountVectorizer(analyzer=grams)
    reference = LogisticRegression(C=0.7, max_iter=2000)
    reference.fit(counter.fit_transform(NAMES), LABELS)
    for name in NAMES:
        expected = reference.predict_proba(counter.transform([name]))[0]
        np.testing.assert_allclose(answers(model, name), expected, atol=1e-4)


def test_a_pair_that_no_training_name_had_weighs_nothing() -> None:
    model = LogisticNgrams(len(VOCABULARY), 2, LogisticNgrams.Settings(strength=1.0))
    model.fit(IDS[:2], TARGETS[:2])
    ids = torch.from_numpy(VOCABULARY.encode("dd").astype(np.int64))[None]
    _, logit = model(ids)[0][0]
    known = model.bias + 2 * model.of_character[VOCABULARY.index["d"]]
    torch.testing.assert_close(logit, known)


def test_what_fit_found_is_in_the_spec_so_that_build_makes_room_for_it() -> None:
    model = LogisticNgrams(len(VOCABULARY), 2, LogisticNgrams.Settings(strength=1.0))
    model.fit(IDS, TARGETS)
    assert model.spec()["settings"]["pairs"] == len(model.pair_codes) > 0
