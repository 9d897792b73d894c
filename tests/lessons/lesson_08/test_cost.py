"""Operations of a step and of a whole training by the fast recipe."""

from dataclasses import replace

import pytest
from torch import nn

from course_utils.lessons.lesson_08.cost import count_operations, recipe_operations
from course_utils.lessons.lesson_08.network import FastNet
from course_utils.lessons.lesson_08.recipe import Recipe

PLAIN = Recipe(widths=(4, 8), epochs=4, batch_size=10, muon_rate=0.0, small_size=0, bias_epochs=0)


def test_a_step_is_two_forward_passes_more_but_for_the_first_layer():
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Conv2d(4, 5, 1))
    first, second = 2 * 3 * 4 * 64, 2 * 4 * 5 * 64
    assert count_operations(model, 8) == (first + second, 2 * first + 3 * second)


def test_a_whole_training_is_its_images_times_a_step():
    model = FastNet((4, 8))
    model.whiten.requires_grad_(False)
    step = count_operations(model)[1]
    assert recipe_operations(PLAIN, 105) == pytest.approx(4 * 100 * step)  # 5 fill no batch
    assert recipe_operations(replace(PLAIN, epochs=2.5), 100) == pytest.approx(250 * step)


def test_a_bias_that_learns_a_muon_and_whole_images_cost_more():
    base = recipe_operations(PLAIN, 100)
    assert recipe_operations(replace(PLAIN, bias_epochs=2), 100) > base
    assert recipe_operations(replace(PLAIN, muon_rate=0.1), 100) > base
    small = recipe_operations(replace(PLAIN, small_size=16), 100)
    assert 0.55 * base < small < 0.7 * base  # a quarter of the pixels in half of the epochs


def test_a_batch_larger_than_the_data_set_is_the_data_set():
    many = replace(PLAIN, batch_size=1000)
    assert recipe_operations(many, 50) == recipe_operations(replace(PLAIN, batch_size=50), 50)
