/* SPDX-License-Identifier: BSD-2-Clause */
/* A small valid ELF kernel, to be spoilt by tests. */
#ifndef TOOLSTACK_ELF_MAKER_H
#define TOOLSTACK_ELF_MAKER_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <xen/elfnote.h>

#define ELF_LOAD_ADDR 0x100000u
#define ELF_ENTRY (ELF_LOAD_ADDR + 0x10u)

struct elf_file {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[3];	/* text, data and bss, notes */
	struct {
		Elf64_Nhdr nh;
		char name[4];
		uint32_t entry;
		Elf64_Nhdr os_nh;
		char os_name[4];
		char os[8];
	} note;
	uint8_t text[0x3000];
};

static inline void elf_make(struct elf_file *f)
{
	memset(f, 0, sizeof(*f));
	memcpy(f->eh.e_ident, ELFMAG, SELFMAG);
	f->eh.e_ident[EI_CLASS] = ELFCLASS64;
	f->eh.e_ident[EI_DATA] = ELFDATA2LSB;
	f->eh.e_ident[EI_VERSION] = EV_CURRENT;
	f->eh.e_type = ET_EXEC;
	f->eh.e_machine = EM_X86_64;
	f->eh.e_version = EV_CURRENT;
	f->eh.e_phoff = offsetof(struct elf_file, ph);
	f->eh.e_ehsize = sizeof(f->eh);
	f->eh.e_phentsize = sizeof(Elf64_Phdr);
	f->eh.e_phnum = 3;
	f->ph[0] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_offset = offsetof(struct elf_file, text),
		.p_paddr = ELF_LOAD_ADDR, .p_filesz = 0x2000,
		.p_memsz = 0x2000,
	};
	f->ph[1] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_offset = offsetof(struct elf_file, text) + 0x2000,
		.p_paddr = ELF_LOAD_ADDR + 0x2000, .p_filesz = 0x1000,
		.p_memsz = 0x9000,
	};
	f->ph[2] = (Elf64_Phdr){
		.p_type = PT_NOTE, .p_offset = offsetof(struct elf_file, note),
		.p_filesz = sizeof(f->note), .p_memsz = sizeof(f->note),
	};
	f->note.nh.n_namesz = 4;
	f->note.nh.n_descsz = 4;
	f->note.nh.n_type = XEN_ELFNOTE_PHYS32_ENTRY;
	memcpy(f->note.name, "Xen", 4);
	f->note.entry = ELF_ENTRY;
	f->note.os_nh.n_namesz = 4;
	f->note.os_nh.n_descsz = 8;
	f->note.os_nh.n_type = XEN_ELFNOTE_GUEST_OS;
	memcpy(f->note.os_name, "Xen", 4);
	memcpy(f->note.os, "Mini-OS", 8);
	memset(f->text, 0x90, sizeof(f->text));
}

#endif
