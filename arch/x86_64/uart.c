// SPDX-License-Identifier: MIT
// The sending of uart.h: what is the same for all drivers.
#include "arch/x86_64/uart.h"

bool uart_open(struct uart *uart, const struct uart_driver *driver,
               const struct device_registers *registers, uint32_t baud)
{
    *uart = (struct uart){.registers = *registers};
    if (driver->open(registers, baud))
        uart->driver = driver;
    return uart->driver != NULL;
}

static bool wait_until_ready(const struct uart *uart)
{
    int reads = uart->stuck ? 1 : UART_WAIT_READS;

    for (int i = 0; i < reads; i++)
        if (uart->driver->is_ready(&uart->registers))
            return true;
    return false;
}

static void send(struct uart *uart, uint8_t byte)
{
    uart->stuck = !wait_until_ready(uart);
    if (uart->stuck)
        uart->dropped++;
    else
        uart->driver->send(&uart->registers, byte);
}

void uart_write(void *context, const char *text, size_t length)
{
    struct uart *uart = context;

    if (!uart->driver) {
        uart->dropped += length;
        return;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n')
            send(uart, '\r');
        send(uart, (uint8_t)text[i]);
    }
}
