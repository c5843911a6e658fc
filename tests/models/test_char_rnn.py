"""The lecture's network against its own words: one-hot vectors, concatenated and multiplied."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recurrent.models.char_rnn import CharRnnClassifier

CHARACTERS, HIDDEN, CLASSES = 7, 5, 2


class Literal(nn.Module):
    """combined = cat(one-hot, hidden); both layers multiply it, as the tutorial writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.i2h = nn.Linear(CHARACTERS + HIDDEN, HIDDEN)
        self.h2o = nn.Linear(CHARACTERS + HIDDEN, CLASSES)

    def forward(self, ids: Tensor) -> Tensor:
        hidden = torch.zeros(len(ids), HIDDEN)
        for x in F.one_hot(ids, CHARACTERS).float().unbind(dim=1):
            combined = torch.cat([x, hidden], dim=1)
            hidden, output = self.i2h(combined), self.h2o(combined)
        return output


def twins() -> tuple[CharRnnClassifier, Literal]:
    torch.manual_seed(0)
    literal = Literal()
    settings = CharRnnClassifier.Settings(hidden=HIDDEN)
    ours = CharRnnClassifier(CHARACTERS, CLASSES, settings)
    ours.i2h.linear.load_state_dict(literal.i2h.state_dict())
    ours.h2o.linear.load_state_dict(literal.h2o.state_dict())
    return ours, literal


def test_looking_up_rows_equals_multiplying_one_hot_vectors() -> None:
    ours, literal = twins()
    for steps in (1, 2, 4):
        ids = torch.randint(CHARACTERS, (6, steps))
        torch.testing.assert_close(ours(ids)[0], literal(ids))


def test_the_gradients_are_the_same() -> None:
    ours, literal = twins()
    ids, labels = torch.randint(CHARACTERS, (6, 3)), torch.randint(CLASSES, (6,))
    F.cross_entropy(ours(ids)[0], labels).backward()
    F.cross_entropy(literal(ids), labels).backward()
    for mine, theirs in zip(ours.parameters(), literal.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, theirs.grad)


def test_a_state_continues_a_sequence() -> None:
    ours, _ = twins()
    ids = torch.randint(CHARACTERS, (3, 4))
    _, state = ours(ids[:, :2])
    torch.testing.assert_close(ours(ids[:, 2:], state)[0], ours(ids)[0])
