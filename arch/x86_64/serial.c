// SPDX-License-Identifier: MIT
// The 16550 UART. Names and numbers are those of the PC16550D data sheet (National
// Semiconductor), section 8 "Registers"; offsets are from the port's base.
#include "arch/x86_64/serial.h"

#include "arch/x86_64/io.h"

enum {
    REGISTER_DATA = 0,             // RBR and THR; with DLAB set: DLL, divisor latch low
    REGISTER_INTERRUPT_ENABLE = 1, // IER; with DLAB set: DLM, divisor latch high
    REGISTER_FIFO_CONTROL = 2,     // FCR
    REGISTER_LINE_CONTROL = 3,     // LCR
    REGISTER_MODEM_CONTROL = 4,    // MCR
    REGISTER_LINE_STATUS = 5,      // LSR
    REGISTER_SCRATCH = 7,          // SCR
};

// 8.1 line control
#define LCR_8N1 UINT8_C(0x03)
#define LCR_DLAB UINT8_C(0x80)
// 8.2 baud generator: 1.8432 MHz / (16 * 1) = 115200
#define DIVISOR UINT8_C(1)
// 8.4 line status
#define LSR_DATA_READY UINT8_C(0x01)
#define LSR_HOLDING_EMPTY UINT8_C(0x20)     // THRE: room for a byte
#define LSR_TRANSMITTER_EMPTY UINT8_C(0x40) // TEMT: the last bit has left
// 8.5 FIFO control
#define FCR_ENABLE_AND_CLEAR UINT8_C(0x07)
// 8.8 modem control
#define MCR_DTR_RTS UINT8_C(0x03)
#define MCR_LOOPBACK UINT8_C(0x10)

// How often a wait asks. A read of an ISA register takes about a microsecond, so this is about
// a second: many times the 1.4 ms in which 16 bytes leave a full FIFO.
#define WAIT_READS 1000000

static uint8_t read_register(const struct serial *serial, int offset)
{
    return inb((uint16_t)(serial->port + offset));
}

static void write_register(const struct serial *serial, int offset, uint8_t value)
{
    outb((uint16_t)(serial->port + offset), value);
}

// Asks until the line status has one of `bits`, at most `reads` times.
static bool wait_for(const struct serial *serial, uint8_t bits, int reads)
{
    for (int i = 0; i < reads; i++)
        if (read_register(serial, REGISTER_LINE_STATUS) & bits)
            return true;
    return false;
}

static bool holds_scratch(const struct serial *serial, uint8_t value)
{
    write_register(serial, REGISTER_SCRATCH, value);
    return read_register(serial, REGISTER_SCRATCH) == value;
}

static bool loops_back(const struct serial *serial, uint8_t value)
{
    write_register(serial, REGISTER_MODEM_CONTROL, MCR_LOOPBACK);
    write_register(serial, REGISTER_DATA, value);
    bool same = wait_for(serial, LSR_DATA_READY, WAIT_READS) &&
                read_register(serial, REGISTER_DATA) == value;
    write_register(serial, REGISTER_MODEM_CONTROL, MCR_DTR_RTS);
    return same;
}

bool serial_open(struct serial *serial, uint16_t port)
{
    *serial = (struct serial){.port = port};
    if (!holds_scratch(serial, 0x5a) || !holds_scratch(serial, 0xa5))
        return false;
    (void)wait_for(serial, LSR_TRANSMITTER_EMPTY, WAIT_READS);

    write_register(serial, REGISTER_LINE_CONTROL, LCR_DLAB);
    write_register(serial, REGISTER_DATA, DIVISOR);
    write_register(serial, REGISTER_INTERRUPT_ENABLE, 0); // the divisor's high half
    write_register(serial, REGISTER_LINE_CONTROL, LCR_8N1);
    write_register(serial, REGISTER_INTERRUPT_ENABLE, 0); // polled: no interrupts
    write_register(serial, REGISTER_FIFO_CONTROL, FCR_ENABLE_AND_CLEAR);

    serial->open = loops_back(serial, 0xae);
    return serial->open;
}

static void send(struct serial *serial, uint8_t byte)
{
    serial->stuck = !wait_for(serial, LSR_HOLDING_EMPTY, serial->stuck ? 1 : WAIT_READS);
    if (serial->stuck) {
        serial->dropped++;
        return;
    }
    write_register(serial, REGISTER_DATA, byte);
}

void serial_write(void *context, const char *text, size_t length)
{
    struct serial *serial = context;
    if (!serial->open) {
        serial->dropped += length;
        return;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n')
            send(serial, '\r');
        send(serial, (uint8_t)text[i]);
    }
}
