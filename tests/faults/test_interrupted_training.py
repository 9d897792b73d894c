"""A training is killed at random moments, half of them inside a write, and goes on each time: no
checkpoint is ever damaged, and the end is that of a training that nobody stopped, bit for bit.
"""

import json
import os
import subprocess
import sys

import pytest

from course_utils.paths import ROOT

KILLS = int(os.environ.get("STRESS_KILLS", "30"))

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")


def python(*arguments, **options):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, **options,
    )  # fmt: skip


def test_a_killed_training_loses_no_checkpoint_and_ends_as_if_nothing_had_happened(
    tmp_path, record_property
):
    done = python("-m", "tests.faults.trainings", str(KILLS), "0", str(tmp_path))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for name, value in found.items():
        record_property(name, value)
    assert found["kills"] >= KILLS and found["in a write"] >= KILLS // 5
    assert found["damaged"] == found["different"] == 0


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from course_utils.checkpoints import load_file
from tests.faults import trainings

path = Path(sys.argv[1])
trainings.EPOCHS = 5
real = trainings.checkpoints.save_checkpoint
from course_utils import training
count = []
def limited(*arguments, **values):
    count.append(1)
    if len(count) == 3:  # the disk is full from the third checkpoint on
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size // 2, hard))
    return real(*arguments, **values)
training.save_checkpoint = limited
try:
    trainings.train(path)
except OSError as error:
    print(type(error).__name__, error)
print(len(load_file(path)["history"]["val_loss"]), [each.name for each in path.parent.iterdir()])
"""


def test_a_full_disk_costs_the_new_checkpoint_and_not_the_old_one(tmp_path):
    done = python("-c", FULL_DISK, str(tmp_path / "x.pt"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "OSError cannot write x.pt (File too large): free some space, or give another folder",
        "2 ['x.pt']",
    ]
