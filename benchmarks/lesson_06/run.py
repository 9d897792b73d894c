"""Lesson 06: depth, skips and batch normalisation; four networks compared; the source's recipe."""

from benchmarks.harness import Part

COMPARISON = "06_resnet.{dataset}-comparison"

PARTS = [
    Part(
        "degradation",
        "shallow and deep, with BatchNorm and without, three kinds of skip: what trains",
        "benchmarks.lesson_06.degradation:degradation",
        "06_resnet.{dataset}-degradation",
        220,
        25,
        entry="arms",
    ),
    Part(
        "networks",
        "the best learning rate of each of the four networks",
        "benchmarks.lesson_06.comparison:networks",
        COMPARISON,
        210,
        25,
        precision="bfloat16",
    ),
    *(
        Part(
            name,
            f"the networks at equal {name.replace('_', '-')}, three seeds",
            "benchmarks.lesson_06.comparison:compare",
            COMPARISON,
            order,
            minutes,
            arguments=(name,),
            precision="bfloat16",
        )
        for name, order, minutes in (("epochs", 211, 45), ("multiply_adds", 212, 25))
    ),
    Part(
        "recipe",
        "the source's ResNet by its own recipe, evaluated properly and with its mistakes",
        "benchmarks.lesson_06.source_recipe:recipe",
        "06_resnet.{dataset}-recipe",
        200,
        25,
        entry="test_accuracy",
        workers=0,
        precision="bfloat16",
    ),
]
