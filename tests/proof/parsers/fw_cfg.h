// SPDX-License-Identifier: MIT
// What boot/loader/fw_cfg.c calls and does not define, beyond environment.h.
// It is laid out by hand, because a formatter would fold the contracts.
// clang-format off
#ifndef TESTS_PROOF_PARSERS_FW_CFG_H
#define TESTS_PROOF_PARSERS_FW_CFG_H

#include "boot/loader/fw_cfg.h"

#define __builtin_bswap16 proof_swapped16
#define __builtin_bswap32 proof_swapped32
#define __builtin_bswap64 proof_swapped64

// Numbers with their bytes in the other order are any numbers.
/*@ terminates \true; assigns \nothing; */
uint16_t proof_swapped16(uint16_t number);
/*@ terminates \true; assigns \nothing; */
uint32_t proof_swapped32(uint32_t number);
/*@ terminates \true; assigns \nothing; */
uint64_t proof_swapped64(uint64_t number);

// The ports of any device. What it does to memory is in the contract of transfer().
/*@ terminates \true; assigns \nothing; */
uint32_t proof_port_read(void *context, uintptr_t address, unsigned width);
/*@ terminates \true; assigns \nothing; */
void proof_port_write(void *context, uintptr_t address, unsigned width, uint32_t value);

/*@ predicate ports{L}(struct device_io *io) = \valid_read(io)
        && io->read == &proof_port_read && io->write == &proof_port_write; */

// Whether so many bytes may be written to an address.
/*@
  axiomatic Room {
    predicate room(integer address, integer size);
  }
*/

#endif
