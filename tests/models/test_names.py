"""The names classifiers: twins of the lecture's and the tutorial's code, and where they read."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recurrent.models.names import CharRnnClassifier, RecurrentClassifier, TutorialClassifier
from tests.models.networks import BATCH, HIDDEN, SIZES, TOKENS, batch, gradients, network

close = torch.testing.assert_close
pytestmark = pytest.mark.usefixtures("doubles")


class Tutorial(nn.Module):
    """PyTorch's char-RNN tutorial, without its log-softmax."""

    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        super().__init__()
        self.i2h = nn.Linear(input_size + hidden_size, hidden_size)
        self.h2o = nn.Linear(input_size + hidden_size, output_size)

    def forward(self, input: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        combined = torch.cat((input, hidden), 1)
        return self.h2o(combined), self.i2h(combined)


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_the_tutorials_network_is_the_tutorials_own(steps: int) -> None:
    ours = network("TutorialClassifier", hidden=HIDDEN)
    assert isinstance(ours, TutorialClassifier)
    tutorial = Tutorial(TOKENS, HIDDEN, TOKENS)
    tutorial.i2h.load_state_dict(ours.i2h.linear.state_dict())
    tutorial.h2o.load_state_dict(ours.h2o.linear.state_dict())
    ids = batch(steps=steps)
    hidden = torch.zeros(BATCH, HIDDEN)
    for x in F.one_hot(ids, TOKENS).double().unbind(dim=1):
        expected, hidden = tutorial(x, hidden)
    logits, state = ours(ids)
    close((logits, state), (expected, hidden))
    found = gradients(logits, state, ours.parameters())
    close(found, gradients(expected, hidden, tutorial.parameters()))


@pytest.mark.parametrize("steps", [1, 3])
def test_the_lectures_network_is_nn_rnn_with_one_logistic_output(steps: int) -> None:
    ours = network("CharRnnClassifier", outputs=2, hidden=HIDDEN)
    assert isinstance(ours, CharRnnClassifier)
    rnn = nn.RNN(TOKENS, HIDDEN, batch_first=True)
    weight, bias = ours.i2h.linear.weight, ours.i2h.linear.bias
    twin = {
        "weight_ih_l0": weight[:, :TOKENS],
        "weight_hh_l0": weight[:, TOKENS:],
        "bias_ih_l0": bias,
        "bias_hh_l0": torch.zeros_like(bias),
    }
    rnn.load_state_dict(twin)
    ids, labels = batch(steps=steps), torch.tensor([0, 1, 1, 0])
    outputs, _ = rnn(F.one_hot(ids, TOKENS).double())
    z = ours.h2o(outputs[:, -1])[:, 0]
    logits, _ = ours(ids)
    close(logits.softmax(dim=1)[:, 1], torch.sigmoid(z))
    close(F.cross_entropy(logits, labels), F.binary_cross_entropy_with_logits(z, labels.double()))


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_classifier_reads_each_direction_where_it_has_read_the_whole_name(
    cell: str, bidirectional: bool
) -> None:
    settings = {**SIZES, "cell": cell, "layers": 2, "bidirectional": bidirectional}
    model, ids = network("RecurrentClassifier", **settings), batch(steps=3)
    assert isinstance(model, RecurrentClassifier)
    _, last = model.cell(model.embedding(ids))  # (layers * directions, batch, hidden)
    top = (last[0] if cell == "lstm" else last)[-1 - bidirectional :]
    close(model(ids)[0], model.h2o(torch.cat([*top], dim=-1)))
