"""What belongs to no lesson: lessons on CIFAR-10, how hard Shapes is, what the package costs."""

from benchmarks.harness import Part

AT_DEFAULTS = (  # for the scoreboard's column of photographs
    "01_data_augmentation",
    "02_normalization",
    "04_transfer_learning",
    "05_batch_normalization",
    "08_fast_training",
    "09_rnn",
    "10_your_project",
)
LESSONS = {  # by part: the lesson, the end of its record's name, what is not its default
    "00": ("00_training_loop", "", {"train_size": 0}),
    "03 10k": ("03_vgg_cnn", "-10k", {"train_size": 10_000}),
    "03 45k": ("03_vgg_cnn", "-45k", {"train_size": 0}),
    **{lesson[:2]: (lesson, "-lesson", {}) for lesson in AT_DEFAULTS},
}
RATIOS = {  # name of a part: what is measured, minutes
    "fit": ("CPU time of fit over a bare loop that counts loss and accuracy too, two networks", 5),
    "items": ("an item of load_splits over one of torchvision's CIFAR10, the same transforms", 1),
    "imports": ("importing what lessons import over torch, torchvision and pyplot", 4),
    "photos": ("reading 100 photos of 12 megapixels over Pillow's draft mode alone", 4),
}


def _lesson(name: str, place: int) -> Part:
    lesson, ending, _ = LESSONS[name]
    return Part(
        name,
        f"lesson {lesson} on these images: what the lesson itself records",
        "benchmarks.house.lessons:run_lesson",
        f"{lesson}.{{dataset}}{ending}",
        10 + place,
        10,
        arguments=(name,),
        entry="scoreboard",
        workers=0,
    )


def _ratio(name: str, place: int) -> Part:
    about, minutes = RATIOS[name]
    return Part(
        name,
        about,
        f"benchmarks.house.ratios:{name}",
        "house_ratios",
        600 + place,
        minutes,
        workers=0,
        timed=True,
    )


PARTS = [
    *(_lesson(name, place) for place, name in enumerate(LESSONS)),
    Part(
        "fast",
        "lesson 08's fast recipe at its defaults, all training images, one seed",
        "benchmarks.house.lessons:run_fast",
        "08_fast_training.{dataset}-defaults",
        22,
        30,
        entry="test_accuracy",
        workers=0,
    ),
    Part(
        "shapes",
        "what the lessons' networks reach on Shapes, three seeds",
        "benchmarks.house.shapes_difficulty:difficulty",
        "shapes_difficulty",
        23,
        60,
        entry="cnn",
    ),
    Part(
        "channel_stats",
        "time and memory of one streaming pass over 50,000 images, against stacking them",
        "benchmarks.house.channel_stats:compare",
        "channel_stats",
        610,
        2,
        entry="images",
        workers=0,
        timed=True,
    ),
    *(_ratio(name, place) for place, name in enumerate(RATIOS)),
]
