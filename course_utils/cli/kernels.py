"""Kernels of the interpreter that runs this command. Imported only where one is started."""

import logging
import os
from pathlib import Path
from typing import Any, ClassVar

import matplotlib
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from traitlets import default

# what papermill warns of, the commands refuse in one line
logging.getLogger("papermill").setLevel(logging.CRITICAL)
logging.getLogger("matplotlib").setLevel(logging.ERROR)  # of a home that may not be written

_started: list["OwnKernelManager"] = []


class OwnKernelManager(AsyncKernelManager):
    """Starts kernels of the interpreter that runs this command.

    By name, "python3" may be a kernel that another environment has installed for the user.
    """

    variables: ClassVar[dict[str, str]] = {}  # of the environment, for these kernels alone

    @default("kernel_spec_manager")
    def _without_installed_kernels(self) -> KernelSpecManager:
        return KernelSpecManager(kernel_dirs=[])

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        # else each kernel warns that its local sockets are not encrypted, and after Ctrl-C writes a
        # traceback
        return super().format_kernel_cmd([*(extra_arguments or []), "--log-level=CRITICAL"])

    async def _async_pre_start_kernel(self, **options: Any) -> tuple[list[str], dict[str, Any]]:
        _started.append(self)
        options["env"] = _environment(options.get("env") or os.environ) | self.variables
        return await super()._async_pre_start_kernel(**options)


def manager_with(variables: dict[str, str]) -> type[OwnKernelManager]:
    """A manager whose kernels have these environment variables besides this process's."""
    return type("ManagerWithVariables", (OwnKernelManager,), {"variables": dict(variables)})


def _environment(given: Any) -> dict[str, str]:
    # the notebook would keep each of the thousands of states of a progress bar
    env = {**given, "TQDM_DISABLE": "1"}
    # where a home may not be written, matplotlib takes a temporary folder and names it in this
    # variable: one for all kernels, or each notebook would hold a warning
    matplotlib.get_cachedir()
    env |= {name: os.environ[name] for name in ("MPLCONFIGDIR",) if name in os.environ}
    for name in ("COURSE_DATA", "COURSE_RUNS"):
        if env.get(name):  # a relative path means the folder of this command, not the kernel's
            env[name] = str(Path(env[name]).expanduser().resolve())
    return env


def kill_kernels() -> None:
    """Kill the kernels that this process has started and that still run."""
    for manager in list(_started):
        if manager.has_kernel:
            manager.provisioner.process.kill()
