"""A class on one Linux server: JupyterHub, one learner one server, limits, and nobody idle for long.

    pip install -c constraints.txt -e '.[class]' && npm install -g configurable-http-proxy
    jupyterhub -f deploy/jupyterhub_config.py

Set EXPRESSWAY_LAB_SPAWNER=local to try it without root and systemd; then limits are not enforced. Figures: docs/class.md.
"""

import os
import shutil
import sys
from pathlib import Path

from jupyterhub.spawner import Spawner

c = get_config()  # noqa: F821  (JupyterHub's own)
COURSE = Path(__file__).resolve().parents[1] / "notebooks"
LOCAL = os.environ.get("EXPRESSWAY_LAB_SPAWNER") == "local"


def give_course(spawner: Spawner) -> None:
    """Every learner works on a copy; what is there already is left alone."""
    home = Path(spawner.notebook_dir.format(username=spawner.user.name)).expanduser()
    for source in (*COURSE.glob("*.ipynb"), COURSE / "deployments"):
        target = home / source.name
        if not target.exists():
            home.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copy)(source, target)


c.JupyterHub.bind_url = "http://127.0.0.1:8000"  # put a TLS proxy before it
c.JupyterHub.cleanup_servers = True
c.Spawner.default_url = "/lab/tree/00-meet-the-lab.ipynb"
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.pre_spawn_hook = give_course
c.Spawner.start_timeout = 60
# Measured: 0.17 GB with the largest lab; three notebooks open at once fit.
c.Spawner.mem_limit = "1G"
c.Spawner.cpu_limit = 1.0

if LOCAL:
    c.JupyterHub.spawner_class = "simple"
    c.JupyterHub.authenticator_class = "dummy"  # any name, no password: on a machine of your own only
    c.Authenticator.allow_all = True
    c.Spawner.notebook_dir = os.environ.get("EXPRESSWAY_LAB_HOMES", "/tmp") + "/{username}"
else:
    c.JupyterHub.spawner_class = "systemdspawner.SystemdSpawner"
    c.SystemdSpawner.isolate_tmp = True  # nobody sees another's workbench
    c.SystemdSpawner.default_shell = "/bin/bash"
    c.JupyterHub.authenticator_class = "pam"
    c.Authenticator.allowed_groups = {"learners"}
    c.Spawner.notebook_dir = "~/expressway-lab"

# A kernel that does nothing for half an hour ends, and its lab with it; a server after an hour.
c.Spawner.args = ["--MappingKernelManager.cull_idle_timeout=1800", "--MappingKernelManager.cull_connected=True"]
c.JupyterHub.load_roles = [
    {
        "name": "cull-idle",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["cull-idle"],
    }
]
c.JupyterHub.services = [
    {"name": "cull-idle", "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=3600"]}
]
