/* SPDX-License-Identifier: BSD-2-Clause */
/* Domains made ahead, and what they are good for. */
#ifndef LIBCHAOS_SPARE_H
#define LIBCHAOS_SPARE_H

#include <chaos/guest.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A spare is a domain made ahead, as far as it can be without knowing whose it
 * will be: paused, with memory and vifs, without a name.  Claiming one is a create
 * that has only the rest to do.  chaosd keeps them; other programs may.
 *
 * A flavour says what a spare has: a configuration of type, memory, maxmem,
 * vcpus, vif and the limits.  With a kernel (and ramdisk and cmdline) the spare is
 * loaded too, and good for guests of just that.  A vif of it can have id and
 * bridge alone; with bridge= left empty any bridge will do, and the claim takes
 * longer.  Its name is the flavour's; spares_low and spares_high are how many of
 * it chaosd keeps.
 */
struct chaos_spare;

/* As chaos_config_parse_*, for a flavour.  Freed with chaos_config_free. */
int chaos_flavour_parse_file(struct chaos *ctx, const char *path,
			     const char *const *overrides,
			     struct chaos_config **out);
int chaos_flavour_parse_string(struct chaos *ctx, const char *origin,
			       const char *text, const char *const *overrides,
			       struct chaos_config **out);

/*
 * NULL: a spare of this flavour can become this guest, as far as is known without
 * looking at files; or what about the guest is different, e.g. "memory".
 */
const char *chaos_flavour_misfit(const struct chaos_config *flavour,
				 const struct chaos_config *cfg);
/* Are spares of the one what spares of the other are? */
int chaos_flavour_same(const struct chaos_config *a,
		       const struct chaos_config *b);
/* Has it a kernel? */
int chaos_flavour_is_loaded(const struct chaos_config *flavour);
/* Of Xen's memory for one spare, in KB, with what Xen needs beside it. */
uint64_t chaos_flavour_kb(const struct chaos_config *flavour);
/* spares_low and spares_high; 0 each when not given, low is high's half. */
void chaos_flavour_marks(const struct chaos_config *flavour, unsigned int *low,
			 unsigned int *high);

/*
 * Makes a spare; flavour must live as long as it.  between (may be NULL) is called
 * between the steps, none of which takes long: who returns non-zero from it ends
 * the make with that code.  Spares of a process that died are removed by
 * chaos_gc.  Errors as chaos_create.
 */
int chaos_spare_make(struct chaos *ctx, const struct chaos_config *flavour,
		     int (*between)(void *arg), void *arg,
		     struct chaos_spare **out);
/* Of one context's thread at a time, which need not be the one that made it. */
uint32_t chaos_spare_domid(const struct chaos_spare *spare);
/*
 * chaos_create() with a spare.  *spare becomes NULL when it is used up, as it is
 * after a success and after a failure half-way; with one that is left, the next
 * claim may do better.  -ESTALE the kernel that is loaded is not the file any
 * more: discard it.  -EXDEV it does not fit; others as chaos_create.
 */
int chaos_spare_claim(struct chaos *ctx, struct chaos_spare **spare,
		      const struct chaos_config *cfg, unsigned int flags,
		      uint32_t *domid);
/* Destroys it.  NULL is allowed. */
void chaos_spare_discard(struct chaos *ctx, struct chaos_spare *spare);

#ifdef __cplusplus
}
#endif

#endif
