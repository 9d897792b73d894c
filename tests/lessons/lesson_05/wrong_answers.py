"""Wrong answers to lesson 05's exercises: (exercise, answer, a part of the hint that it should
get).
"""

from functools import partial


def backward(maps, upstream, *, axes=(0, 2, 3), mean=1, variance=1, eps=1e-5, root=True):
    """The gradient of batch normalisation; each option makes one mistake."""
    deviation = (maps.var(dim=axes, correction=0, keepdim=True) + eps).sqrt()
    normalised = (maps - maps.mean(dim=axes, keepdim=True)) / deviation
    along = (upstream * normalised).mean(dim=axes, keepdim=True)
    found = upstream - mean * upstream.mean(dim=axes, keepdim=True) - variance * normalised * along
    return found / deviation if root else found


def fold_forwards(
    norm, linear, *, eps=True, root=0.5, gamma=True, outputs=False, through=True, again=False
):
    """Batch normalisation, then a linear layer, as one; each option makes one mistake."""
    scale = (norm.weight if gamma else 1) / (norm.running_var + (norm.eps if eps else 0)) ** root
    shift = norm.bias - norm.running_mean * scale
    weight = linear.weight * (scale[:, None] if outputs else scale)
    return weight, linear.bias + (
        (weight if again else linear.weight) @ shift if through else shift
    )


WRONG = [
    ("05.backward", partial(backward, mean=0, variance=0), "two parts are missing"),
    ("05.backward", partial(backward, variance=0), "through the variance is missing"),
    ("05.backward", partial(backward, mean=0), "through the mean is missing"),
    ("05.backward", partial(backward, root=False), "Divide by the root"),
    ("05.backward", partial(backward, eps=0), "added to the variance before the root"),
    ("05.backward", partial(backward, axes=(0,)), "over images and places"),
    ("05.backward", partial(backward, axes=(2, 3)), "share one mean"),
    ("05.backward", partial(backward, variance=-1), "The numbers are wrong"),
    ("05.backward", lambda m, u: backward(m, u).sum(0), "has shape (4, 2, 3)"),
    ("05.backward", lambda m, u: u.mul_(2), "changed what it was given"),
    ("05.batches_needed", 44, "torch's default"),
    ("05.batches_needed", 2, "not what it brings"),
    ("05.batches_needed", 458, "one more"),
    ("05.batches_needed", 460, "give the smallest number"),
    ("05.batches_needed", 100, "0.99 to the power of 100 is 36.6%"),
    ("05.batches_needed", -5, "still too much"),
    ("05.batches_needed", 458.2, "Give a whole number"),
    ("05.fold_forwards", partial(fold_forwards, outputs=True), "its inputs, the last axis"),
    ("05.fold_forwards", partial(fold_forwards, eps=False), "eps is missing"),
    ("05.fold_forwards", partial(fold_forwards, root=1), "not by the variance"),
    ("05.fold_forwards", partial(fold_forwards, gamma=False), "(gamma) is missing"),
    ("05.fold_forwards", lambda n, x: (fold_forwards(n, x)[0], x.bias), "no part of the shift yet"),
    ("05.fold_forwards", partial(fold_forwards, through=False), "multiply it by the weight first"),
    ("05.fold_forwards", partial(fold_forwards, again=True), "use the old weight for the bias"),
    ("05.fold_forwards", lambda n, x: (fold_forwards(n, x)[0], -x.bias), "the bias is not"),
    ("05.fold_forwards", lambda n, x: (x.weight * 3, x.bias), "The weight is wrong"),
    ("05.fold_forwards", lambda n, x: (x.weight.mul_(2), x.bias), "changed the linear layer"),
    ("05.fold_forwards", lambda n, x: fold_forwards(n, x)[0], "Return two tensors"),
]
