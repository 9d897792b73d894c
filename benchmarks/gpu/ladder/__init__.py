"""Lesson 08's goals in operations and its ladder, on original CIFAR-10 and one GPU.

    python -m benchmarks.gpu.ladder --data data/cifar-10-batches-py --out DIR --seconds 230

Some processes share the card, each with one training at a time, whose steps are CUDA graphs. What
is chosen is chosen on 5,000 of the training images; then three seeds are trained on all 50,000 and
tested once. Each training is a line of DIR/ladder.jsonl as soon as it is done, a failed one too.
`--known` takes such lines of an earlier run, so that nothing is trained twice. `--mini` makes
everything a matter of a minute, on a CPU.
"""
