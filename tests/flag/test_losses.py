"""FLAG's losses, one test or more an equation; eq 5 is tested beside the flow."""

import pytest
import torch

from threepoint.model_core.flag.losses import (
    LAMBDA_LRA,
    LAMBDA_MJP,
    LAMBDA_NLL,
    LAMBDA_REC,
    gaussian_log_prob,
    generated_loss,
    latent_region_loss,
    masked_joint_loss,
    reconstruction_loss,
    total_loss,
)


def test_the_total_weighs_each_loss_and_leaves_out_those_of_the_other_stage():
    assert total_loss(nll=2.0) == 2 * LAMBDA_NLL
    assert total_loss(mjp=3.0, rec=5.0, lra=7.0) == 3 * LAMBDA_MJP + 5 * LAMBDA_REC + 7 * LAMBDA_LRA


def test_reconstruction_is_the_mean_squared_error_of_the_pose():
    assert reconstruction_loss(torch.full((2, 66), 3.0), torch.ones(2, 66)).item() == pytest.approx(4)


def test_a_generated_pose_costs_its_joints_distance_and_its_numbers():
    x = torch.zeros(2, 66)
    assert generated_loss(torch.zeros(2, 22), x, x) == 0
    assert generated_loss(torch.full((2, 22), 0.01), x, x).item() == pytest.approx(0.2)
    assert generated_loss(torch.zeros(2, 22), x + 1, x).item() == pytest.approx(0.3)


def test_only_hidden_joints_count_in_masked_joint_prediction():
    joints, hidden = torch.zeros(2, 22, 9), torch.zeros(2, 22, dtype=torch.bool)
    hidden[:, 4] = True
    predicted = torch.zeros(2, 22, 9)
    predicted[:, 5] = 9.0
    assert masked_joint_loss(predicted, joints, hidden) == 0
    predicted[:, 4] = 1.0
    assert masked_joint_loss(predicted, joints, hidden).item() == pytest.approx(9)


def test_the_latent_region_loss_is_least_at_the_oracle_code_and_its_third_term_at_sigma_one():
    oracle, zero = torch.randn(64, 66), torch.zeros(64, 66)
    assert latent_region_loss(oracle, oracle, zero - 2) < latent_region_loss(oracle, zero, zero - 2)
    only_sigma = [
        latent_region_loss(oracle, oracle, zero + log_sigma, alpha_nll=0, alpha_rec=0).item()
        for log_sigma in (-1.0, 0.0, 1.0)
    ]
    assert only_sigma[1] == pytest.approx(0) and min(only_sigma[0], only_sigma[2]) > 0


def test_the_gaussian_agrees_with_torchs():
    z, mean, log_sigma = torch.randn(3, 7, 5).unbind(0)
    expected = torch.distributions.Normal(mean, log_sigma.exp()).log_prob(z).sum(-1)
    torch.testing.assert_close(gaussian_log_prob(z, mean, log_sigma), expected)
