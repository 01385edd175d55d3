# SPDX-License-Identifier: BSD-2-Clause
minios_daytime_SRCS := $(addprefix minios-port/apps/daytime/,daytime.c date.c)
