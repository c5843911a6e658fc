"""DVC remotes on this machine: a folder, a real SSH server, and moto's imitation of S3."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pytest
import requests

from tests.reliability.trackers import free_port

SSHD = shutil.which("sshd", path=f"/usr/sbin:{os.environ['PATH']}")
SSHD_CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/user.pub
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
Subsystem sftp internal-sftp
"""
BUCKET, KEY, SECRET = "lectures", "ann", "not-for-git"


class Remote(NamedTuple):
    """A remote: its URL for `dvc remote add`, and the settings that stay out of git."""

    name: str
    url: str
    settings: Mapping[str, str] = MappingProxyType({})
    secret: str = ""  # must not be in git


@contextmanager
def folder(place: Path) -> Iterator[Remote]:
    """A folder, such as a shared disk."""
    yield Remote("folder", str(place / "storage"))


@contextmanager
def ssh(place: Path) -> Iterator[Remote]:
    """OpenSSH's server, to which this user has a key."""
    if SSHD is None or find_spec("dvc_ssh") is None:
        pytest.skip("needs sshd (Debian: openssh-server) and dvc-ssh")
    port = free_port()
    for name in ("host", "user"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(place / name)]
        subprocess.run(command, check=True)
    (place / "sshd_config").write_text(SSHD_CONFIG.format(port=port, folder=place))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd wants it if root starts it
    command = [SSHD, "-D", "-e", "-f", str(place / "sshd_config")]
    settings = {"user": getpass.getuser(), "keyfile": str(place / "user")}
    with running(command, port, place / "sshd.log"):
        yield Remote("SSH", f"ssh://127.0.0.1:{port}{place}/storage", settings, str(place / "user"))


@contextmanager
def s3(place: Path) -> Iterator[Remote]:
    """Moto's imitation of S3."""
    if find_spec("moto") is None or find_spec("dvc_s3") is None:
        pytest.skip("needs moto[server] and dvc-s3")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
    keys = {"access_key_id": KEY, "secret_access_key": SECRET}
    with running(command, port, place / "moto.log"):
        requests.put(f"{url}/{BUCKET}", timeout=30).raise_for_status()
        settings = {"endpointurl": url, **keys}
        yield Remote("S3 (moto's server)", f"s3://{BUCKET}/storage", settings, SECRET)


@contextmanager
def running(command: list[str], port: int, log: Path) -> Iterator[None]:
    """Run a server while the block runs; it is ready once its port accepts connections."""
    with log.open("w") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while server.poll() is None and time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        else:
            raise AssertionError(log.read_text())
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.wait()


KINDS = {"folder": folder, "ssh": ssh, "s3": s3}
