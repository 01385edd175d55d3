// SPDX-License-Identifier: BSD-2-Clause
/* The keys: which there are, of which kind, and where they go. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

enum kind {
	STRING,		/* to a char * */
	INTEGER,	/* to a long, min..max */
	ACTION,		/* to a char *: what to do when the guest ends */
	IDLE_ACTION,	/* to a char *: what to do when nobody talks to it */
	UUID, TYPE, VIFS, CPUS,
	MARK,		/* an INTEGER that flavours of spares have */
	REFUSED,	/* of xl; a guest that asks for it would not work here */
	REFUSED_FLAG,	/* likewise, and 0 asks for nothing */
	IGNORED,	/* of xl; without meaning or harm here */
};

struct key {
	const char *name;
	enum kind kind;
	size_t offset;
	long min, max;
	const char *note;
};

#define AT(field) offsetof(struct chaos_config, field)
#define NO_DISK "block devices are not supported"
#define NO_PASS "device passthrough is not supported"
#define NO_EMU	"devices are not emulated"
#define NO_SHARE "only cpu_weight and cap are known"

/* Those that mean something come first. */
static const struct key keys[] = {
	{ "name", STRING, AT(name), 0, 0, NULL },
	{ "uuid", UUID, 0, 0, 0, NULL },
	{ "type", TYPE, 0, 0, 0, NULL },
	{ "kernel", STRING, AT(kernel), 0, 0, NULL },
	{ "ramdisk", STRING, AT(ramdisk), 0, 0, NULL },
	{ "cmdline", STRING, AT(cmdline), 0, 0, NULL },
	{ "root", STRING, AT(root), 0, 0, NULL },
	{ "extra", STRING, AT(extra), 0, 0, NULL },
	{ "memory", INTEGER, AT(memory_mb), 1, 1 << 20, NULL },
	{ "maxmem", INTEGER, AT(maxmem_mb), 1, 1 << 20, NULL },
	{ "vcpus", INTEGER, AT(vcpus), 1, 128, NULL },
	{ "maxvcpus", INTEGER, AT(maxvcpus), 1, 128, NULL },
	{ "max_grant_frames", INTEGER, AT(max_grant_frames), 1, 1 << 16, NULL },
	{ "max_maptrack_frames", INTEGER, AT(max_maptrack_frames), 0, 1 << 16,
	  NULL },
	{ "max_event_channels", INTEGER, AT(max_event_channels), 15,
	  (1 << 17) - 1, NULL },
	{ "event_channels", INTEGER, AT(max_event_channels), 15,
	  (1 << 17) - 1, NULL },
	{ "on_poweroff", ACTION, AT(on_poweroff), 0, 0, NULL },
	{ "on_reboot", ACTION, AT(on_reboot), 0, 0, NULL },
	{ "on_crash", ACTION, AT(on_crash), 0, 0, NULL },
	{ "idle_timeout", INTEGER, AT(idle_timeout), 0, 2592000, NULL },
	{ "on_idle", IDLE_ACTION, AT(on_idle), 0, 0, NULL },
	{ "vif", VIFS, 0, 0, 0, NULL },
	{ "cpus", CPUS, 0, 0, 0, NULL },
	{ "cpu_weight", INTEGER, AT(cpu_weight), 1, 65535, NULL },
	{ "cap", INTEGER, AT(cap), 0, 65535, NULL },
	{ "pool", STRING, AT(pool), 0, 0, NULL },

	{ "spares_low", MARK, AT(spares_low), 0, 1024, NULL },
	{ "spares_high", MARK, AT(spares_high), 0, 1024, NULL },

	{ "builder", REFUSED, 0, 0, 0, "write type = \"pvh\" or \"pv\"" },
	{ "disk", REFUSED, 0, 0, 0, NO_DISK },
	{ "p9", REFUSED, 0, 0, 0, NO_DISK },
	{ "bootloader", REFUSED, 0, 0, 0, "give the kernel with kernel=" },
	{ "pci", REFUSED, 0, 0, 0, NO_PASS },
	{ "dtdev", REFUSED, 0, 0, 0, NO_PASS },
	{ "ioports", REFUSED, 0, 0, 0, NO_PASS },
	{ "iomem", REFUSED, 0, 0, 0, NO_PASS },
	{ "irqs", REFUSED, 0, 0, 0, NO_PASS },
	{ "usbctrl", REFUSED, 0, 0, 0, NO_PASS },
	{ "usbdev", REFUSED, 0, 0, 0, NO_PASS },
	{ "usbdevice", REFUSED, 0, 0, 0, NO_PASS },
	{ "device_tree", REFUSED, 0, 0, 0, NO_PASS },
	{ "passthrough", REFUSED, 0, 0, 0, NO_PASS },
	{ "gfx_passthru", REFUSED_FLAG, 0, 0, 0, NO_PASS },
	{ "rdm", REFUSED, 0, 0, 0, NO_PASS },
	{ "e820_host", REFUSED_FLAG, 0, 0, 0, NO_PASS },
	{ "vdispl", REFUSED, 0, 0, 0, "there is no display" },
	{ "vsnd", REFUSED, 0, 0, 0, "there is no sound card" },
	{ "pvcalls", REFUSED, 0, 0, 0, "there is no pvcalls" },
	{ "tee", REFUSED, 0, 0, 0, "there is no TEE" },
	{ "vif2", REFUSED, 0, 0, 0, "use vif" },
	{ "vfb", REFUSED, 0, 0, 0, "there is no framebuffer" },
	{ "vkb", REFUSED, 0, 0, 0, "there is no keyboard" },
	{ "vtpm", REFUSED, 0, 0, 0, "there is no vTPM" },
	{ "channel", REFUSED, 0, 0, 0, "there are no channels" },
	{ "firmware", REFUSED, 0, 0, 0, NO_EMU },
	{ "firmware_override", REFUSED, 0, 0, 0, NO_EMU },
	{ "device_model_version", REFUSED, 0, 0, 0, NO_EMU },
	{ "altp2m", REFUSED, 0, 0, 0, "guests do not virtualise" },
	{ "nestedhvm", REFUSED_FLAG, 0, 0, 0, "guests do not virtualise" },
	{ "cpus_soft", REFUSED, 0, 0, 0, "soft affinity is not supported" },
	{ "period", REFUSED, 0, 0, 0, NO_SHARE },
	{ "slice", REFUSED, 0, 0, 0, NO_SHARE },
	{ "latency", REFUSED, 0, 0, 0, NO_SHARE },
	{ "extratime", REFUSED, 0, 0, 0, NO_SHARE },
	{ "cpuid", REFUSED, 0, 0, 0, "CPU features cannot be chosen" },
	{ "mca_caps", REFUSED, 0, 0, 0, "CPU features cannot be chosen" },
	{ "vpmu", REFUSED_FLAG, 0, 0, 0, "CPU features cannot be chosen" },
	{ "vnuma", REFUSED, 0, 0, 0, "there is no virtual NUMA" },
	{ "max_grant_version", REFUSED, 0, 0, 0,
	  "versions of grant tables cannot be chosen" },
	{ "pvshim", REFUSED_FLAG, 0, 0, 0, "write type = \"pvh\" or \"pv\"" },
	{ "seclabel", REFUSED, 0, 0, 0, "XSM labels are not supported" },

	{ "acpi", IGNORED, 0, 0, 0, NULL },
	{ "apic", IGNORED, 0, 0, 0, NULL },
	{ "pae", IGNORED, 0, 0, 0, NULL },
	{ "hap", IGNORED, 0, 0, 0, NULL },
	{ "nx", IGNORED, 0, 0, 0, NULL },
	{ "hpet", IGNORED, 0, 0, 0, NULL },
	{ "viridian", IGNORED, 0, 0, 0, NULL },
	{ "localtime", IGNORED, 0, 0, 0, NULL },
	{ "rtc_timeoffset", IGNORED, 0, 0, 0, NULL },
	{ "boot", IGNORED, 0, 0, 0, NULL },
	{ "serial", IGNORED, 0, 0, 0, NULL },
	{ "sdl", IGNORED, 0, 0, 0, NULL },
	{ "vnc", IGNORED, 0, 0, 0, NULL },
	{ "vnclisten", IGNORED, 0, 0, 0, NULL },
	{ "vncdisplay", IGNORED, 0, 0, 0, NULL },
	{ "vncpasswd", IGNORED, 0, 0, 0, NULL },
	{ "vncunused", IGNORED, 0, 0, 0, NULL },
	{ "keymap", IGNORED, 0, 0, 0, NULL },
	{ "shadow_memory", IGNORED, 0, 0, 0, NULL },
	{ "on_watchdog", IGNORED, 0, 0, 0, NULL },
	{ "on_soft_reset", IGNORED, 0, 0, 0, NULL },
	{ "vcpu_affinity", IGNORED, 0, 0, 0, NULL },
	{ "driver_domain", IGNORED, 0, 0, 0, NULL },
	{ "claim_mode", IGNORED, 0, 0, 0, NULL },
	{ "vif_type", IGNORED, 0, 0, 0, NULL },
	{ "acpi_firmware", IGNORED, 0, 0, 0, NULL },
	{ "acpi_laptop_slate", IGNORED, 0, 0, 0, NULL },
	{ "acpi_s3", IGNORED, 0, 0, 0, NULL },
	{ "acpi_s4", IGNORED, 0, 0, 0, NULL },
	{ "altp2mhvm", IGNORED, 0, 0, 0, NULL },
	{ "bios", IGNORED, 0, 0, 0, NULL },
	{ "bios_path_override", IGNORED, 0, 0, 0, NULL },
	{ "bootloader_args", IGNORED, 0, 0, 0, NULL },
	{ "device_model", IGNORED, 0, 0, 0, NULL },
	{ "device_model_args", IGNORED, 0, 0, 0, NULL },
	{ "device_model_args_hvm", IGNORED, 0, 0, 0, NULL },
	{ "device_model_args_pv", IGNORED, 0, 0, 0, NULL },
	{ "device_model_override", IGNORED, 0, 0, 0, NULL },
	{ "device_model_stubdomain_override", IGNORED, 0, 0, 0, NULL },
	{ "device_model_stubdomain_seclabel", IGNORED, 0, 0, 0, NULL },
	{ "device_model_user", IGNORED, 0, 0, 0, NULL },
	{ "display", IGNORED, 0, 0, 0, NULL },
	{ "dm_restrict", IGNORED, 0, 0, 0, NULL },
	{ "gic_version", IGNORED, 0, 0, 0, NULL },
	{ "hdtype", IGNORED, 0, 0, 0, NULL },
	{ "init_seclabel", IGNORED, 0, 0, 0, NULL },
	{ "mmio_hole", IGNORED, 0, 0, 0, NULL },
	{ "ms_vm_genid", IGNORED, 0, 0, 0, NULL },
	{ "msr_relaxed", IGNORED, 0, 0, 0, NULL },
	{ "nographic", IGNORED, 0, 0, 0, NULL },
	{ "nomigrate", IGNORED, 0, 0, 0, NULL },
	{ "oos", IGNORED, 0, 0, 0, NULL },
	{ "opengl", IGNORED, 0, 0, 0, NULL },
	{ "pci_msitranslate", IGNORED, 0, 0, 0, NULL },
	{ "pci_permissive", IGNORED, 0, 0, 0, NULL },
	{ "pci_power_mgmt", IGNORED, 0, 0, 0, NULL },
	{ "pci_seize", IGNORED, 0, 0, 0, NULL },
	{ "pvshim_cmdline", IGNORED, 0, 0, 0, NULL },
	{ "pvshim_extra", IGNORED, 0, 0, 0, NULL },
	{ "pvshim_path", IGNORED, 0, 0, 0, NULL },
	{ "rdm_mem_boundary", IGNORED, 0, 0, 0, NULL },
	{ "smbios_firmware", IGNORED, 0, 0, 0, NULL },
	{ "soundhw", IGNORED, 0, 0, 0, NULL },
	{ "spice", IGNORED, 0, 0, 0, NULL },
	{ "spice_clipboard_sharing", IGNORED, 0, 0, 0, NULL },
	{ "spice_image_compression", IGNORED, 0, 0, 0, NULL },
	{ "spice_streaming_video", IGNORED, 0, 0, 0, NULL },
	{ "spiceagent_mouse", IGNORED, 0, 0, 0, NULL },
	{ "spicedisable_ticketing", IGNORED, 0, 0, 0, NULL },
	{ "spicehost", IGNORED, 0, 0, 0, NULL },
	{ "spicepasswd", IGNORED, 0, 0, 0, NULL },
	{ "spiceport", IGNORED, 0, 0, 0, NULL },
	{ "spicetls_port", IGNORED, 0, 0, 0, NULL },
	{ "spiceusbredirection", IGNORED, 0, 0, 0, NULL },
	{ "spicevdagent", IGNORED, 0, 0, 0, NULL },
	{ "stdvga", IGNORED, 0, 0, 0, NULL },
	{ "stubdomain_cmdline", IGNORED, 0, 0, 0, NULL },
	{ "stubdomain_kernel", IGNORED, 0, 0, 0, NULL },
	{ "stubdomain_memory", IGNORED, 0, 0, 0, NULL },
	{ "stubdomain_ramdisk", IGNORED, 0, 0, 0, NULL },
	{ "timer_mode", IGNORED, 0, 0, 0, NULL },
	{ "tsc_mode", IGNORED, 0, 0, 0, NULL },
	{ "usb", IGNORED, 0, 0, 0, NULL },
	{ "usbversion", IGNORED, 0, 0, 0, NULL },
	{ "vendor_device", IGNORED, 0, 0, 0, NULL },
	{ "vga", IGNORED, 0, 0, 0, NULL },
	{ "videoram", IGNORED, 0, 0, 0, NULL },
	{ "vkb_device", IGNORED, 0, 0, 0, NULL },
	{ "vmtrace_buf_kb", IGNORED, 0, 0, 0, NULL },
	{ "vncviewer", IGNORED, 0, 0, 0, NULL },
	{ "vpt_align", IGNORED, 0, 0, 0, NULL },
	{ "vuart", IGNORED, 0, 0, 0, NULL },
	{ "xauthority", IGNORED, 0, 0, 0, NULL },
	{ "xen_platform_pci", IGNORED, 0, 0, 0, NULL },
	{ "xend_suspend_evtchn_compat", IGNORED, 0, 0, 0, NULL },
};

#define ACTIONS_DONE 3	/* the first of them; for the others see shutdown.c */
static const char *const actions[] = {
	"destroy", "restart", "preserve", "rename-restart", "coredump-destroy",
	"coredump-restart", "soft-reset",
};

static const char *get_string(struct chaos__parse *p, const char *key)
{
	const char *value = NULL;

	if (xlu_cfg_get_string(p->xlu, key, &value, 1)) {
		chaos__parse_fail(p, key, "", "", "must be a string");
		return NULL;
	}
	/* The record of the domain is JSON, which holds nothing else. */
	if (!chaos__is_utf8(value)) {
		chaos__parse_fail(p, key, "", "write it in UTF-8",
				  "is not UTF-8");
		return NULL;
	}
	return value;
}

static void set_string(struct chaos__parse *p, const struct key *key)
{
	char **slot = (char **)((char *)p->cfg + key->offset);
	const char *value = get_string(p, key->name);
	char *copy;

	if (!value)
		return;
	copy = strdup(value);
	if (!copy) {
		chaos__fail(p->ctx, -ENOMEM, p->origin, key->name, "", NULL);
		return;
	}
	free(*slot);
	*slot = copy;
}

static void set_integer(struct chaos__parse *p, const struct key *key)
{
	long *slot = (long *)((char *)p->cfg + key->offset);
	long value;

	/* The library's own bounds check would say less. */
	if (xlu_cfg_get_long(p->xlu, key->name, &value, 1))
		chaos__parse_fail(p, key->name, "", "", "must be a number");
	else if (value < key->min || value > key->max)
		chaos__parse_fail(p, key->name, "", "",
				  "%ld is not within %ld..%ld", value,
				  key->min, key->max);
	else
		*slot = value;
}

static bool is_action(const char *value)
{
	size_t i;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcmp(value, actions[i]))
			return true;
	return false;
}

static bool is_idle_action(const char *value)
{
	return !strcmp(value, "destroy") || !strcmp(value, "pause");
}

static bool key_valid(const struct key *key, const struct chaos_config *cfg,
		      const struct chaos_config *unset)
{
	const char *at = (const char *)cfg + key->offset;
	const char *was = (const char *)unset + key->offset;
	long value;

	if (key->kind == ACTION)
		return !*(char *const *)at || is_action(*(char *const *)at);
	if (key->kind == IDLE_ACTION)
		return !*(char *const *)at ||
		       is_idle_action(*(char *const *)at);
	if (key->kind != INTEGER)
		return true;
	value = *(const long *)at;
	return value == *(const long *)was ||
	       (value >= key->min && value <= key->max);
}

bool chaos__keys_valid(const struct chaos_config *cfg)
{
	struct chaos_config *unset = chaos__config_new();
	bool valid = unset && cfg->maxmem_mb >= cfg->memory_mb;
	size_t i;

	for (i = 0; valid && i < sizeof(keys) / sizeof(keys[0]); i++)
		valid = key_valid(&keys[i], cfg, unset);
	chaos_config_free(unset);
	return valid;
}

static void set_action(struct chaos__parse *p, const struct key *key)
{
	const char *value = get_string(p, key->name);
	size_t i;

	if (!value)
		return;
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (!strcmp(value, actions[i])) {
			set_string(p, key);
			if (i >= ACTIONS_DONE)
				chaos__parse_warn(p, key->name,
						  "this action of xl is not done here, the domain is preserved");
			return;
		}
	}
	chaos__parse_fail(p, key->name, "", "use destroy, restart or preserve",
			  "\"%s\" is no action", value);
}

static void set_idle_action(struct chaos__parse *p, const struct key *key)
{
	const char *value = get_string(p, key->name);

	if (value && is_idle_action(value))
		set_string(p, key);
	else if (value)
		chaos__parse_fail(p, key->name, "", "use destroy or pause",
				  "\"%s\" is no action", value);
}

static void set_uuid(struct chaos__parse *p, const struct key *key)
{
	static const uint8_t none[16];
	const char *value = get_string(p, key->name);

	if (!value)
		return;
	if (!chaos__uuid_parse(value, p->cfg->uuid) &&
	    !memcmp(p->cfg->uuid, none, sizeof(none)))
		chaos__parse_fail(p, key->name, "", "leave it out",
				  "the UUID of all zeros is dom0's");
	else if (chaos__uuid_parse(value, p->cfg->uuid))
		chaos__parse_fail(p, key->name, "",
				  "write it like xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
				  "\"%s\" is not a UUID", value);
	p->cfg->uuid_set = true;
}

static void set_type(struct chaos__parse *p, const struct key *key)
{
	const char *value = get_string(p, key->name);

	if (!value)
		return;
	p->cfg->pvh = !strcmp(value, "pvh");
	if (!p->cfg->pvh && strcmp(value, "pv"))
		chaos__parse_fail(p, key->name, "", "use \"pvh\" or \"pv\"",
				  "\"%s\" guests are not supported", value);
}

/* As xl writes what it does not want: disk = [ ], nestedhvm = 0. */
static bool asks_for_nothing(const struct chaos__parse *p,
			     const struct key *key)
{
	const char *value;
	XLU_ConfigList *list;
	int n;

	if (!xlu_cfg_get_list(p->xlu, key->name, &list, &n, 1))
		return n == 0;
	if (xlu_cfg_get_string(p->xlu, key->name, &value, 1))
		return false;
	return !*value || (key->kind == REFUSED_FLAG && !strcmp(value, "0"));
}

static void set_key(struct chaos__parse *p, const struct key *key)
{
	switch (key->kind) {
	case STRING:
		set_string(p, key);
		break;
	case INTEGER:
		set_integer(p, key);
		break;
	case ACTION:
		set_action(p, key);
		break;
	case IDLE_ACTION:
		set_idle_action(p, key);
		break;
	case UUID:
		set_uuid(p, key);
		break;
	case TYPE:
		set_type(p, key);
		break;
	case VIFS:
		chaos__parse_vifs(p, key->name);
		break;
	case CPUS:
		chaos__parse_cpus(p, key->name);
		break;
	case MARK:
		if (p->flavour)
			set_integer(p, key);
		else
			chaos__parse_fail(p, key->name, "", "leave it out",
					  "this is a guest, not a flavour of spares");
		break;
	case REFUSED:
	case REFUSED_FLAG:
		if (!asks_for_nothing(p, key))
			chaos__parse_fail(p, key->name, "", key->note,
					  "this key of xl is not supported");
		break;
	case IGNORED:
		chaos__parse_warn(p, key->name,
				  "this key of xl has no meaning here, ignored");
		break;
	}
}

static bool seen_before(const struct chaos__parse *p, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (!strcmp(p->scan.key[i].name, p->scan.key[n].name))
			return true;
	return false;
}

const char *chaos__key_name(size_t i)
{
	bool has = i < sizeof(keys) / sizeof(keys[0]) && keys[i].kind < MARK;

	return has ? keys[i].name : NULL;
}

void chaos__parse_keys(struct chaos__parse *p)
{
	const struct key *key;
	unsigned int i;
	size_t k;

	for (i = 0; i < p->scan.nr; i++) {
		const char *name = p->scan.key[i].name;

		if (seen_before(p, i))
			continue;
		key = NULL;
		for (k = 0; k < sizeof(keys) / sizeof(keys[0]) && !key; k++)
			if (!strcmp(keys[k].name, name))
				key = &keys[k];
		if (key)
			set_key(p, key);
		else
			chaos__parse_fail(p, name, "", "see chaos.cfg(5)",
					  "unknown key");
	}
}
