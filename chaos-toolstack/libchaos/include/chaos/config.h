/* SPDX-License-Identifier: BSD-2-Clause */
/* What a guest shall be. */
#ifndef LIBCHAOS_CONFIG_H
#define LIBCHAOS_CONFIG_H

#include <chaos/context.h>

#ifdef __cplusplus
extern "C" {
#endif

struct chaos_config;

/*
 * The syntax and the keys are those of xl.cfg, or JSON with the same keys (a
 * text whose first character is a brace); chaos.cfg(5) says which keys.  Every
 * error of the file is found in one go, each with line and key (in JSON the
 * key alone); keys that mean nothing here are warned of through the log.
 *
 * overrides: NULL, or "key=value" strings up to a NULL, which replace what the
 * file says.  A value that is neither quoted, a number nor a list is taken as
 * a string.
 *
 * -EINVAL errors in the text; -ENOENT, -EACCES, -EISDIR, -EFBIG the file.
 */
int chaos_config_parse_file(struct chaos *ctx, const char *path,
			    const char *const *overrides,
			    struct chaos_config **out);
/* origin: what errors call the text, e.g. "request 7". */
int chaos_config_parse_string(struct chaos *ctx, const char *origin,
			      const char *text, const char *const *overrides,
			      struct chaos_config **out);
/* NULL is allowed. */
void chaos_config_free(struct chaos_config *cfg);

/* Valid until free. */
const char *chaos_config_name(const struct chaos_config *cfg);
/* "destroy" or "pause" */
const char *chaos_config_on_idle(const struct chaos_config *cfg);
/* All of it as one JSON object, which parses to the same.  Freed with free();
 * NULL: no memory. */
char *chaos_config_json(const struct chaos_config *cfg);

/*
 * Make it the configuration of the n-th of several guests: a %d in its name
 * becomes n; a name without one gets n at its end.  May be called again, with
 * another n.  A name with %d can be used only after this.  -EINVAL the name
 * would be too long.
 */
int chaos_config_number(struct chaos *ctx, struct chaos_config *cfg,
			unsigned int n);

#ifdef __cplusplus
}
#endif

#endif
