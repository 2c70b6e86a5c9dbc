# SPDX-License-Identifier: MIT
"""A loader that was built with a certificate starts what a signed manifest lists, and nothing else: each way
in which a file, a name or the command line is another one is a sentence."""

import hashlib
import shutil
import subprocess

import pytest

import machine
import signing
import small_kernel
from judge import Verdict
from scenario import background, boot, each

HEADER = b"# early boot: what this machine starts, version 1\n"
KERNEL = (machine.BUILD / "kernel.elf").read_bytes()
WORDS = ("module=first.bin", "module=second.bin")
LINE = f"run=signed {' '.join(WORDS)} exit-port={machine.EXIT_PORT:#x}\n".encode()
FILES = {"cmdline.txt": LINE, "kernel.elf": KERNEL, "first.bin": b"1" * 5000, "second.bin": b"2"}


def listed(files):
    return HEADER + b"".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n".encode() for name, data in files.items())


def damaged(data):
    return data[:-1] + bytes([data[-1] ^ 1])


MANIFEST = listed(FILES)


def boot_signed(name, change=dict, words=WORDS, **settings):
    """Boots the files with their manifest. `change` gives those that are others than the signed ones; None: is not there."""
    files = {**FILES, "manifest.txt": MANIFEST, "manifest.sig": signing.sign(MANIFEST, signing.key())} | change()
    kernel = small_kernel.write(f"signed-{name}", files.pop("kernel.elf"))
    del files["cmdline.txt"]  # which the harness writes
    return boot(f"signed-{name}", loader=signing.loader(), kernel=kernel, run_id="signed", words=words,
                files=tuple((name, data) for name, data in files.items() if data is not None), **settings)


@pytest.mark.parametrize("source", each(boot_signed, {
    source: ((source,), (source,), {"source": source}) for source in ("volume", "fw_cfg", "options")
}))
def test_what_was_signed_boots(source, outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    assert "loader: signed for this loader" in outcome.text
    assert "kernel: module first.bin: 5000 bytes" in outcome.text


def by_another_key():
    return {"manifest.sig": signing.sign(MANIFEST, signing.other_key()[0])}


def another_list():
    """The same key signs other lists, such as those of a release."""
    text = MANIFEST.removeprefix(HEADER)
    return {"manifest.txt": text, "manifest.sig": signing.sign(text, signing.key())}


NOT_SIGNED = "is not what was signed: its SHA-256 begins with "
CHANGES = {
    "no-signature": ("no manifest.sig: this loader was built with a certificate and starts only what is signed",
                     lambda: {"manifest.sig": None}),
    "no-manifest": ("no manifest.txt: this loader was built with a certificate", lambda: {"manifest.txt": None}),
    "another-key": ("manifest.sig is no signature by the key of this loader's certificate", by_another_key),
    "damaged-signature": ("manifest.sig is no signature by the key",
                          lambda: {"manifest.sig": damaged(signing.sign(MANIFEST, signing.key()))}),
    "empty-signature": ("manifest.sig is no signature by the key", lambda: {"manifest.sig": b""}),
    "long-signature": ("manifest.sig has 5000 bytes, at most 512 are read", lambda: {"manifest.sig": bytes(5000)}),
    "altered-manifest": ("manifest.txt was altered after it was signed", lambda: {"manifest.txt": damaged(MANIFEST)}),
    "another-list": ("manifest.txt is signed, but its first line is not", another_list),
    "altered-kernel": (f"kernel.elf {NOT_SIGNED}", lambda: {"kernel.elf": damaged(KERNEL)}),
    "altered-module": (f"second.bin {NOT_SIGNED}", lambda: {"second.bin": b"3"}),
    "swapped-modules": (f"first.bin {NOT_SIGNED}",
                        lambda: {"first.bin": FILES["second.bin"], "second.bin": FILES["first.bin"]}),
}


@pytest.mark.parametrize("sentence", each(boot_signed, {
    name: ((sentence,), (name, change), {}) for name, (sentence, change) in CHANGES.items()
} | {
    "altered-words": ((f"cmdline.txt {NOT_SIGNED}",), ("words",), {"words": (*WORDS, "fail=3")}),
    "words-of-the-shell": ((f"the command line of the load options {NOT_SIGNED}",), ("shell",),
                           {"words": ("fail=3",), "source": "options"}),
}))
def test_what_was_not_signed_is_rejected_by_name(sentence, outcome):
    assert outcome.verdict is Verdict.LOADER_STOPPED, outcome.summary()
    assert outcome.judgement.reason.startswith(sentence)


def module_that_is_not_listed():
    manifest = listed({name: data for name, data in FILES.items() if name != "second.bin"})
    return {"manifest.txt": manifest, "manifest.sig": signing.sign(manifest, signing.key())}


@background(boot_signed, "unlisted", module_that_is_not_listed)
def test_a_module_that_is_not_listed_is_rejected(outcome):
    assert outcome.verdict is Verdict.LOADER_STOPPED, outcome.summary()
    assert outcome.judgement.reason.startswith("second.bin is not in the signed manifest.txt: name it")


# --- The image, under Secure Boot -----------------------------------------------------------------

IMAGE_WORDS = ("module=LICENSE",)


def boot_secure(name, image, **settings):
    return boot(f"signed-{name}", image=image, run_id="signed", words=IMAGE_WORDS, firmware="secure", **settings)


def signed_image():
    return signing.image(f"run=signed {' '.join(IMAGE_WORDS)} exit-port={machine.EXIT_PORT:#x}", "LICENSE")


def boot_signed_image():
    """With an unsigned image in the first stick, and a signed one in the second."""
    unsigned = signing.FOLDER / "plain.img"
    signing.make("image", f"IMAGE={unsigned.relative_to(machine.ROOT)}")
    drive = ("-drive", f"if=none,id=unsigned,format=raw,snapshot=on,file={unsigned}")
    return boot_secure("image", signed_image(), image_device=signing.stick("image", 2),
                       extra=(*drive, *signing.USB, *signing.stick("unsigned", 1)))


@background(boot_signed_image)
def test_secure_boot_rejects_an_unsigned_image_and_takes_a_signed_one(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    assert outcome.text.index("Access Denied") < outcome.text.index("loader: signed for this loader")


def boot_image_with_another_kernel():
    image = signing.FOLDER / "signed-altered.img"
    shutil.copyfile(signed_image(), image)
    subprocess.run(["mcopy", "-o", "-i", f"{image}@@1M", machine.BUILD / "kernel-tests.elf", "::/kernel.elf"], check=True)
    return boot_secure("altered", image)


@background(boot_image_with_another_kernel)
def test_secure_boot_ends_at_the_kernel(outcome):
    assert outcome.verdict is Verdict.LOADER_STOPPED, outcome.summary()
    assert outcome.judgement.reason.startswith(f"kernel.elf {NOT_SIGNED}")


# --- What is said while an image is made ----------------------------------------------------------


def made_with(*words):
    done = subprocess.run(["make", "image", "IMAGE=build/images/wrong.img", *words], cwd=machine.ROOT, capture_output=True,
                          text=True)
    assert done.returncode == 2
    return done.stderr


def test_a_key_without_a_certificate_is_not_accepted():
    assert "SIGN_KEY=mine is not accepted: give SIGN_KEY and SIGN_CERT together" in made_with("SIGN_KEY=mine")


def manifest(key, certificate, folder):
    return subprocess.run(["boot/manifest.sh", key, certificate, folder, "words", machine.ROOT / "LICENSE"], cwd=machine.ROOT,
                          capture_output=True, text=True)


def test_the_manifest_is_one_that_sha256sum_checks(tmp_path):
    assert manifest(signing.key(), signing.CERTIFICATE, tmp_path).returncode == 0
    shutil.copy(machine.ROOT / "LICENSE", tmp_path)
    (tmp_path / "cmdline.txt").write_text("words\n")
    done = subprocess.run(["sha256sum", "--strict", "-c", "manifest.txt"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "cmdline.txt: OK\nLICENSE: OK\n"


def test_a_key_of_another_certificate_signs_nothing(tmp_path):
    done = manifest(signing.other_key()[0], signing.CERTIFICATE, tmp_path)
    assert done.returncode == 1 and "is not the key of " in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_key_that_the_loader_cannot_verify_signs_nothing(tmp_path):
    done = manifest(*signing.other_key("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), tmp_path)
    assert done.returncode == 1 and "the loader verifies RSA keys of 1024 to 4096 bits" in done.stderr
    assert not list(tmp_path.iterdir())
