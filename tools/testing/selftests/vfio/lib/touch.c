// SPDX-License-Identifier: GPL-2.0-only
#include "touch.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>

#include "must.h"

static __thread sigjmp_buf back;
static __thread bool armed;

static void bus_error(int sig)
{
	/* not one of ours: let it have the effect it has without us */
	if (!armed) {
		signal(sig, SIG_DFL);
		return;
	}
	siglongjmp(back, 1);
}

/*
 * SA_NODEFER: the handler is left by a jump, which would have to restore the
 * signal mask, at the price of a system call for each touch.
 */
static void catch_bus_errors(void)
{
	struct sigaction action = {
		.sa_handler = bus_error,
		.sa_flags = SA_NODEFER,
	};

	must(!sigaction(SIGBUS, &action, NULL), "sigaction: %m");
}

static void prepare(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, catch_bus_errors);
}

bool touch_load(const void *addr, __u32 *val)
{
	prepare();
	if (!sigsetjmp(back, 0)) {
		armed = true;
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		*val = __atomic_load_n((const __u32 *)addr, __ATOMIC_RELAXED);
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		armed = false;
		return true;
	}
	armed = false;
	return false;
}

bool touch_store(void *addr, __u32 val)
{
	prepare();
	if (!sigsetjmp(back, 0)) {
		armed = true;
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		__atomic_store_n((__u32 *)addr, val, __ATOMIC_RELAXED);
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		armed = false;
		return true;
	}
	armed = false;
	return false;
}
