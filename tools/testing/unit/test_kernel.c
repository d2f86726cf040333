// SPDX-License-Identifier: GPL-2.0-only
/*
 * tools/include: that its headers do what the kernel's do, and that its mutex
 * tells of every misuse.
 */
#include <linux/bits.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <pthread.h>

#include "kernel_hooks.h"
#include "random.h"
#include "suites.h"
#include "unit.h"

static struct mutex lock;

static void mutex_knows_its_holder(void)
{
	mutex_init(&lock);
	EXPECT(!lockdep_is_held(&lock));
	mutex_lock(&lock);
	EXPECT(lockdep_is_held(&lock));
	lockdep_assert_held(&lock);
	mutex_unlock(&lock);
	lockdep_assert_not_held(&lock);
	mutex_lock(&lock);
	mutex_unlock(&lock);
	mutex_destroy(&lock);
}

static void mutex_tells_of_misuse(void)
{
	mutex_init(&lock);
	EXPECT_ABORT(mutex_unlock(&lock), "unlocked by who does not hold it");
	EXPECT_ABORT(lockdep_assert_held(&lock), "&lock: not held");
	mutex_lock(&lock);
	EXPECT_ABORT(mutex_lock(&lock), "test_kernel.c");
	EXPECT_ABORT(mutex_lock(&lock), "locked twice");
	EXPECT_ABORT(mutex_destroy(&lock), "destroyed while held");
	EXPECT_ABORT(lockdep_assert_not_held(&lock), "&lock: held");
	mutex_unlock(&lock);
	EXPECT_ABORT(mutex_unlock(&lock), "unlocked by who does not hold it");
}

static void *unlock_by_other(void *unused)
{
	mutex_unlock(&lock);
	return NULL;
}

static void *assert_by_other(void *unused)
{
	lockdep_assert_held(&lock);
	return NULL;
}

static void in_another_thread(void *(*run)(void *))
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, run, NULL))
		pthread_join(thread, NULL);
}

static void mutex_is_of_one_thread(void)
{
	mutex_init(&lock);
	mutex_lock(&lock);
	EXPECT_ABORT(in_another_thread(unlock_by_other),
		     "unlocked by who does not hold it");
	EXPECT_ABORT(in_another_thread(assert_by_other), "not held");
	mutex_unlock(&lock);
}

static unsigned int counter;

static void *count(void *unused)
{
	unsigned int i;

	for (i = 0; i < 10000; i++) {
		mutex_lock(&lock);
		counter++;
		mutex_unlock(&lock);
	}
	return NULL;
}

static void mutex_excludes(void)
{
	pthread_t threads[2];
	unsigned int i;

	mutex_init(&lock);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		EXPECT(!pthread_create(&threads[i], NULL, count, NULL));
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(counter, 20000);
}

static void allocation(void)
{
	u8 *memory = kzalloc(64, GFP_KERNEL);
	unsigned int i;

	EXPECT(memory);
	for (i = 0; i < 64; i++)
		EXPECT_EQ(memory[i], 0);
	kfree(memory);
	kfree(NULL);

	failslab_arm(2);
	memory = kcalloc(4, 4, GFP_KERNEL);
	EXPECT(memory && !failslab_fired());
	EXPECT(!kzalloc(4, GFP_KERNEL));
	EXPECT(failslab_fired());
	kfree(memory);
	memory = kzalloc(4, GFP_KERNEL);
	EXPECT(memory);
	kfree(memory);
	EXPECT(!kcalloc(random_u64() | BIT_ULL(63), 4, GFP_KERNEL));
}

static void errors_in_pointers(void)
{
	int object;

	EXPECT(IS_ERR(ERR_PTR(-ENOMEM)));
	EXPECT(IS_ERR(ERR_PTR(-MAX_ERRNO)));
	EXPECT(!IS_ERR(ERR_PTR(-MAX_ERRNO - 1)));
	EXPECT(!IS_ERR(NULL));
	EXPECT(!IS_ERR(&object));
	EXPECT_EQ(PTR_ERR(ERR_PTR(-EBADF)), -EBADF);
	EXPECT_EQ(PTR_ERR(ERR_CAST(ERR_PTR(-EBADF))), -EBADF);
}

static void numbers(void)
{
	const s32 negative = -7;

	EXPECT_EQ(min(3U, 4U), 3);
	EXPECT_EQ(max(negative, -1), -1);
	EXPECT_EQ(min_t(u8, 0x1ff, 0x100), 0);
	EXPECT_EQ(max_t(u8, 1, 2), 2);
	EXPECT_EQ(round_up(0x48U, 16), 0x50);
	EXPECT_EQ(round_up(0x50U, 16), 0x50);
	EXPECT_EQ(round_up(0U, 16), 0);
	EXPECT_EQ(div_u64(1ULL << 40, 3), 366503875925ULL);
	EXPECT(is_power_of_2(1) && is_power_of_2(1U << 31));
	EXPECT(!is_power_of_2(0) && !is_power_of_2(12));
	EXPECT_EQ(BIT(3), 8);
	EXPECT_EQ(BIT_ULL(63), 0x8000000000000000ULL);
	EXPECT_EQ(U8_MAX, 0xff);
	EXPECT_EQ(U16_MAX, 0xffff);
	EXPECT_EQ(U32_MAX, 0xffffffffULL);
	EXPECT_EQ(U64_MAX, 0xffffffffffffffffULL);
}

static void words(void)
{
	static const char * const array[] = { "one", "two", NULL, "four" };

	EXPECT(sysfs_streq("a", "a\n"));
	EXPECT(sysfs_streq("a\n", "a"));
	EXPECT(sysfs_streq("", "\n"));
	EXPECT(!sysfs_streq("a", "a\n\n"));
	EXPECT(!sysfs_streq("a", "b"));
	EXPECT_EQ(__sysfs_match_string(array, -1, "two\n"), 1);
	EXPECT_EQ(__sysfs_match_string(array, -1, "four"), -EINVAL);
	EXPECT_EQ(__sysfs_match_string(array, 1, "two"), -EINVAL);
}

static void lists(void)
{
	struct item {
		int nr;
		struct list_head entry;
	} items[3] = { { .nr = 1 }, { .nr = 2 }, { .nr = 3 } };
	struct item *item;
	LIST_HEAD(head);
	int seen = 0;
	int i;

	EXPECT(list_empty(&head));
	for (i = 0; i < 3; i++)
		list_add_tail(&items[i].entry, &head);
	list_for_each_entry(item, &head, entry)
		seen = 10 * seen + item->nr;
	EXPECT_EQ(seen, 123);
	list_del(&items[1].entry);
	seen = 0;
	list_for_each_entry(item, &head, entry)
		seen = 10 * seen + item->nr;
	EXPECT_EQ(seen, 13);
	list_del(&items[0].entry);
	list_del(&items[2].entry);
	EXPECT(list_empty(&head));
}

static void messages(void)
{
	printk_taken();
	pr_err("%d and ", 1);
	pr_info("%s\n", "two");
	EXPECT_STREQ(printk_taken(), "1 and two\n");
	EXPECT_STREQ(printk_taken(), "");
}

static const struct unit_case cases[] = {
	UNIT_CASE(mutex_knows_its_holder),
	UNIT_CASE(mutex_tells_of_misuse),
	UNIT_CASE(mutex_is_of_one_thread),
	UNIT_CASE(mutex_excludes),
	UNIT_CASE(allocation),
	UNIT_CASE(errors_in_pointers),
	UNIT_CASE(numbers),
	UNIT_CASE(words),
	UNIT_CASE(lists),
	UNIT_CASE(messages),
	{ }
};

const struct unit_suite kernel_suite = { "kernel", cases };
