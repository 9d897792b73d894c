"""What lesson 08's fast recipe is made of. Imports no torch: the command line shows it as options."""

from dataclasses import dataclass

FLIPS = ("none", "random", "alternate")


@dataclass(frozen=True)
class Recipe:
    """What a training is made of, except for images and seed."""

    widths: tuple[int, ...] = (32, 160, 160)  # of the groups; each halves the maps
    skips: bool = False  # a third convolution in each group, and a skip
    epochs: float = 8.3  # the last one may end early
    batch_size: int = 500
    learning_rate: float = 0.75  # SGD's, at its peak
    weight_decay: float = 0.0013
    bias_rate: float = 64.0  # biases learn faster by this factor
    bias_epochs: int = 2  # that the first layer's bias learns in: its gradient is the dearest
    muon_rate: float = 0.12  # of the convolutions; 0: they learn by SGD, as all the rest
    label_smoothing: float = 0.2
    shift: int = 2  # pixels, in each direction
    flip: str = "alternate"  # none, random or alternate
    small_size: int = 24  # above 0: side of the images in the first half of the epochs
    average: float = 0.0  # above 0: weights are averaged, and a step keeps this share
    bfloat16: bool = False  # in convolutions and matrix products, where the processor has it
