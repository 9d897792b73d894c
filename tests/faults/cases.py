"""What a user may give that is wrong, each of another kind: the command line, its exit status, and
the line that it ends with, or begins with where click words it. `{here}` is the cases' folder.
"""

NO_FOLDER = "no such folder; give one of pictures, or auto, cifar10, shapes, arrows"
WANTS_NAME = "wants a plain folder name, such as 'evening'"
LESSONS = "no such lesson; there are 00_good, 01_bad, 02_exit, 10_dead"
GOOD = "(it has: dataset, epochs, flip, learning_rate, output_dir, widths)"
NO_FILE = "no such file; give the path of one, or auto, mini"


def value(name, text, said):
    """A value of one parameter of lesson 00."""
    return (["run", "00", "-p", name, text], 1, f"00_good: {said}")


def fast(option, text, said):
    return (["fast", "shapes", option, text], 2, f"Invalid value for '{option}': {said}")


COMMAND_LINES = {
    # commands and their options
    "an unknown command": (["rum"], 2, "No such command 'rum'."),
    "an unknown option": (["run", "--fast"], 2, "No such option"),
    "an option without its value": (["run", "--name"], 2, "Option '--name' requires an argument."),
    "a parameter without its value": (
        ["run", "-p", "epochs"], 2, "Option '-p' requires 2 arguments."),
    "no jobs": (["run", "--jobs", "0"], 2, "Invalid value for '--jobs': 0 is not in the range x>=1."),
    "jobs that are no number": (
        ["run", "--jobs", "all"], 2, "Invalid value for '--jobs': 'all' is not a valid integer range."),
    # lessons
    "a lesson that is not there": (["run", "7"], 1, f"7: {LESSONS}"),
    "no lesson's name": (["run", ""], 1, f"'': {LESSONS}"),
    "a negative lesson": (["run", "--", "-1"], 1, f"-1: {LESSONS}"),
    "a folder for a lesson": (["run", "{here}"], 1, f"{{here}}: {LESSONS}"),
    "a notebook from elsewhere": (
        ["run", "{here}/00_good.ipynb"], 1, f"{{here}}/00_good.ipynb: {LESSONS}"),
    # presets and names
    "a preset that is not there": (["run", "--preset", "x"], 1, "x: no such preset; there are smoke, laptop"),
    "an empty preset": (["run", "--preset", ""], 1, "'': no such preset; there are smoke, laptop"),
    "a name that is a path": (["run", "--name", "a/b"], 1, f"--name 'a/b': {WANTS_NAME}"),
    "a name that climbs": (["run", "--name", ".."], 1, f"--name '..': {WANTS_NAME}"),
    "an empty name": (["run", "--name", ""], 1, f"--name '': {WANTS_NAME}"),
    "a name of two lines": (["run", "--name", "a\nb"], 1, f"--name 'a\\nb': {WANTS_NAME}"),
    "a name of 300 characters": (
        ["run", "--name", "a" * 300], 1, f"--name of 300 characters: {WANTS_NAME}"),
    "a name with a zero byte": (["run", "--name", "a\0"], 1, f"--name 'a\\x00': {WANTS_NAME}"),
    # data sets
    "a folder that is not there": (["run", "--dataset", "{here}/no"], 1, f"dataset '{{here}}/no': {NO_FOLDER}"),
    "no data set's name": (["run", "--dataset", ""], 1, f"dataset '': {NO_FOLDER}"),
    "a data set in capitals": (["run", "--dataset", "CIFAR10"], 1, f"dataset 'CIFAR10': {NO_FOLDER}"),
    "a file for a folder": (["run", "--dataset", "{here}/file"], 1, f"dataset '{{here}}/file': {NO_FOLDER}"),
    "somebody's home that nobody has": (
        ["run", "--dataset", "~nobody-here/x"], 1, f"dataset '~nobody-here/x': {NO_FOLDER}"),
    "a folder whose name is too long": (
        ["run", "--dataset", "a" * 300], 1, f"dataset '{'a' * 300}': {NO_FOLDER}"),
    "a link that leads nowhere": (
        ["run", "--dataset", "{here}/dangling"], 1, f"dataset '{{here}}/dangling': {NO_FOLDER}"),
    "a link that leads to itself": (
        ["run", "--dataset", "{here}/loop"], 1, f"dataset '{{here}}/loop': {NO_FOLDER}"),
    "a folder whose name is no text": (
        ["run", "--dataset", "{here}/b\udcff"], 1, "'{here}/b\\udcff': its name is no text: rename it"),
    "a class whose name is no text": (
        ["run", "--dataset", "{here}/encoded"], 1, "class 'b\\udcff': its name is no text: rename the folder"),
    "a folder without classes": (
        ["run", "--dataset", "{here}/empty"], 1,
        "no class in {here}/empty: put each class's pictures in a folder of its own, empty/<class>/*"),
    "one class": (
        ["run", "--dataset", "{here}/one"], 1,
        "{here}/one has one class, 'cat': a classifier needs at least two"),
    "an empty class": (
        ["run", "--dataset", "{here}/hollow"], 1,
        "no picture in {here}/hollow/dog: put some there (.jpg, .jpeg, .jfif, .png, .webp, .bmp, .gif, .tif, "
        ".tiff, .ppm, .pgm) or remove it"),
    "train/ alone": (
        ["run", "--dataset", "{here}/half"], 1,
        "no folder {here}/half/test: give a folder with train/<class>/* and test/<class>/*, or one with "
        "<class>/*"),
    "train/ and test/ of other classes": (
        ["run", "--dataset", "{here}/uneven"], 1,
        "class 'bird' of {here}/uneven is in only one of train/ and test/: both need the same classes"),
    "too few pictures": (
        ["run", "--dataset", "{here}/few"], 1,
        "00_good needs 2 training pictures of each class; few/cat has 1: add pictures"),
    "a folder whose links go round": (
        ["run", "--dataset", "{here}/round"], 1,
        "the folder {here}/round/cat/again leads round to itself: remove that link"),
    "a data set for a lesson without one": (
        ["run", "10", "--dataset", "shapes"], 1, "--dataset shapes: no such parameter in 10_dead"),
    # parameters
    "an unknown parameter": (
        ["run", "0", "-p", "epcohs", "2"], 1,
        f"epcohs: no such parameter in 00_good; did you mean 'epochs'? {GOOD}"),
    "a parameter without a name": (["run", "0", "-p", "", "2"], 1, f"'': no such parameter in 00_good {GOOD}"),
    "a parameter that the run sets": (
        ["run", "0", "-p", "output_dir", "x"], 1,
        "output_dir: the run sets it; name the run's folder with --name"),
    "text for a number": value("epochs", "many", "epochs is 'many', which is no int (default 3)"),
    "a fraction for a whole number": value("epochs", "2.5", "epochs is '2.5', which is no int (default 3)"),
    "no epochs": value("epochs", "0", "epochs is 0: give a whole number, at least 1"),
    "negative epochs": value("epochs", "-1", "epochs is -1: give a whole number, at least 1"),
    "a number of 5,000 digits": value(
        "epochs", "9" * 5000, f"epochs is '{'9' * 5000}', which is no int (default 3)"),
    "a rate of 0": value("learning_rate", "0", "learning_rate is 0.0: give a number above 0"),
    "a negative rate": value("learning_rate", "-1", "learning_rate is -1.0: give a number above 0"),
    "a rate that is no number": value(
        "learning_rate", "nan", "learning_rate is nan, which is no float (default 1.0e-2)"),
    "a rate without end": value(
        "learning_rate", "inf", "learning_rate is inf, which is no float (default 1.0e-2)"),
    "a rate with a comma": value(
        "learning_rate", "0,1", "learning_rate is '0,1', which is no float (default 1.0e-2)"),
    "a number for yes or no": value("flip", "1", "flip is '1', which is no bool (default True)"),
    "a list of other things": value(
        "widths", "[1, 'a']", "widths is [1, 'a'], which is no list[int] (default [16, 32])"),
    "a number for a list": value("widths", "3", "widths is 3, which is no list[int] (default [16, 32])"),
    "code for a list": value(
        "widths", "__import__('os').system('touch {here}/pwned')",
        "widths is \"__import__('os').system('touch {here}/pwned')\", which is no list[int] (default [16, 32])"),
    "brackets without end": value(
        "widths", "[" * 5000, f"widths is '{'[' * 5000}', which is no list[int] (default [16, 32])"),
    # the fast recipe
    "epochs that are no number": fast("--epochs", "nan", "'nan': give a finite number"),
    "epochs without end": fast("--epochs", "inf", "'inf': give a finite number"),
    "no epochs of the recipe": fast("--epochs", "0", "0.0 is not in the range x>0."),
    "an empty batch": fast("--batch-size", "0", "0 is not in the range x>=1."),
    "too much smoothing": fast("--label-smoothing", "2", "2.0 is not in the range 0<=x<1."),
    "smoothing that is no number": fast("--label-smoothing", "nan", "'nan': give a finite number"),
    "a negative rate of the recipe": fast("--learning-rate", "-1", "-1.0 is not in the range x>0."),
    "a negative decay": fast("--weight-decay", "-1", "-1.0 is not in the range x>=0."),
    "widths of nothing": fast("--widths", "0,8", "'0,8': give whole numbers above 0, such as 64,128,128"),
    "no widths": fast("--widths", ",", "',': give whole numbers above 0, such as 64,128,128"),
    "a negative shift": fast("--shift", "-1", "-1 is not in the range x>=0."),
    "an average above 1": fast("--average", "2", "2.0 is not in the range 0<=x<1."),
    "another flip": fast("--flip", "upside", "'upside' is not one of 'none', 'random', 'alternate'."),
    "a negative seed": fast("--seed", "-1", "-1 is not in the range 0<=x<=4294967295."),
    "a seed that is too large": fast("--seed", "4294967296", "4294967296 is not in the range 0<=x<=4294967295."),
    "fewer images than none": fast("--train-size", "-1", "-1 is not in the range x>=0."),
    "pictures that vanish": (
        ["fast", "shapes", "--size", "8"], 1,
        "size is 8: 3 groups of layers need 9 pixels; give more, or fewer --widths"),
    "first pictures that vanish": (
        ["fast", "shapes", "--small-size", "4"], 1,
        "small_size is 4: 3 groups of layers need 9 pixels; give more, or fewer --widths"),
    "a shift out of the picture": (
        ["fast", "shapes", "--shift", "32"], 1, "shift is 32: give less than the size, 32"),
    "a device that is not there": (
        ["fast", "shapes", "--device", "cuda:99"], 1,
        "device is 'cuda:99', which this machine does not have: use 'auto' or 'cpu'"),
    "a device that nobody has": (
        ["fast", "shapes", "--device", "tpu"], 1,
        "device is 'tpu', which this machine does not have: use 'auto' or 'cpu'"),
    "no data set to train on": (
        ["fast", "{here}/no"], 1,
        "dataset is '{here}/no': neither one of 'auto', 'cifar10', 'shapes', 'arrows' nor a folder that "
        "exists"),
    "CIFAR-10 that is not there": (
        ["fast", "cifar10"], 1,
        "CIFAR-10 is not whole in data/cifar-10-batches-py: run `python -m course_utils data cifar10`, or "
        "use dataset 'shapes'"),
    "a picture that is none": (
        ["fast", "{here}/renamed"], 1,
        "cannot read the picture {here}/renamed/cat/0.png: not a picture; repair it or remove it"),
    "more classes than images asked for": (
        ["fast", "shapes", "--train-size", "3"], 1,
        "train_size is 3, but shapes has 10 classes: give at least 10, or 0 for all"),
    # other commands, and folders that cannot be written
    "a class set under a file": (
        ["assign", "{here}/file/class"], 1,
        "cannot write to {here}/file/class (Not a directory): name another folder"),
    "a class set where something is": (
        ["assign", "{here}/one"], 1, "{here}/one is there already: name another folder"),
    "a class set of a lesson that is not there": (["assign", "{here}/x", "7"], 1, f"7: {LESSONS}"),
    "marks of nothing": (["grade", "{here}/empty"], 1, "no notebooks in empty"),
    "marks by a sheet that is not there": (
        ["grade", "{here}/handed", "--points", "{here}/nothing.csv"], 2,
        "Invalid value for '--points': File '{here}/nothing.csv' does not exist."),
    "marks by a sheet of something else": (
        ["grade", "{here}/handed", "--points", "{here}/file"], 1,
        "file: wants columns exercise and points, with numbers (no exercise)"),
    "seconds that are no number": (
        ["grade", "{here}/handed", "--seconds", "nan"], 2,
        "Invalid value for '--seconds': 'nan': give a finite number"),
    "no memory": (
        ["grade", "{here}/handed", "--memory", "0"], 2,
        "Invalid value for '--memory': 0 is not in the range x>=1."),
    "marks of no data set": (
        ["grade", "{here}/handed", "--dataset", ""], 1, f"dataset '': {NO_FOLDER}"),
    "marks under a name that is a path": (
        ["grade", "{here}/handed", "--name", "a/b"], 1, f"--name 'a/b': {WANTS_NAME}"),
    "a lesson to publish that is not there": (["publish", "7"], 1, f"7: {LESSONS}"),
    "a model that is not there": (["predict", "{here}/no", "{here}/file"], 1,
        "no file {here}/no: train first, or give another path"),
    "a model that is none": (["predict", "{here}/file", "{here}/file"], 1,
        "file is damaged, or no file of tensors: delete it and train again"),
    "a time that is none": (
        ["run", "--timeout", "0"], 2, "Invalid value for '--timeout': 0 is not in the range x>=1."),
    "data that are not offered": (
        ["data", "imagenet"], 2, "Invalid value for "),
    "a sweep of nothing": (["sweep", "0"], 1, "nothing to sweep: give values, as in -p seed 0,1,2"),
    "a sweep of one value twice": (
        ["sweep", "0", "-p", "epochs", "1,1"], 1, "epochs=1 is there twice: give each value once"),
    "marks for a folder that is not there": (
        ["grade", "{here}/no"], 2, "Invalid value for 'FOLDER': Directory '{here}/no' does not exist."),
}  # fmt: skip
