/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#ifndef _TOOLS_LINUX_LOCKDEP_H
#define _TOOLS_LINUX_LOCKDEP_H

#include <linux/mutex.h>

#define lockdep_is_held(lock)	mutex_held_by_me(lock)

static inline void __lockdep_assert(struct mutex *lock, bool held,
				    const char *name, const char *where,
				    int line)
{
	mutex_assert(lockdep_is_held(lock) == held, held ? "not held" : "held",
		     name, where, line);
}

#define lockdep_assert_held(lock)					\
	__lockdep_assert(lock, true, #lock, __FILE__, __LINE__)

#define lockdep_assert_not_held(lock)					\
	__lockdep_assert(lock, false, #lock, __FILE__, __LINE__)

#endif /* _TOOLS_LINUX_LOCKDEP_H */
