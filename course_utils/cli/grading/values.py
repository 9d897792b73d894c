"""Plain values as JSON, so that nothing that a submission wrote is ever unpickled."""

import base64
import json
from typing import Any

import torch

from course_utils.exercises import Plain

DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.float64, torch.float32, torch.float16, torch.bfloat16),
        *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool),
    )
}


def dumps(value: Plain) -> str:
    """Plain values as text.

    Raises:
        TypeError: if a value is none of them, a complex tensor for instance.
    """
    return json.dumps(_encoded(value))


def loads(text: str) -> Plain:
    """The plain values of a text that may come from anywhere.

    Raises:
        ValueError: if it is not what `dumps` writes.
    """
    try:
        return _decoded(json.loads(text))
    except (ValueError, TypeError, KeyError, RuntimeError, RecursionError, AttributeError):
        raise ValueError("what came back cannot be read") from None


def _encoded(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        name = str(value.dtype).removeprefix("torch.")
        if name not in DTYPES or value.layout != torch.strided:
            raise TypeError(f"a tensor of type {name} cannot be judged")
        data = value.reshape(-1).contiguous().view(torch.uint8).numpy().tobytes()
        return ["tensor", name, list(value.shape), base64.b64encode(data).decode("ascii")]
    if isinstance(value, list):
        return ["list", *map(_encoded, value)]
    if isinstance(value, dict):  # JSON's own keys are text only
        return ["dict", *([key, _encoded(item)] for key, item in value.items())]
    return value


def _decoded(value: Any) -> Plain:
    if not isinstance(value, list):
        if not isinstance(value, dict):
            return value
        raise ValueError
    kind, *items = value
    if kind == "list":
        return [_decoded(item) for item in items]
    if kind == "dict":
        return {key: _decoded(item) for key, item in items}
    if kind != "tensor":
        raise ValueError
    name, shape, data = items
    raw = bytearray(base64.b64decode(data, validate=True))
    flat = torch.frombuffer(raw, dtype=DTYPES[name]) if raw else torch.empty(0, dtype=DTYPES[name])
    return flat.reshape(shape)
