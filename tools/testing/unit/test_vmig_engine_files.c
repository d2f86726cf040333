// SPDX-License-Identifier: GPL-2.0-only
/*
 * Data files: what is read from them and written to them, in pieces of any
 * length, during the session and after it.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_hooks.h"
#include "random.h"
#include "robot.h"
#include "suites.h"
#include "unit.h"

static u8 stream[ROBOT_STREAM], other[ROBOT_STREAM];

static struct robot *live_robot(u32 flags)
{
	struct robot *robot = robot_create(flags, true);

	robot_live(robot);
	return robot;
}

/* There and back */

static void round_trip(void)
{
	struct robot *source = live_robot(ROBOT_ALL);
	struct robot *dest = robot_create(ROBOT_ALL, true);
	size_t len = robot_save(source, stream);

	robot_load(dest, stream, len, len);
	EXPECT(!robot_same(source, dest));
	robot_go(dest, VMIG_STOP);
	EXPECT(robot_same(source, dest));
	robot_go(dest, VMIG_RUNNING);
	EXPECT_EQ(robot_save(dest, other), len);
	EXPECT(!memcmp(stream, other, len));
	robot_destroy(source);
	robot_destroy(dest);
}

static void never_lived(void)
{
	struct robot *source = robot_create(ROBOT_ALL, true);
	struct robot *dest = live_robot(ROBOT_ALL);
	size_t len = robot_save(source, stream);

	robot_load(dest, stream, len, 1);
	robot_go(dest, VMIG_RUNNING);
	EXPECT(robot_same(source, dest));
	robot_destroy(source);
	robot_destroy(dest);
}

/* A page that became zero is nothing that the stream need tell of. */
static void zero_pages(void)
{
	struct robot *robot = robot_create(ROBOT_ALL, true);
	size_t len = robot_save(robot, stream);

	robot_go(robot, VMIG_STOP);
	robot->tracking = true;
	memset(robot->written, true, sizeof(robot->written));
	robot->tracking = false;
	robot_go(robot, VMIG_STOP_COPY);
	memset(robot->written, true, sizeof(robot->written));
	EXPECT_EQ(robot_drain(robot, other, 1000, 0), len);
	EXPECT(!memcmp(stream, other, len));
	robot_destroy(robot);
}

static void to_and_fro(void)
{
	struct robot *a = live_robot(ROBOT_ALL);
	struct robot *b = robot_create(ROBOT_ALL, true);
	size_t len = robot_save(a, stream);
	unsigned int i;

	for (i = 0; i < 6; i++) {
		struct robot *from = i % 2 ? b : a, *to = i % 2 ? a : b;

		EXPECT_EQ(robot_save(from, other), len);
		EXPECT(!memcmp(stream, other, len));
		robot_blank(from);
		robot_load(to, other, len, 1 + random_below(len));
		robot_go(to, VMIG_RUNNING);
	}
	EXPECT(!robot_same(a, b));
	robot_destroy(a);
	robot_destroy(b);
}

/* Pieces */

static void any_chunk(void)
{
	static const size_t chunks[] = {
		1, 2, 3, 7, 4095, 4096, 4097, 65535, 65536, 65537, 1 << 20,
	};
	struct robot *robot = live_robot(ROBOT_ALL);
	struct robot *dest = robot_create(ROBOT_ALL, true);
	size_t len = robot_save(robot, stream);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(chunks); i++) {
		unit_context("%zu at a time", chunks[i]);
		robot_go(robot, VMIG_STOP_COPY);
		EXPECT_EQ(robot_read(robot, other, 0), 0);
		EXPECT_EQ(robot_drain(robot, other, chunks[i], 0), len);
		EXPECT(!memcmp(stream, other, len));
		robot_go(robot, VMIG_RUNNING);

		robot_blank(dest);
		robot_load(dest, stream, len, chunks[i]);
		robot_go(dest, VMIG_RUNNING);
		EXPECT(robot_same(robot, dest));
	}
	robot_destroy(robot);
	robot_destroy(dest);
}

/* The copy to the user fails at byte @at; what it was about is not lost. */
struct bad_page {
	u8 *buf;
	size_t at;
};

static int copy_out_until(void *context, size_t at, void *data, size_t len)
{
	struct bad_page *page = context;

	if (at + len > page->at)
		return -EFAULT;
	memcpy(page->buf + at, data, len);
	return 0;
}

static int copy_in_until(void *context, size_t at, void *data, size_t len)
{
	struct bad_page *page = context;

	if (at + len > page->at)
		return -EFAULT;
	memcpy(data, page->buf + at, len);
	return 0;
}

static void bad_pages(void)
{
	struct robot *robot = live_robot(ROBOT_ALL);
	struct bad_page page = { other, 0 };
	size_t len = robot_save(robot, stream), done = 0;
	ssize_t ret;

	robot_go(robot, VMIG_STOP_COPY);
	while (done < len) {
		page.buf = other + done;
		page.at = 0;
		EXPECT_EQ(vmig_session_read(robot->file, len, copy_out_until,
					    &page), -EFAULT);
		page.at = 1 + random_below(100000);
		ret = vmig_session_read(robot->file, page.at, copy_out_until,
					&page);
		EXPECT(ret > 0);
		done += ret;
	}
	EXPECT_EQ(done, len);
	EXPECT(!memcmp(stream, other, len));

	robot_go(robot, VMIG_RESUMING);
	for (done = 0; done < len; done += ret) {
		page.buf = stream + done;
		page.at = 0;
		EXPECT_EQ(vmig_session_write(robot->file, len - done,
					     copy_in_until, &page), -EFAULT);
		page.at = min(len - done, 1 + (size_t)random_below(100000));
		ret = vmig_session_write(robot->file, page.at, copy_in_until,
					 &page);
		EXPECT_EQ(ret, page.at);
	}
	/* a good beginning counts, where a later page is bad */
	robot_go(robot, VMIG_RESUMING);
	robot_go(robot, VMIG_RUNNING);
	robot_load(robot, stream, 0, 1);
	page.buf = stream;
	page.at = 65536;
	EXPECT_EQ(vmig_session_write(robot->file, len, copy_in_until, &page),
		  65536);
	robot_destroy(robot);
}

/* Pre-copy */

static void sizes(struct robot *robot, u64 initial, u64 dirty)
{
	struct vmig_precopy info;

	EXPECT_EQ(vmig_session_precopy(robot->file, &info), 0);
	EXPECT_EQ(info.initial_bytes, initial);
	EXPECT_EQ(info.dirty_bytes, dirty);
	EXPECT(!info.reinit);
}

#define PAGE_RECORD	VMIG_PAGE_BYTES

static void precopy_counts(void)
{
	struct robot *robot = robot_create(ROBOT_ALL, true);
	u64 setup = vmig_setup_bytes(&robot->desc);

	robot_write_page(robot, 1, 1);
	robot_write_page(robot, 2, 2);
	robot_write_page(robot, 20, 3);
	robot_go(robot, VMIG_PRE_COPY);
	sizes(robot, setup + 3 * PAGE_RECORD, 0);
	/* not sent yet, so this is no more */
	robot_write_page(robot, 2, 9);
	sizes(robot, setup + 3 * PAGE_RECORD, 0);
	EXPECT_EQ(robot_read(robot, other, setup), setup);
	sizes(robot, 3 * PAGE_RECORD, 0);
	EXPECT_EQ(robot_read(robot, other, 1000), 1000);
	sizes(robot, 3 * PAGE_RECORD - 1000, 0);
	robot_write_page(robot, 1, 7);
	sizes(robot, 3 * PAGE_RECORD - 1000, PAGE_RECORD);
	EXPECT_EQ(robot_read(robot, other, 3 * PAGE_RECORD - 1000),
		  3 * PAGE_RECORD - 1000);
	sizes(robot, 0, PAGE_RECORD);
	EXPECT_EQ(robot_read(robot, other, 100000), PAGE_RECORD);
	sizes(robot, 0, 0);
	EXPECT_EQ(robot_read(robot, other, 100000), -ENOMSG);
	EXPECT_EQ(vmig_session_poll(robot->file), 0);
	robot_write_page(robot, 43, 7);
	sizes(robot, 0, PAGE_RECORD);
	EXPECT_EQ(vmig_session_poll(robot->file), VMIG_POLL_READ);
	/* a page that became zero is short */
	robot_write_page(robot, 43, 0);
	EXPECT_EQ(robot_read(robot, other, 100000), PAGE_RECORD - 4096);
	EXPECT_EQ(robot_read(robot, other, 1), -ENOMSG);

	robot_go(robot, VMIG_PRE_COPY_P2P);
	EXPECT_EQ(robot_read(robot, other, 1), -ENOMSG);
	sizes(robot, 0, 0);
	robot_go(robot, VMIG_STOP_COPY);
	EXPECT_EQ(vmig_session_poll(robot->file), VMIG_POLL_READ);
	EXPECT(robot_read(robot, other, 100000) > 0);
	EXPECT_EQ(robot_read(robot, other, 100000), 0);
	EXPECT_EQ(robot_read(robot, other, 100000), 0);
	EXPECT_EQ(vmig_session_poll(robot->file), VMIG_POLL_READ);
	robot_destroy(robot);
}

/* Pages that count as written and are zero, or count no more. */
static void precopy_counts_what_is_left(void)
{
	struct robot *robot = robot_create(ROBOT_ALL, true);
	u64 setup = vmig_setup_bytes(&robot->desc);
	unsigned int i;

	for (i = 0; i < 5; i++)
		robot_write_page(robot, i, 1);
	robot_go(robot, VMIG_PRE_COPY);
	sizes(robot, setup + 5 * PAGE_RECORD, 0);
	/* the device drops two of them */
	robot->written[3] = false;
	robot->written[4] = false;
	sizes(robot, setup + 3 * PAGE_RECORD, 0);
	robot_write_page(robot, 3, 1);
	robot_write_page(robot, 4, 1);
	sizes(robot, setup + 3 * PAGE_RECORD, 2 * PAGE_RECORD);
	robot_go(robot, VMIG_RUNNING);

	/* the first is gone through, though nothing is told of it */
	for (i = 0; i < 30; i++)
		robot_write_page(robot, i, 1);
	robot_go(robot, VMIG_PRE_COPY);
	robot_write_page(robot, 0, 0);
	EXPECT_EQ(robot_read(robot, other, setup), setup);
	robot_write_page(robot, 0, 0);
	sizes(robot, 29 * PAGE_RECORD, PAGE_RECORD);
	robot_destroy(robot);
}

/* The first 16 pages make a chunk, after which the search stands behind them. */
static void behind_the_last_page(void)
{
	struct robot *robot = robot_create(ROBOT_ALL, true);
	size_t len = vmig_setup_bytes(&robot->desc) + 16 * PAGE_RECORD;
	unsigned int i;

	for (i = 0; i < 16; i++)
		robot_write_page(robot, ROBOT_ARM_PAGES + i, 1);
	robot_go(robot, VMIG_PRE_COPY);
	EXPECT_EQ(robot_read(robot, other, len), len);
	robot_write_page(robot, ROBOT_ARM_PAGES + 3, 1);
	EXPECT_EQ(robot_read(robot, other, len), PAGE_RECORD);
	EXPECT_EQ(robot_read(robot, other, len), -ENOMSG);
	robot_destroy(robot);
}

/* A page that was taken and could not be put is still to come. */
static void page_in_hand(void)
{
	struct robot *robot = robot_create(ROBOT_ALL, true);
	u64 setup = vmig_setup_bytes(&robot->desc);

	robot_go(robot, VMIG_PRE_COPY);
	EXPECT_EQ(robot_read(robot, other, setup), setup);
	robot_write_page(robot, 7, 7);
	failslab_arm(1);
	EXPECT_EQ(robot_read(robot, other, 10), -ENOMEM);
	EXPECT(failslab_fired() && !robot->written[7]);
	sizes(robot, 0, PAGE_RECORD);
	EXPECT_EQ(vmig_session_poll(robot->file), VMIG_POLL_READ);
	EXPECT_EQ(robot_read(robot, other, 10000), PAGE_RECORD);
	robot_destroy(robot);
}

static void no_memory_to_precopy(void)
{
	struct robot *robot = robot_create(ROBOT_ALL, false);
	u64 setup = vmig_setup_bytes(&robot->desc);

	robot_go(robot, VMIG_PRE_COPY);
	sizes(robot, setup, 0);
	EXPECT_EQ(robot_read(robot, other, 100000), setup);
	sizes(robot, 0, 0);
	EXPECT_EQ(robot_read(robot, other, 100000), -ENOMSG);
	robot_destroy(robot);
}

/*
 * A device that goes on writing while it is read, at any moment and by any
 * amounts: what arrives is what it had when it stopped, and no counter lies.
 */
static void writes_while_read(void)
{
	struct robot *source = live_robot(ROBOT_ALL);
	struct robot *dest = robot_create(ROBOT_ALL, true);
	u64 initial = U64_MAX;
	struct vmig_precopy info;
	unsigned int i;
	ssize_t ret;
	size_t len;

	robot_load(dest, stream, 0, 1);
	robot_go(source, VMIG_PRE_COPY);
	for (i = 0; i < 400; i++) {
		if (random_one_in(3))
			robot_write_page(source, random_below(ROBOT_PAGES),
					 random_one_in(3) ? 0 : random_u64());
		EXPECT_EQ(vmig_session_precopy(source->file, &info), 0);
		EXPECT(i || (info.initial_bytes && !info.dirty_bytes));
		EXPECT(info.initial_bytes <= initial);
		initial = info.initial_bytes;
		len = random_one_in(2) ? 1 + random_below(60) :
		      random_below(30000);
		ret = robot_read(source, other, len);
		if (ret == -ENOMSG) {
			EXPECT_EQ(vmig_session_precopy(source->file, &info),
				  0);
			EXPECT(!info.initial_bytes && !info.dirty_bytes);
			continue;
		}
		EXPECT(ret >= 0);
		EXPECT_EQ(robot_write(dest, other, ret), ret);
	}
	EXPECT_EQ(initial, 0);
	/* what is left is no more than was said */
	len = vmig_data_size(&source->vmig);
	robot_go(source, VMIG_STOP_COPY);
	EXPECT(vmig_data_size(&source->vmig) <= len);
	ret = robot_drain(source, other, 10000, 0);
	EXPECT(ret <= len);
	EXPECT_EQ(robot_write(dest, other, ret), ret);
	robot_go(dest, VMIG_RUNNING);
	EXPECT(robot_same(source, dest));
	robot_destroy(source);
	robot_destroy(dest);
}

/* All anew */

static void expect_restart(bool v2)
{
	struct robot *source = live_robot(ROBOT_ALL);
	struct robot *dest = robot_create(ROBOT_ALL, true);
	struct vmig_precopy info;
	unsigned int news;
	size_t len;

	source->v2 = v2;
	robot_write_page(source, 0, 1);
	robot_go(source, VMIG_PRE_COPY);
	len = robot_drain(source, stream, 5000, -ENOMSG);

	news = source->news;
	vmig_restart(&source->vmig);
	EXPECT_EQ(source->news, news + 1);
	EXPECT_EQ(vmig_session_poll(source->file), VMIG_POLL_READ);
	robot_live(source);
	robot_write_page(source, 0, 1);
	EXPECT_EQ(vmig_session_precopy(source->file, &info), 0);
	EXPECT_EQ(info.reinit, v2);
	EXPECT(v2 ? info.initial_bytes && !info.dirty_bytes :
		    info.dirty_bytes && !info.initial_bytes);
	/* until the user has it */
	EXPECT_EQ(vmig_session_precopy(source->file, &info), 0);
	EXPECT_EQ(info.reinit, v2);
	vmig_session_told(source->file, info.restarts);
	EXPECT_EQ(vmig_session_precopy(source->file, &info), 0);
	EXPECT(!info.reinit);
	if (v2)
		len += robot_drain(source, stream + len, 100, -ENOMSG);
	vmig_restart(&source->vmig);
	robot_go(source, VMIG_STOP_COPY);
	EXPECT_EQ(vmig_data_size(&source->vmig),
		  vmig_data_size(&source->vmig));
	len += robot_drain(source, stream + len, 100, 0);
	robot_load(dest, stream, len, 10000);
	robot_go(dest, VMIG_RUNNING);
	EXPECT(robot_same(source, dest));
	robot_destroy(source);
	robot_destroy(dest);
}

static void restart(void)
{
	expect_restart(false);
	expect_restart(true);
}

/* Nothing of memory that is zero, after that as little as at first. */
static void restart_of_nothing(void)
{
	struct robot *robot = robot_create(ROBOT_ALL, true);

	robot_go(robot, VMIG_PRE_COPY);
	robot_drain(robot, other, 4096, -ENOMSG);
	vmig_restart(&robot->vmig);
	/* acted upon, not read yet */
	sizes(robot, 0, VMIG_EMPTY_BYTES);
	memset(robot->written, true, sizeof(robot->written));
	EXPECT_EQ(robot_drain(robot, other, 4096, -ENOMSG), VMIG_EMPTY_BYTES);
	robot_destroy(robot);
}

/* A page in hand is one of before, and is no more. */
static void restart_with_a_page_in_hand(void)
{
	struct robot *robot = robot_create(ROBOT_ALL, true);

	robot_go(robot, VMIG_PRE_COPY);
	robot_drain(robot, other, 4096, -ENOMSG);
	robot_write_page(robot, 7, 7);
	failslab_arm(1);
	EXPECT_EQ(robot_read(robot, other, 10), -ENOMEM);
	EXPECT(failslab_fired());
	robot_write_page(robot, 7, 0);
	vmig_restart(&robot->vmig);
	EXPECT_EQ(robot_drain(robot, other, 4096, -ENOMSG), VMIG_EMPTY_BYTES);
	robot_destroy(robot);
}

/* It is acted upon once that can be done. */
static void restart_that_fails(void)
{
	const struct vmig_fault fault = {
		.point = VMIG_AT_TRACK, .error = EREMOTEIO, .countdown = 1,
	};
	struct robot *robot = robot_create(ROBOT_ALL, true);
	struct vmig_precopy info;

	robot_write_page(robot, 7, 7);
	robot_go(robot, VMIG_PRE_COPY);
	robot_drain(robot, other, 4096, -ENOMSG);
	vmig_restart(&robot->vmig);
	vmig_order_fault(&robot->vmig, &fault);
	EXPECT_EQ(robot_read(robot, other, 10), -EREMOTEIO);
	vmig_order_fault(&robot->vmig, &fault);
	EXPECT_EQ(vmig_session_precopy(robot->file, &info), -EREMOTEIO);
	vmig_order_fault(&robot->vmig, &fault);
	EXPECT_EQ(robot_set(robot, VMIG_STOP_COPY), -EREMOTEIO);
	EXPECT_EQ(vmig_get_state(&robot->vmig), VMIG_PRE_COPY_P2P);
	EXPECT_EQ(robot_drain(robot, other, 4096, -ENOMSG),
		  VMIG_EMPTY_BYTES + PAGE_RECORD);
	robot_destroy(robot);
}

/* One that nobody asked for in PRE_COPY is none of the next session. */
static void stale_restart(void)
{
	struct robot *robot = live_robot(ROBOT_ALL);
	size_t len = robot_save(robot, stream);

	vmig_restart(&robot->vmig);
	EXPECT_EQ(robot_save(robot, other), len);
	EXPECT(!memcmp(stream, other, len));
	robot_destroy(robot);
}

/* Ends */

static void expect_dead(struct robot *robot, int precopy)
{
	struct vmig_precopy info;

	EXPECT_EQ(robot_read(robot, other, 10),
		  robot->file->reads ? -ENODEV : -EBADF);
	EXPECT_EQ(robot_write(robot, other, 10),
		  robot->file->reads ? -EBADF : -ENODEV);
	EXPECT_EQ(vmig_session_precopy(robot->file, &info), precopy);
	EXPECT_EQ(vmig_session_poll(robot->file), VMIG_POLL_GONE);
	vmig_session_told(robot->file, 1);
	EXPECT(!robot->file->out);
	EXPECT(!robot->file->reader);
	EXPECT(!robot->file->saving.writer.buf);
}

static void after_the_session(void)
{
	static const u8 states[] = {
		VMIG_PRE_COPY, VMIG_PRE_COPY_P2P, VMIG_STOP_COPY, VMIG_RESUMING
	};
	struct robot *robot = live_robot(ROBOT_ALL);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		unit_context("%s", vmig_state_name(states[i]));
		robot_go(robot, states[i]);
		if (states[i] != VMIG_RESUMING) {
			robot_read(robot, other, 100);
			robot_go(robot, VMIG_RUNNING);
		} else {
			vmig_reset_done(&robot->vmig);
		}
		expect_dead(robot, -EINVAL);
	}
	robot_destroy(robot);
}

static void after_the_device(void)
{
	struct vmig_session *files[4], *file;
	struct robot *robot = live_robot(ROBOT_ALL);
	struct vmig_precopy info;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		robot_go(robot, i % 2 ? VMIG_RESUMING : VMIG_PRE_COPY);
		files[i] = robot->file;
		robot->file = NULL;
		vmig_reset_done(&robot->vmig);
	}
	robot_go(robot, VMIG_STOP_COPY);
	file = robot->file;
	robot->file = NULL;
	EXPECT_EQ(robot->files, 5);
	robot_destroy(robot);

	EXPECT_EQ(vmig_session_read(file, 10, NULL, NULL), -ENODEV);
	EXPECT_EQ(vmig_session_precopy(file, &info), -ENODEV);
	EXPECT_EQ(vmig_session_poll(file), VMIG_POLL_GONE);
	vmig_session_put(file);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		EXPECT_EQ(vmig_session_read(files[i], 10, NULL, NULL),
			  i % 2 ? -EBADF : -ENODEV);
		EXPECT_EQ(vmig_session_write(files[i], 10, NULL, NULL),
			  i % 2 ? -ENODEV : -EBADF);
		vmig_session_put(files[i]);
	}
}

/* An arc while the user's memory is touched: nobody waits for the user. */
static struct robot *racing;

static int leave_while_copying(void *context, size_t at, void *data, size_t len)
{
	u8 *byte = data;

	robot_go(racing, VMIG_STOP);
	/* still there, and gone once nobody looks at it */
	EXPECT(byte[0] == stream[0] && racing->file->out);
	return 0;
}

static int go_on_while_copying(void *context, size_t at, void *data, size_t len)
{
	memcpy(context + at, data, len);
	if (vmig_get_state(&racing->vmig) == VMIG_PRE_COPY) {
		robot_write_page(racing, 3, 3);
		robot_go(racing, VMIG_STOP_COPY);
	}
	return 0;
}

static void arc_during_a_read(void)
{
	struct robot *robot = live_robot(ROBOT_ALL);
	struct robot *dest = robot_create(ROBOT_ALL, true);
	ssize_t len;

	racing = robot;
	robot_save(robot, stream);
	robot_go(robot, VMIG_STOP_COPY);
	/* all there was, up to the moment when there was no more */
	EXPECT(vmig_session_read(robot->file, ROBOT_STREAM,
				 leave_while_copying, NULL) > 0);
	expect_dead(robot, -EINVAL);

	robot_go(robot, VMIG_PRE_COPY);
	len = vmig_session_read(robot->file, ROBOT_STREAM,
				go_on_while_copying, stream);
	EXPECT(len > 0);
	EXPECT_EQ(robot_read(robot, other, 1), 0);
	robot_load(dest, stream, len, len);
	robot_go(dest, VMIG_RUNNING);
	EXPECT(robot_same(robot, dest));
	robot_destroy(robot);
	robot_destroy(dest);
}

/* Refusals */

static void refused_for_good(void)
{
	struct robot *robot = live_robot(ROBOT_ALL);
	struct robot before;
	size_t len = robot_save(robot, stream);
	u8 good = stream[len / 2];
	char why[VMIG_REASON_SIZE];
	ssize_t ret;

	stream[len / 2] ^= 4;
	memcpy(&before, robot, sizeof(before));
	robot_go(robot, VMIG_RESUMING);
	ret = robot_write(robot, stream, len);
	EXPECT(ret < 0 && ret != -ENODEV);
	strcpy(why, robot_reason(robot));
	EXPECT(why[0]);
	stream[len / 2] = good;
	EXPECT_EQ(robot_write(robot, stream, len), ret);
	EXPECT_EQ(robot_set(robot, VMIG_STOP), ret);
	EXPECT_STREQ(robot_reason(robot), why);
	EXPECT_EQ(robot_set(robot, VMIG_PRE_COPY), ret);
	EXPECT_EQ(vmig_get_state(&robot->vmig), VMIG_RESUMING);
	EXPECT(robot_same(&before, robot));
	vmig_reset_done(&robot->vmig);
	robot_load(robot, stream, len, len);
	robot_go(robot, VMIG_RUNNING);
	robot_destroy(robot);
}

static void not_all_of_it(void)
{
	struct robot *robot = live_robot(ROBOT_ALL);
	size_t len = robot_save(robot, stream);
	size_t cut;
	int ret;

	for (cut = 0; cut < len; cut += 1 + random_below(3000)) {
		unit_context("%zu of %zu", cut, len);
		robot_load(robot, stream, cut, 4096);
		ret = robot_set(robot, VMIG_RUNNING);
		EXPECT(ret < 0);
		EXPECT(robot_reason(robot)[0]);
		EXPECT_EQ(vmig_get_state(&robot->vmig), VMIG_RESUMING);
		/* the rest of it comes too late */
		EXPECT_EQ(robot_write(robot, stream + cut, len - cut), ret);
		vmig_reset_done(&robot->vmig);
	}
	robot_load(robot, stream, len, len);
	EXPECT(robot_write(robot, stream, 1) < 0);
	EXPECT(robot_set(robot, VMIG_STOP) < 0);
	robot_destroy(robot);
}

/* The device, not the stream: a mood of 9 is within the table. */
static void not_this_device(void)
{
	struct robot *robot = live_robot(ROBOT_ALL);
	u32 steps;
	size_t len;

	robot->state.mood = 9;
	len = robot_save(robot, stream);
	robot->state.mood = 3;
	steps = robot->state.steps;
	robot_load(robot, stream, len, len);
	EXPECT_EQ(robot_set(robot, VMIG_RUNNING), -EDOM);
	EXPECT_STREQ(robot_reason(robot), "a mood of 9 cannot be borne");
	EXPECT_EQ(robot->state.mood, 3);
	EXPECT_EQ(robot->state.steps, steps);
	EXPECT_EQ(robot_write(robot, stream, 1), -EDOM);
	/* whoever opens it next has been refused nothing */
	vmig_close(&robot->vmig);
	EXPECT_STREQ(robot_reason(robot), "a mood of 9 cannot be borne");
	vmig_open(&robot->vmig);
	EXPECT_STREQ(robot_reason(robot), "");
	robot_destroy(robot);

	robot = live_robot(ROBOT_ALL);
	robot->state.mood = 10;
	EXPECT_EQ(robot_set(robot, VMIG_STOP_COPY), -EINVAL);
	EXPECT_EQ(vmig_get_state(&robot->vmig), VMIG_STOP);
	EXPECT_STREQ(robot_reason(robot),
		     "the device's state is not what its tables allow (error -22)");
	robot_destroy(robot);
}

/* Sizes */

static void data_size_is_enough(void)
{
	struct robot *robot = live_robot(ROBOT_ALL);
	size_t len = robot_save(robot, stream), done = 0;
	ssize_t ret;
	u64 size;
	u32 state;

	for (state = VMIG_STOP; state < VMIG_NR_STATES; state++) {
		unit_context("%s", vmig_state_name(state));
		robot_go(robot, state);
		size = vmig_data_size(&robot->vmig);
		EXPECT(size >= len && size < S64_MAX);
		vmig_reset_done(&robot->vmig);
	}
	robot_go(robot, VMIG_STOP_COPY);
	do {
		size = vmig_data_size(&robot->vmig);
		EXPECT(size >= 1 && size >= len - done);
		ret = robot_read(robot, other, 1 + random_below(9000));
		done += ret;
	} while (ret > 0);
	EXPECT_EQ(done, len);
	EXPECT_EQ(vmig_data_size(&robot->vmig), 1);
	robot_destroy(robot);
}

static const struct unit_case cases[] = {
	UNIT_CASE(round_trip),
	UNIT_CASE(never_lived),
	UNIT_CASE(zero_pages),
	UNIT_CASE(to_and_fro),
	UNIT_CASE(any_chunk),
	UNIT_CASE(bad_pages),
	UNIT_CASE(precopy_counts),
	UNIT_CASE(precopy_counts_what_is_left),
	UNIT_CASE(behind_the_last_page),
	UNIT_CASE(page_in_hand),
	UNIT_CASE(no_memory_to_precopy),
	UNIT_CASE(writes_while_read),
	UNIT_CASE(restart),
	UNIT_CASE(restart_of_nothing),
	UNIT_CASE(restart_with_a_page_in_hand),
	UNIT_CASE(restart_that_fails),
	UNIT_CASE(stale_restart),
	UNIT_CASE(after_the_session),
	UNIT_CASE(after_the_device),
	UNIT_CASE(arc_during_a_read),
	UNIT_CASE(refused_for_good),
	UNIT_CASE(not_all_of_it),
	UNIT_CASE(not_this_device),
	UNIT_CASE(data_size_is_enough),
	{}
};

const struct unit_suite vmig_files_suite = {
	.name = "vmig_files",
	.cases = cases,
};
