// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA logging: which pages of the user's memory the device wrote.
 *
 * What could not be noted counts as written, and what was noted is forgotten
 * only once it was reported.
 */
#include <linux/bitmap.h>
#include <linux/interval_tree.h>
#include <linux/iova_bitmap.h>
#include <linux/log2.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "../compat.h"
#include "front.h"

/* A chunk is a bitmap of 4096 bytes. */
#define CHUNK_BYTES	4096
#define CHUNK_BITS	(CHUNK_BYTES * 8UL)

/* A page of the log is neither smaller nor larger than this. */
#define MIN_PAGE	SZ_4K
#define MAX_PAGE	SZ_1G

/* Noting */

static unsigned long *get_chunk(struct vmig_vfio_log *log, unsigned long index)
{
	unsigned long *chunk = xa_load(&log->chunks, index);

	if (chunk)
		return chunk;
	chunk = kzalloc(CHUNK_BYTES, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!chunk)
		return NULL;
	if (xa_err(xa_store(&log->chunks, index, chunk,
			    GFP_KERNEL_ACCOUNT | __GFP_NOWARN))) {
		kfree(chunk);
		return NULL;
	}
	return chunk;
}

static void note_bits(struct vmig_vfio *mig, unsigned long first,
		      unsigned long last)
{
	struct vmig_vfio_log *log = &mig->log;
	unsigned long *chunk;
	unsigned long bit, nr;

	for (bit = first; bit <= last; bit += nr) {
		nr = min(last - bit + 1, CHUNK_BITS - bit % CHUNK_BITS);
		chunk = NULL;
		if (!vmig_fault(&mig->vmig, VMIG_AT_LOG_STORE))
			chunk = get_chunk(log, bit / CHUNK_BITS);
		if (!chunk) {
			log->all = true;
			return;
		}
		bitmap_set(chunk, bit % CHUNK_BITS, nr);
	}
}

/**
 * vmig_vfio_dirty() - the device wrote to the user's memory
 * @mig: the device
 * @iova: where to
 * @length: how many bytes
 *
 * To be called after the write and before the guest can see that it is done.
 *
 * Context: process context; may sleep for memory, never for the user.
 */
void vmig_vfio_dirty(struct vmig_vfio *mig, u64 iova, u64 length)
{
	struct vmig_vfio_log *log = &mig->log;
	unsigned long first, last, end;
	unsigned int i;

	if (!READ_ONCE(log->ranges) || !length || iova > ULONG_MAX)
		return;
	end = length - 1 > ULONG_MAX - iova ? ULONG_MAX : iova + length - 1;

	mutex_lock(&log->lock);
	for (i = 0; i < log->nr_ranges && !log->all; i++) {
		first = max_t(unsigned long, iova, log->ranges[i].first);
		last = min(end, log->ranges[i].last);
		if (first <= last)
			note_bits(mig, first >> log->page_shift,
				  last >> log->page_shift);
	}
	mutex_unlock(&log->lock);
}
EXPORT_SYMBOL_GPL(vmig_vfio_dirty);

/* Starting and stopping */

/* A range without bytes is one that the core took for all there are, or -1. */
static bool range_usable(const struct interval_tree_node *node)
{
	return node->start <= node->last &&
	       !(node->start == 0 && node->last == ULONG_MAX);
}

/* Ascending as they are in the tree; adjacent ones become one. */
static int copy_ranges(struct vmig_vfio_range *ranges, unsigned int *nr_ranges,
		       struct rb_root_cached *root, u32 nnodes)
{
	const struct interval_tree_node *node;
	struct rb_node *rb;
	unsigned int nr = 0;

	for (rb = rb_first_cached(root); rb; rb = rb_next(rb)) {
		node = rb_entry(rb, struct interval_tree_node, rb);
		if (!range_usable(node) || nr == nnodes)
			return -EINVAL;
		if (nr && ranges[nr - 1].last + 1 == node->start)
			nr--;
		else
			ranges[nr].first = node->start;
		ranges[nr++].last = node->last;
	}
	*nr_ranges = nr;
	return nr ? 0 : -EINVAL;
}

static int install(struct vmig_vfio_log *log, struct vmig_vfio_range *ranges,
		   unsigned int nr_ranges, unsigned int page_shift)
{
	int ret = -EINVAL;

	mutex_lock(&log->reporting);
	mutex_lock(&log->lock);
	if (!log->ranges) {
		log->nr_ranges = nr_ranges;
		log->page_shift = page_shift;
		log->all = false;
		WRITE_ONCE(log->ranges, ranges);
		ret = 0;
	}
	mutex_unlock(&log->lock);
	mutex_unlock(&log->reporting);
	return ret;
}

static int log_start(struct vfio_device *vfio, struct rb_root_cached *root,
		     u32 nnodes, u64 *page_size)
{
	struct vmig_vfio *mig = vfio_to_vmig(vfio);
	struct vmig_vfio_range *ranges;
	unsigned int nr_ranges;
	u64 size;
	int ret;

	ret = vmig_fault(&mig->vmig, VMIG_AT_LOG_START);
	if (ret)
		return ret;
	if (!is_power_of_2(*page_size))
		return vmig_fail(&mig->vmig, -EINVAL,
				 "DMA cannot be logged by pages of %llu bytes",
				 *page_size);
	size = clamp_t(u64, *page_size, MIN_PAGE, MAX_PAGE);
	ranges = kcalloc(nnodes, sizeof(*ranges), GFP_KERNEL_ACCOUNT);
	if (!ranges)
		return -ENOMEM;
	ret = copy_ranges(ranges, &nr_ranges, root, nnodes);
	if (ret) {
		vmig_fail(&mig->vmig, ret, "a range of DMA to log is empty");
		goto err_free;
	}
	ret = install(&mig->log, ranges, nr_ranges, ilog2(size));
	if (ret) {
		vmig_fail(&mig->vmig, ret, "DMA is being logged already");
		goto err_free;
	}
	*page_size = size;
	return 0;

err_free:
	kfree(ranges);
	return ret;
}

/* With the lock held. */
static void forget(struct vmig_vfio_log *log)
{
	unsigned long *chunk;
	unsigned long index;

	xa_for_each(&log->chunks, index, chunk)
		kfree(chunk);
	xa_destroy(&log->chunks);
	kfree(log->ranges);
	WRITE_ONCE(log->ranges, NULL);
	log->nr_ranges = 0;
	log->all = false;
}

/**
 * vmig_vfio_log_end() - DMA is logged no more, if it was
 * @mig: the device
 */
void vmig_vfio_log_end(struct vmig_vfio *mig)
{
	mutex_lock(&mig->log.reporting);
	mutex_lock(&mig->log.lock);
	forget(&mig->log);
	mutex_unlock(&mig->log.lock);
	mutex_unlock(&mig->log.reporting);
}

static int log_stop(struct vfio_device *vfio)
{
	vmig_vfio_log_end(vfio_to_vmig(vfio));
	return 0;
}

/* Reporting */

/**
 * struct report - what a user wants to know
 * @log: the log
 * @first: the first IOVA
 * @last: the last
 * @bitmap: where to
 * @copy: a chunk, while the user's memory is touched
 */
struct report {
	struct vmig_vfio_log *log;
	unsigned long first;
	unsigned long last;
	struct iova_bitmap *bitmap;
	unsigned long *copy;
};

/*
 * Move the pages of chunk @index that are in the range to @copy. A page that is
 * only half in it is reported and stays: nobody knows which half was written.
 */
static bool take_chunk(struct report *report, unsigned long index)
{
	struct vmig_vfio_log *log = report->log;
	unsigned int shift = log->page_shift;
	unsigned long base = index * CHUNK_BITS;
	unsigned long first = max(report->first >> shift, base);
	unsigned long last = min(report->last >> shift, base + CHUNK_BITS - 1);
	unsigned long *chunk = xa_load(&log->chunks, index);
	unsigned long mask = (1UL << shift) - 1;
	unsigned long end;

	bitmap_zero(report->copy, CHUNK_BITS);
	bitmap_set(report->copy, first - base, last - first + 1);
	if (!bitmap_and(report->copy, report->copy, chunk, CHUNK_BITS))
		return false;
	if (first == report->first >> shift && report->first & mask)
		first++;
	end = last + 1;
	if (last == report->last >> shift && ~report->last & mask)
		end--;
	if (first < end)
		bitmap_clear(chunk, first - base, end - first);
	if (bitmap_empty(chunk, CHUNK_BITS)) {
		xa_erase(&log->chunks, index);
		kfree(chunk);
	}
	return true;
}

static void give_chunk(struct report *report, unsigned long index)
{
	unsigned int shift = report->log->page_shift;
	unsigned long base = index * CHUNK_BITS;
	unsigned long start, end, first, last;

	for_each_set_bitrange(start, end, report->copy, CHUNK_BITS) {
		first = max((base + start) << shift, report->first);
		last = min(((base + end) << shift) - 1, report->last);
		iova_bitmap_set(report->bitmap, first, last - first + 1);
	}
}

/* 1 if there is a chunk in @copy, its number in *@index; 0 if none is left. */
static int next_chunk(struct report *report, unsigned long *index,
		      unsigned long last)
{
	struct vmig_vfio_log *log = report->log;
	int found = 0;

	mutex_lock(&log->lock);
	while (!found && *index <= last &&
	       xa_find(&log->chunks, index, last, XA_PRESENT)) {
		found = take_chunk(report, *index);
		if (!found)
			++*index;
	}
	mutex_unlock(&log->lock);
	return found;
}

static int give_chunks(struct report *report)
{
	unsigned int shift = report->log->page_shift;
	unsigned long index = (report->first >> shift) / CHUNK_BITS;
	unsigned long last = (report->last >> shift) / CHUNK_BITS;

	while (next_chunk(report, &index, last)) {
		give_chunk(report, index++);
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

/* Are all of these IOVAs logged? */
static bool logged(struct vmig_vfio_log *log, unsigned long first,
		   unsigned long last)
{
	unsigned int i;

	for (i = 0; i < log->nr_ranges; i++)
		if (first >= log->ranges[i].first &&
		    last <= log->ranges[i].last)
			return true;
	return false;
}

static int report(struct vmig_vfio *mig, unsigned long iova,
		  unsigned long length, struct iova_bitmap *bitmap)
{
	struct report report = {
		.log = &mig->log,
		.first = iova,
		.last = iova + length - 1,
		.bitmap = bitmap,
	};
	bool all;
	int ret;

	/* start and stop are kept out, so only bits change meanwhile */
	if (!mig->log.ranges)
		return vmig_fail(&mig->vmig, -EINVAL,
				 "DMA is not being logged");
	if (!length)
		return 0;
	if (!logged(&mig->log, report.first, report.last))
		return vmig_fail(&mig->vmig, -EINVAL,
				 "DMA to %lu bytes at 0x%lx is not logged",
				 length, iova);
	mutex_lock(&mig->log.lock);
	all = mig->log.all;
	mutex_unlock(&mig->log.lock);
	if (all) {
		iova_bitmap_set(bitmap, iova, length);
		return 0;
	}
	report.copy = kmalloc(CHUNK_BYTES, GFP_KERNEL_ACCOUNT);
	if (!report.copy)
		return -ENOMEM;
	ret = give_chunks(&report);
	kfree(report.copy);
	return ret;
}

static int log_read_and_clear(struct vfio_device *vfio, unsigned long iova,
			      unsigned long length, struct iova_bitmap *bitmap)
{
	struct vmig_vfio *mig = vfio_to_vmig(vfio);
	int ret;

	ret = vmig_fault(&mig->vmig, VMIG_AT_LOG_REPORT);
	if (ret)
		return ret;
	mutex_lock(&mig->log.reporting);
	ret = report(mig, iova, length, bitmap);
	mutex_unlock(&mig->log.reporting);
	return ret;
}

static const struct vfio_log_ops vmig_vfio_log_ops = {
	.log_start		= log_start,
	.log_stop		= log_stop,
	.log_read_and_clear	= log_read_and_clear,
};

/**
 * vmig_vfio_log_init() - DMA logging of a device, if there is any
 * @mig: the device
 * @offered: whether its driver calls vmig_vfio_dirty()
 *
 * A kernel that cannot report offers none: a user who could start it would rely
 * on it.
 */
void vmig_vfio_log_init(struct vmig_vfio *mig, bool offered)
{
	mig->log = (struct vmig_vfio_log) { };
	mutex_init(&mig->log.reporting);
	mutex_init(&mig->log.lock);
	xa_init(&mig->log.chunks);
	mig->vfio->log_ops = offered && compat_iova_bitmap_works() ?
			     &vmig_vfio_log_ops : NULL;
}

/**
 * vmig_vfio_log_destroy() - the end of what vmig_vfio_log_init() began
 * @mig: the device
 */
void vmig_vfio_log_destroy(struct vmig_vfio *mig)
{
	vmig_vfio_log_end(mig);
	mutex_destroy(&mig->log.lock);
	mutex_destroy(&mig->log.reporting);
}
