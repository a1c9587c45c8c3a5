/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes JSON.  Every value has a key, which is NULL in an array.
 */
#ifndef _CPG_TOOLS_JSON_H
#define _CPG_TOOLS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <linux/types.h>

/**
 * struct json - a writer; all zero but for @out at the beginning
 * @out: where to
 * @comma: the next value needs a comma before it
 */
struct json {
	FILE	*out;
	bool	comma;
};

/* @bracket is { or [ */
void json_open(struct json *json, const char *key, char bracket);

/* @bracket is } or ] */
void json_close(struct json *json, char bracket);

void json_uint(struct json *json, const char *key, __u64 value);
void json_bool(struct json *json, const char *key, bool value);
void json_string(struct json *json, const char *key, const char *text);

/*
 * Arbitrary bytes as a string.  A byte that is not printable ASCII becomes
 * \u00XX, so that the string has a character for each byte.
 */
void json_bytes(struct json *json, const char *key, const void *bytes,
		size_t len);

#endif /* _CPG_TOOLS_JSON_H */
