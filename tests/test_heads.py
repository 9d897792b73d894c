"""New heads on feature layers, freezing, and a copy with random weights."""

import torch
from helpers import small_features

from course_utils.models import count_parameters
from course_utils.models.transfer import Frozen, add_head, freeze, random_copy


def test_a_new_head_shares_the_features_and_takes_any_size():
    features = small_features()
    model = add_head(features, 7)
    assert model.features is features
    assert model(torch.rand(2, 3, 9, 12)).shape == (2, 7)
    assert count_parameters(model.classifier) == 5 * 7 + 7


def test_the_head_sees_the_mean_over_places():
    model, images = add_head(small_features().eval(), 7), torch.rand(2, 3, 8, 8)
    expected = model.classifier(model.features(images).mean(dim=(2, 3)))
    assert torch.allclose(model(images), expected, atol=1e-6)


def test_freezing_leaves_running_statistics_free_and_frozen_does_not():
    images = torch.rand(8, 3, 8, 8)
    for wrap, moves in ((lambda f: freeze(f) or f, True), (Frozen, False)):
        model = add_head(wrap(small_features()), 3)
        before = {name: b.clone() for name, b in model.features.named_buffers()}
        model.train()
        model(images).sum().backward()
        assert count_parameters(model, trainable_only=True) == 5 * 3 + 3
        assert all(p.grad is None for p in model.features.parameters())
        assert (
            any(not torch.equal(b, before[name]) for name, b in model.features.named_buffers())
            == moves
        )
        assert model.training and model.features.training == moves


def test_frozen_gives_what_the_module_gives_in_evaluation_mode():
    features, images = small_features(), torch.rand(2, 3, 8, 8)
    expected = features.eval()(images)
    frozen = Frozen(features).train()
    assert torch.equal(frozen(images), expected)
    assert not any(module.training for module in frozen.modules())


def test_a_random_copy_is_fresh_trainable_and_another():
    features = small_features()
    with torch.no_grad():
        for tensor in (
            *features.parameters(),
            *(b for b in features.buffers() if b.is_floating_point()),
        ):
            tensor.fill_(5.0)
    freeze(features)
    fresh = random_copy(features)
    assert all((p == 5).all() and not p.requires_grad for p in features.parameters())
    assert all(p.requires_grad for p in fresh.parameters())
    assert (fresh[0].bias == 0).all() and (fresh[1].weight == 1).all()
    assert (fresh[1].running_mean == 0).all() and (fresh[1].running_var == 1).all()
    assert 0 < fresh[0].weight.std() < 5
