// SPDX-License-Identifier: MIT
// The 16550 UART. Names and numbers are those of the PC16550D data sheet (National Semiconductor),
// section 8 "Registers".
#include "arch/x86_64/ns16550.h"

#include "arch/x86_64/device_wait.h"

enum {
    DATA = 0,             // RBR and THR; with DLAB set: DLL, divisor latch low
    INTERRUPT_ENABLE = 1, // IER; with DLAB set: DLM, divisor latch high
    INTERRUPT_ID = 2,     // IIR when read
    FIFO_CONTROL = 2,     // FCR when written
    LINE_CONTROL = 3,     // LCR
    MODEM_CONTROL = 4,    // MCR
    LINE_STATUS = 5,      // LSR
    SCRATCH = 7,          // SCR
};

// 8.1 line control
#define LCR_8N1 0x03
#define LCR_DLAB 0x80
// 8.4 line status
#define LSR_DATA_READY 0x01
#define LSR_HOLDING_EMPTY 0x20     // THRE: room for a byte
#define LSR_TRANSMITTER_EMPTY 0x40 // TEMT: the last bit has left
// 8.5 FIFO control
#define FCR_ENABLE_AND_CLEAR 0x07
#define FIFO_SIZE 16u
#define LOOPBACK_TRIES (2 * FIFO_SIZE)
// 8.6 interrupt identification
#define IIR_FIFO_MASK 0xc0
#define IIR_FIFO_WORKS 0xc0 // one of them alone: the FIFO of a 16550 without A, which is broken
// 8.8 modem control
#define MCR_DTR_RTS 0x03
#define MCR_LOOPBACK 0x10

static uint8_t read(const struct device_registers *registers, unsigned number)
{
    return (uint8_t)device_registers_read(registers, number);
}

static void write(const struct device_registers *registers, unsigned number, uint8_t value)
{
    device_registers_write(registers, number, value);
}

static bool wait_for_status(const struct device_registers *registers, uint8_t bit)
{
    struct device_wait wait = device_wait_begin(&registers->io);

    do {
        if (read(registers, LINE_STATUS) & bit)
            return true;
    } while (!device_wait_is_over(&wait));
    return false;
}

static bool holds_scratch(const struct device_registers *registers, uint8_t value)
{
    write(registers, SCRATCH, value);
    return read(registers, SCRATCH) == value;
}

// What comes in at this moment, because text is typed or sent, stands in the FIFO before the byte
// that is looked for, and keeps it out where it fills the FIFO: the byte is sent again after each
// one that was read. What is left of it must not go out, or count as typed.
static bool loops_back(const struct device_registers *registers, uint8_t value)
{
    bool same = false, answers = true;

    write(registers, MODEM_CONTROL, MCR_LOOPBACK);
    for (unsigned i = 0; !same && answers && i < LOOPBACK_TRIES; i++) {
        write(registers, DATA, value);
        answers = wait_for_status(registers, LSR_DATA_READY);
        same = answers && read(registers, DATA) == value;
    }
    if (same)
        (void)wait_for_status(registers, LSR_TRANSMITTER_EMPTY);
    write(registers, FIFO_CONTROL, FCR_ENABLE_AND_CLEAR);
    write(registers, MODEM_CONTROL, MCR_DTR_RTS);
    return same;
}

static void set_baud(const struct device_registers *registers, uint32_t baud)
{
    bool is_set_up = (read(registers, LINE_CONTROL) & LCR_8N1) == LCR_8N1;

    write(registers, LINE_CONTROL, LCR_DLAB);
    unsigned divisor = read(registers, DATA) | (unsigned)read(registers, INTERRUPT_ENABLE) << 8;
    if (!is_set_up || divisor == 0) { // 8.2: the divisor is the clock / (16 × baud)
        divisor = baud < NS16550_BAUD_MAX ? (NS16550_BAUD_MAX + baud / 2) / baud : 1;
        write(registers, DATA, (uint8_t)divisor);
        write(registers, INTERRUPT_ENABLE, (uint8_t)(divisor >> 8));
    }
    write(registers, LINE_CONTROL, LCR_8N1);
}

static bool open(const struct device_registers *registers, uint32_t baud)
{
    if (!holds_scratch(registers, 0x5a) || !holds_scratch(registers, 0xa5))
        return false;
    (void)wait_for_status(registers, LSR_TRANSMITTER_EMPTY);
    set_baud(registers, baud);
    write(registers, INTERRUPT_ENABLE, 0); // polled: no interrupts
    write(registers, FIFO_CONTROL, FCR_ENABLE_AND_CLEAR);
    return loops_back(registers, 0xae);
}

// With a FIFO that bit says that all of it is empty: 8.4.
static unsigned room(const struct device_registers *registers)
{
    if (!(read(registers, LINE_STATUS) & LSR_HOLDING_EMPTY))
        return 0;
    return (read(registers, INTERRUPT_ID) & IIR_FIFO_MASK) == IIR_FIFO_WORKS ? FIFO_SIZE : 1;
}

static void send(const struct device_registers *registers, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        write(registers, DATA, (uint8_t)bytes[i]);
}

const struct uart_driver ns16550_driver = {
    .name = "16550",
    .open = open,
    .room = room,
    .send = send,
};

struct device_registers ns16550_at_port(uint16_t port)
{
    return (struct device_registers){
        .io = device_io_ports(),
        .base = port,
        .width = 1,
        .stride = 1,
    };
}
