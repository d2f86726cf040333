// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * A copy that survives SIGBUS. See guarded_copy.h.
 */
#include <errno.h>
#include <linux/types.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "guarded_copy.h"

/*
 * Where to go on after SIGBUS, NULL while no copy is under way. The handler
 * looks at it, so it has to be in memory before the copy begins.
 */
static __thread struct {
	sigjmp_buf *to;
} escape;

static struct sigaction before;

/* Not during a copy of ours: whoever handled SIGBUS before is to have it. */
static void pass_on(int signal, siginfo_t *info, void *context)
{
	if (before.sa_flags & SA_SIGINFO) {
		before.sa_sigaction(signal, info, context);
	} else if (before.sa_handler != SIG_DFL &&
		   before.sa_handler != SIG_IGN) {
		before.sa_handler(signal);
	} else {
		/* the access is repeated, and now ends the program */
		sigaction(SIGBUS, &before, NULL);
	}
}

static void bus_error(int signal, siginfo_t *info, void *context)
{
	if (escape.to)
		siglongjmp(*escape.to, 1);
	pass_on(signal, info, context);
}

int guarded_copy_prepare(void)
{
	/* SA_NODEFER: a jump out of the handler need not restore the mask */
	struct sigaction action = {
		.sa_sigaction = bus_error,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};
	static bool prepared;

	if (prepared)
		return 0;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGBUS, &action, &before))
		return -errno;
	prepared = true;
	return 0;
}

/*
 * What others see of it: numbers that are aligned change all at once. A copy of
 * bytes, in whichever order, would show them halves of indexes and flags.
 */

#define DEFINE_COPY(type)						\
static void copy_##type(void *to, const void *from)			\
{									\
	type value;							\
									\
	if ((uintptr_t)from % sizeof(value))				\
		memcpy(&value, from, sizeof(value));			\
	else								\
		value = __atomic_load_n((const type *)from,		\
					__ATOMIC_RELAXED);		\
	if ((uintptr_t)to % sizeof(value))				\
		memcpy(to, &value, sizeof(value));			\
	else								\
		__atomic_store_n((type *)to, value, __ATOMIC_RELAXED);	\
}

DEFINE_COPY(u16)
DEFINE_COPY(u32)
DEFINE_COPY(u64)

static void copy(void *to, const void *from, size_t size)
{
	switch (size) {
	case 2:
		copy_u16(to, from);
		break;
	case 4:
		copy_u32(to, from);
		break;
	case 8:
		copy_u64(to, from);
		break;
	default:
		memcpy(to, from, size);
	}
}

int guarded_copy(void *to, const void *from, size_t size)
{
	sigjmp_buf here;

	int ret = -EFAULT;

	if (!sigsetjmp(here, 0)) {
		escape.to = &here;
		atomic_signal_fence(memory_order_seq_cst);
		copy(to, from, size);
		atomic_signal_fence(memory_order_seq_cst);
		ret = 0;
	}
	escape.to = NULL;
	return ret;
}
