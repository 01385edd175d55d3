// SPDX-License-Identifier: BSD-2-Clause
/*
 * labstat: what the machine has in use, for tests that compare before and
 * after.  One "name value" line each:
 *
 *   xen_free_pages        free pages of the hypervisor's heap
 *   xen_claimed_pages     claims outstanding on them
 *   domains               domains, dom0 and dying ones included
 *   dying                 of them, the dying
 *   dom0_evtchns          dom0's event channels that are not closed
 *   grant_entries         grant table entries in active use, all domains
 *   maptrack_frames       pages Xen holds to track mapped grants, all domains
 *   dom0_available_kb     dom0's memory that is free or can be freed
 *   taps                  tun/tap interfaces in dom0
 *   links                 network interfaces in dom0
 *   fds:NAME              open files of the processes given as arguments
 *
 *   labstat [-g] [PROCESS-NAME]...
 *
 * -g adds the two grant lines: they are read off Xen's console, which costs
 * some milliseconds and what the console ring held.
 */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xenctrl.h>

#define MAX_PORTS	131072
#define CONSOLE_BYTES	(4u << 20)

static int fail(const char *what)
{
	fprintf(stderr, "labstat: %s: %s\n", what, strerror(errno));
	return 1;
}

static int print_memory(xc_interface *xch)
{
	xc_physinfo_t info = { 0 };

	if (xc_physinfo(xch, &info))
		return fail("xc_physinfo");
	printf("xen_free_pages %llu\n", (unsigned long long)info.free_pages);
	printf("xen_claimed_pages %llu\n",
	       (unsigned long long)info.outstanding_pages);
	return 0;
}

static int print_domains(xc_interface *xch)
{
	xc_domaininfo_t info[64];
	unsigned int count = 0, dying = 0;
	uint32_t first = 0;
	int i, n;

	do {
		n = xc_domain_getinfolist(xch, first, 64, info);
		if (n < 0)
			return fail("xc_domain_getinfolist");
		for (i = 0; i < n; i++) {
			count++;
			dying += !!(info[i].flags & XEN_DOMINF_dying);
			first = info[i].domain + 1;
		}
	} while (n == 64);
	printf("domains %u\ndying %u\n", count, dying);
	return 0;
}

/* Ports are numbered without holes up to a limit that grows by need. */
static void print_evtchns(xc_interface *xch)
{
	unsigned int used = 0, port;

	for (port = 0; port < MAX_PORTS; port++) {
		xc_evtchn_status_t status = { .dom = DOMID_SELF, .port = port };

		if (xc_evtchn_status(xch, &status))
			break;
		used += status.status != EVTCHNSTAT_closed;
	}
	printf("dom0_evtchns %u\n", used);
}

/* Xen shows its grant tables only on its console. */
static int print_grants(xc_interface *xch)
{
	unsigned int n = CONSOLE_BYTES, entries = 0, frames = 0, f;
	char key[] = "g", *text, *line, *save, *at;

	text = malloc(CONSOLE_BYTES + 1);
	if (!text)
		return fail("console buffer");
	if (xc_readconsolering(xch, text, &n, 1, 0, NULL) ||
	    xc_send_debug_keys(xch, key)) {
		free(text);
		return fail("debug key g");
	}
	n = CONSOLE_BYTES;
	if (xc_readconsolering(xch, text, &n, 0, 0, NULL)) {
		free(text);
		return fail("xc_readconsolering");
	}
	text[n] = '\0';
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		at = strstr(line, "[0x");
		entries += at && isxdigit((unsigned char)at[3]);
		at = strstr(line, "maptrack frames");
		if (!at)
			continue;
		while (at > line && (at[-1] == ' ' || isdigit((unsigned char)at[-1])))
			at--;
		if (sscanf(at, "%u", &f) == 1)
			frames += f;
	}
	free(text);
	printf("grant_entries %u\nmaptrack_frames %u\n", entries, frames);
	return 0;
}

static int print_dom0_memory(void)
{
	unsigned long kb;
	char line[128];
	FILE *f;

	f = fopen("/proc/meminfo", "re");
	if (!f)
		return fail("/proc/meminfo");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %lu kB", &kb) == 1)
			printf("dom0_available_kb %lu\n", kb);
	fclose(f);
	return 0;
}

static int print_links(void)
{
	unsigned int links = 0, taps = 0;
	struct dirent *e;
	char path[512];
	DIR *d;

	d = opendir("/sys/class/net");
	if (!d)
		return fail("/sys/class/net");
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		links++;
		snprintf(path, sizeof(path), "/sys/class/net/%s/tun_flags",
			 e->d_name);
		taps += !access(path, F_OK);
	}
	closedir(d);
	printf("taps %u\nlinks %u\n", taps, links);
	return 0;
}

static unsigned int count_fds(const char *pid)
{
	unsigned int n = 0;
	struct dirent *e;
	char path[300];
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	d = opendir(path);
	if (!d)
		return 0;
	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static bool process_has_name(const char *pid, const char *name)
{
	char path[300], comm[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(comm, sizeof(comm), f))
		comm[0] = '\0';
	fclose(f);
	comm[strcspn(comm, "\n")] = '\0';
	/* The kernel keeps 15 bytes of a name. */
	return !strncmp(comm, name, 15) && comm[0];
}

static int print_fds(const char *name)
{
	unsigned int n = 0;
	struct dirent *e;
	DIR *d;

	d = opendir("/proc");
	if (!d)
		return fail("/proc");
	while ((e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]) &&
		    process_has_name(e->d_name, name))
			n += count_fds(e->d_name);
	closedir(d);
	printf("fds:%s %u\n", name, n);
	return 0;
}

int main(int argc, char **argv)
{
	bool grants = false;
	xc_interface *xch;
	int opt, rc = 0;

	while ((opt = getopt(argc, argv, "g")) != -1) {
		if (opt != 'g') {
			fprintf(stderr, "usage: labstat [-g] [PROCESS-NAME]...\n");
			return 2;
		}
		grants = true;
	}
	xch = xc_interface_open(NULL, NULL, 0);
	if (!xch)
		return fail("xc_interface_open");
	rc |= print_memory(xch);
	rc |= print_domains(xch);
	print_evtchns(xch);
	if (grants)
		rc |= print_grants(xch);
	xc_interface_close(xch);
	rc |= print_dom0_memory();
	rc |= print_links();
	for (; optind < argc; optind++)
		rc |= print_fds(argv[optind]);
	return rc;
}
