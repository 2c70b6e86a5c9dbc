// SPDX-License-Identifier: MIT
// What arch/x86_64/apic.h promises, on stub registers. No machine here has an x2APIC:
// QEMU 7.2's software emulation offers none. So this is all that has run that half of the code.
#include "arch/x86_64/apic.h"
#include "tests/boot/suites.h"

#define MSR_APIC_BASE 0x1b
#define MSR_ID 0x802
#define MSR_END_OF_INTERRUPT 0x80b
#define MSR_SPURIOUS 0x80f
#define MSR_COMMAND 0x830
// Offsets of the same registers in memory, in 32-bit words.
#define WORD_ID (0x20 / 4)
#define WORD_END_OF_INTERRUPT (0xb0 / 4)
#define WORD_SPURIOUS (0xf0 / 4)
#define WORD_COMMAND_LOW (0x300 / 4)
#define WORD_COMMAND_HIGH (0x310 / 4)

// The model-specific registers that may be touched.
struct stub {
    uint64_t base, id, end_of_interrupt, spurious, command;
    size_t strangers; // accesses to any other, or that trap in the mode that it is in
};

#define ENABLED UINT64_C(0x800)
#define X2 UINT64_C(0x400)

static struct stub stub;

static uint64_t *find(struct stub *registers, uint32_t msr)
{
    switch (msr) {
    case MSR_APIC_BASE:
        return &registers->base;
    case MSR_ID:
        return &registers->id;
    case MSR_END_OF_INTERRUPT:
        return &registers->end_of_interrupt;
    case MSR_SPURIOUS:
        return &registers->spurious;
    case MSR_COMMAND:
        return &registers->command;
    default:
        registers->strangers++;
        return &registers->base;
    }
}

// An x2APIC that is not on has no registers but its base.
static uint64_t *access(struct stub *registers, uint32_t msr)
{
    registers->strangers += msr != MSR_APIC_BASE && !(registers->base & X2);
    return find(registers, msr);
}

static uint64_t read_msr(void *context, uint32_t msr)
{
    return *access(context, msr);
}

// Off, it becomes an xAPIC first: SDM 3A "x2APIC State Transitions".
static void write_msr(void *context, uint32_t msr, uint64_t value)
{
    struct stub *registers = context;

    registers->strangers += msr == MSR_APIC_BASE && (value & X2) && !(registers->base & ENABLED);
    *access(registers, msr) = value;
}

static uint32_t words[1024];

static struct apic open_x2(void)
{
    stub = (struct stub){
        .base = 0xfee00100,
        .id = 0x12345678,
        .end_of_interrupt = 0x55,
        .spurious = 0x55,
        .command = 0x55,
    };
    return (struct apic){
        .x2 = true, .read_msr = read_msr, .write_msr = write_msr, .context = &stub};
}

static struct apic open_x1(void)
{
    struct apic apic = open_x2();

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        words[i] = 0;
    words[WORD_ID] = UINT32_C(0x07000000);
    apic.x2 = false;
    apic.registers = words;
    return apic;
}

static void an_x2apic_is_enabled_and_numbered_by_msr(struct suite_run *run)
{
    struct apic apic = open_x2();

    apic_enable(&apic);
    CHECK_EQUAL(run, stub.base, 0xfee00d00); // enabled (bit 11), and x2 (bit 10)
    CHECK_EQUAL(run, stub.spurious, 0x1ff);
    CHECK_EQUAL(run, apic_id(&apic), 0x12345678);
    apic_end_of_interrupt(&apic);
    CHECK_EQUAL(run, stub.end_of_interrupt, 0);
    CHECK_EQUAL(run, stub.strangers, 0);
}

static void one_that_is_on_already_stays_as_it_is(struct suite_run *run)
{
    struct apic apic = open_x2();

    stub.base |= ENABLED | X2;
    apic_enable(&apic);
    CHECK_EQUAL(run, stub.base, 0xfee00d00);
    CHECK_EQUAL(run, stub.spurious, 0x1ff);
    CHECK_EQUAL(run, stub.strangers, 0);
}

static void an_x2apic_message_is_one_write(struct suite_run *run)
{
    struct apic apic = open_x2();

    apic_enable(&apic);
    CHECK(run, apic_send_init(&apic, 0x12345));
    CHECK_EQUAL(run, stub.command, UINT64_C(0x12345) << 32 | 0x4500);
    CHECK(run, apic_send_startup(&apic, 300, physical(0x9b000)));
    CHECK_EQUAL(run, stub.command, UINT64_C(300) << 32 | 0x469b);
    CHECK(run, apic_interrupt_others(&apic, 0xf0));
    CHECK_EQUAL(run, stub.command, 0xc40f0);
    CHECK_EQUAL(run, stub.strangers, 0);
}

static void an_xapic_is_enabled_and_numbered_in_memory(struct suite_run *run)
{
    struct apic apic = open_x1();

    apic_enable(&apic);
    CHECK_EQUAL(run, stub.base, 0xfee00900); // enabled, not x2
    CHECK_EQUAL(run, words[WORD_SPURIOUS], 0x1ff);
    CHECK_EQUAL(run, apic_id(&apic), 7);
    words[WORD_END_OF_INTERRUPT] = 1;
    apic_end_of_interrupt(&apic);
    CHECK_EQUAL(run, words[WORD_END_OF_INTERRUPT], 0);
}

static void an_xapic_message_has_its_destination_in_the_high_word(struct suite_run *run)
{
    struct apic apic = open_x1();

    CHECK(run, apic_send_startup(&apic, 5, physical(0x8000)));
    CHECK_EQUAL(run, words[WORD_COMMAND_HIGH], 0x05000000);
    CHECK_EQUAL(run, words[WORD_COMMAND_LOW], 0x4608);
}

static void an_xapic_cannot_reach_an_id_of_more_than_eight_bits(struct suite_run *run)
{
    struct apic apic = open_x1();

    CHECK(run, apic_send_init(&apic, 0xfe));
    words[WORD_COMMAND_LOW] = 0;
    CHECK(run, !apic_send_init(&apic, 0xff)); // that would be everybody
    CHECK(run, !apic_send_init(&apic, 0x105));
    CHECK_EQUAL(run, words[WORD_COMMAND_LOW], 0);
}

static void a_message_that_does_not_leave_is_given_up_on(struct suite_run *run)
{
    struct apic apic = open_x1();

    words[WORD_COMMAND_LOW] = UINT32_C(1) << 12; // pending, for ever
    CHECK(run, !apic_send_init(&apic, 1));
    CHECK_EQUAL(run, words[WORD_COMMAND_HIGH], 0);
}

static const struct suite_case cases[] = {
    SUITE_CASE(an_x2apic_is_enabled_and_numbered_by_msr),
    SUITE_CASE(one_that_is_on_already_stays_as_it_is),
    SUITE_CASE(an_x2apic_message_is_one_write),
    SUITE_CASE(an_xapic_is_enabled_and_numbered_in_memory),
    SUITE_CASE(an_xapic_message_has_its_destination_in_the_high_word),
    SUITE_CASE(an_xapic_cannot_reach_an_id_of_more_than_eight_bits),
    SUITE_CASE(a_message_that_does_not_leave_is_given_up_on),
};
const struct suite apic_suite = SUITE("apic", cases);
