/* SPDX-License-Identifier: BSD-2-Clause */
/* Consoles of pretended guests. */
#ifndef TOOLSTACK_FAKE_CONSOLE_H
#define TOOLSTACK_FAKE_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

/* In place of fake_xen.console_page. */
void fake_console_set_page(uint32_t domid, void *page);
/* The guest's event, if somebody of a set of consoles holds it. */
void fake_console_raise(uint32_t domid);
bool fake_console_is_held(uint32_t domid);
/* How often it was told of what became of its ring. */
unsigned int fake_console_nr_notified(uint32_t domid);

#endif
