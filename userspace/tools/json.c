// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "json.h"

static void json_quote(struct json *json, const __u8 *bytes, size_t len)
{
	size_t i;

	putc('"', json->out);
	for (i = 0; i < len; i++) {
		if (bytes[i] == '"' || bytes[i] == '\\')
			fprintf(json->out, "\\%c", bytes[i]);
		else if (bytes[i] >= ' ' && bytes[i] <= '~')
			putc(bytes[i], json->out);
		else
			fprintf(json->out, "\\u%04x", bytes[i]);
	}
	putc('"', json->out);
}

static void json_key(struct json *json, const char *key)
{
	if (json->comma)
		putc(',', json->out);
	json->comma = true;
	if (key) {
		json_quote(json, (const __u8 *)key, strlen(key));
		putc(':', json->out);
	}
}

void json_open(struct json *json, const char *key, char bracket)
{
	json_key(json, key);
	putc(bracket, json->out);
	json->comma = false;
}

void json_close(struct json *json, char bracket)
{
	putc(bracket, json->out);
	json->comma = true;
}

void json_uint(struct json *json, const char *key, __u64 value)
{
	json_key(json, key);
	fprintf(json->out, "%llu", value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	json_key(json, key);
	fputs(value ? "true" : "false", json->out);
}

void json_bytes(struct json *json, const char *key, const void *bytes,
		size_t len)
{
	json_key(json, key);
	json_quote(json, bytes, len);
}

void json_string(struct json *json, const char *key, const char *text)
{
	json_bytes(json, key, text, strlen(text));
}
