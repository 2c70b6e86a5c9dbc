// SPDX-License-Identifier: MIT
// The sending of uart.h: what is the same for all drivers.
#include "arch/x86_64/uart.h"

#include "arch/x86_64/device_wait.h"

bool uart_open(struct uart *uart, const struct uart_driver *driver,
               const struct device_registers *registers, uint32_t baud)
{
    *uart = (struct uart){.registers = *registers};
    if (driver->open(registers, baud))
        uart->driver = driver;
    return uart->driver != NULL;
}

static void wait_for_room(struct uart *uart)
{
    struct device_wait wait = device_wait_begin(&uart->registers.io);

    do
        uart->room = uart->driver->room(&uart->registers);
    while (uart->room == 0 && !uart->stuck && !device_wait_is_over(&wait));
    uart->stuck = uart->room == 0;
}

static void send(struct uart *uart, const char *bytes, size_t count)
{
    while (count > 0) {
        if (uart->room == 0)
            wait_for_room(uart);
        size_t part = uart->room < count ? uart->room : count;
        if (uart->stuck) {
            part = 1;
            uart->dropped++;
        } else {
            uart->driver->send(&uart->registers, bytes, part);
            uart->room -= (unsigned)part;
        }
        bytes += part;
        count -= part;
    }
}

void uart_write(void *context, const char *text, size_t length)
{
    struct uart *uart = context;
    size_t sent = 0;

    if (!uart->driver) {
        uart->dropped += length;
        return;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '\n')
            continue;
        send(uart, text + sent, i - sent);
        send(uart, "\r\n", 2);
        sent = i + 1;
    }
    send(uart, text + sent, length - sent);
}
