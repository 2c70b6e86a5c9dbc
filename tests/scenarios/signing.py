# SPDX-License-Identifier: MIT
"""Keys, signed images and manifests for the scenarios. The key is the one of Debian's ovmf package, which the
firmware with Secure Boot knows."""

from __future__ import annotations

import functools
import pathlib
import subprocess
import threading
from collections.abc import Callable
from typing import TypeVar

import machine
from scenario import making

CERTIFICATE = pathlib.Path("/usr/share/ovmf/PkKek-1-snakeoil.pem")
_PHRASE = "snakeoil"  # says the package's README.Debian
FOLDER = machine.BUILD / "images"

USB = ("-device", "qemu-xhci")

_making = threading.RLock()
_Made = TypeVar("_Made")


def stick(drive: str, place: int) -> tuple[str, ...]:
    return ("-device", f"usb-storage,drive={drive},bootindex={place}")


def make(*words: str) -> subprocess.CompletedProcess[str]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with making():
        done = subprocess.run(["make", *words], cwd=machine.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def _once(make_it: Callable[..., _Made]) -> Callable[..., _Made]:
    """The same for all threads, and made by the first that asks."""
    remembered = functools.lru_cache(make_it)

    @functools.wraps(make_it)
    def ask(*words: str) -> _Made:
        with _making:
            return remembered(*words)

    return ask


@_once
def key() -> pathlib.Path:
    """The private key, without a phrase."""
    file = FOLDER / "snakeoil.key"
    FOLDER.mkdir(parents=True, exist_ok=True)
    subprocess.run(["openssl", "rsa", "-in", CERTIFICATE.with_suffix(".key"), "-passin", f"pass:{_PHRASE}", "-out", file],
                   check=True, capture_output=True)
    return file


@_once
def other_key(*options: str) -> tuple[pathlib.Path, pathlib.Path]:
    """A new key, of RSA unless the options say otherwise, and its certificate."""
    name = "-".join(["other", *options]).replace(":", "-")
    files = FOLDER / f"{name}.key", FOLDER / f"{name}.pem"
    FOLDER.mkdir(parents=True, exist_ok=True)
    subprocess.run(["openssl", "req", "-x509", "-newkey", *(options or ("rsa:3072",)), "-nodes", "-subj", "/CN=other",
                    "-keyout", files[0], "-out", files[1]], check=True, capture_output=True)
    return files


@_once
def loader() -> pathlib.Path:
    """A loader with the certificate in it, itself unsigned."""
    make("build/signed/loader.efi", f"SIGN_KEY={key()}", f"SIGN_CERT={CERTIFICATE}")
    return machine.BUILD / "signed" / "loader.efi"


@_once
def image(words: str, files: str) -> pathlib.Path:
    """A disk image of which all is signed."""
    made = FOLDER / "signed.img"
    make("image", f"IMAGE={made.relative_to(machine.ROOT)}", f"CMDLINE={words}", f"FILES={files}", f"SIGN_KEY={key()}",
         f"SIGN_CERT={CERTIFICATE}")
    return made


def sign(text: bytes, key_file: pathlib.Path) -> bytes:
    return subprocess.run(["openssl", "dgst", "-sha256", "-sign", key_file], input=text, check=True, capture_output=True).stdout
