// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The sending side of a session: what comes next in the stream, and how much of
 * it there is.
 *
 * In PRE_COPY what the device tells of itself and its memory go out; with
 * STOP_COPY come the sections, what is left of the memory, and the end.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "engine.h"

/* Bytes that the writer makes before the user gets them */
#define CHUNK		65536

#define PAGE_BYTES	4096

/**
 * vmig_memory_bytes() - all of a device's memory as records
 * @desc: the device
 *
 * Return: bytes, at most S64_MAX.
 */
u64 vmig_memory_bytes(const struct vmig_desc *desc)
{
	u64 pages = 0;
	unsigned int i;

	for (i = 0; i < desc->nr_areas; i++)
		pages += desc->areas[i].size / PAGE_BYTES;
	return min_t(u64, pages, S64_MAX / VMIG_PAGE_BYTES / 2) *
	       VMIG_PAGE_BYTES;
}

/**
 * vmig_track() - begin or end to track which memory is written
 * @vmig: the device
 * @on: begin; nothing, if that is how it is
 *
 * Return: 0, or a negative errno when it begins.
 */
int vmig_track(struct vmig *vmig, bool on)
{
	int ret;

	if (!vmig->desc->nr_areas || vmig->tracking == on)
		return 0;
	ret = on ? vmig_fault(vmig, VMIG_AT_TRACK) : 0;
	if (!ret)
		ret = vmig->ops->memory->track(vmig, on);
	if (ret && on)
		return vmig_hook_failed(vmig, VMIG_AT_TRACK, ret);
	vmig->tracking = on;
	return 0;
}

/* Pages that the stream lacks or has old. */
static u64 pages_left(struct vmig_session *session)
{
	struct vmig *vmig = session->vmig;

	if (!vmig->tracking)
		return 0;
	return vmig->ops->memory->written(vmig) + session->saving.held;
}

/**
 * vmig_saving_begin() - begin a stream
 * @session: its session
 *
 * Return: 0 or -ENOMEM; vmig_saving_end() either way.
 */
int vmig_saving_begin(struct vmig_session *session)
{
	const struct vmig_desc *desc = session->vmig->desc;
	struct vmig_saving *saving = &session->saving;
	struct vmig *vmig = session->vmig;

	vmig_writer_init(&saving->writer, desc);
	if (desc->nr_areas) {
		saving->page = kzalloc(PAGE_BYTES, GFP_KERNEL_ACCOUNT);
		if (!saving->page)
			return -ENOMEM;
	}
	if (!vmig->setup)
		vmig->setup = vmig_setup_make(desc);
	if (!vmig->setup)
		return -ENOMEM;
	return vmig_put_made_setup(&saving->writer, vmig->setup);
}

/**
 * vmig_saving_precopy() - the device enters PRE_COPY, its memory is tracked
 * @session: the session that begins
 *
 * Return: 0.
 */
int vmig_saving_precopy(struct vmig_session *session)
{
	session->saving.initial_pages = pages_left(session);
	session->saving.initial_end = session->saving.writer.bytes;
	return 0;
}

static int put_sections(struct vmig_session *session,
			const struct vmig_image *image)
{
	int ret = vmig_put_sections(&session->saving.writer, image);

	if (ret)
		return vmig_explain(session->vmig, ret,
				    "the device's state is not what its tables allow (error %d)",
				    ret);
	session->saving.final = true;
	return 0;
}

/**
 * vmig_saving_finish() - the device has stopped: its state
 * @session: its session
 *
 * Return: 0, and nothing but memory is left that could fail; what the hook
 * returned; or -ENOMEM.
 */
int vmig_saving_finish(struct vmig_session *session)
{
	struct vmig *vmig = session->vmig;
	struct vmig_image *image;
	int ret;

	ret = vmig_saving_restart(session);
	if (ret)
		return ret;
	image = vmig_image_alloc(vmig->desc);
	if (!image)
		return vmig_explain(vmig, -ENOMEM, "no memory for the state");
	ret = vmig_fault(vmig, VMIG_AT_SAVE);
	if (!ret)
		ret = vmig->ops->save(vmig, image);
	if (ret)
		vmig_hook_failed(vmig, VMIG_AT_SAVE, ret);
	else if (!vmig->broken)
		ret = put_sections(session, image);
	vmig_image_free(image);
	return ret;
}

/**
 * vmig_saving_end() - forget what the user did not read
 * @session: its session
 */
void vmig_saving_end(struct vmig_session *session)
{
	struct vmig_saving *saving = &session->saving;

	vmig_writer_destroy(&saving->writer);
	kfree(saving->page);
	saving->page = NULL;
	saving->held = false;
}

/**
 * vmig_saving_restart() - act on vmig_restart(), if that was called
 * @session: its session, in PRE_COPY or on the way out of it
 *
 * Return: 0; a negative errno, and it is still to be acted upon.
 */
int vmig_saving_restart(struct vmig_session *session)
{
	struct vmig_saving *saving = &session->saving;
	struct vmig *vmig = session->vmig;
	int ret;

	if (saving->final || !atomic_xchg(&session->gate->restart, 0))
		return 0;
	/* beginning anew makes all of the memory count as written */
	vmig_track(vmig, false);
	ret = vmig_track(vmig, true);
	if (!ret)
		ret = vmig_put_restart(&saving->writer);
	if (ret) {
		atomic_set(&session->gate->restart, 1);
		return ret;
	}
	saving->held = false;
	saving->area = 0;
	saving->offset = 0;
	saving->again = false;
	saving->initial_pages = pages_left(session);
	saving->initial_end = saving->writer.bytes;
	saving->restarts++;
	return 0;
}

/* Memory */

static void next_area(struct vmig *vmig, struct vmig_saving *saving)
{
	saving->offset = 0;
	if (++saving->area < vmig->desc->nr_areas)
		return;
	saving->area = 0;
	saving->again = true;
	saving->initial_pages = 0;
}

/* 1 if there is a page in @saving->page, 0 if none is left, or an errno. */
static int take_page(struct vmig *vmig, struct vmig_saving *saving)
{
	/* the area where it goes on is searched twice: its start comes last */
	unsigned int left = vmig->desc->nr_areas + 1;
	const struct vmig_area *area;
	int ret;

	while (vmig->tracking && left) {
		area = &vmig->desc->areas[saving->area];
		ret = vmig_fault(vmig, VMIG_AT_TAKE);
		if (!ret)
			ret = vmig->ops->memory->take(vmig, area,
						      &saving->offset,
						      saving->page);
		if (ret < 0)
			return vmig_hook_failed(vmig, VMIG_AT_TAKE, ret);
		if (!ret) {
			next_area(vmig, saving);
			left--;
			continue;
		}
		saving->held_area = saving->area;
		saving->held_offset = saving->offset;
		saving->offset += PAGE_BYTES;
		/* memory that the stream never told of is zero anyway */
		if (saving->again ||
		    memchr_inv(saving->page, 0, PAGE_BYTES)) {
			saving->held = true;
			return 1;
		}
		if (saving->initial_pages)
			saving->initial_pages--;
	}
	return 0;
}

/* A page that was taken counts as written no more, so it must not get lost. */
static int put_page_held(struct vmig *vmig, struct vmig_saving *saving)
{
	u16 area = vmig->desc->areas[saving->held_area].id;
	int ret;

	ret = vmig_put_memory(&saving->writer, area, saving->held_offset,
			      saving->page, PAGE_BYTES);
	if (ret)
		return ret;
	saving->held = false;
	if (saving->initial_pages) {
		saving->initial_pages--;
		saving->initial_end = saving->writer.bytes;
	}
	return 0;
}

static int put_memory(struct vmig *vmig, struct vmig_saving *saving)
{
	int ret = 0;

	while (!ret && vmig_writer_pending(&saving->writer) < CHUNK) {
		if (!saving->held) {
			ret = take_page(vmig, saving);
			if (ret <= 0)
				break;
		}
		ret = put_page_held(vmig, saving);
	}
	return ret;
}

/**
 * vmig_saving_fill() - let the writer make what comes next
 * @session: its session
 *
 * Return: 0, or a negative errno; either way the writer may have made something,
 * and if it has not, there is nothing more for the time being.
 */
int vmig_saving_fill(struct vmig_session *session)
{
	struct vmig_saving *saving = &session->saving;
	int ret;

	ret = vmig_saving_restart(session);
	if (ret || saving->complete)
		return ret;
	ret = put_memory(session->vmig, saving);
	if (ret || !saving->final ||
	    vmig_writer_pending(&saving->writer) >= CHUNK)
		return ret;
	ret = vmig_put_end(&saving->writer);
	saving->complete = !ret;
	return ret;
}

/* Sizes */

static u64 bytes_made(struct vmig_session *session)
{
	return vmig_writer_pending(&session->saving.writer) +
	       session->out_len - session->out_taken;
}

static u64 page_bytes(u64 pages)
{
	return min_t(u64, pages, S64_MAX / VMIG_PAGE_BYTES / 2) *
	       VMIG_PAGE_BYTES;
}

/**
 * vmig_saving_sizes() - how much there is to be read in PRE_COPY
 * @session: its session
 * @v2: the user knows that initial bytes may grow again; from who does not, they
 *	are hidden among the dirty ones
 * @sizes: filled in
 */
void vmig_saving_sizes(struct vmig_session *session, bool v2,
		       struct vmig_precopy *sizes)
{
	struct vmig_saving *saving = &session->saving;
	u64 made = bytes_made(session);
	u64 taken = saving->writer.bytes - made;
	u64 pages = pages_left(session);
	u64 initial = 0;

	/* what is not there any more must not come back as initial */
	saving->initial_pages = min(saving->initial_pages, pages);
	if (saving->initial_end > taken)
		initial = saving->initial_end - taken;
	sizes->dirty_bytes = made - initial +
			     page_bytes(pages - saving->initial_pages);
	sizes->initial_bytes = initial + page_bytes(saving->initial_pages);
	sizes->restarts = saving->restarts;
	sizes->reinit = v2 && saving->restarts > saving->told;
	if (!v2 && saving->restarts) {
		sizes->dirty_bytes += sizes->initial_bytes;
		sizes->initial_bytes = 0;
	}
}

/**
 * vmig_saving_left() - how much remains to be read if the device is stopped
 * @session: its session
 *
 * Return: bytes, at most.
 */
u64 vmig_saving_left(struct vmig_session *session)
{
	struct vmig_saving *saving = &session->saving;
	u64 bytes = bytes_made(session);

	if (saving->complete)
		return bytes;
	if (atomic_read(&session->gate->restart) && !saving->final)
		bytes += VMIG_EMPTY_BYTES +
			 vmig_memory_bytes(session->vmig->desc);
	bytes += page_bytes(pages_left(session)) + VMIG_END_BYTES;
	if (!saving->final)
		bytes += vmig_sections_bytes(session->vmig->desc);
	return bytes;
}

/**
 * vmig_restart() - nothing that was told of the device so far holds any more
 * @vmig: the device
 *
 * What was sent in PRE_COPY is taken back and all is sent anew; a user who knows
 * VFIO_PRECOPY_INFO_REINIT is told. Without effect in other states.
 *
 * Context: any.
 */
void vmig_restart(struct vmig *vmig)
{
	atomic_set(&vmig->gate->restart, 1);
	if (vmig->front && vmig->front->news)
		vmig->front->news(vmig);
}
EXPORT_SYMBOL_GPL(vmig_restart);
