/* SPDX-License-Identifier: GPL-2.0 */
/* What count.c uses of QEMU's interface for plugins: Debian has no header. */
#ifndef _SELFTESTS_QEMU_COUNT_PLUGIN_H
#define _SELFTESTS_QEMU_COUNT_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

enum {
	QEMU_PLUGIN_VERSION = 1,
	QEMU_PLUGIN_INLINE_ADD_U64 = 0,
	QEMU_PLUGIN_CB_NO_REGS = 0,
};

struct qemu_plugin_tb;
struct qemu_plugin_insn;

/* These two are the plugin's own. */
extern int qemu_plugin_version;
int qemu_plugin_install(uint64_t id, const void *info, int argc,
			char **argv);

typedef void (*qemu_plugin_tb_cb)(uint64_t id, struct qemu_plugin_tb *tb);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, qemu_plugin_tb_cb cb);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb,
					      int op, void *ptr, uint64_t imm);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*cb)(unsigned int cpu,
						       void *data),
					    int flags, void *data);
void qemu_plugin_register_atexit_cb(uint64_t id,
				    void (*cb)(uint64_t id, void *data),
				    void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

#endif /* _SELFTESTS_QEMU_COUNT_PLUGIN_H */
