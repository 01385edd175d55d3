# SPDX-License-Identifier: BSD-2-Clause
#
# libFuzzer targets, built by clang with its sanitizers.
#
#   make fuzz FUZZ=config FUZZ_SECONDS=600
#
# Every unit test run replays the corpus and 20,000 inputs (name_RUNS) made from it
# by a fixed seed.  $(eval $(call fuzz_target,name,sources)) makes a target of
# tests/fuzz/name.c, tests/fuzz/corpus/name and the sources, which are looked
# into; what else these need comes from libchaos.a.

FUZZ_CC ?= clang
FUZZ_SECONDS ?= 600
FUZZ_TARGETS :=
FUZZ_SAN := -fsanitize=address,undefined -fno-sanitize-recover=all

define fuzz_target
FUZZ_TARGETS += $(1)
fuzz-$(1)_SRCS := tests/fuzz/$(1).c $(2)
fuzz-$(1)_CFLAGS := -I$(LIBCHAOS) $$(LIBCHAOS_CFLAGS) $$(FUZZ_SAN) -fsanitize=fuzzer-no-link
fuzz-$(1)_LIBS := $$(B)/lib/libchaos.a
fuzz-$(1)_LDLIBS := $$(FUZZ_SAN) -fsanitize=fuzzer $$(libchaos_LINK)
$$(eval $$(call program,fuzz-$(1),tests/fuzz/$(1)))
$$(fuzz-$(1)_OBJS): CC = $$(FUZZ_CC)
# Not for what it links: that is built as everything is.
$$(B)/tests/fuzz/$(1): private CC = $$(FUZZ_CC)

$$(B)/tests/fuzz-$(1): tests/fuzz/replay $$(B)/tests/fuzz/$(1)
	$$(Q)printf '#!/bin/sh\nexec sh %s %s %s %s %s\n' $$^ \
		tests/fuzz/corpus/$(1) $$(or $$(fuzz-$(1)_MAX_LEN),2048) \
		$$(fuzz-$(1)_RUNS) > $$@ && chmod +x $$@
TEST_PROGRAMS += $$(B)/tests/fuzz-$(1)
endef

$(eval $(call fuzz_target,config,$(wildcard $(LIBCHAOS)/config*.c) \
	$(addprefix $(LIBCHAOS)/,json.c error.c uuid.c chaos.c name.c)))

# A page is 4 KB, an image has some.
fuzz-image_MAX_LEN := 49152
$(eval $(call fuzz_target,image,$(LIBCHAOS_SRCS_CHUNK) \
	$(addprefix $(LIBCHAOS)/,saved-read.c restore.c stream.c crc.c)))

$(eval $(call fuzz_target,request,$(addprefix chaos-toolstack/chaosd/,\
	request.c call.c claim.c jit.c jit-act.c jit-file.c pool.c log.c consoles.c \
	guests.c talk.c viewers.c ring.c journal.c) \
	$(addprefix $(LIBCHAOS)/,config-wire.c error-wire.c error.c)))
fuzz-request_CFLAGS += -Ichaos-toolstack/chaosd
fuzz-request_LDLIBS += $(call pkg_libs,libsystemd)

fuzz-spoof_MAX_LEN := 160
$(eval $(call fuzz_target,spoof,netback-lite/spoof.c \
	chaos-toolstack/libnoxs/netback-drop.c))
fuzz-spoof_CFLAGS += $(NBL_CFLAGS)

# New inputs are kept in build/fuzz/, a crash beside them.
.PHONY: fuzz
fuzz: $(if $(FUZZ),$(addprefix $(B)/tests/fuzz/,$(FUZZ)))
	$(Q)case " $(FUZZ_TARGETS) " in *" $(FUZZ) "*) ;; \
	*) echo "FUZZ= one of: $(FUZZ_TARGETS)" >&2; exit 2;; esac
	$(Q)mkdir -p $(B)/fuzz/$(FUZZ)
	$(Q)$(B)/tests/fuzz/$(FUZZ) -max_total_time=$(FUZZ_SECONDS) \
		-timeout=10 -max_len=$(or $(fuzz-$(FUZZ)_MAX_LEN),4096) -print_final_stats=1 \
		-artifact_prefix=$(B)/fuzz/$(FUZZ)- $(B)/fuzz/$(FUZZ) \
		tests/fuzz/corpus/$(FUZZ)
