# SPDX-License-Identifier: BSD-2-Clause
#
# The two things this tree builds for dom0: libraries and programs.
#
#   name_SRCS      .c files, from the top of the tree
#   name_CFLAGS    include paths and defines of this target alone
#   name_PKGS      pkg-config modules
#   name_LIBS      archives of ours that it links (paths under $(B))
#   name_LDLIBS    further linker arguments
#
#   $(eval $(call program,name,path))   -> $(B)/path
#   $(eval $(call archive,name,path))   -> $(B)/path (a .a; objects are PIC)
#
# A source file is compiled once per target, to $(B)/obj/<target>/<source>.o,
# so that two targets may see it with different flags.

ALL :=
TEST_PROGRAMS :=

# For mk/check.mk: every source, its clang-tidy stamp, who links which archive.
STYLE_SRCS :=
TIDY :=
LINK_EDGES :=

pkg_cflags = $(if $(1),$(shell $(PKG_CONFIG) --cflags $(1) 2>/dev/null))
pkg_libs   = $(if $(1),$(shell $(PKG_CONFIG) --libs $(1) 2>/dev/null))

define objects
$(1)_OBJS := $$(patsubst %.c,$$(B)/obj/$(1)/%.o,$$($(1)_SRCS))
# Asked of pkg-config once, by the first recipe that needs it.
$(1)_ALL_CFLAGS = $$(eval $(1)_ALL_CFLAGS := $$(NOXS_CFLAGS) $$($(1)_CFLAGS) \
	$$(call pkg_cflags,$$($(1)_PKGS)))$$($(1)_ALL_CFLAGS)
$$($(1)_OBJS): $$(B)/obj/$(1)/%.o: %.c
	$$(call say,CC,$$<)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$($(1)_ALL_CFLAGS) -MMD -MP -c -o $$@ $$<
-include $$(patsubst %.o,%.d,$$($(1)_OBJS))

# A source that several targets share is looked at once.
$(1)_TIDY := $$(filter-out $$(STYLE_SRCS) hypervisor-ext/%,$$($(1)_SRCS))
STYLE_SRCS += $$($(1)_TIDY)
TIDY += $$(patsubst %.c,$$(B)/tidy/$(1)/%.ok,$$($(1)_TIDY))
$$(patsubst %.c,$$(B)/tidy/$(1)/%.ok,$$($(1)_TIDY)): $$(B)/tidy/$(1)/%.ok: \
		$$(B)/obj/$(1)/%.o .clang-tidy
	$$(call say,TIDY,$$(patsubst $$(B)/obj/$(1)/%.o,%.c,$$<))
	@mkdir -p $$(@D)
	$$(Q)$$(CLANG_TIDY) --quiet $$(patsubst $$(B)/obj/$(1)/%.o,%.c,$$<) -- \
		$$($(1)_ALL_CFLAGS) 2>$$@.log || { cat $$@.log; exit 1; }
	@touch $$@
endef

define program
$(call objects,$(1))
LINK_EDGES += $$(addprefix $$(firstword $$($(1)_SRCS))=,$$(filter %.a,$$($(1)_LIBS)))
$$(B)/$(2): $$($(1)_OBJS) $$($(1)_LIBS)
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(SAN_LDFLAGS) $$(LDFLAGS) -o $$@ $$($(1)_OBJS) $$($(1)_LIBS) \
		$$(call pkg_libs,$$($(1)_PKGS)) $$($(1)_LDLIBS)
endef

define archive
$(1)_CFLAGS += -fPIC
$(call objects,$(1))
$$(B)/$(2): $$($(1)_OBJS)
	$$(call say,AR,$$@)
	@mkdir -p $$(@D)
	$$(Q)rm -f $$@ && $$(AR) rcs $$@ $$^
endef

# Unit tests: programs that speak TAP, run by tests/run (77 = skip).
#   $(eval $(call test_program,name))   -> $(B)/tests/name
define test_program
$(call program,$(1),tests/$(1))
TEST_PROGRAMS += $$(B)/tests/$(1)
endef

# Sources that Debian holds and builds that outlive SAN=1 are shared.
TOPB := build
SRC  := $(TOPB)/src
