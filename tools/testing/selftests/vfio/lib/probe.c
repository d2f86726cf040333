// SPDX-License-Identifier: GPL-2.0-only
#include "probe.h"

#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>

#include "must.h"

static sigjmp_buf escape;

static void caught(int signal)
{
	siglongjmp(escape, signal);
}

static int probe(__u8 *addr, __u8 *val, bool write)
{
	struct sigaction action = { .sa_handler = caught };
	struct sigaction bus, segv;
	int signal;

	must(!sigaction(SIGBUS, &action, &bus), "sigaction: %m");
	must(!sigaction(SIGSEGV, &action, &segv), "sigaction: %m");
	/* 1: the mask with the signal in it is not left behind */
	signal = sigsetjmp(escape, 1);
	if (!signal) {
		/* atomic: exactly this access, and no other */
		if (write)
			__atomic_store_n(addr, *val, __ATOMIC_RELAXED);
		else
			*val = __atomic_load_n(addr, __ATOMIC_RELAXED);
	}
	must(!sigaction(SIGBUS, &bus, NULL), "sigaction: %m");
	must(!sigaction(SIGSEGV, &segv, NULL), "sigaction: %m");
	return signal;
}

int probe_read(const void *addr, __u8 *val)
{
	return probe((void *)addr, val, false);
}

int probe_write(void *addr, __u8 val)
{
	return probe(addr, &val, true);
}
