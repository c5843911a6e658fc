"""Classification: batches without padding, and predictions name by name."""

from pathlib import Path

import numpy as np
import torch

from tests.tasks.toys import model_for
from tests.training.toy import toy_task


def test_a_batch_has_names_of_one_length_with_their_labels(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    seen = []
    for rows in task.batches("train", 16, np.random.default_rng(0)):
        ids, targets = task.take(rows)
        assert (ids > 0).all()
        last = [task.data.vocabulary.characters[int(i)] for i in ids[:, -1]]
        assert [character in "abc" for character in last] == targets.bool().tolist()
        seen += rows.tolist()
    assert sorted(seen) == task.data.splits["train"].tolist()


def test_a_name_is_predicted_alone_as_in_a_batch(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    model = model_for(task, "RecurrentClassifier", cell="gru", dropout=0.5)
    rows, log_prob = task.predictions(model, "valid")
    np.testing.assert_array_equal(rows, task.data.splits["valid"])
    for row, found in zip(rows, log_prob, strict=True):
        ids = task.ids[row, : task.data.lengths[row]][None]
        alone = model(ids)[0].double().log_softmax(dim=-1)[0].detach().numpy()
        np.testing.assert_allclose(found, alone, rtol=1e-5)
    labels = task.data.labels[rows]
    accuracy = task.score(model, "valid")["accuracy"]
    assert accuracy == (log_prob.argmax(axis=1) == labels).mean()


def test_a_whole_split_is_padded(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    ids, _ = task.whole_split("train")
    lengths = torch.from_numpy(task.data.lengths[task.data.splits["train"]])
    assert torch.equal((ids > 0).sum(dim=1), lengths.long())


def test_a_probe_batch_has_the_longest_names_that_are_enough(tmp_path: Path) -> None:
    task = toy_task(tmp_path)
    test = task.data.splits["test"]
    count = {n: int((task.data.lengths[test] == n).sum()) for n in (2, 3, 4)}
    for steps in (2, 3, 35):
        ids, labels = task.probe_batch(steps, 5, np.random.default_rng(0))
        assert ids.shape == (5, min(steps, 4))
        drawn = {(*row, label) for row, label in zip(ids.tolist(), labels.tolist(), strict=True)}
        width = ids.shape[1]
        known = {(*task.data.ids[r, :width].tolist(), int(task.data.labels[r])) for r in test}
        assert drawn <= known
    commonest = max(count, key=lambda n: count[n])
    ids, _ = task.probe_batch(35, 1000, np.random.default_rng(0))
    assert ids.shape == (count[commonest], commonest), "never enough: the commonest length"
