"""Records on original CIFAR-10 that are made on one GPU: lessons 01, 04, 06 and 07 (08: `ladder`).

    python -m benchmarks.gpu source+standard faults depth --data data/cifar-10-batches-py --out DIR
    python -m benchmarks.gpu.records DIR [DIR ...] OUT --data data/cifar-10-batches-py

A training is small beside the card, so that many go on at once, each on a stream of its own, its
steps captured in a CUDA graph; the second command turns what was written into records. Without a
GPU the same code runs, slowly: `--mini` makes every part a matter of seconds.
"""
