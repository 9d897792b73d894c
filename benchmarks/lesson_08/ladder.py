"""The ladder from the source's recipe to the field's, one change at a time, and the asides.

A change builds on those before it. An aside changes settings too, but the next change does not
build on it.
"""

from dataclasses import dataclass, field, replace

from course_utils.lessons.lesson_08.fast import Recipe

SOURCE_BATCH = 32
SOURCE_RECIPE = Recipe(
    widths=(64, 128, 256),
    skips=False,
    batch_size=SOURCE_BATCH,
    learning_rate=0.75,
    weight_decay=0.0013,
    bias_rate=1.0,
    bias_epochs=1000,
    muon_rate=0.0,
    label_smoothing=0.0,
    shift=1,
    flip="random",
    small_size=0,
    average=0.0,
)
# where the search for the best recipe begins, whatever Recipe's defaults are by now
FAST_RECIPE = Recipe(
    widths=(64, 128, 128),
    skips=False,
    batch_size=500,
    learning_rate=0.75,
    weight_decay=0.0013,
    bias_rate=64.0,
    bias_epochs=2,
    muon_rate=0.12,
    label_smoothing=0.2,
    shift=2,
    flip="alternate",
    small_size=0,
    average=0.0,
    bfloat16=True,
)


@dataclass(frozen=True)
class Settings:
    """Everything that a change may change. The defaults are the source's."""

    network: str = "source"  # a key of NETWORKS, or fast
    adam: float = 1e-4  # Adam's learning rate; 0 for SGD with the recipe's
    loader: bool = True  # images one by one, with the source's transforms; else in memory
    fused: bool = False  # a fused optimizer and channels_last
    one_cycle: bool = False
    recipe: Recipe = SOURCE_RECIPE

    def change(self, **changes: object) -> "Settings":
        """The same with other values; a name that `Settings` lacks is one of the recipe's."""
        own = {name: value for name, value in changes.items() if hasattr(self, name)}
        others = {name: value for name, value in changes.items() if name not in own}
        return replace(self, **own, recipe=replace(self.recipe, **others))

    @property
    def is_source(self) -> bool:
        """Whether it is the source's own loop."""
        return self.loader and self.recipe.batch_size == SOURCE_BATCH


SOURCE = Settings()
FAST = Settings(
    network="fast", adam=0.0, loader=False, fused=True, one_cycle=True, recipe=FAST_RECIPE
)


@dataclass(frozen=True)
class Change:
    """A step of the ladder. `grid`: a setting that is searched on validation, and its values; the
    first holds as long as nobody has searched.

    With `only_speed` the training is the one before, made faster. It is not trained again: for its
    accuracy every step is trained with these changes, `as_trained`.
    """

    name: str
    about: str
    settings: dict
    grid: dict = field(default_factory=dict)
    aside: bool = False
    only_speed: bool = False


LADDER = (
    Change("source", "the source's ResNet, Adam at 1e-4, batches of 32, its transforms", {}),
    Change("batch", "batches of 250, another rate", {"batch_size": 250}, {"adam": [1e-3, 3e-4]}),
    Change("fused", "fused optimizer, channels_last", {"fused": True}, only_speed=True),
    Change(
        "bfloat16",
        "bfloat16 for convolutions and matrix products",
        {"bfloat16": True},
        only_speed=True,
    ),
    Change(
        "head",
        "the mean over all places and one linear layer, not three",
        {"network": "pooled head"},
    ),
    Change(
        "early pooling",
        "pooling behind the first convolution of a block",
        {"network": "early pooling"},
    ),
    Change("memory", "augmentation on tensors in memory", {"loader": False}),
    Change(
        "no BatchNorm",
        "without BatchNorm",
        {"network": "no BatchNorm"},
        {"adam": [1e-3, 3e-4]},
        aside=True,
    ),
    Change("one-cycle", "one-cycle schedule", {"one_cycle": True}, {"adam": [3e-3, 1e-3]}),
    Change(
        "SGD",
        "SGD, Nesterov's momentum, weight decay",
        {"adam": 0.0},
        {"learning_rate": [0.2, 0.4]},
    ),
    Change("smoothing", "label smoothing", {"label_smoothing": 0.2}),
    Change("whitening", "a whitening first layer", {"network": "whitened"}),
    Change(
        "identity", "the network of fast.py: identity initialisation, no skips", {"network": "fast"}
    ),
    Change(
        "random start",
        "without identity initialisation",
        {"network": "fast, random start"},
        aside=True,
    ),
    Change(
        "biases",
        "biases learn 64 times as fast",
        {"bias_rate": 64.0},
        {"learning_rate": [0.375, 0.75]},
    ),
    Change("first bias", "the first layer's bias learns in one epoch only", {"bias_epochs": 1}),
    Change("shift", "shifts by 2 pixels, not by 1", {"shift": 2}),
    Change("alternate", "flips on alternate epochs", {"flip": "alternate"}),
    Change("Muon", "Muon for the convolutions", {}, {"muon_rate": [0.12, 0.24]}),
    Change("average", "a running average of the weights", {}, {"average": [0.95]}, aside=True),
    Change(
        "resizing",
        "images of 24 pixels in the first epoch of three",
        {"small_size": 24},
        aside=True,
    ),
    Change("float32", "float32 again", {"bfloat16": False}, aside=True),
)


def settings_of(
    name: str, chosen: dict[str, dict], ladder: tuple[Change, ...] = LADDER
) -> Settings:
    """What a step is trained with: all changes up to it, without other asides, as they were
    `chosen` on validation.

    Raises:
        ValueError: if the ladder has no such step.
    """
    settings = SOURCE
    for change in ladder:
        if change.name == name or not change.aside:
            first = {key: values[0] for key, values in change.grid.items()}
            settings = settings.change(**change.settings, **chosen.get(change.name, first))
        if change.name == name:
            return settings
    raise ValueError(f"no step {name!r}: there is {', '.join(change.name for change in ladder)}")


def as_trained(
    name: str, chosen: dict[str, dict], epochs: int, ladder: tuple[Change, ...] = LADDER
) -> Settings:
    """A step as it is trained for its accuracy: with whatever makes it only faster, but for the
    aside that asks.
    """
    settings = settings_of(name, chosen, ladder).change(epochs=epochs, fused=True)
    return settings if name == "float32" else settings.change(bfloat16=True)
