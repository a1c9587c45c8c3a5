/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pseudo-random numbers and hashes: xoshiro256** seeded by splitmix64.  The
 * same numbers on every machine, so that a seed names a run.
 */
#ifndef _SIM_RNG_H
#define _SIM_RNG_H

#include "env.h"

struct sim_rng {
	u64	s[4];
};

static inline u64 sim_mix(u64 x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static inline u64 sim_hash2(u64 a, u64 b)
{
	return sim_mix(a * 0xff51afd7ed558ccdULL ^ b);
}

static inline void sim_rng_seed(struct sim_rng *r, u64 seed)
{
	u32 i;

	for (i = 0; i < 4; i++)
		r->s[i] = sim_mix(seed + i * 0x632be59bd9b4e019ULL);
}

static inline u64 sim_rol(u64 x, u32 k)
{
	return (x << k) | (x >> (64 - k));
}

static inline u64 sim_rng_u64(struct sim_rng *r)
{
	u64 res = sim_rol(r->s[1] * 5, 7) * 9;
	u64 t = r->s[1] << 17;

	r->s[2] ^= r->s[0];
	r->s[3] ^= r->s[1];
	r->s[1] ^= r->s[2];
	r->s[0] ^= r->s[3];
	r->s[2] ^= t;
	r->s[3] = sim_rol(r->s[3], 45);
	return res;
}

/* 0 to n - 1; 0 if @n is 0. */
static inline u64 sim_rng_below(struct sim_rng *r, u64 n)
{
	return n ? sim_rng_u64(r) % n : 0;
}

/* @lo to @hi, both possible. */
static inline u64 sim_rng_range(struct sim_rng *r, u64 lo, u64 hi)
{
	return lo + sim_rng_below(r, hi - lo + 1);
}

/* True @ppm times in a million. */
static inline bool sim_rng_ppm(struct sim_rng *r, u32 ppm)
{
	return ppm && sim_rng_below(r, 1000000) < ppm;
}

/* True @n times in a hundred. */
static inline bool sim_rng_pct(struct sim_rng *r, u32 n)
{
	return sim_rng_below(r, 100) < n;
}

void sim_fill(u8 *data, size_t len, u64 id);

#endif /* _SIM_RNG_H */
