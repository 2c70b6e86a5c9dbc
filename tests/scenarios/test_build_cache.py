# SPDX-License-Identifier: MIT
"""What is made out of files is made again when one of them, the command or the tool has changed, and else not."""

import concurrent.futures

import pytest

import build_cache


@pytest.fixture
def program(tmp_path):
    """A tool of some version."""

    def write(version):
        file = tmp_path / "tool"
        file.write_text(f"#!/bin/sh\n[ \"$1\" = --version ] && echo {version} || echo made >>$1\n[ \"$2\" != fail ]\n")
        file.chmod(0o755)
        build_cache.version.cache_clear()
        return str(file)

    return write


def test_it_depends_on_version_arguments_and_contents(tmp_path, program):
    file = tmp_path / "firmware"
    file.write_bytes(b"1")
    one = build_cache.of([program(1), "-m", "256M"], [file])
    assert build_cache.of([program(1), "-m", "256M"], [file]) == one
    assert build_cache.of([program(2), "-m", "256M"], [file]) != one
    assert build_cache.of([program(1), "-m", "512M"], [file]) != one
    file.write_bytes(b"2")
    assert build_cache.of([program(1), "-m", "256M"], [file]) != one
    file.write_bytes(b"1")
    assert build_cache.of([program(1), "-m", "256M"], [file]) == one


def test_nothing_is_built_twice(tmp_path, program):
    product, source = tmp_path / "product", tmp_path / "source"

    def builds(*arguments):
        before = len(product.read_text().split()) if product.exists() else 0
        build_cache.build(product, [program(1), product, *arguments], [source])
        return len(product.read_text().split()) - before

    source.write_text("1")
    assert (builds(), builds()) == (1, 0)
    source.write_text("2")
    assert (builds(), builds()) == (1, 0)
    assert (builds("-O2"), builds("-O2")) == (1, 0)
    product.unlink()
    assert (builds("-O2"), builds("-O2")) == (1, 0)


def test_of_threads_that_want_the_same_one_builds_it(tmp_path):
    product = tmp_path / "product"
    command = ["bash", "-c", f"echo begin >>{product}; sleep 0.2; echo end >>{product}"]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: build_cache.build(product, command, []), range(2)))
    assert product.read_text().split() == ["begin", "end"]


def test_a_build_that_fails_is_tried_again(tmp_path, program):
    for _ in range(2):
        with pytest.raises(RuntimeError, match="tool .*product fail"):
            build_cache.build(tmp_path / "product", [program(1), tmp_path / "product", "fail"], [])
