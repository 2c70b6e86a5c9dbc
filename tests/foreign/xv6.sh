#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Fetches and builds xv6 for riscv64.
#
#   xv6.sh FOLDER
#
# XV6 in the environment names another git repository of it.

set -eu

[ -d "$1" ] || git clone -q --depth 1 "${XV6:-https://github.com/mit-pdos/xv6-riscv}" "$1"
make -C "$1" TOOLPREFIX=riscv64-linux-gnu- kernel/kernel fs.img
