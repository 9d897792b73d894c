"""Section of RESULTS.md: lesson 01."""

from benchmarks.tables import gain, over_seeds, recorded, table


def sections() -> list[str]:
    rows, lost = [], {}
    for size in ("1k", "5k", "45k"):
        found, title = recorded(f"01_data_augmentation.{{dataset}}-gpu-{size}", "arms")
        arms, images = found["arms"], f"{found['train_images']:,}"
        plain = arms["none"]["test_accuracy"]
        for name, measured in arms.items():
            test = measured["test_accuracy"]
            accuracies = [over_seeds(measured[f"{part}_accuracy"]) for part in ("train", "test")]
            gained = "" if name == "none" else gain(test, plain)
            amounts = [images, str(found["epochs"]), str(len(test))]
            rows.append([name.replace("_", " "), *amounts, *accuracies, gained])
        augmented = [
            sum(draws) / len(draws) for draws in arms["crop_flip"]["augmented_test_accuracy"]
        ]
        lost[images] = gain(augmented, arms["crop_flip"]["test_accuracy"])
    head = f"## Lesson 01: augmentation on {title}\n\n"
    note = (
        f"{found['network']}, {found['optimizer']} ({found['learning_rate']:g}, the same for all), "
        f"batches of {found['batch_size']}; a seed chooses the images, nothing else is chosen. "
        f"Device: {found['device']}, {found['precision']}. ± is the standard deviation over seeds; "
        "gains are over `none`, paired, with 95 % t-intervals. Training accuracy is that of plain "
        "images.\n\n"
    )
    columns = ["augmentation", "training images", "epochs", "seeds", "training", "test", "gain"]
    mistake = "; ".join(f"{images} images {points}" for images, points in lost.items())
    after = f"\nNetworks of crop and flip on test images that are augmented too: {mistake}.\n"
    return [head + note + table(columns, rows) + after]
