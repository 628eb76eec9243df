"""PyTorch: what one writes first, and sums over a sorted batch."""

from collections.abc import Callable
from typing import Any

from compare.bench.problem import Problem
from compare.system.processes import cores
from reference import Parameters

__all__ = ["build_autograd", "build_sorted"]

MODELS_AT_ONCE = 256  # the fastest


def build_autograd(problem: Problem) -> Callable[[], Parameters]:
    """Models x samples by broadcasting, gradients by autograd, some models at a time."""
    import torch

    torch.set_num_threads(cores())
    batches_x, batches_y = torch.as_tensor(problem.x), torch.as_tensor(problem.y)

    def train() -> Parameters:
        w_all, b_all = torch.tensor(problem.w), torch.tensor(problem.b)
        for x, y in zip(batches_x, batches_y, strict=True):
            for w, b in zip(w_all.split(MODELS_AT_ONCE), b_all.split(MODELS_AT_ONCE), strict=True):
                leaves = w.clone().requires_grad_(), b.clone().requires_grad_()
                y_pred = torch.relu(leaves[0][:, None] * x + leaves[1][:, None])
                ((y_pred - y) ** 2).mean(dim=1).sum().backward()
                w -= problem.learning_rate * leaves[0].grad
                b -= problem.learning_rate * leaves[1].grad
        return Parameters(w=w_all.numpy(), b=b_all.numpy())

    return train


def build_sorted(problem: Problem) -> Callable[[], Parameters]:
    """Sums from both ends of the sorted batch, looked up with `torch.searchsorted`."""
    import torch

    torch.set_num_threads(cores())
    n, scale = problem.x.shape[1], problem.learning_rate * 2 / problem.x.shape[1]
    batches, starts = torch.as_tensor(problem.x), (torch.as_tensor(problem.w), torch.as_tensor(problem.b))

    def sums(terms: Any) -> Any:
        zero = terms.new_zeros(1)
        return torch.cat([zero, terms.cumsum(0), terms.flip(0).cumsum(0).flip(0), zero])

    def train() -> Parameters:
        w, b = starts
        for batch in batches:
            x = batch.sort().values
            y = torch.relu(x)
            kink = torch.where(w == 0, torch.where(b > 0, -torch.inf, torch.inf), -b / w)
            # z = 0 is not active: for w < 0 a sample on the kink has to count as above it.
            kink = torch.where(w < 0, torch.nextafter(kink, torch.full_like(kink, -torch.inf)), kink)
            place = torch.searchsorted(x, kink, right=True)
            row = torch.where(w >= 0, place + n + 1, place)
            s0, s1, s2, sy, sxy = (sums(terms)[row] for terms in (torch.ones_like(x), x, x * x, y, x * y))
            w, b = w - scale * (w * s2 + b * s1 - sxy), b - scale * (w * s1 + b * s0 - sy)
        return Parameters(w=w.numpy(), b=b.numpy())

    return train
