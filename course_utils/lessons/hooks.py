"""What layers give: looked at while images pass through them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor, nn

from course_utils.probes import evaluation_mode


@contextmanager
def forward_hooks(
    layers: dict[str, nn.Module], hook: Callable[[str, Tensor, Tensor], None]
) -> Iterator[None]:
    """Inside the block, `hook(name, inputs, outputs)` is called after each layer's forward pass.

    `layers` has them by name. The hooks are removed at the end, also after an error.
    """
    with ExitStack() as handles:
        for name, layer in layers.items():

            def call(module: nn.Module, inputs: tuple, outputs: Tensor, name: str = name) -> None:
                hook(name, inputs[0].detach(), outputs.detach())

            handles.enter_context(layer.register_forward_hook(call))
        yield


def layer_outputs(model: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """What each layer without sub-layers gives for `images`, by its name, in the order of the pass.

    Runs in evaluation mode, without gradients. Of a layer that is used twice, the last output.
    """
    found: dict[str, Tensor] = {}

    def keep(name: str, inputs: Tensor, outputs: Tensor) -> None:
        found[name] = outputs.clone()  # a later in-place layer must not change it

    leaves = {name: layer for name, layer in model.named_modules() if not list(layer.children())}
    with forward_hooks(leaves, keep), evaluation_mode(model), torch.no_grad():
        model(images)
    return found
