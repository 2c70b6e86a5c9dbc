#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Checks a number or size for the Makefile: `number.sh TEXT LOW HIGH STEP` prints TEXT in plain digits
# (bytes, for a size in K, M or G) when it lies between LOW and HIGH in whole STEPs, and else nothing.

digits=${1%[KkMmGg]}
case $digits in
'' | *[!0-9]* | ???????????*) exit ;; # more than ten digits could wrap into something small
esac
case $1 in
*[Kk]) unit=1024 ;;
*[Mm]) unit=1048576 ;;
*[Gg]) unit=1073741824 ;;
*) unit=1 ;;
esac
# expr reads 010 as ten and does not wrap.
number=$(expr "$digits" '*' "$unit")
if [ "$number" -ge "$2" ] && [ "$number" -le "$3" ] && [ $((number % $4)) -eq 0 ]; then
    echo "$number"
fi 2>/dev/null
