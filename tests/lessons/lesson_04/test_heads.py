"""New heads on feature layers, and a copy with random weights."""

import torch

from course_utils.lessons.lesson_04.backbones import add_head, random_copy
from course_utils.models import count_parameters
from tests.helpers import small_features


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


def test_a_random_copy_is_fresh_trainable_and_another():
    features = small_features()
    with torch.no_grad():
        for tensor in (
            *features.parameters(),
            *(b for b in features.buffers() if b.is_floating_point()),
        ):
            tensor.fill_(5.0)
    features.requires_grad_(False)
    fresh = random_copy(features)
    assert all((p == 5).all() and not p.requires_grad for p in features.parameters())
    assert all(p.requires_grad for p in fresh.parameters())
    assert (fresh[0].bias == 0).all() and (fresh[1].weight == 1).all()
    assert (fresh[1].running_mean == 0).all() and (fresh[1].running_var == 1).all()
    assert 0 < fresh[0].weight.std() < 5
