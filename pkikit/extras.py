"""Which extra of this project installs a Python module that the base install lacks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from pkikit.errors import InputError

PROJECT = "expressway-certificate-lab"

EXTRA_OF: Mapping[str, str] = {
    "acme": "acme",
    "dns": "acme",
    "josepy": "acme",
    "requests": "acme",
    "urllib3": "acme",
    "distributed": "explore",
    "pyarrow": "explore",
    "aiohttp": "lab",
    "anyio": "lab",
    "asyncssh": "lab",
    "dnslib": "lab",
    "dpkt": "capture",
    "jinja2": "lab",
    "multidict": "lab",
    "platformdirs": "lab",
    "regex": "lab",
    "yarl": "lab",
    "IPython": "workbook",
    "anywidget": "workbook",
    "ipywidgets": "workbook",
    "pandas": "workbook",
    "resvg_py": "png",
    "traitlets": "workbook",
    "jupyterhub": "class",
}
"""Top-level module, as `import` names it, to the smallest extra that installs it."""


class MissingExtra(InputError, ImportError):
    """A module of an extra is not installed; the message is one sentence with the command that installs it."""


@contextlib.contextmanager
def optional_packages(extra: str = "") -> Iterator[None]:
    """Turn a failed import of a module that an extra installs into one sentence.

    Every other failed import passes unchanged: it is a mistake of ours, or a damaged installation.

    Args:
        extra: the extra that the whole block needs; by default the smallest one that has the module.

    Yields:
        None.

    Raises:
        MissingExtra: the block imports a module of `EXTRA_OF` that is not installed.
        ModuleNotFoundError: the block imports another module that is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in EXTRA_OF:
            raise
        command = f"pip install '{PROJECT}[{extra or EXTRA_OF[module]}]'"
        raise MissingExtra(f"the Python module {module} is not installed; install it with: {command}") from None
