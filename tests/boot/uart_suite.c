// SPDX-License-Identifier: MIT
// What arch/x86_64/uart.h and ns16550.h promise, on a stub 16550: a UART that behaves is found and
// sent to, at every width and stride, and none that misbehaves is waited for without end.
#include "arch/x86_64/device_wait.h"
#include "arch/x86_64/ns16550.h"
#include "arch/x86_64/string.h"
#include "tests/boot/suites.h"

#define BASE UINT64_C(0xfe030000)
#define ROOM 64 // bytes of text that are kept

struct stub {
    unsigned width, stride;
    uint8_t line_control, modem_control, scratch, fifo_control, interrupt_enable;
    uint16_t divisor;
    char sent[ROOM];
    size_t count;         // bytes sent
    uint8_t received[16]; // bytes that came in, or back in loopback, the oldest first
    size_t to_read;       // how many there are
    size_t typed; // how many are typed, one before each look at the line status; SIZE_MAX: no end
    bool no_scratch;  // its scratch register holds nothing
    bool no_loopback; // nothing comes back in loopback
    bool has_fifo;
    size_t in_fifo;   // bytes sent since its line status was read
    size_t overruns;  // bytes sent where there was no room
    size_t busy_for;  // reads of the line status until there is room; SIZE_MAX: never
    size_t strangers; // accesses of another width or place
    uint64_t now;     // its clock, which advances by `step` at each read of the line status
    uint64_t step;
    uint64_t ready_at; // there is no room before then
};

static bool is_divisor(const struct stub *stub)
{
    return stub->line_control & 0x80;
}

// With a FIFO or without; what does not fit is lost.
static void receive(struct stub *stub, uint8_t byte)
{
    if (stub->to_read < (stub->has_fifo && stub->fifo_control & 1 ? sizeof stub->received : 1))
        stub->received[stub->to_read++] = byte;
}

static uint8_t take_received(struct stub *stub)
{
    uint8_t first = stub->received[0];

    if (stub->to_read > 0)
        memmove(stub->received, stub->received + 1, --stub->to_read);
    return first;
}

static uint8_t line_status(struct stub *stub)
{
    stub->now += stub->step;
    if (stub->typed > 0)
        receive(stub, 'x');
    stub->typed -= stub->typed > 0 && stub->typed != SIZE_MAX;
    if (stub->to_read > 0)
        return 0x61;
    if (stub->busy_for > 0 && stub->busy_for != SIZE_MAX)
        stub->busy_for--;
    if (stub->busy_for > 0 || stub->now < stub->ready_at)
        return 0x00;
    stub->in_fifo = 0;
    return 0x60;
}

// The number of the register at an address, 8 if there is none.
static unsigned number_of(struct stub *stub, uintptr_t address, unsigned width)
{
    uintptr_t offset = address - BASE;

    if (width == stub->width && offset % stub->stride == 0 && offset / stub->stride < 8)
        return (unsigned)(offset / stub->stride);
    stub->strangers++;
    return 8;
}

static uint32_t read_stub(void *context, uintptr_t address, unsigned width)
{
    struct stub *stub = context;

    switch (number_of(stub, address, width)) {
    case 0:
        return is_divisor(stub) ? stub->divisor & 0xff : take_received(stub);
    case 1:
        return is_divisor(stub) ? stub->divisor >> 8 : stub->interrupt_enable;
    case 2:
        return stub->has_fifo && stub->fifo_control & 1 ? 0xc1 : 0x01;
    case 3:
        return stub->line_control;
    case 5:
        return line_status(stub);
    case 7:
        return stub->no_scratch ? 0xff : stub->scratch;
    default:
        return 0xff;
    }
}

static void put_data(struct stub *stub, uint8_t byte)
{
    if (is_divisor(stub)) {
        stub->divisor = (uint16_t)((stub->divisor & 0xff00) | byte);
    } else if (stub->modem_control & 0x10) {
        if (!stub->no_loopback)
            receive(stub, byte);
    } else {
        stub->sent[stub->count++ % ROOM] = (char)byte;
        if (stub->in_fifo++ == (stub->has_fifo ? 16 : 1))
            stub->overruns++;
    }
}

static void write_stub(void *context, uintptr_t address, unsigned width, uint32_t value)
{
    struct stub *stub = context;
    uint8_t byte = (uint8_t)value;

    switch (number_of(stub, address, width)) {
    case 0:
        put_data(stub, byte);
        break;
    case 1:
        if (is_divisor(stub))
            stub->divisor = (uint16_t)((stub->divisor & 0xff) | byte << 8);
        else
            stub->interrupt_enable = byte;
        break;
    case 2:
        stub->fifo_control = byte;
        if (stub->has_fifo && byte & 2)
            stub->to_read = 0;
        break;
    case 3:
        stub->line_control = byte;
        break;
    case 4:
        stub->modem_control = byte;
        break;
    case 7:
        stub->scratch = byte;
        break;
    default:
        break;
    }
}

static uint64_t read_clock(void *context)
{
    const struct stub *stub = context;

    return stub->now;
}

static struct stub new_stub(unsigned width, unsigned stride)
{
    return (struct stub){.width = width,
                         .stride = stride,
                         .divisor = 12,
                         .interrupt_enable = 0xf,
                         .step = DEVICE_WAIT_TICKS / 1000};
}

static bool open(struct uart *uart, struct stub *stub, uint32_t baud)
{
    const struct device_registers registers = {
        .io = {read_stub, write_stub, stub, read_clock},
        .base = BASE,
        .width = stub->width,
        .stride = stub->stride,
    };

    return uart_open(uart, &ns16550_driver, &registers, baud);
}

static void a_uart_is_set_up_at_every_width_and_stride(struct suite_run *run)
{
    static const unsigned widths[][2] = {{1, 1}, {1, 4}, {2, 2}, {4, 4}, {2, 8}};

    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        struct stub stub = new_stub(widths[i][0], widths[i][1]);
        struct uart uart;
        CHECK(run, open(&uart, &stub, 115200));
        CHECK_EQUAL(run, stub.divisor, 1);
        CHECK_EQUAL(run, stub.line_control, 0x03); // 8N1
        CHECK_EQUAL(run, stub.fifo_control, 0x07);
        CHECK_EQUAL(run, stub.interrupt_enable, 0);
        CHECK_EQUAL(run, stub.modem_control, 0x03); // DTR, RTS, no loopback
        uart_write(&uart, "ab\nc", 4);
        CHECK_EQUAL(run, stub.count, 5);
        CHECK(run, memcmp(stub.sent, "ab\r\nc", 5) == 0);
        CHECK_EQUAL(run, uart.dropped, 0);
        CHECK_EQUAL(run, stub.strangers, 0);
    }
}

static void the_rate_that_the_firmware_has_set_is_kept(struct suite_run *run)
{
    struct stub stub = new_stub(1, 1);
    struct uart uart;

    CHECK(run, open(&uart, &stub, 300)); // as after a reset
    CHECK_EQUAL(run, stub.divisor, 384);
    CHECK(run, open(&uart, &stub, 115200)); // it is set up now
    CHECK_EQUAL(run, stub.divisor, 384);
    stub.divisor = 0; // no rate at all
    CHECK(run, open(&uart, &stub, 9600));
    CHECK_EQUAL(run, stub.divisor, 12);
    stub.line_control = 0x02; // 7 data bits
    CHECK(run, open(&uart, &stub, UINT32_MAX));
    CHECK_EQUAL(run, stub.divisor, 1);
    stub.line_control = 0;
    CHECK(run, open(&uart, &stub, 4423)); // the nearest
    CHECK_EQUAL(run, stub.divisor, 26);
}

static void what_is_no_16550_is_not_opened(struct suite_run *run)
{
    struct stub absent = new_stub(1, 1);
    struct stub deaf = new_stub(1, 1);
    struct uart uart;

    absent.no_scratch = true;
    CHECK(run, !open(&uart, &absent, 115200));
    CHECK_EQUAL(run, absent.count, 0);
    deaf.no_loopback = true;
    deaf.busy_for = SIZE_MAX;
    CHECK(run, !open(&uart, &deaf, 115200));
    CHECK_EQUAL(run, deaf.modem_control, 0x03);
    uart_write(&uart, "abc", 3);
    CHECK_EQUAL(run, deaf.count, 0);
    CHECK_EQUAL(run, uart.dropped, 3);
}

static void a_uart_is_found_while_text_comes_in(struct suite_run *run)
{
    static const size_t amounts[] = {1, 5, 40, SIZE_MAX};

    for (size_t i = 0; i < 2 * sizeof amounts / sizeof amounts[0]; i++) {
        struct stub stub = new_stub(1, 1);
        struct uart uart;
        stub.has_fifo = i % 2;
        stub.typed = amounts[i / 2];
        CHECK(run, open(&uart, &stub, 115200));
        CHECK_EQUAL(run, stub.modem_control, 0x03);
        CHECK_EQUAL(run, stub.count, 0);
    }
}

static void a_busy_port_is_waited_for(struct suite_run *run)
{
    struct stub stub = new_stub(1, 1);
    struct uart uart;

    CHECK(run, open(&uart, &stub, 115200));
    stub.busy_for = 1000;
    uart_write(&uart, "abc", 3);
    CHECK_EQUAL(run, stub.count, 3);
    CHECK_EQUAL(run, uart.dropped, 0);
}

static void a_fifo_is_filled_and_never_overrun(struct suite_run *run)
{
    struct stub with = new_stub(1, 1);
    struct stub without = new_stub(1, 1);
    struct uart uart;

    with.has_fifo = true;
    CHECK(run, open(&uart, &with, 115200));
    uart_write(&uart, "0123456789abcde", 15);
    with.busy_for = SIZE_MAX; // the sixteenth still has its place
    uart_write(&uart, "fg", 2);
    CHECK_EQUAL(run, with.count, 16);
    CHECK_EQUAL(run, with.overruns, 0);
    CHECK_EQUAL(run, uart.dropped, 1);
    CHECK(run, open(&uart, &without, 115200));
    uart_write(&uart, "0123456789abcdefg", 17);
    CHECK_EQUAL(run, without.count, 17);
    CHECK_EQUAL(run, without.overruns, 0);
}

static void a_port_that_stays_busy_costs_one_wait_and_sends_again_when_ready(struct suite_run *run)
{
    struct stub stub = new_stub(1, 1);
    struct uart uart;

    CHECK(run, open(&uart, &stub, 115200));
    stub.busy_for = SIZE_MAX;
    uart_write(&uart, "abc", 3);
    CHECK(run, uart.stuck);
    CHECK_EQUAL(run, uart.dropped, 3);
    stub.busy_for = 2; // it asks once for each byte now
    uart_write(&uart, "de", 2);
    CHECK_EQUAL(run, stub.count, 1);
    CHECK_EQUAL(run, stub.sent[0], 'e');
    CHECK_EQUAL(run, uart.dropped, 4);
    CHECK(run, !uart.stuck);
}

// On a bus so fast that a million reads are no time: 0.3 microseconds each, at 3 GHz.
static void a_line_that_is_held_up_for_a_second_loses_nothing(struct suite_run *run)
{
    struct stub stub = new_stub(1, 1);
    struct uart uart;

    stub.step = 1000;
    CHECK(run, open(&uart, &stub, 115200));
    stub.ready_at = stub.now + UINT64_C(3000000000);
    uart_write(&uart, "abc", 3);
    CHECK_EQUAL(run, stub.count, 3);
    CHECK_EQUAL(run, uart.dropped, 0);
}

static void a_clock_that_stands_ends_a_wait_too(struct suite_run *run)
{
    struct stub stub = new_stub(1, 1);
    struct uart uart;

    CHECK(run, open(&uart, &stub, 115200));
    stub.step = 0;
    stub.busy_for = SIZE_MAX;
    uart_write(&uart, "a", 1);
    CHECK_EQUAL(run, uart.dropped, 1);
    uart.registers.io.ticks = NULL;
    uart.stuck = false;
    uart_write(&uart, "a", 1);
    CHECK_EQUAL(run, uart.dropped, 2);
}

static void a_port_that_is_not_open_drops_all(struct suite_run *run)
{
    struct uart uart = {0};

    uart_write(&uart, "abc\n", 4);
    CHECK_EQUAL(run, uart.dropped, 4);
}

static const struct suite_case cases[] = {
    SUITE_CASE(a_uart_is_set_up_at_every_width_and_stride),
    SUITE_CASE(the_rate_that_the_firmware_has_set_is_kept),
    SUITE_CASE(what_is_no_16550_is_not_opened),
    SUITE_CASE(a_uart_is_found_while_text_comes_in),
    SUITE_CASE(a_busy_port_is_waited_for),
    SUITE_CASE(a_fifo_is_filled_and_never_overrun),
    SUITE_CASE(a_port_that_stays_busy_costs_one_wait_and_sends_again_when_ready),
    SUITE_CASE(a_line_that_is_held_up_for_a_second_loses_nothing),
    SUITE_CASE(a_clock_that_stands_ends_a_wait_too),
    SUITE_CASE(a_port_that_is_not_open_drops_all),
};
const struct suite uart_suite = SUITE("uart", cases);
