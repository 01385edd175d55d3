# SPDX-License-Identifier: BSD-2-Clause
minios_idle_SRCS := minios-port/apps/idle/idle.c
