"""A class on one Linux server: JupyterHub, one server for each learner, limits, and no idle servers.

    pip install -c constraints.txt -e '.[class]' && npm install -g configurable-http-proxy
    jupyterhub -f deploy/jupyterhub_config.py

Learners must be able to read this checkout and its environment: put it below /opt, not into root's home.
Set EXPRESSWAY_LAB_SPAWNER=local to try it without root and systemd; then limits are not enforced. Figures: docs/class.md.
"""

import os
import pwd
import subprocess
import sys
from pathlib import Path

from jupyterhub.spawner import Spawner

c = get_config()  # noqa: F821  (JupyterHub's own)
COPY = Path(__file__).resolve().with_name("give_course.py")
# One Pebble for all learners, where docs/class.md has it fetched; without it, ACME alone does not work.
PEBBLE = COPY.parents[1] / ".cache" / "expressway-certificate-lab" / "pebble-2.4" / "usr" / "bin" / "pebble"
LOCAL = os.environ.get("EXPRESSWAY_LAB_SPAWNER") == "local"
HOMES = os.environ.get("EXPRESSWAY_LAB_HOMES", "/tmp")  # of `local` only
# The progress service, for `hand_in()`: an account of its own, which alone can read the keys and put a socket there. A port
# would be worse: any learner could take it while the service is down, and collect the others' tokens.
PROGRESS_USER = "expressway-progress"
PROGRESS = Path(HOMES, "progress-service") if LOCAL else Path("/var/lib/expressway-lab")
MAY_HAND_IN = "access:services!service=progress"


def give_course(spawner: Spawner) -> None:
    """Copy the course into the folder in which the learner's server starts.

    A process of the learner does it. The Hub is root: it would write wherever a link in the learner's home leads, and
    leave files that the learner cannot change.
    """
    folder = Path(spawner.notebook_dir.format(username=spawner.user.name)).expanduser()
    command = [sys.executable, "-I", str(COPY), str(folder)]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=60, **as_learner(spawner.user.name))
    if done.returncode:
        raise RuntimeError(f"{spawner.user.name}: {done.stderr.strip()}")


def as_learner(name: str) -> dict[str, object]:
    """What makes a child process one of the learner's; nothing for `local`, where everything runs as one person."""
    if LOCAL:
        return {}
    account = pwd.getpwnam(name)
    return {
        "user": account.pw_uid,
        "group": account.pw_gid,
        "extra_groups": os.getgrouplist(name, account.pw_gid),
        "umask": 0o077,
        "env": {"HOME": account.pw_dir, "PATH": os.defpath},
    }


def has_progress_service() -> bool:
    """True if there is the account that runs it; without it, learners save reports as files."""
    try:
        return LOCAL or bool(pwd.getpwnam(PROGRESS_USER))
    except KeyError:
        return False


c.JupyterHub.bind_url = "http://127.0.0.1:8000"  # put a TLS proxy in front of it
c.JupyterHub.cleanup_servers = True
c.Spawner.default_url = "/lab/tree/Home.ipynb"
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.pre_spawn_hook = give_course
c.Spawner.environment = {"EXPRESSWAY_LAB_PEBBLE": str(PEBBLE)} if PEBBLE.is_file() else {}
c.Spawner.start_timeout = 180
c.Spawner.http_timeout = 120  # two cores on which ten servers start are slow
# Measured: 0.17 GB with the largest lab; three notebooks open at once fit.
c.Spawner.mem_limit = "1G"
c.Spawner.cpu_limit = 1.0

if LOCAL:
    c.JupyterHub.spawner_class = "simple"
    c.JupyterHub.authenticator_class = "dummy"  # any name, no password: only on a machine of your own
    c.Authenticator.allow_all = True
    c.SimpleLocalProcessSpawner.home_dir_template = c.Spawner.notebook_dir = HOMES + "/{username}"
else:
    c.JupyterHub.spawner_class = "systemdspawner.SystemdSpawner"
    c.SystemdSpawner.isolate_tmp = True  # nobody sees another's workbench
    c.SystemdSpawner.default_shell = "/bin/bash"
    c.JupyterHub.authenticator_class = "pam"
    c.Authenticator.allowed_groups = {"learners"}
    c.Spawner.notebook_dir = "~{username}/expressway-lab"  # the learner's home, also where the Hub expands it

# A class that logs in at nine: ten servers start at a time, so that each of them starts in time. Who comes meanwhile reads
# that too many are starting, and in how many seconds to try again.
c.JupyterHub.concurrent_spawn_limit = 10
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

if has_progress_service():
    socket = f"unix:{PROGRESS / 'progress.sock'}"
    serve = [sys.executable, "-m", "workbook.handin", "serve", "--folder", str(PROGRESS), "--address", socket]
    c.JupyterHub.services.append({"name": "progress", "command": serve, "user": "" if LOCAL else PROGRESS_USER})
    c.Spawner.environment = {**c.Spawner.environment, "EXPRESSWAY_LAB_PROGRESS": socket}
    # The token of a learner's server may do what it always may, and hand in progress.
    c.Spawner.server_token_scopes = ["users:activity!user", "access:servers!server", MAY_HAND_IN]
    c.JupyterHub.load_roles.append({"name": "user", "scopes": ["self", MAY_HAND_IN]})
