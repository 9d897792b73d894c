"""Records of lessons 01, 02, 04, 05 and 09 from the lines that their trainings wrote: each takes
what there is, since a deadline may have cut a part short, and says which seeds it has.
"""

import math
from collections.abc import Callable, Iterable

from benchmarks.gpu import augment, cells, norms, scaling, scratch
from benchmarks.lesson_09.rows import costs
from benchmarks.training import CEILING, CHANCE
from course_utils.models import count_parameters

TEST_ONCE = "by validation accuracy of 5,000 images; test images once a finished network"


def end(line: dict) -> float:
    """The mean loss of the last epoch; CEILING if that is higher, or the training diverged."""
    loss = line["train_loss"][-1]
    return min(loss, CEILING) if math.isfinite(loss) else CEILING


def finite(value: object) -> object:
    """The same with None for every number that JSON does not know."""
    if isinstance(value, dict):
        return {key: finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def grid(found: Iterable[dict], take: Callable[[dict], float | None]) -> dict:
    """Trainings over seeds and rates: `values[seed][rate]`, None where one is missing."""
    by = {(one["seed"], one["lr"]): take(one) for one in found}
    seeds, rates = (sorted({key[place] for key in by}) for place in (0, 1))
    values = [[by.get((seed, lr)) for lr in rates] for seed in seeds]
    return {"seeds": seeds, "rates": rates, "values": values}


def settings(lines, **more: object) -> dict:
    return lines.settings | {"search_seed": lines.sizes["search_seed"]} | more


def augmentation(lines, images: int) -> dict:
    """Lesson 01, of so many images: for each augmentation and metric one entry a seed."""
    arms = {
        arm: lines.columns("augment", arm=arm, images=images)
        for arm in augment.AUGMENTATIONS
        if lines.of("augment", arm=arm, images=images)
    }
    for arm in arms.values():
        arm.pop("images")
    first = lines.of("augment", images=images)[0]
    epochs = first["epochs"]
    return lines.settings | {
        "arms": arms,
        "batch_size": augment.BATCH_SIZE,
        "epochs": epochs,
        "epochs_between_validations": 1 if epochs <= 40 else 5,
        "learning_rate": first["lr"],
        "network": f"VGG(blocks={augment.BLOCKS}, hidden={augment.HIDDEN}), He's start",
        "optimizer": "Adam, one rate",
        "parameters": count_parameters(augment.network()),
        "precision": "bfloat16",
        "seeds": max(len(arm["seed"]) for arm in arms.values()),
        "selection": "none; test images once a finished network",
        "train_images": images,
    }


def normalisation(lines) -> dict:
    """Lesson 02: the linear classifier by scale of its input."""
    inputs = {}
    for name in scaling.INPUTS:
        found = lines.of("scaling", arm=name)
        if not found:
            continue
        made = grid(found, end)
        mean = [sum(column) / len(column) for column in _columns(made["values"])]
        best = mean.index(min(mean))
        largest = [
            max(
                (lr for lr, loss in zip(made["rates"], row, strict=True) if _trains(loss)),
                default=0,
            )
            for row in made["values"]
        ]
        inputs[name] = {
            "rates": made["rates"],
            "seeds": made["seeds"],
            "losses": made["values"],
            "largest_rate": largest,
            "best_rate": made["rates"][best],
            "best_losses": [row[best] for row in made["values"]],
            "val_loss": grid(found, lambda one: one["val_loss"][-1])["values"],
            "val_accuracy": grid(found, lambda one: one["val_accuracy"][-1])["values"],
            "train_loss_by_epoch_at_best_rate": [
                one["train_loss"] for one in found if one["lr"] == made["rates"][best]
            ],
        }
    statistics = {
        key: value for key, value in lines.of("statistics")[0].items() if key not in ("part", "at")
    }
    return lines.settings | {
        "SGD, linear classifier": inputs,
        "statistics": statistics,
        "batch_size": 125,
        "ceiling": CEILING,
        "epochs": lines.sizes["scaling"],
        "images": 45_000,
        "losses_are": "means over the last epoch; at the best rate in the mean over seeds",
        "margin": 0.1,
        "momentum": 0.9,
        "optimizer": "SGD, Nesterov momentum, one rate; weights begin at 0",
        "precision": "float32",
        "selection": "rates, by training loss; validation beside it; no test images",
    }


def _columns(rows: list[list[float | None]]) -> list[list[float]]:
    """By rate; a missing training counts as the ceiling."""
    return [[CEILING if v is None else v for v in column] for column in zip(*rows, strict=True)]


def _trains(loss: float | None) -> bool:
    return loss is not None and loss < CHANCE - 0.1


def from_scratch(lines) -> dict:
    """Lesson 04: for each number of labels, for some steps and twice as many."""
    by_labels = {}
    for labels in sorted({one["labels"] for one in lines.of("scratch")}):
        arm = f"scratch {labels}"
        runs: dict[int, dict] = {}
        for steps in sorted({one["steps"] for one in lines.of("scratch", arm=arm)}):
            found = lines.of("scratch", arm=arm, steps=steps)
            keys = ("seed", "val_accuracy", "test_accuracy")
            runs[steps] = {key: [one[key] for one in found] for key in keys}
        means = {n: sum(r["val_accuracy"]) / len(r["val_accuracy"]) for n, r in runs.items()}
        searched = lines.searched(arm)
        by_labels[labels] = {
            "lr": lines.of("scratch", arm=arm)[0]["lr"],
            "search_val_accuracy": searched,
            "steps": runs,
            "chosen_steps": max(means, key=means.get),
            "gain_of_twice_the_steps": means[max(means)] - means[min(means)],
        }
    arm = {n: one["steps"][one["chosen_steps"]] for n, one in by_labels.items()}
    return settings(
        lines,
        arms={"scratch": {n: one["test_accuracy"] for n, one in arm.items()}},
        augmentation="crops with padding 4, flips",
        batch_size=scratch.BATCH_SIZE,
        by_labels=by_labels,
        labels_per_class=list(by_labels),
        network="the compact backbone's layers, random, and one linear layer",
        optimizer="Adam, one cycle",
        precision="bfloat16",
        seeds=lines.sizes["seeds"],
        selection=f"rates, on another draw, and steps, {TEST_ONCE}",
    )


def _rates(lines) -> dict:
    found: dict = {}
    for scale in norms.SCALES:
        for norm in norms.NORMS:
            runs = lines.of("rates", arm=norm, scale=scale)
            if runs:
                made = grid(runs, end)
                found.setdefault(scale, {})[norm] = {
                    "rates": made["rates"],
                    "seeds": made["seeds"],
                    "losses": made["values"],
                    "first_epoch_losses": grid(
                        runs, lambda one: end({"train_loss": one["train_loss"][:1]})
                    )["values"],
                    "growth": grid(
                        runs, lambda one: 0.0 if end(one) == CEILING else one["growth"][-1]
                    )["values"],
                    "val_accuracy": grid(runs, lambda one: one["val_accuracy"][-1])["values"],
                }
    return found


def _decay(lines) -> dict:
    """By epoch: the length of all convolutions' weights, and rate over squared length, the mean
    over convolutions.
    """
    found = {}
    for one in lines.of("decay"):
        arm = found.setdefault(one["arm"], {"weight_decay": one["decay"]})
        by_epoch = [one["first_lengths"], *one["lengths"]]
        squares = [[length**2 for length in of_epoch] for of_epoch in by_epoch]
        values = {
            "seed": one["seed"],
            "weight_norm": [math.sqrt(sum(of_epoch)) for of_epoch in squares],
            "weight_norm_by_convolution": by_epoch,
            "effective_rate": [
                sum(one["lr"] / square for square in of_epoch) / len(of_epoch)
                for of_epoch in squares
            ],
            "train_loss": one["train_loss"],
            "val_accuracy": one["val_accuracy"],
            "test_accuracy": one["test_accuracy"],
        }
        for key, value in values.items():
            arm.setdefault(key, []).append(value)
    return found


def _batches(lines) -> dict:
    sizes = sorted({one["size"] for one in lines.of("batches")})
    seeds = sorted({one["seed"] for one in lines.of("batches")})
    found: dict = {"sizes": sizes, "seeds": seeds, "lr": {}, "test": {}, "searched": {}}
    for norm in norms.THREE:
        runs = {(one["seed"], one["size"]): one for one in lines.of("batches", arm=norm)}

        def of(key: str, runs=runs) -> list[list[float | None]]:
            return [[runs.get((seed, n), {}).get(key) for n in sizes] for seed in seeds]

        found[norm] = of("val_accuracy")
        found["test"][norm] = of("test_accuracy")
        found["lr"][norm] = {n: one["lr"] for (_, n), one in sorted(runs.items())}
        searched = {n: lines.searched(f"{norm}, batches of {n}") for n in sizes}
        found["searched"][norm] = {n: rates for n, rates in searched.items() if rates}
    images, epochs = lines.sizes["batch_images"], lines.sizes["batch_epochs"]
    setting = f"recorded: CIFAR-10, {images:,} images, {epochs} epochs, {len(seeds)} seeds"
    return found | {
        "setting": setting,
        "optimizer": "Adam, one cycle",
        "channels_in_a_group": norms.CHANNELS,
        "search_epochs": lines.sizes["batch_search"],
        "precision": "float32",
        "selection": f"rates, {TEST_ONCE}; batches of 2: those of 4 times the root of a half",
    }


def batch_normalisation(lines) -> dict:
    """Lesson 05: rates, scales of the input, weight decay and small batches."""
    found = settings(
        lines,
        images=45_000,
        batch_size=125,
        epochs=lines.sizes["rate_epochs"],
        network=f"VGG(blocks={augment.BLOCKS}, hidden={augment.HIDDEN}), He's start",
        optimizer="rates: SGD at one rate, no momentum; decay: Nesterov momentum 0.9 at one rate",
        precision="bfloat16; batches: float32",
        selection="rates and decay: none",
        ceiling=CEILING,
    )
    if rates := _rates(lines):
        epochs = lines.sizes["rate_epochs"]
        setting = f"recorded: CIFAR-10, 45,000 images, {epochs} epochs"
        of_the_normalised = rates.pop("normalised", {})
        first = next(iter(of_the_normalised.values()), {})
        found["rates"] = of_the_normalised | {
            "setting": f"{setting}, {len(first.get('seeds', []))} seeds",
            "rates": first.get("rates", []),
            "chance": CHANCE,
        }
        found["scales"] = rates | {"epochs": 1, "chance": CHANCE}
    if lines.of("decay"):
        found["decay"] = {"learning_rate": norms.DECAY_LR, "arms": _decay(lines)}
        found["decay"]["epochs"] = lines.sizes["decay_epochs"]
        found["decay"]["augmentation"] = "crops with padding 4, flips"
    if lines.of("batches"):
        found["small_batches"] = _batches(lines)
    return found


def rows(lines) -> dict:
    """Lesson 09: networks of equal cost, and clipping."""
    attention = cells.RowAttention()
    work = {"parameters": count_parameters(attention), "multiply_adds": attention.multiply_adds()}
    training: dict = {}
    search: dict = {}
    for name in cells.NETWORKS:
        for order in ("rows", "permuted", "columns"):
            runs = lines.of("cells", arm=name, order=order)
            if runs:
                metrics = lines.columns("cells", arm=name, order=order)
                metrics.pop("order")
                training.setdefault(name, {})[order] = {"rate": runs[0]["lr"]} | metrics
            searched = lines.searched(cells.arm_of(name, order)) if order != "columns" else {}
            if searched:
                rate = float(max(searched, key=searched.get))
                search.setdefault(name, {})[order] = {"rate": rate, "val_accuracy": searched}
    return settings(
        lines,
        training=training,
        search=search,
        clipping=_clipping(lines),
        batch_size=125,
        blanks=list(cells.BLANKS),
        ceiling=CEILING,
        clip=cells.CLIP,
        clipping_losses_are="means over one epoch of 45,000 images",
        costs=costs() | {"attention": work},
        epochs=lines.sizes["cells"],
        optimizer="Adam, one cycle; clipping: one rate, SGD with Nesterov momentum 0.9, or Adam",
        precision="float32",
        search_epochs=lines.sizes["cell_search"],
        search_images=45_000,
        seeds=lines.sizes["seeds"],
        selection=f"rates, {TEST_ONCE}; columns take the rate of rows",
        train_images=45_000,
    )


def _clipping(lines) -> dict:
    found: dict = {}
    names = {"sgd": "SGD", "adam": "Adam"}
    for one in lines.of("clipping"):
        title = f"{one['arm'].split(',')[0]}, {names[one['optimizer']]}"
        found.setdefault(title, {}).setdefault(one["way"], []).append(one)
    for title, ways in found.items():
        grids = {way: grid(runs, end) for way, runs in ways.items()}
        rates = next(iter(grids.values()))["rates"]
        found[title] = {"rates": rates} | {way: made["values"] for way, made in grids.items()}
    return found


def made(lines) -> dict[str, dict]:
    """Every record that there are lines for, by name."""
    found = {
        f"01_data_augmentation.cifar10-gpu-{_short(n)}": augmentation(lines, n)
        for n in sorted({one["images"] for one in lines.of("augment")})
    }
    for part, name, record in (
        ("scaling", "02_normalization.cifar10-gpu", normalisation),
        ("scratch", "04_transfer_learning.cifar10-gpu-scratch", from_scratch),
        ("cells", "09_rnn.cifar10-gpu", rows),
    ):
        if lines.of(part):
            found[name] = record(lines)
    if any(lines.of(part) for part in ("rates", "decay", "batches")):
        found["05_batch_normalization.cifar10-gpu"] = batch_normalisation(lines)
    return finite(found)


def _short(number: int) -> str:
    return f"{number // 1000}k" if number % 1000 == 0 else str(number)
