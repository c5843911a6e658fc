"""What nn.RNN, nn.GRU and nn.LSTM compute, with backpropagation through time written out.

Each says what h is at every step, given `x` (steps, batch, gates * hidden): what the input adds to
the gates, biases included, looked up or computed for all steps at once; `w` (gates * hidden,
hidden), by which h is multiplied; and the state before the first step, None for zeros.

Autograd would find the same gradients (the tests compare them), slower: here each weight's is
gathered from all steps by one product, what a step needs of its gates' derivatives is computed for
all steps at once, steps write into arrays made beforehand, and zeros are not multiplied.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

Found = tuple[Tensor | None, ...]


def rnn(x: Tensor, w: Tensor, h: Tensor | None = None) -> Tensor:
    """h_t = tanh(x_t + W h_{t-1}): (steps, batch, hidden)."""
    every: Tensor = _Rnn.apply(x, w, h)
    return every


def gru(x: Tensor, w: Tensor, b_n: Tensor | None = None, h: Tensor | None = None) -> Tensor:
    """Gates r, z, n as nn.GRU has them; `b_n` is added to W_n h before r weighs it.

    r, z = sigmoid(x + W h);  n = tanh(x_n + r (W_n h + b_n));  h = z h + (1 - z) n
    """
    every: Tensor = _Gru.apply(x, w, b_n, h)
    return every


def lstm(x: Tensor, w: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
    """Gates i, f, g, o as nn.LSTM has them: h at every step, and the last c.

    c = f c + i g;  h = o tanh(c);  with i, f, o = sigmoid(x + W h) and g = tanh(x_g + W_g h)
    """
    every, last = _Lstm.apply(x, w, *(state or (None, None)))
    return every, last


class _Rnn(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, h: Tensor | None) -> Tensor:
        every = x.clone()
        before = h
        for h_t in every.unbind():
            if before is not None:
                h_t.addmm_(before, w.T)
            before = h_t.tanh_()
        ctx.save_for_backward(every, w, h)
        return every

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_every: Tensor) -> Found:
        every, w, h = ctx.saved_tensors
        d_x = 1 - every * every
        d_h = torch.zeros_like(every[0])
        for t in reversed(range(len(d_x))):
            d_x[t].mul_(d_h.add_(d_every[t]))
            if t or h is not None:
                torch.mm(d_x[t], w, out=d_h)
        return d_x, _of_weight(d_x, every, h), d_h if h is not None else None


class _Gru(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, b_n: Tensor | None, h: Tensor | None) -> Tensor:
        (steps, batch, _), hidden = x.shape, w.shape[1]
        bias = w.new_zeros(hidden) if b_n is None else b_n
        gates, every = torch.empty_like(x), x.new_empty(steps, batch, hidden)
        inner = x.new_empty(steps, batch, hidden)  # W_n h + b_n
        before = torch.zeros_like(every[0]) if h is None else h
        of_h = x.new_zeros(batch, 3 * hidden)
        for t, (x_t, g, a, h_t) in enumerate(zip(x, gates, inner, every, strict=True)):
            if t or h is not None:
                torch.mm(before, w.T, out=of_h)
            rz, n = g[:, : 2 * hidden], g[:, 2 * hidden :]
            torch.add(x_t[:, : 2 * hidden], of_h[:, : 2 * hidden], out=rz).sigmoid_()
            torch.add(of_h[:, 2 * hidden :], bias, out=a)
            torch.addcmul(x_t[:, 2 * hidden :], g[:, :hidden], a, out=n).tanh_()
            before = torch.lerp(n, before, g[:, hidden : 2 * hidden], out=h_t)
        ctx.save_for_backward(gates, inner, every, w, h)
        ctx.biased = b_n is not None
        return every

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_every: Tensor) -> Found:
        gates, inner, every, w, h = ctx.saved_tensors
        r, z, n = gates.chunk(3, dim=2)
        before = torch.cat([torch.zeros_like(every[:1]) if h is None else h[None], every[:-1]])
        of_n = (1 - z) * (1 - n * n)  # dn/dh_t, before the tanh
        of_z = (before - n) * z * (1 - z)
        of_r = inner * r * (1 - r)
        d_of_h, d_n = torch.empty_like(gates), torch.empty_like(every)  # of W h, and of x_n
        d_r, d_z, d_inner = d_of_h.chunk(3, dim=2)
        d_h = torch.zeros_like(every[0])
        for t in reversed(range(len(every))):
            d_h.add_(d_every[t])
            torch.mul(d_h, of_n[t], out=d_n[t])
            torch.mul(d_h, of_z[t], out=d_z[t])
            torch.mul(d_n[t], of_r[t], out=d_r[t])
            torch.mul(d_n[t], r[t], out=d_inner[t])
            if t or h is not None:
                d_h.mul_(z[t]).addmm_(d_of_h[t], w)
        d_x = torch.cat([d_of_h[:, :, : -w.shape[1]], d_n], dim=2)
        d_b = d_inner.sum(dim=(0, 1)) if ctx.biased else None
        return d_x, _of_weight(d_of_h, every, h), d_b, d_h if h is not None else None


class _Lstm(Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, w: Tensor, h: Tensor | None, c: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        (steps, batch, _), hidden = x.shape, w.shape[1]
        gates = x.clone()
        every, cells, squashed = (x.new_empty(steps, batch, hidden) for _ in range(3))
        h_before, c_before = h, torch.zeros_like(every[0]) if c is None else c
        for g, h_t, c_t, tanh_c in zip(gates, every, cells, squashed, strict=True):
            if h_before is not None:
                g.addmm_(h_before, w.T)
            g[:, : 2 * hidden].sigmoid_()
            g[:, 2 * hidden : 3 * hidden].tanh_()
            g[:, 3 * hidden :].sigmoid_()
            i, f, new, o = g.chunk(4, dim=1)
            torch.mul(f, c_before, out=c_t).addcmul_(i, new)
            h_before = torch.mul(o, torch.tanh(c_t, out=tanh_c), out=h_t)
            c_before = c_t
        ctx.save_for_backward(gates, every, cells, squashed, w, h, c)
        return every, cells[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_every: Tensor, d_last: Tensor) -> Found:
        gates, every, cells, squashed, w, h, c = ctx.saved_tensors
        i, f, new, o = gates.chunk(4, dim=2)
        before = torch.cat([torch.zeros_like(cells[:1]) if c is None else c[None], cells[:-1]])
        of_c = torch.stack(  # what c_t owes to i, f and g, before their sigmoid or tanh
            [new * i * (1 - i), before * f * (1 - f), i * (1 - new * new)], dim=2
        )
        of_o = squashed * o * (1 - o)
        of_h = o * (1 - squashed * squashed)  # dh_t/dc_t
        d_gates = torch.empty_like(gates)
        by_gate = d_gates.unflatten(2, (4, -1))
        d_h, d_c = torch.zeros_like(every[0]), d_last.clone()
        for t in reversed(range(len(every))):
            d_h.add_(d_every[t])
            d_c.addcmul_(d_h, of_h[t])
            torch.mul(d_h, of_o[t], out=by_gate[t, :, 3])
            torch.mul(d_c[:, None], of_c[t], out=by_gate[t, :, :3])
            d_c.mul_(f[t])
            if t or h is not None:
                torch.mm(d_gates[t], w, out=d_h)
        given = h is not None
        return (
            d_gates,
            _of_weight(d_gates, every, h),
            d_h if given else None,
            d_c if given else None,
        )


def _of_weight(d_gates: Tensor, every: Tensor, h: Tensor | None) -> Tensor:
    """The gradient of W, by which each step's h_{t-1} was multiplied: one product for all steps."""
    if h is None:  # the first step multiplied nothing
        return d_gates[1:].flatten(0, 1).T @ every[:-1].flatten(0, 1)
    return d_gates.flatten(0, 1).T @ torch.cat([h[None], every[:-1]]).flatten(0, 1)
