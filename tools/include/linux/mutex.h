/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A mutex that knows its holder. What lockdep and CONFIG_DEBUG_MUTEXES would
 * report in the kernel ends the program here: locking twice, unlocking what
 * another thread holds, destroying what is held.
 */
#ifndef _TOOLS_LINUX_MUTEX_H
#define _TOOLS_LINUX_MUTEX_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct mutex {
	pthread_mutex_t lock;
	pthread_t holder;
	bool held;
};

/*
 * @holder is written by whoever holds the lock. Another thread that looks may
 * find an old value, but never its own identity.
 */
static inline bool mutex_held_by_me(struct mutex *mutex)
{
	return __atomic_load_n(&mutex->held, __ATOMIC_ACQUIRE) &&
	       __atomic_load_n(&mutex->holder, __ATOMIC_RELAXED) ==
	       pthread_self();
}

/* @name and @where are the caller's. */
static inline void mutex_assert(bool good, const char *fault, const char *name,
				const char *where, int line)
{
	if (likely(good))
		return;
	fprintf(stderr, "%s:%d: %s: %s\n", where, line, name, fault);
	abort();
}

static inline void __mutex_init(struct mutex *mutex)
{
	pthread_mutex_init(&mutex->lock, NULL);
	mutex->held = false;
}

static inline void __mutex_destroy(struct mutex *mutex, const char *name,
				   const char *where, int line)
{
	mutex_assert(!mutex->held, "destroyed while held", name, where, line);
	pthread_mutex_destroy(&mutex->lock);
}

static inline void __mutex_lock(struct mutex *mutex, const char *name,
				const char *where, int line)
{
	mutex_assert(!mutex_held_by_me(mutex), "locked twice", name, where,
		     line);
	pthread_mutex_lock(&mutex->lock);
	__atomic_store_n(&mutex->holder, pthread_self(), __ATOMIC_RELAXED);
	__atomic_store_n(&mutex->held, true, __ATOMIC_RELEASE);
}

static inline void __mutex_unlock(struct mutex *mutex, const char *name,
				  const char *where, int line)
{
	mutex_assert(mutex_held_by_me(mutex),
		     "unlocked by who does not hold it", name, where, line);
	__atomic_store_n(&mutex->held, false, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&mutex->lock);
}

#define mutex_init(mutex)						\
	__mutex_init(mutex)
#define mutex_destroy(mutex)						\
	__mutex_destroy(mutex, #mutex, __FILE__, __LINE__)
#define mutex_lock(mutex)						\
	__mutex_lock(mutex, #mutex, __FILE__, __LINE__)
/* Nobody is killed while others of the program live on. */
#define mutex_lock_killable(mutex)					\
	({ mutex_lock(mutex); 0; })
#define mutex_unlock(mutex)						\
	__mutex_unlock(mutex, #mutex, __FILE__, __LINE__)

#endif /* _TOOLS_LINUX_MUTEX_H */
