# SPDX-License-Identifier: BSD-2-Clause
#
# Where things go and which tools build them.  Override on the command line.
#
#   V=1     show every command          B=dir     build there (default: build)
#   SAN=1   address + undefined-behaviour sanitizers, in build/san

SAN     ?= 0
B       ?= build$(if $(filter 1,$(SAN)),/san)
CC      ?= gcc
AR      ?= ar
PKG_CONFIG ?= pkg-config
CLANG_TIDY ?= clang-tidy

VERSION := 0.1.0

prefix  ?= /usr/local
DESTDIR ?=

WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
           -Werror
CFLAGS  ?= -O2 -g
NOXS_CFLAGS := -std=gnu11 -D_GNU_SOURCE $(WARN) $(CFLAGS)
ifeq ($(SAN),1)
NOXS_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined \
               -fno-omit-frame-pointer
SAN_LDFLAGS := -fsanitize=address,undefined
endif

ifneq ($(V),1)
Q := @
say = @printf '  %-7s %s\n' '$(1)' '$(2)'
else
say =
endif
