"""Many problems at once are each minimised as if they were alone."""

import numpy as np
import pytest
import scipy.optimize
import torch

from threepoint.model_core.refinement.optimization.lbfgs import minimise


def valleys(count, dimensions=8, dtype=torch.float64, seed=0):
    """A curved valley of its own for each item: a Rosenbrock function around a random place, of random steepness."""
    generator = torch.Generator().manual_seed(seed)
    place = torch.randn(count, dimensions, generator=generator, dtype=dtype)
    steep = torch.rand(count, 1, generator=generator, dtype=dtype) * 30 + 1

    def function(x, items):
        y = x - place[items] + 1
        return (steep[items] * (y[:, 1:] - y[:, :-1] ** 2) ** 2 + (1 - y[:, :-1]) ** 2).sum(-1)

    return function, place, place + torch.randn(count, dimensions, generator=generator, dtype=dtype) * 0.5


def test_it_ends_where_scipy_ends():
    function, _, start = valleys(12)
    found = minimise(function, start, iterations=300, tolerance=1e-12)

    def alone(i):
        def call(x):
            x = torch.from_numpy(x[None]).requires_grad_(True)
            value = function(x, torch.tensor([i]))
            return value.item(), torch.autograd.grad(value.sum(), x)[0][0].numpy()

        return scipy.optimize.minimize(call, start[i].numpy(), jac=True, method="L-BFGS-B", options={"maxiter": 500})

    for i in range(len(start)):
        assert found.value[i].item() <= alone(i).fun + 1e-5


def test_each_item_ends_the_same_in_any_company():
    function, _, start = valleys(40)
    together = minimise(function, start, iterations=25).x
    for part in (slice(0, 1), slice(3, 10), slice(39, 40)):
        items = torch.arange(40)[part]
        alone = minimise(lambda x, chosen, items=items: function(x, items[chosen]), start[part], iterations=25).x
        torch.testing.assert_close(alone, together[part], atol=1e-4, rtol=0)


def test_settled_items_are_left_alone_and_not_evaluated_again():
    place = torch.tensor([[0.0, 0.0], [5.0, -3.0]])
    found = minimise(lambda x, items: ((x - place[items]) ** 2).sum(-1), torch.zeros(2, 2), iterations=40)
    assert found.settled.all()
    assert found.evaluations[0] < found.evaluations[1]
    assert (found.x[0] == 0).all()
    torch.testing.assert_close(found.x, place, atol=1e-4, rtol=0)


def test_a_bad_direction_is_forgotten_and_the_item_goes_on():
    """The kink at 1 makes remembered curvature wrong on its other side; a restart gets past it."""

    def function(x, items):
        return torch.where(x < 1, 100 * (1 - x) + 1, (x - 2) ** 2).sum(-1)

    found = minimise(function, torch.full((3, 4), -2.0), iterations=60)
    torch.testing.assert_close(found.x, torch.full((3, 4), 2.0), atol=1e-3, rtol=0)


@pytest.mark.parametrize("hole", [float("nan"), float("inf")])
def test_steps_into_what_is_not_finite_are_refused(hole):
    def function(x, items):
        value = ((x - 0.9) ** 2).sum(-1) * 50
        return torch.where((x > 1).any(-1), torch.full_like(value, hole), value)

    found = minimise(function, torch.full((2, 3), -4.0), iterations=80)
    assert found.value.isfinite().all()
    torch.testing.assert_close(found.x, torch.full((2, 3), 0.9), atol=1e-2, rtol=0)


def test_the_value_never_rises_and_the_callback_sees_every_iteration():
    function, _, start = valleys(6, dtype=torch.float32)
    values = []
    minimise(function, start, 15, callback=lambda i, x: values.append(function(x, torch.arange(6)).numpy()))
    assert len(values) == 15
    assert (np.diff(values, axis=0) <= 1e-4).all()


def test_an_iteration_evaluates_everybody_once_however_many_steps_are_refused():
    """Whoever needs a shorter step tries it while the others go on."""
    function, _, start = valleys(40)
    asked = []

    def counted(x, items):
        asked.append(items)
        return function(x, items)

    found = minimise(counted, start, iterations=12)
    assert not found.settled.any() and (found.evaluations == 13).all()
    assert len(asked) == 13 and all(torch.equal(items, torch.arange(40)) for items in asked)
    before = function(start, torch.arange(40))
    assert (found.value < 0.7 * before).all()
