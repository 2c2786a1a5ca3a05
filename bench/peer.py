"""What the PyTorch sides of all comparisons share: one thread, and a line that says which PyTorch it is.

The line names the matrix library and the instruction set that PyTorch was built with and has found, because they decide
its speed more than its version does.
"""

import platform
import re

import torch


def start():
    """Sets PyTorch up for measuring and prints what it is."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    library = re.search(r"BLAS_INFO=(\w+)", torch.__config__.show())
    libraries = [library.group(1).upper() if library else "no BLAS"]
    if torch.backends.mkldnn.is_available():
        libraries.append("oneDNN")
    capability = torch.backends.cpu.get_cpu_capability()
    built = f"{' and '.join(libraries)}, {capability}"
    print(f"PyTorch {torch.__version__} ({built}), Python {platform.python_version()}", flush=True)
