// SPDX-License-Identifier: BSD-2-Clause
/*
 * toeplitz.c once more, as a program for the kernel: of the type of socket filters,
 * which may read the packet and nothing else, with the tables in a map.
 *
 * R6 is the packet, R7 where its IP header begins, R8 where its ports are, R9 the
 * hash so far.  What is read of the packet is on the stack.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "steer.h"
#include "toeplitz.h"

#define MAX_CODE	512
#define MAX_JUMPS	32
#define NAME		"noxs_steer"

/* The stack, from R10: a type, an IP header, ports behind the largest of them. */
#define TYPE		(-8)
#define HEADER		(-64)
#define PORTS		(-24)
#define PORTS_SIZE	4

/* What the program sees of a packet besides. */
#define SKB(field)	((int)offsetof(struct __sk_buff, field))

enum label { OUT, IN_DATA, UNTAGGED, IP4, IP6, PORTS4, PORTS6, NR_LABELS };

struct program {
	struct bpf_insn code[MAX_CODE];
	unsigned int nr;
	int map;
	struct {
		unsigned int at;
		enum label to;
	} jump[MAX_JUMPS];
	unsigned int nr_jumps;
	unsigned int place[NR_LABELS];
};

/* --- writing it ---------------------------------------------------------------- */

static void emit(struct program *p, uint8_t code, uint8_t dst, uint8_t src,
		 int16_t off, int32_t imm)
{
	struct bpf_insn insn = {
		.code = code, .off = off, .imm = imm,
	};

	insn.dst_reg = dst & 15;
	insn.src_reg = src & 15;
	if (p->nr < MAX_CODE)
		p->code[p->nr] = insn;
	p->nr++;
}

static void set(struct program *p, uint8_t dst, int32_t imm)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm);
}

static void move(struct program *p, uint8_t dst, uint8_t src)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static void alu(struct program *p, uint8_t op, uint8_t dst, int32_t imm)
{
	emit(p, (uint8_t)(BPF_ALU64 | op | BPF_K), dst, 0, 0, imm);
}

static void alu_reg(struct program *p, uint8_t op, uint8_t dst, uint8_t src)
{
	emit(p, (uint8_t)(BPF_ALU64 | op | BPF_X), dst, src, 0, 0);
}

/* size: BPF_B, BPF_H, BPF_W */
static void load(struct program *p, uint8_t size, uint8_t dst, uint8_t src,
		 int off)
{
	emit(p, (uint8_t)(BPF_LDX | size | BPF_MEM), dst, src, (int16_t)off, 0);
}

static void label(struct program *p, enum label l)
{
	p->place[l] = p->nr;
}

static void jump(struct program *p, uint8_t op, uint8_t dst, int32_t imm,
		 enum label to)
{
	if (p->nr_jumps < MAX_JUMPS) {
		p->jump[p->nr_jumps].at = p->nr;
		p->jump[p->nr_jumps].to = to;
	}
	p->nr_jumps++;
	emit(p, (uint8_t)(BPF_JMP | op | BPF_K), dst, 0, 0, imm);
}

static void resolve(struct program *p)
{
	unsigned int i, at;

	for (i = 0; i < p->nr_jumps; i++) {
		at = p->jump[i].at;
		p->code[at].off =
			(int16_t)(p->place[p->jump[i].to] - at - 1);
	}
}

/* nr bytes of the packet from R2 on to the stack; OUT if it has them not. */
static void fetch(struct program *p, int to, int nr)
{
	move(p, BPF_REG_1, BPF_REG_6);
	move(p, BPF_REG_3, BPF_REG_10);
	alu(p, BPF_ADD, BPF_REG_3, to);
	set(p, BPF_REG_4, nr);
	emit(p, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_skb_load_bytes);
	jump(p, BPF_JNE, BPF_REG_0, 0, OUT);
}

static void fetch_type(struct program *p, int at)
{
	set(p, BPF_REG_2, at);
	fetch(p, TYPE, 2);
	load(p, BPF_H, BPF_REG_1, BPF_REG_10, TYPE);
}

/* The hash goes on with nr bytes of the stack, whose place in the input is first. */
static void hash(struct program *p, int from, int first, int nr)
{
	const int row = sizeof(((struct nbl_toeplitz *)NULL)->table[0]);
	int i;

	/* The map's value, from the table of the first byte on */
	emit(p, BPF_LD | BPF_DW, BPF_REG_3, BPF_PSEUDO_MAP_VALUE, 0,
	     p->map);
	emit(p, 0, 0, 0, 0, first * row);
	for (i = 0; i < nr; i++) {
		load(p, BPF_B, BPF_REG_1, BPF_REG_10, from + i);
		alu(p, BPF_LSH, BPF_REG_1, 2);
		move(p, BPF_REG_2, BPF_REG_3);
		alu_reg(p, BPF_ADD, BPF_REG_2, BPF_REG_1);
		load(p, BPF_W, BPF_REG_1, BPF_REG_2, i * row);
		alu_reg(p, BPF_XOR, BPF_REG_9, BPF_REG_1);
	}
}

/* --- what is in it --------------------------------------------------------------- */

static void write_types(struct program *p)
{
	move(p, BPF_REG_6, BPF_REG_1);
	set(p, BPF_REG_9, 0);
	set(p, BPF_REG_7, ETH_HLEN);
	/* The kernel takes a tag out of what it receives; the reader has it again. */
	load(p, BPF_W, BPF_REG_1, BPF_REG_6, SKB(vlan_present));
	jump(p, BPF_JEQ, BPF_REG_1, 0, IN_DATA);
	load(p, BPF_W, BPF_REG_1, BPF_REG_6, SKB(vlan_proto));
	jump(p, BPF_JNE, BPF_REG_1, htons(ETHERTYPE_VLAN), OUT);
	fetch_type(p, ETH_HLEN - 2);
	jump(p, BPF_JA, 0, 0, UNTAGGED);
	label(p, IN_DATA);
	fetch_type(p, ETH_HLEN - 2);
	jump(p, BPF_JNE, BPF_REG_1, htons(ETHERTYPE_VLAN), UNTAGGED);
	set(p, BPF_REG_7, ETH_HLEN + 4);
	fetch_type(p, ETH_HLEN + 2);
	label(p, UNTAGGED);
	jump(p, BPF_JEQ, BPF_REG_1, htons(ETHERTYPE_IP), IP4);
	jump(p, BPF_JEQ, BPF_REG_1, htons(ETHERTYPE_IPV6), IP6);
	label(p, OUT);
	move(p, BPF_REG_0, BPF_REG_9);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Go to l if the protocol is one with ports, or OUT. */
static void protocol(struct program *p, int at, enum label l)
{
	load(p, BPF_B, BPF_REG_1, BPF_REG_10, at);
	jump(p, BPF_JEQ, BPF_REG_1, IPPROTO_TCP, l);
	jump(p, BPF_JNE, BPF_REG_1, IPPROTO_UDP, OUT);
	label(p, l);
}

static void write_ports(struct program *p, int first)
{
	move(p, BPF_REG_2, BPF_REG_8);
	fetch(p, PORTS, PORTS_SIZE);
	hash(p, PORTS, first, PORTS_SIZE);
	jump(p, BPF_JA, 0, 0, OUT);
}

static void write_ip4(struct program *p)
{
	label(p, IP4);
	move(p, BPF_REG_2, BPF_REG_7);
	fetch(p, HEADER, 20);
	hash(p, HEADER + 12, 0, 8);
	load(p, BPF_H, BPF_REG_1, BPF_REG_10, HEADER + 6);
	jump(p, BPF_JSET, BPF_REG_1, htons(0x3fff), OUT);
	protocol(p, HEADER + 9, PORTS4);
	load(p, BPF_B, BPF_REG_8, BPF_REG_10, HEADER);
	alu(p, BPF_AND, BPF_REG_8, 15);
	alu(p, BPF_LSH, BPF_REG_8, 2);
	alu_reg(p, BPF_ADD, BPF_REG_8, BPF_REG_7);
	write_ports(p, 8);
}

static void write_ip6(struct program *p)
{
	label(p, IP6);
	move(p, BPF_REG_2, BPF_REG_7);
	fetch(p, HEADER, 40);
	hash(p, HEADER + 8, 0, 32);
	protocol(p, HEADER + 6, PORTS6);
	move(p, BPF_REG_8, BPF_REG_7);
	alu(p, BPF_ADD, BPF_REG_8, 40);
	write_ports(p, 32);
}

/* --- loading it ------------------------------------------------------------------ */

/* All of it: the kernel refuses bits that it does not know. */
static int sys_bpf(int cmd, union bpf_attr *attr)
{
	int r = (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return r < 0 ? -errno : r;
}

static uint64_t pointer(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static int load_map(const struct nbl_toeplitz *t)
{
	const uint32_t key = 0;
	union bpf_attr attr;
	int fd, rc;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = sizeof(key);
	attr.value_size = sizeof(t->table);
	attr.max_entries = 1;
	attr.map_flags = BPF_F_RDONLY_PROG;
	strcpy(attr.map_name, NAME);
	fd = sys_bpf(BPF_MAP_CREATE, &attr);
	if (fd < 0)
		return fd;
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)fd;
	attr.key = pointer(&key);
	attr.value = pointer(t->table);
	rc = sys_bpf(BPF_MAP_UPDATE_ELEM, &attr);
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

/* It keeps the map. */
static int load_program(const struct program *p)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insn_cnt = p->nr;
	attr.insns = pointer(p->code);
	attr.license = pointer("Dual BSD/GPL");
	strcpy(attr.prog_name, NAME);
	if (p->nr > MAX_CODE || p->nr_jumps > MAX_JUMPS)
		return -E2BIG;
	return sys_bpf(BPF_PROG_LOAD, &attr);
}

int nbl_steer_load(const struct nbl_toeplitz *t, int *out)
{
	struct program *p = calloc(1, sizeof(*p));
	int rc = -ENOMEM;

	if (!p)
		return rc;
	p->map = load_map(t);
	rc = p->map;
	if (rc < 0)
		goto out;
	write_types(p);
	write_ip4(p);
	write_ip6(p);
	if (p->nr <= MAX_CODE && p->nr_jumps <= MAX_JUMPS)
		resolve(p);
	rc = load_program(p);
	close(p->map);
out:
	free(p);
	if (rc < 0)
		return rc;
	*out = rc;
	return 0;
}
