/* SPDX-License-Identifier: GPL-2.0 */
/* What libFuzzer calls; its name there is libFuzzer's. */
#ifndef _FUZZ_FUZZ_H
#define _FUZZ_FUZZ_H

#include "env.h"

int fuzz_one(const u8 *data, size_t size) __asm__("LLVMFuzzerTestOneInput");

#endif /* _FUZZ_FUZZ_H */
