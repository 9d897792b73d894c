"""How long everything is trained, and the same in miniature."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sizes:
    """Epochs of each part, seeds, and how often the slow looks are taken."""

    images: int = 0  # 0: all
    batch_size: int = 256  # the source's recipes keep their own, and so does the standard one
    seeds: tuple[int, ...] = (0, 1, 2)
    rates: int = 9  # how many of the rates are tried, at most
    search_epochs: int = 4
    search_seed: int = 100
    source_resnet: int = 30
    source_cnn: int = 30
    source_cnn_long: int = 100  # of the first seed
    every: int = 5  # epochs between looks in training mode
    networks: int = 24
    standard: int = 60
    standard_batch_size: int = 128
    depth: int = 24
    depths: tuple[int, ...] = (50, 20, 8)
    faults: int = 10
    leak: int = 20
    candidates: int = 50
    candidate_epochs: int = 6
    candidate_images: int = 5000
    pairs: int = 16_000
    more_seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    augment: dict = field(default_factory=lambda: {"1000": 60, "5000": 30, "45000": 10})  # epochs
    scratch: dict = field(default_factory=lambda: {"10": 25, "25": 40, "100": 75, "500": 30})


FULL = Sizes()
MINI = Sizes(
    images=60, batch_size=16, seeds=(0,), rates=1, search_epochs=1, source_resnet=1, source_cnn=1,
    source_cnn_long=1, every=1, networks=1, standard=1, standard_batch_size=16, depth=1, depths=(8,),
    faults=1, leak=1, candidates=2, candidate_epochs=1, candidate_images=40, pairs=20,
    more_seeds=(0,), augment={"20": 2, "45000": 1}, scratch={"1": 1, "2": 1},
)  # fmt: skip
