"""Attention by blocks is attention under a mask, and long windows that cross-fade are one window."""

import pytest
import torch

from threepoint.model_core.evaluation.methods import observe_truth
from threepoint.model_core.sage import inference
from threepoint.model_core.sage.attention import Span, attend
from threepoint.model_core.sage.inference import predict
from threepoint.model_core.sage.model import load_sage


@pytest.mark.parametrize("span", [Span(5, 5), Span(7, 0), Span(3, 6), Span(60, 60)])
@pytest.mark.parametrize("tokens", [1, 4, 5, 23, 30])
def test_each_token_sees_its_span_and_nothing_else(span, tokens):
    query, key, value = torch.randn(3, 2, 4, tokens, 8, requires_grad=True).unbind()
    place = torch.arange(tokens)
    later = place - place[:, None]
    seen = (later >= -span.before) & (later <= span.after)
    scores = (query @ key.mT).masked_fill(~seen, -torch.inf)
    found = attend(query, key, value, span)
    torch.testing.assert_close(found, scores.softmax(-1) @ value)
    (gradient,) = torch.autograd.grad(found.sum(), query)
    assert torch.isfinite(gradient).all()


def test_without_a_span_each_token_sees_all():
    query, key, value = torch.randn(3, 2, 4, 9, 8)
    torch.testing.assert_close(attend(query, key, value), attend(query, key, value, Span(9, 9)))


def test_windows_that_cross_fade_are_nearly_one_window(make_clip, monkeypatch):
    clip, sage = make_clip(400), load_sage()
    seen = observe_truth(clip)
    faded = predict(sage, seen, clip.rest_joints, refine=False).rotations
    monkeypatch.setattr(inference, "WINDOW", 400)
    whole = predict(sage, seen, clip.rest_joints, refine=False).rotations
    apart = (faded - whole).abs().amax((1, 2, 3))
    assert apart.median() < 1e-4 and 0 < apart.max() < 0.2
