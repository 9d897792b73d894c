"""The settings between the source's training and the fast one, and the changes that are timed."""

from dataclasses import dataclass, replace

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
# what is timed as the fast recipe, whatever Recipe's defaults are by now
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


WIDE = FAST.change(widths=(64, 256, 256), shift=4)

# (name, what it changes, settings); a change keeps those before it
CHANGES: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("source", "the source's ResNet, Adam, batches of 32, its transforms", {}),
    ("batch", "batches of 250", {"batch_size": 250}),
    ("fused", "fused optimizer, channels_last", {"fused": True}),
    ("bfloat16", "bfloat16 for convolutions and matrix products", {"bfloat16": True}),
    ("head", "the mean over all places, one linear layer, not three", {"network": "pooled head"}),
    (
        "early pooling",
        "pooling behind the first convolution of a block",
        {"network": "early pooling"},
    ),
    ("memory", "augmentation on tensors in memory", {"loader": False}),
)


def timed_settings(source: Settings = SOURCE) -> dict[str, Settings]:
    """The settings of each change, by its name."""
    found, settings = {}, source
    for name, _, changes in CHANGES:
        settings = settings.change(**changes)
        found[name] = settings
    return found
