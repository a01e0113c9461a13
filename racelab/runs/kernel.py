"""The kernel of runs: this very Python, whatever kernels a user has installed."""

import sys
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager


class OwnKernelManager(AsyncKernelManager):
    """Starts ipykernel in the Python that runs racelab; figures are written as data, once, without plotly.js."""

    @property
    def kernel_spec(self) -> Any:
        """The specification of the kernel, made here instead of looked up by name."""
        return KernelSpec(
            argv=[
                sys.executable,
                "-Xfrozen_modules=off",
                "-m",
                "ipykernel_launcher",
                "--log-level=ERROR",
                "-f",
                "{connection_file}",
            ],
            display_name="Python 3",
            language="python",
            env={"PLOTLY_RENDERER": "plotly_mimetype", "PYDEVD_DISABLE_FILE_VALIDATION": "1"},
        )
