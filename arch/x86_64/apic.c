// SPDX-License-Identifier: MIT
// Both kinds of local APIC. A register's number is its MSR's distance from 0x800, and a sixteenth
// of its offset in memory (SDM 3A "x2APIC Register Address Space").
#include "arch/x86_64/apic.h"

#include "arch/x86_64/cpu.h"

enum {
    REGISTER_ID = 0x02,
    REGISTER_END_OF_INTERRUPT = 0x0b,
    REGISTER_SPURIOUS = 0x0f,
    REGISTER_COMMAND_LOW = 0x30,
    REGISTER_COMMAND_HIGH = 0x31, // xAPIC only
};

#define CPUID_FEATURES_ECX_X2APIC (UINT32_C(1) << 21)

// "Local APIC Status and Location".
#define MSR_IA32_APIC_BASE UINT32_C(0x1b)
#define APIC_BASE_X2 (UINT64_C(1) << 10)
#define APIC_BASE_ENABLE (UINT64_C(1) << 11)
#define APIC_BASE_ADDRESS UINT64_C(0x000ffffffffff000)

#define MSR_X2APIC UINT32_C(0x800)
#define SPURIOUS_ENABLE (UINT32_C(1) << 8)

// "Interrupt Command Register (ICR)".
#define COMMAND_FIXED UINT32_C(0x000)
#define COMMAND_INIT UINT32_C(0x500)
#define COMMAND_STARTUP UINT32_C(0x600)
#define COMMAND_PENDING (UINT32_C(1) << 12)
#define COMMAND_ASSERT (UINT32_C(1) << 14)
#define COMMAND_ALL_BUT_SELF (UINT32_C(3) << 18)
#define XAPIC_ID_SHIFT 24
#define XAPIC_ID_MAX UINT32_C(0xfe) // 0xff means all
// A message leaves within microseconds; this many reads of an uncached register take longer.
#define WAIT_READS 100000

static uint64_t read_msr(void *context, uint32_t msr)
{
    (void)context;
    return cpu_rdmsr(msr);
}

static void write_msr(void *context, uint32_t msr, uint64_t value)
{
    (void)context;
    cpu_wrmsr(msr, value);
}

bool apic_has_x2(void)
{
    // One that the firmware has switched on answers in no other way, even if a hypervisor hides it.
    return (cpu_cpuid(CPUID_FEATURES, 0).ecx & CPUID_FEATURES_ECX_X2APIC) ||
           (cpu_rdmsr(MSR_IA32_APIC_BASE) & APIC_BASE_X2);
}

physical_t apic_registers(void)
{
    return physical(cpu_rdmsr(MSR_IA32_APIC_BASE) & APIC_BASE_ADDRESS);
}

struct apic apic_x2(void)
{
    return (struct apic){.x2 = true, .read_msr = read_msr, .write_msr = write_msr};
}

struct apic apic_x1(volatile uint32_t *registers)
{
    return (struct apic){.registers = registers, .read_msr = read_msr, .write_msr = write_msr};
}

static uint32_t read_register(const struct apic *apic, uint32_t number)
{
    return apic->x2 ? (uint32_t)apic->read_msr(apic->context, MSR_X2APIC + number)
                    : apic->registers[number * 4];
}

static void write_register(const struct apic *apic, uint32_t number, uint32_t value)
{
    if (apic->x2)
        apic->write_msr(apic->context, MSR_X2APIC + number, value);
    else
        apic->registers[number * 4] = value;
}

void apic_enable(const struct apic *apic)
{
    uint64_t base = apic->read_msr(apic->context, MSR_IA32_APIC_BASE);

    // One that is off becomes an xAPIC first: "x2APIC State Transitions". All else traps.
    if (!(base & APIC_BASE_ENABLE))
        apic->write_msr(apic->context, MSR_IA32_APIC_BASE, base |= APIC_BASE_ENABLE);
    if (apic->x2 && !(base & APIC_BASE_X2))
        apic->write_msr(apic->context, MSR_IA32_APIC_BASE, base | APIC_BASE_X2);
    write_register(apic, REGISTER_SPURIOUS, SPURIOUS_ENABLE | APIC_SPURIOUS_VECTOR);
}

uint32_t apic_id(const struct apic *apic)
{
    uint32_t id = read_register(apic, REGISTER_ID);

    return apic->x2 ? id : id >> XAPIC_ID_SHIFT;
}

// An x2APIC takes a message in one write and has no "pending" to wait for.
static bool send(const struct apic *apic, uint32_t id, uint32_t command)
{
    if (apic->x2) {
        // What was stored before is seen before the message: "MSR Access in x2APIC Mode".
        cpu_fence();
        apic->write_msr(apic->context, MSR_X2APIC + REGISTER_COMMAND_LOW,
                        (uint64_t)id << 32 | command);
        return true;
    }
    if (id > XAPIC_ID_MAX)
        return false;
    for (int i = 0; read_register(apic, REGISTER_COMMAND_LOW) & COMMAND_PENDING; i++) {
        if (i == WAIT_READS)
            return false;
        cpu_pause();
    }
    write_register(apic, REGISTER_COMMAND_HIGH, id << XAPIC_ID_SHIFT);
    write_register(apic, REGISTER_COMMAND_LOW, command);
    return true;
}

bool apic_send_init(const struct apic *apic, uint32_t id)
{
    return send(apic, id, COMMAND_INIT | COMMAND_ASSERT);
}

bool apic_send_startup(const struct apic *apic, uint32_t id, physical_t page)
{
    return send(apic, id, COMMAND_STARTUP | COMMAND_ASSERT | (uint32_t)(page.value >> 12));
}

bool apic_interrupt_others(const struct apic *apic, uint8_t vector)
{
    return send(apic, 0, COMMAND_ALL_BUT_SELF | COMMAND_ASSERT | COMMAND_FIXED | vector);
}

void apic_end_of_interrupt(const struct apic *apic)
{
    write_register(apic, REGISTER_END_OF_INTERRUPT, 0);
}
