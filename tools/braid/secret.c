// SPDX-License-Identifier: GPL-2.0-only
#include "secret.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The size of the largest valid file, and one more to detect a larger file. */
#define FILE_MAX (BRAID_BLK_SECRETS_MAX * (BRAID_BLK_SECRET_MAX + 1))
#define READ_MAX (FILE_MAX + 1)

static int secret_open(const char *path)
{
	struct stat stat;
	int fd;

	if (!strcmp(path, "-"))
		return STDIN_FILENO;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &stat)) {
		error("secret-file %s: %s", path, strerror(errno));
	} else if (S_ISDIR(stat.st_mode)) {
		error("secret-file %s: %s", path, strerror(EISDIR));
	} else if (stat.st_mode & (S_IRWXG | S_IRWXO)) {
		error("secret-file %s: others may read or write it "
		      "(chmod 600 makes it private)",
		      path);
	} else {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

static ssize_t read_all(int fd, unsigned char *buffer)
{
	size_t len = 0;
	ssize_t got;

	do {
		got = read(fd, buffer + len, READ_MAX - len);
		if (got > 0)
			len += (size_t)got;
	} while ((got > 0 && len < READ_MAX) || (got < 0 && errno == EINTR));
	return got < 0 ? -1 : (ssize_t)len;
}

/* A line without its end; *at is set to the next line. */
static bool add_line(struct secrets *secrets, const char *path,
		     const unsigned char *buffer, size_t len, size_t *at)
{
	const unsigned char *start = buffer + *at, *end;
	size_t size;

	end = memchr(start, '\n', len - *at);
	size = end ? (size_t)(end - start) : len - *at;
	*at += size + !!end;
	if (secrets->count == BRAID_BLK_SECRETS_MAX) {
		error("secret-file %s: more than two lines, a secret each",
		      path);
		return false;
	}
	if (size < BRAID_BLK_SECRET_MIN || size > BRAID_BLK_SECRET_MAX) {
		error("secret-file %s: line %zu has %zu bytes, not 32 to 64",
		      path, secrets->count + 1, size);
		return false;
	}
	memcpy(secrets->bytes[secrets->count], start, size);
	secrets->len[secrets->count++] = size;
	return true;
}

static bool split(struct secrets *secrets, const char *path,
		  const unsigned char *buffer, size_t len)
{
	size_t at = 0;

	if (!len) {
		error("secret-file %s: empty", path);
		return false;
	}
	if (len > FILE_MAX) {
		error("secret-file %s: more than two lines of 64 bytes", path);
		return false;
	}
	while (at < len) {
		if (!add_line(secrets, path, buffer, len, &at))
			return false;
	}
	return true;
}

bool secret_read(struct secrets *secrets, const char *path)
{
	unsigned char buffer[READ_MAX];
	ssize_t len;
	bool ok;
	int fd;

	memset(secrets, 0, sizeof(*secrets));
	fd = secret_open(path);
	if (fd < 0)
		return false;
	len = read_all(fd, buffer);
	if (len < 0)
		error("secret-file %s: %s", path, strerror(errno));
	ok = len >= 0 && split(secrets, path, buffer, (size_t)len);
	explicit_bzero(buffer, sizeof(buffer));
	if (fd != STDIN_FILENO)
		close(fd);
	if (!ok)
		secret_wipe(secrets);
	return ok;
}

void secret_wipe(struct secrets *secrets)
{
	explicit_bzero(secrets, sizeof(*secrets));
}
