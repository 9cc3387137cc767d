"""The flow is exactly invertible, its likelihood exact, and its supervision what the paper says."""

import math

import pytest
import torch

from threepoint.model_core.flag.flow import Flow, standard_log_prob
from threepoint.model_core.flag.losses import nll_loss

DIMENSIONS, CONDITION = 66, 32


@pytest.fixture
def flow():
    """A flow whose last layers are not zero, so that it does something."""
    torch.manual_seed(0)
    flow = Flow(DIMENSIONS, CONDITION, couplings=6, hidden=64, context=16)
    for coupling in flow.couplings:
        torch.nn.init.normal_(coupling.leave.weight, std=0.1)
    return flow


def test_a_new_flow_changes_nothing():
    flow, z = Flow(6, 3, couplings=4, hidden=8, context=4), torch.randn(5, 6)
    assert (flow(z, flow.context(torch.randn(5, 3))) == z).all()


def test_inverse_and_forward_agree(flow):
    z, context = torch.randn(50, DIMENSIONS), flow.context(torch.randn(50, CONDITION))
    x = flow(z, context)
    assert (x - z).abs().mean() > 0.1
    torch.testing.assert_close(flow.inverse(x, context)[0], z, atol=1e-4, rtol=0)
    torch.testing.assert_close(flow(flow.inverse(z, context)[0], context), z, atol=1e-4, rtol=0)


@pytest.mark.parametrize("depth", [None, 1, 4])
def test_the_log_determinant_is_autograds(flow, depth):
    flow = flow.double()
    context = flow.context(torch.randn(1, CONDITION, dtype=torch.float64))
    x = torch.randn(1, DIMENSIONS, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda x: flow.inverse(x[None], context, depth)[0][0], x[0])
    assert flow.inverse(x, context, depth)[1].item() == pytest.approx(torch.linalg.slogdet(jacobian)[1].item())


def test_the_likelihood_is_a_density():
    """In two dimensions: it integrates to one."""
    torch.manual_seed(1)
    flow = Flow(2, 1, couplings=3, hidden=16, context=4)
    for coupling in flow.couplings:
        torch.nn.init.normal_(coupling.leave.weight, std=0.5)
    line = torch.linspace(-12, 12, 601)
    x = torch.cartesian_prod(line, line)
    density = flow.log_prob(x, flow.context(torch.ones(len(x), 1))).exp()
    assert density.sum().item() * (line[1] - line[0]).item() ** 2 == pytest.approx(1, abs=1e-2)


def test_the_sub_flows_of_intermediate_supervision_begin_at_the_latent_code(flow):
    z, context = torch.randn(4, DIMENSIONS), flow.context(torch.randn(4, CONDITION))
    half = flow(z, context, depth=3)
    torch.testing.assert_close(flow.inverse(half, context, depth=3)[0], z, atol=1e-4, rtol=0)
    halves = [half[:, 0::2], half[:, 1::2]]
    for number, (coupling, own) in list(enumerate(zip(flow.couplings, context, strict=True)))[3:]:
        kept, changed = number % 2, 1 - number % 2
        halves[changed] = coupling(halves[kept], halves[changed], own)
    torch.testing.assert_close(torch.stack(halves, -1).flatten(1), flow(z, context))


def test_the_loss_adds_the_weighted_likelihood_of_one_sub_flow(flow):
    x, context = torch.randn(8, DIMENSIONS), flow.context(torch.randn(8, CONDITION))
    whole, part = flow.log_prob(x, context).mean(), flow.log_prob(x, context, 2).mean()
    assert nll_loss(flow, x, context, 2, 0.5).item() == pytest.approx(-(whole + 0.5 * part).item() / DIMENSIONS)
    assert nll_loss(flow, x, context, None, 0.0).item() == pytest.approx(-whole.item() / DIMENSIONS)


def test_the_standard_normal_is_the_base():
    assert standard_log_prob(torch.zeros(1, 4)).item() == pytest.approx(-2 * math.log(2 * math.pi))


def test_a_few_steps_raise_the_likelihood(flow):
    condition = torch.randn(256, CONDITION)
    x = 0.1 * torch.randn(256, DIMENSIONS) + condition[:, :1]
    optimizer = torch.optim.Adam(flow.parameters(), 2e-3)
    losses = []
    for _ in range(60):
        loss = nll_loss(flow, x, flow.context(condition), 2, 0.5)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < losses[0] - 1
