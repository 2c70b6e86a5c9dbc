// SPDX-License-Identifier: MIT
// apic: the local APIC, the interrupt controller of each processor, as far as the bootstrap
// processor (BSP) needs it to start the application processors (APs) and to send them interrupts
// (IPIs): xAPIC, whose registers are in memory, and x2APIC, whose registers are MSRs.
// Source: SDM 3A chapter 11 "APIC" (10 in editions before 2022), by section title.
#ifndef ARCH_X86_64_APIC_H
#define ARCH_X86_64_APIC_H

#include "arch/x86_64/address.h"
#include "arch/x86_64/page.h"

#include <stdbool.h>
#include <stdint.h>

// Bytes of the xAPIC's registers, which are in memory (MMIO).
#define APIC_REGISTERS_SIZE PAGE_SIZE

// How registers are reached: in a kernel as the processor has them, in a test as stubs.
struct apic {
    bool x2;                      // by MSR; else in memory
    volatile uint32_t *registers; // of the xAPIC, mapped uncached; unused if x2
    uint64_t (*read_msr)(void *context, uint32_t msr);
    void (*write_msr)(void *context, uint32_t msr, uint64_t value);
    void *context;
};

// Whether this processor has an x2APIC, or runs with one already, and where its xAPIC registers
// lie.
bool apic_has_x2(void);
physical_t apic_registers(void);

// An x2APIC, which apic_has_x2() says is there, or an xAPIC whose registers are mapped at
// `registers`.
struct apic apic_x2(void);
struct apic apic_x1(volatile uint32_t *registers);

// Switches this processor's APIC on, with spurious interrupts going to APIC_SPURIOUS_VECTOR. On
// each processor, before all else: an x2APIC that is not on has no registers, and traps. Ring 0.
#define APIC_SPURIOUS_VECTOR 0xffu
void apic_enable(const struct apic *apic);

// This processor's id.
uint32_t apic_id(const struct apic *apic);

// Sends an IPI: INIT to the processor with that id; the start-up message (SIPI) that makes it begin
// in real mode at `page`, a page below 1 MiB; or an interrupt to all processors but this one. Each
// waits a bounded time for an earlier message to leave, and returns false iff it did not, or the id
// is out of reach (an xAPIC has 8 bits for it).
bool apic_send_init(const struct apic *apic, uint32_t id);
bool apic_send_startup(const struct apic *apic, uint32_t id, physical_t page);
bool apic_interrupt_others(const struct apic *apic, uint8_t vector);

// Acknowledges the interrupt that is being handled (EOI).
void apic_end_of_interrupt(const struct apic *apic);

#endif
