"""Lesson 07's benchmark: the best of many is partly luck."""

import torch

from benchmarks.lesson_07.choices import best_of


def test_choosing_flatters_where_all_are_alike():
    generator = torch.Generator().manual_seed(0)
    correct = torch.rand(50, 3000, generator=generator) < 0.5
    few, many = best_of(correct, 100, 50, seed=0), best_of(correct, 1000, 50, seed=0)
    assert 0.58 < few["best 100"] < 0.65  # some two standard errors up
    assert 0.51 < many["best 1000"] < 0.56
    assert abs(few["rest 100"] - 0.5) < 0.02 and abs(many["rest 1000"] - 0.5) < 0.02
