# SPDX-License-Identifier: MIT
"""Whether figures that the manual prints are to be expected here: they are those of one version of what was measured."""

import fnmatch
import subprocess
import warnings


def is_installed(package: str, version: str) -> bool:
    """Whether Debian's package has this version, in which `*` stands for any characters. Warns if not."""
    query = ["dpkg-query", "--show", "--showformat=${Version}", package]
    found = subprocess.run(query, capture_output=True, text=True, check=False).stdout
    known = fnmatch.fnmatchcase(found, version)
    if not known:
        warnings.warn(f"{package} {found} was run, but its figures count in version {version} only")
    return known
