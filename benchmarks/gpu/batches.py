"""Small batches with BatchNorm, GroupNorm and neither (lesson 05): see norms.py."""

from benchmarks.gpu.norms import batch_lanes as lanes

__all__ = ["lanes"]
