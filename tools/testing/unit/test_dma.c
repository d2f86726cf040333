// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA: the user's memory, piece by piece, while the device may.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <string.h>

#include "gadget.h"
#include "random.h"
#include "suites.h"
#include "unit.h"

#define ROUNDS		2000

/* One access that a job makes. */
struct access {
	bool write;
	u64 iova;
	void *buf;
	size_t len;
	int ret;
};

static void do_access(struct vdev *vdev, unsigned int nr)
{
	struct gadget *gadget = vdev_priv(vdev);
	struct access *access = gadget->test;
	struct vdev_job *job = &gadget->job[nr];

	if (access->write)
		access->ret = vdev_dma_write(vdev, job, access->iova,
					     access->buf, access->len);
	else
		access->ret = vdev_dma_read(vdev, job, access->iova,
					    access->buf, access->len);
}

static int dma(struct front *front, bool write, u64 iova, void *buf, size_t len)
{
	struct access access = {
		.write = write, .iova = iova, .buf = buf, .len = len, .ret = 1,
	};

	gadget_of(front)->test = &access;
	gadget_of(front)->on_job = do_access;
	gadget_queue(front, 0);
	EXPECT(front_run_jobs(front));
	gadget_forget(front);
	return access.ret;
}

static int dma_read(struct front *front, u64 iova, void *buf, size_t len)
{
	return dma(front, false, iova, buf, len);
}

static int dma_write(struct front *front, u64 iova, void *buf, size_t len)
{
	return dma(front, true, iova, buf, len);
}

/* How many pieces the last access came in. */
static unsigned int pieces(struct front *front)
{
	unsigned int accesses = front->user.accesses;

	front->user.accesses = 0;
	return accesses;
}

/* Pages in a row, across two places where accesses are split. */
#define ROW_START	0x1e000
#define ROW_SIZE	(USER_PAGES * PAGE)

static struct front *open_with_row(u8 fill)
{
	struct front *front = gadget_open();
	unsigned int i;

	for (i = 0; i < USER_PAGES; i++)
		user_map(front, ROW_START + i * PAGE, fill);
	return front;
}

/* So that the device can be stopped, however much it has to copy. */
static void split(void)
{
	static const struct {
		u64 iova;
		size_t len;
		unsigned int pieces;
	} all[] = {
		{ 0x1e000, 0, 0 },
		{ 0x1e000, 1, 1 },
		{ 0x1e000, 4096, 1 },
		{ 0x1efff, 2, 1 },
		{ 0x1e001, 0x1fff, 1 },
		{ 0x1ffff, 1, 1 },
		{ 0x1ffff, 2, 2 },
		{ 0x1fffc, 8, 2 },
		{ 0x20000, 0x10000, 1 },
		{ 0x20001, 0x10000, 2 },
		{ 0x1ffff, 0x10002, 3 },
		{ ROW_START, ROW_SIZE, 3 },
	};
	struct front *front = open_with_row(0);
	static u8 buf[ROW_SIZE];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		EXPECT_EQ(dma_read(front, all[i].iova, buf, all[i].len), 0);
		EXPECT_EQ(pieces(front), all[i].pieces);
		EXPECT_EQ(dma_write(front, all[i].iova, buf, all[i].len), 0);
		EXPECT_EQ(pieces(front), all[i].pieces);
	}
	front_close(front);
}

/* Three pages in a row whose places in the user's memory are not. */
static void any_place_and_length(void)
{
	struct front *front = gadget_open();
	static u8 memory[3 * PAGE], buf[3 * PAGE];
	struct user_page *page[3];
	unsigned int round, i;

	page[2] = user_map(front, 0xfffff2000, 0);
	page[0] = user_map(front, 0xfffff0000, 0);
	page[1] = user_map(front, 0xfffff1000, 0);
	for (round = 0; round < ROUNDS; round++) {
		u32 at = random_below(sizeof(memory));
		u32 len = random_below(sizeof(memory) - at + 1);

		unit_context("round %u: %u at 0x%x", round, len, at);
		if (random_one_in(2)) {
			for (i = 0; i < len; i++)
				buf[i] = random_u64();
			memcpy(memory + at, buf, len);
			EXPECT_EQ(dma_write(front, 0xfffff0000 + at, buf, len),
				  0);
			for (i = 0; i < 3; i++)
				EXPECT(!memcmp(page[i]->data, memory + i * PAGE,
					       PAGE));
		} else {
			EXPECT_EQ(dma_read(front, 0xfffff0000 + at, buf, len),
				  0);
			EXPECT(!memcmp(buf, memory + at, len));
		}
	}
	front_close(front);
}

/* The last byte there is can be reached, and what is behind it is not 0. */
static void top_of_the_address_space(void)
{
	struct front *front = gadget_open();
	struct user_page *top = user_map(front, -(u64)PAGE, 0x11);
	struct user_page *zero = user_map(front, 0, 0x22);
	/* more than that is not touched when it fails there */
	static u8 buf[DMA_CHUNK];

	EXPECT_EQ(dma_read(front, ~0ULL, buf, 1), 0);
	EXPECT_EQ(buf[0], 0x11);
	EXPECT_EQ(dma_write(front, -(u64)PAGE, buf, PAGE), 0);
	EXPECT(!memcmp(top->data, buf, PAGE));
	EXPECT_EQ(dma_read(front, 0, buf, 1), 0);
	EXPECT_EQ(buf[0], 0x22);
	pieces(front);

	EXPECT_EQ(dma_write(front, ~0ULL, buf, 2), -EFAULT);
	EXPECT_EQ(dma_read(front, -8ULL, buf, 9), -EFAULT);
	EXPECT_EQ(dma_read(front, 1, buf, ~0UL), -EFAULT);
	EXPECT_EQ(dma_read(front, ~0ULL, buf, ~0UL), -EFAULT);
	/* not even in part */
	EXPECT_EQ(zero->data[0], 0x22);
	EXPECT_EQ(top->data[PAGE - 1], 0);
	front_close(front);
}

static void what_is_not_mapped(void)
{
	struct front *front = gadget_open();
	struct user_page *page = user_map(front, 0x10000, 0x33);
	u8 buf[2 * PAGE];

	EXPECT_EQ(dma_read(front, 0x20000, buf, 1), -EFAULT);
	EXPECT_EQ(dma_write(front, 0x0ffff, buf, 1), -EFAULT);
	pieces(front);

	/* what comes before is done, after one attempt at all of it */
	memset(buf, 0x44, sizeof(buf));
	EXPECT_EQ(dma_read(front, 0x10ff0, buf, 0x20), -EFAULT);
	EXPECT_EQ(pieces(front), 3);
	EXPECT_EQ(buf[0xf], 0x33);
	EXPECT_EQ(dma_write(front, 0x10ff8, &buf[0x100], 0x1000), -EFAULT);
	EXPECT_EQ(pieces(front), 3);
	EXPECT_EQ(page->data[0xff7], 0x33);
	EXPECT_EQ(page->data[0xff8], 0x44);
	/* and what comes after is not */
	EXPECT_EQ(dma_write(front, 0x0f000, &buf[0x100], 0x1800), -EFAULT);
	EXPECT_EQ(pieces(front), 1);
	EXPECT_EQ(page->data[0], 0x33);
	front_close(front);
}

static void mapped_for_one_way(void)
{
	struct front *front = gadget_open();
	struct user_page *page = user_map(front, 0x10000, 0x55);
	u32 word = 0;

	page->writable = false;
	EXPECT_EQ(dma_read(front, 0x10000, &word, 4), 0);
	EXPECT_EQ(word, 0x55555555);
	word = 0;
	EXPECT_EQ(dma_write(front, 0x10000, &word, 4), -EFAULT);
	EXPECT_EQ(page->data[0], 0x55);
	page->writable = true;
	page->readable = false;
	EXPECT_EQ(dma_write(front, 0x10000, &word, 4), 0);
	EXPECT_EQ(page->data[0], 0);
	EXPECT_EQ(dma_read(front, 0x10000, &word, 4), -EFAULT);
	front_close(front);
}

static void only_as_bus_master(void)
{
	struct front *front = gadget_open();
	u32 word = 0;

	user_map(front, 0x10000, 0x66);
	command_clear(front, PCI_COMMAND_MASTER);
	EXPECT_EQ(dma_read(front, 0x10000, &word, 4), -EPERM);
	EXPECT_EQ(dma_write(front, 0x10000, &word, 4), -EPERM);
	EXPECT_EQ(pieces(front), 0);
	command_set(front, PCI_COMMAND_MASTER);
	EXPECT_EQ(dma_read(front, 0x10000, &word, 4), 0);
	power_state(front, 3);
	EXPECT_EQ(dma_read(front, 0x10000, &word, 4), -EPERM);
	power_state(front, 0);
	/* decoding is about the other direction */
	command_clear(front, PCI_COMMAND_MEMORY);
	EXPECT_EQ(dma_read(front, 0x10000, &word, 4), 0);
	vdev_reset(front->vdev);
	EXPECT_EQ(dma_read(front, 0x10000, &word, 4), -EPERM);
	front_close(front);
}

/* What the guest does while an access is under way. */

static void stop_being_master(struct front *front)
{
	if (front->user.accesses == 2)
		command_clear(front, PCI_COMMAND_MASTER);
}

static void fall_asleep(struct front *front)
{
	if (front->user.accesses == 1)
		power_state(front, 3);
}

static void asked_at_every_piece(void)
{
	struct front *front = open_with_row(0x77);
	static u8 buf[ROW_SIZE];

	front->user.on_dma = stop_being_master;
	EXPECT_EQ(dma_write(front, ROW_START, buf, ROW_SIZE), -EPERM);
	EXPECT_EQ(pieces(front), 2);
	EXPECT_EQ(front->user.page[17].data[PAGE - 1], 0);
	EXPECT_EQ(front->user.page[18].data[0], 0x77);

	command_set(front, PCI_COMMAND_MASTER);
	front->user.on_dma = fall_asleep;
	memset(buf, 0, sizeof(buf));
	EXPECT_EQ(dma_read(front, 0x2f000, buf, 2 * PAGE), -EPERM);
	EXPECT_EQ(pieces(front), 1);
	EXPECT_EQ(buf[PAGE], 0);
	front_close(front);
}

static void no_more_master(struct front *front)
{
	command_clear(front, PCI_COMMAND_MASTER);
}

/* Pages that were written are known to be, and no others, whatever happens. */
static void written_is_dirty(void)
{
	struct front *front = open_with_row(0x88);
	struct user_page *page = front->user.page;
	static u8 buf[ROW_SIZE];
	unsigned int i;

	page[7].writable = false;
	front->user.on_dma = no_more_master;
	EXPECT_EQ(dma_write(front, 0x20800, buf, 12 * PAGE), -EFAULT);
	for (i = 0; i < USER_PAGES; i++) {
		bool written = i >= 2 && i < 7;

		EXPECT_EQ(page[i].data[PAGE - 1], written ? 0 : 0x88);
		EXPECT_EQ(page[i].dirty, written);
	}
	front_close(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(split),
	UNIT_CASE(any_place_and_length),
	UNIT_CASE(top_of_the_address_space),
	UNIT_CASE(what_is_not_mapped),
	UNIT_CASE(mapped_for_one_way),
	UNIT_CASE(only_as_bus_master),
	UNIT_CASE(asked_at_every_piece),
	UNIT_CASE(written_is_dirty),
	{ }
};

const struct unit_suite dma_suite = { "dma", cases };
