// SPDX-License-Identifier: BSD-2-Clause
/* Setting up and checking what a test may leave. */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf_maker.h"
#include "fake_sched.h"
#include "fixture.h"

void fixture_write(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
}

static unsigned int count_entries(const char *path)
{
	struct dirent *e;
	unsigned int n = 0;
	DIR *d = opendir(path);

	if (!d)
		return 0;
	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

unsigned int fixture_nr_fds(void)
{
	return count_entries("/proc/self/fd");
}

unsigned int fixture_nr_records(const struct fixture *f)
{
	char path[128];
	unsigned int n;

	snprintf(path, sizeof(path), "%s/names", f->run_dir);
	n = count_entries(path);
	snprintf(path, sizeof(path), "%s/domains", f->run_dir);
	n += count_entries(path);
	snprintf(path, sizeof(path), "%s/spares", f->run_dir);
	return n + count_entries(path);
}

static void keep_log(void *arg, enum chaos_log_level level, const char *msg)
{
	struct fixture *f = arg;
	size_t n = strlen(f->log);

	if (level <= CHAOS_LOG_WARNING)
		snprintf(f->log + n, sizeof(f->log) - n, "%s\n", msg);
}

static int make_bridge(struct fixture *f)
{
	static const char *const parts[] = { "net", "net/xenbr0",
					     "net/xenbr0/bridge" };
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, parts[i]);
		if (mkdir(path, 0700))
			return -1;
	}
	snprintf(f->class_net, sizeof(f->class_net), "%s/net", f->dir);
	return 0;
}

int fixture_setup(void **state)
{
	struct chaos_options opt = { .size = sizeof(opt) };
	struct fixture *f;
	struct elf_file elf;

	fail_never();
	fake_xen_reset();
	fake_sched_reset();
	fake_noxs_reset();
	fake_hyp_reset();
	fake_watch_reset();
	f = calloc(1, sizeof(*f));
	if (!f)
		return -1;
	f->nr_fds = fixture_nr_fds();
	strcpy(f->dir, "/tmp/toolstack-XXXXXX");
	if (!mkdtemp(f->dir)) {
		free(f);
		return -1;
	}
	snprintf(f->run_dir, sizeof(f->run_dir), "%s/run", f->dir);
	snprintf(f->kernel, sizeof(f->kernel), "%s/kernel", f->dir);
	elf_make(&elf);
	fixture_write(f->kernel, &elf, sizeof(elf));
	opt.run_dir = f->run_dir;
	opt.log = keep_log;
	opt.log_arg = f;
	*state = f;
	if (make_bridge(f) || chaos_open(&opt, &f->ctx))
		return -1;
	f->ctx->class_net = f->class_net;
	return 0;
}

void fixture_take_name(struct fixture *f, const char *name, uint32_t domid,
		       struct chaos__name_lock *lock)
{
	assert_int_equal(chaos__name_take(f->ctx, name,
					  fake_xen.domain[domid].dom.uuid, domid,
					  lock), 0);
}

uint32_t fixture_create(struct fixture *f, const char *name,
			unsigned int nr_vifs)
{
	struct chaos_config *cfg;
	char text[512];
	uint32_t domid;
	size_t n;

	n = (size_t)snprintf(text, sizeof(text), "name=\"%s\"\nkernel=\"%s\"\n"
			     "memory=4\nvif=[", name, f->kernel);
	while (nr_vifs--)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "\"\"%s",
				      nr_vifs ? "," : "");
	snprintf(text + n, sizeof(text) - n, "]\n");
	assert_int_equal(chaos_config_parse_string(f->ctx, "test", text, NULL,
						   &cfg), 0);
	assert_int_equal(chaos_create(f->ctx, cfg, 0, &domid), 0);
	chaos_config_free(cfg);
	return domid;
}

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	unsigned int nr_fds;

	fail_never();
	chaos_close(f->ctx);
	nr_fds = fixture_nr_fds();
	nftw(f->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	if (nr_fds != f->nr_fds || fake_noxs.nr_connections ||
	    fake_xen.nr_consoles || fake_xen.nr_builds || fake_hyp.nr_open ||
	    fake_hyp.nr_maps || fake_hyp_nr_watches()) {
		print_error("left open: %u fds, %u connections, %u consoles, "
			    "%u builds, %u noxs, %u pages, %u watches\n",
			    nr_fds - f->nr_fds, fake_noxs.nr_connections,
			    fake_xen.nr_consoles, fake_xen.nr_builds,
			    fake_hyp.nr_open, fake_hyp.nr_maps,
			    fake_hyp_nr_watches());
		free(f);
		return -1;
	}
	free(f);
	return 0;
}

const char *fixture_errors(const struct fixture *f)
{
	static char text[16384];
	char line[1024];
	size_t i, n = 0;

	text[0] = '\0';
	for (i = 0; i < chaos_nr_errors(f->ctx); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s\n",
				      chaos_error_text(chaos_error(f->ctx, i),
						       line, sizeof(line)));
	return text;
}
