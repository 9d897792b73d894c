"""Attention among patches: what is cut, what a block computes, what it costs, what is refused."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_utils.lessons.lesson_09.attention import (
    AttentionBlock,
    PatchAttention,
    attention_multiply_adds,
    read_patches,
)
from course_utils.models import count_parameters
from tests.helpers import raises


def test_patches_are_read_like_lines_of_text():
    images = torch.arange(2 * 3 * 4 * 6).reshape(2, 3, 4, 6)
    patches = read_patches(images, 2, 3)
    assert patches.shape == (2, 4, 18)
    assert torch.equal(patches[1, 1], images[1, :, :2, 3:].flatten())
    assert torch.equal(patches[1, 2], images[1, :, 2:, :3].flatten())


def test_patches_that_do_not_fill_an_image_are_refused():
    with raises(ValueError, "images of 30 x 32 pixels: patches of 4 x 8 do not fill them"):
        read_patches(torch.zeros(1, 3, 30, 32))


def test_attention_of_several_heads_is_torchs():
    block, steps = AttentionBlock(8, 2, 16), torch.randn(3, 5, 8)
    theirs = nn.MultiheadAttention(8, 2, batch_first=True)
    names = {"in_proj_weight": block.qkv.weight, "in_proj_bias": block.qkv.bias}
    names |= {"out_proj.weight": block.out.weight, "out_proj.bias": block.out.bias}
    theirs.load_state_dict(names)
    taken, _ = theirs(steps, steps, steps)
    assert torch.allclose(block.attend(steps), taken, atol=1e-5)


def test_a_block_adds_to_what_comes_in():
    block, steps = AttentionBlock(8, 2, 16), torch.randn(2, 4, 8)
    for layer in (block.out, block.mlp[2]):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    assert torch.equal(block(steps), steps)


def test_without_places_the_order_of_the_patches_does_not_count():
    model, images = PatchAttention(3, size=8, patch=(4, 4)).eval(), torch.randn(2, 3, 8, 8)
    turned = torch.cat([images[:, :, 4:], images[:, :, :4]], dim=2)
    assert not torch.allclose(model(turned), model(images), atol=1e-4)
    nn.init.zeros_(model.places)
    assert torch.allclose(model(turned), model(images), atol=1e-5)


def test_the_sizes_of_the_lesson():
    model = PatchAttention()
    assert count_parameters(model) == 111_066
    assert attention_multiply_adds(model) == 3_670_656
    assert model(torch.randn(2, 3, 32, 32)).shape == (2, 10)


@pytest.mark.parametrize("blocks", [1, 3])
def test_the_formula_counts_every_product(blocks, monkeypatch):
    model = PatchAttention(4, blocks=blocks, width=8, heads=2, hidden=12, size=8, patch=(4, 4))
    products = 0

    def count(x, weight, bias=None):
        nonlocal products
        products += x[..., 0].numel() * weight.numel()
        return x @ weight.T + bias

    def count_attention(q, k, v):
        nonlocal products
        products += 2 * q[..., 0].numel() * k.shape[2] * q.shape[3]
        return (q @ k.transpose(2, 3) / q.shape[3] ** 0.5).softmax(dim=3) @ v

    monkeypatch.setattr(F, "linear", count)
    monkeypatch.setattr(F, "scaled_dot_product_attention", count_attention)
    model(torch.zeros(1, 3, 8, 8))
    assert attention_multiply_adds(model) == products
