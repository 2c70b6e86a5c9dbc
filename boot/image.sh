#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Writes a disk image that UEFI boots from, as a USB stick or any other disk: a GPT with one EFI
# system partition, and in it the loader where firmware looks for it (UEFI 3.5.1.1), the kernel and
# whatever else the loader may read. `make image` calls it.
#
#   image.sh IMAGE LOADER KERNEL CMDLINE [FILE…]
#
# CMDLINE is the command line, perhaps empty; FILEs lie beside the kernel under their own names, for
# module=NAME. Needs sfdisk (package fdisk) and mtools; no root, no mount.

set -eu
PATH=$PATH:/usr/sbin:/sbin # where sfdisk is, which not every user's path has
export MTOOLS_SKIP_CHECK=1

image=$1 loader=$2 kernel=$3 cmdline=$4
shift 4

# FAT32 has at least 65525 clusters, by its definition; with clusters of one sector 40 MiB have
# enough, with room for their table.
mib=$(($(cat "$loader" "$kernel" "$@" | wc -c) * 5 / 4 / 1048576 + 40))

partition=$image@@1M
trap 'rm -f "$image"' EXIT
rm -f "$image"
# A MiB in front for the table and its alignment, one behind for the table's copy.
truncate -s $((mib + 2))M "$image"
sfdisk --quiet "$image" <<END
label: gpt
start=1MiB, size=${mib}MiB, type=uefi, name="early boot"
END
# Heads and sectors are of no importance since disks are addressed by block, but FAT has the fields.
mformat -i "$partition" -F -c 1 -v EARLYBOOT -T $((mib * 2048)) -h 64 -s 32 ::
mmd -i "$partition" ::/EFI ::/EFI/BOOT
mcopy -i "$partition" "$loader" ::/EFI/BOOT/BOOTX64.EFI
mcopy -i "$partition" "$kernel" ::/kernel.elf
[ -z "$cmdline" ] || printf '%s\n' "$cmdline" | mcopy -i "$partition" - ::/cmdline.txt
for file; do
    mcopy -i "$partition" "$file" "::/${file##*/}"
done
trap - EXIT
