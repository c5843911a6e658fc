"""Several seeds of one network trained together, as one network whose weights are stacked.

Part of `make bench`. It is measured here and used nowhere: see metrics/bench/together.md.
"""

import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

from stages.common import cli
from stages.common.params import Runtime
from stages.models import contract
from stages.models.contract import Model, State, changed
from stages.tasks.contract import Batch, Task
from stages.training.loop import OPTIMIZERS, rate_at
from tests.bench import machine
from tests.bench.pairs import Ours, order_of
from tests.bench.workloads import WORKLOADS, ready
from tests.project import ROOT

OUT = ROOT / "metrics/bench"
SEEDS = 3
CHOSEN = ("Char3", "CharLoop", "GRU from scratch", "LSTM from scratch")  # vmap knows no nn.GRU
PAGE = """\
# Three seeds together

{machine}. Seconds of some batches of one seed in the pipeline's loop, and of three seeds whose
weights are stacked (torch.func: `stack_module_state`, `vmap` over `grad_and_value`), each seed with
batches of its own; medians of {repeats}, in turn. It pays below {pays} times of one seed. Networks
of `nn.RNN`, `nn.GRU` and `nn.LSTM` cannot be stacked: vmap has no rule for them. Written by
`make bench`.

| network | one seed | three together | times of one |
|---|---|---|---|
{rows}

{verdict}
"""
PAYS = 1.8


class Together:
    """Networks of several seeds as one of stacked weights."""

    def __init__(self, models: Sequence[Model], task: Task, rate: float, optimizer: str) -> None:
        self.task, self.skeleton = task, models[0]
        self.weights, self.buffers = stack_module_state([*models])
        self.optimizer = OPTIMIZERS[optimizer](self.weights.values(), lr=rate)
        self.step = vmap(
            grad_and_value(self.loss, has_aux=True), in_dims=(0, 0, 0, 0), randomness="different"
        )

    def loss(
        self, weights: dict[str, Tensor], ids: Tensor, targets: Tensor, state: State
    ) -> tuple[Tensor, State]:
        """Of one seed; vmap makes it that of all."""
        logits, after = functional_call(self.skeleton, weights, (ids, state))
        return self.task.loss(logits, targets), after

    def epoch(self, orders: Sequence[Sequence[Batch]], clip: float | None) -> Tensor:
        """The last batch's loss of each seed."""
        state: State = None
        for batches in zip(*orders, strict=True):
            taken = [self.task.take(batch) for batch in batches]
            ids, targets = (torch.stack(parts) for parts in zip(*taken, strict=True))
            carried = changed(self.task.carry(state), Tensor.detach)
            if carried is None:
                carried = self.zeros(ids)
            gradients, (losses, state) = self.step(self.weights, ids, targets, carried)
            if clip is not None:
                shorten(gradients, clip)
            for name, weight in self.weights.items():
                weight.grad = gradients[name]
            self.optimizer.step()
        return losses

    def zeros(self, ids: Tensor) -> State:
        """What each network begins with: vmap takes no None beside tensors."""
        with torch.no_grad():
            _, state = self.skeleton(ids[0])
        return changed(state, lambda part: torch.zeros(len(ids), *part.shape))


def shorten(gradients: dict[str, Tensor], clip: float) -> None:
    """Each seed's gradients to a norm of their own."""
    squares = [part.flatten(1).square().sum(dim=1) for part in gradients.values()]
    factors = (clip / (torch.stack(squares).sum(dim=0).sqrt() + 1e-6)).clamp(max=1)
    for part in gradients.values():
        part.mul_(factors.view(-1, *[1] * (part.dim() - 1)))


def measured(name: str, batches: int, repeats: int) -> dict[str, object]:
    """Seconds of one seed, and of all together."""
    workload = WORKLOADS[name]
    with tempfile.TemporaryDirectory() as folder:
        made = ready(workload, Path(folder) / "data", batches, machine.CPU)
    training = made.training
    spec = {**made.ours.spec()}
    models = [contract.build(spec) for _ in range(SEEDS)]
    for model in models:
        model.load_state_dict(made.ours.state_dict())
    one = Ours(made, Runtime())
    all_of_them = Together(models, made.task, rate_at(training, 0), training.optimizer)
    seconds: dict[str, list[float]] = {"one": [], "together": []}
    for number in range(1, repeats + 2):
        epoch = min(number, training.total)
        order = [*made.task.batches("train", workload.batch, order_of(epoch))]
        order = [batch for batch in order if len(batch) == workload.batch]
        orders = [order] * SEEDS
        took, alone = machine.timed(lambda epoch=epoch: one.epoch(epoch))
        seconds["one"].append(took)
        took, losses = machine.timed(
            lambda orders=orders: all_of_them.epoch(orders, training.clip_norm)
        )
        seconds["together"].append(took)
        if number == 1:  # the same seed thrice learns the same thrice, and what it learns alone
            torch.testing.assert_close(losses, losses[:1].expand(SEEDS))
            torch.testing.assert_close(
                losses[0].item(), alone[len(order) - 1], rtol=1e-2, atol=1e-2
            )
    found = {way: statistics.median(took[1:]) for way, took in seconds.items()}
    return {"network": name, **found, "times": found["together"] / found["one"]}


def main(batches: int = 30, repeats: int = 5) -> None:
    """Measure; write together.csv and together.md."""
    machine.settle(Runtime())
    rows = []
    for name in CHOSEN:
        rows.append(measured(name, batches, repeats))
        cli.note(f"{name}: three seeds together cost {rows[-1]['times']:.2f} times of one")
    table = pd.DataFrame(rows)
    OUT.mkdir(parents=True, exist_ok=True)
    table.to_csv(OUT / "together.csv", index=False, float_format="%.4g")
    lines = [
        f"| {row.network} | {row.one:.3g} | {row.together:.3g} | {row.times:.2f} |"
        for row in table.itertuples()
    ]
    pay = [row.network for row in table.itertuples() if row.times < PAYS]
    verdict = f"It pays for: {', '.join(pay)}." if pay else "It pays for none of them."
    page = PAGE.format(
        machine=machine.described(),
        repeats=repeats,
        pays=PAYS,
        rows="\n".join(lines),
        verdict=verdict,
    )
    (OUT / "together.md").write_text(page, encoding="utf-8")
    cli.note(f"written: {OUT / 'together.md'}")


if __name__ == "__main__":
    cli.run(main)
