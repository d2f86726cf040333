// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Sessions: a data transfer from its first arc to its last, and what its data
 * file does meanwhile and afterwards.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "engine.h"

/* Bytes that are copied between two looks at the state */
#define PIECE		65536UL

/* A write() of no more bytes than this needs no memory */
#define SMALL		128

/* Life */

static void unstage(void *context)
{
	struct vmig *vmig = context;

	if (vmig->desc->nr_areas)
		vmig->ops->memory->unstage(vmig);
}

static void free_out(struct vmig_session *session)
{
	kvfree(session->out);
	session->out = NULL;
	session->out_size = 0;
	session->out_len = 0;
	session->out_taken = 0;
}

/* All that is staged; what a read() under way still copies from, it frees. */
static void free_staged(struct vmig_session *session)
{
	if (session->reads)
		vmig_saving_end(session);
	else
		unstage(session->vmig);
	vmig_reader_free(session->reader);
	session->reader = NULL;
	if (!session->busy)
		free_out(session);
}

void vmig_session_get(struct vmig_session *session)
{
	refcount_inc(&session->users);
}

void vmig_session_put(struct vmig_session *session)
{
	if (!refcount_dec_and_test(&session->users))
		return;
	vmig_gate_put(session->gate);
	mutex_destroy(&session->io);
	kfree(session);
}

static int stage(void *context, const struct vmig_area *area, u64 offset,
		 const void *pages, u64 length)
{
	struct vmig *vmig = context;
	int ret = vmig_fault(vmig, VMIG_AT_STAGE);

	if (!ret)
		ret = vmig->ops->memory->stage(vmig, area, offset, pages,
					       length);
	return ret ? vmig_hook_failed(vmig, VMIG_AT_STAGE, ret) : 0;
}

static int begin(struct vmig *vmig, struct vmig_session *session)
{
	const struct vmig_sink sink = {
		.stage = stage,
		.unstage = unstage,
		.context = vmig,
	};
	int ret;

	if (session->reads) {
		atomic_set(&vmig->gate->restart, 0);
		ret = vmig_saving_begin(session);
		if (ret)
			return ret;
	} else {
		session->reader = vmig_reader_alloc(vmig->desc, &sink);
		if (!session->reader)
			return -ENOMEM;
	}
	ret = vmig_fault(vmig, VMIG_AT_FILE);
	if (!ret && vmig->front && vmig->front->attach)
		ret = vmig->front->attach(vmig, session);
	return ret;
}

/**
 * vmig_session_begin() - make a session, and its file
 * @vmig: the device
 * @reads: the user reads; else writes
 *
 * Context: the state lock is held.
 *
 * Return: the session, with all that will need memory before anything of the
 * device was touched, or ERR_PTR.
 */
struct vmig_session *vmig_session_begin(struct vmig *vmig, bool reads)
{
	size_t extra = vmig->front ? vmig->front->extra : 0;
	struct vmig_session *session;
	int ret;

	session = kzalloc(sizeof(*session) + extra, GFP_KERNEL_ACCOUNT);
	if (!session)
		return ERR_PTR(-ENOMEM);
	refcount_set(&session->users, 1);
	mutex_init(&session->io);
	session->gate = vmig->gate;
	vmig_gate_get(vmig->gate);
	session->vmig = vmig;
	session->reads = reads;
	ret = begin(vmig, session);
	if (ret) {
		free_staged(session);
		vmig_session_put(session);
		return ERR_PTR(ret);
	}
	return session;
}

/**
 * vmig_session_abandon() - the arc that would have begun a session has failed
 * @vmig: the device
 * @session: the session, which nobody has seen
 *
 * Context: the state lock is held.
 */
void vmig_session_abandon(struct vmig *vmig, struct vmig_session *session)
{
	free_staged(session);
	session->vmig = NULL;
	if (vmig->front && vmig->front->detach)
		vmig->front->detach(vmig, session);
	vmig_session_put(session);
}

/**
 * vmig_session_end() - the session under way is over, if there is one
 * @vmig: the device
 *
 * What was staged is freed here, however long the user keeps the file.
 *
 * Context: the state lock is held.
 */
void vmig_session_end(struct vmig *vmig)
{
	struct vmig_session *session = vmig->session;

	vmig_track(vmig, false);
	if (!session)
		return;
	vmig->session = NULL;
	free_staged(session);
	session->vmig = NULL;
	if (vmig->front && vmig->front->ended)
		vmig->front->ended(vmig, session);
	vmig_session_put(session);
}

/**
 * vmig_session_refuse() - what was written is no state of this device
 * @session: the session; from here on it refuses all
 * @error: a negative errno
 *
 * Context: the state lock is held.
 *
 * Return: @error.
 */
int vmig_session_refuse(struct vmig_session *session, int error)
{
	session->refused = error;
	vmig_explain(session->vmig, error, "%s",
		     vmig_reader_reason(session->reader));
	vmig_reason(session->vmig, session->why);
	return error;
}

/* Returns the device with its state lock held, or NULL: then it is not. */
static struct vmig *enter(struct vmig_session *session)
{
	struct vmig *vmig;

	mutex_lock(&session->gate->lock);
	if (session->vmig)
		vmig_carry_out_reset(session->vmig);
	vmig = session->vmig;
	if (!vmig)
		mutex_unlock(&session->gate->lock);
	return vmig;
}

/* Each read() and write() begins so. */
static int begin_io(struct vmig_session *session, enum vmig_point point)
{
	struct vmig *vmig = enter(session);
	int ret;

	if (!vmig)
		return -ENODEV;
	ret = vmig_fault(vmig, point);
	mutex_unlock(&session->gate->lock);
	return ret;
}

/* Reading */

/* What the writer has goes to the user; the writer gets the empty buffer. */
static void swap_buffers(struct vmig_session *session)
{
	struct vmig_writer *writer = &session->saving.writer;
	u8 *buf = session->out;
	size_t size = session->out_size;

	session->out = writer->buf;
	session->out_size = writer->size;
	session->out_len = writer->len;
	session->out_taken = writer->taken;
	writer->buf = buf;
	writer->size = size;
	writer->len = 0;
	writer->taken = 0;
}

/* Returns how many bytes are there to be copied, 0 at the end, or an errno. */
static ssize_t refill(struct vmig *vmig, struct vmig_session *session)
{
	int ret;

	if (session->out_taken == session->out_len) {
		ret = vmig_saving_fill(session);
		if (!vmig_writer_pending(&session->saving.writer)) {
			if (!ret && vmig_state_precopies(vmig->state))
				ret = -ENOMSG;
			return ret;
		}
		swap_buffers(session);
	}
	session->busy = true;
	return session->out_len - session->out_taken;
}

static ssize_t begin_piece(struct vmig_session *session)
{
	struct vmig *vmig = enter(session);
	ssize_t ret;

	if (!vmig)
		return -ENODEV;
	ret = refill(vmig, session);
	mutex_unlock(&session->gate->lock);
	return ret;
}

/* @copied bytes of @out were copied. */
static void end_piece(struct vmig_session *session, size_t copied)
{
	mutex_lock(&session->gate->lock);
	session->busy = false;
	session->out_taken += copied;
	session->bytes += copied;
	if (!session->vmig)
		free_out(session);
	mutex_unlock(&session->gate->lock);
}

static ssize_t read_pieces(struct vmig_session *session, size_t len,
			   vmig_copy_fn copy, void *context)
{
	size_t done = 0, piece;
	ssize_t ret = 0;

	while (done < len) {
		ret = begin_piece(session);
		if (ret <= 0)
			break;
		piece = min_t(size_t, ret, len - done);
		piece = min_t(size_t, piece, PIECE);
		ret = copy(context, done, session->out + session->out_taken,
			   piece);
		end_piece(session, ret ? 0 : piece);
		if (ret)
			break;
		done += piece;
	}
	return done ?: ret;
}

/**
 * vmig_session_read() - read() of a data file
 * @session: its session
 * @len: how many bytes the user wants
 * @copy: copies them to the user
 * @context: handed to @copy
 *
 * No fewer than that before the end of what there is. How the user cuts what is
 * read makes no difference to it.
 *
 * Context: process context, no lock held.
 *
 * Return: bytes read; 0 at the end; -ENOMSG if there is nothing more in PRE_COPY;
 * -EBADF for a file to write to; -ENODEV once the session is over; -EINTR; what
 * @copy returned, or a hook; -ENOMEM.
 */
ssize_t vmig_session_read(struct vmig_session *session, size_t len,
			  vmig_copy_fn copy, void *context)
{
	ssize_t ret;

	if (!session->reads)
		return -EBADF;
	if (mutex_lock_killable(&session->io))
		return -EINTR;
	ret = begin_io(session, VMIG_AT_READ);
	if (!ret)
		ret = read_pieces(session, len, copy, context);
	mutex_unlock(&session->io);
	return ret;
}

/* Writing */

static int push(struct vmig_session *session, const void *data, size_t len)
{
	struct vmig *vmig = enter(session);
	int ret;

	if (!vmig)
		return -ENODEV;
	ret = session->refused;
	if (!ret) {
		vmig_begin_reason(vmig);
		session->bytes += len;
		ret = vmig_reader_push(session->reader, data, len);
		if (ret)
			vmig_session_refuse(session, ret);
	}
	mutex_unlock(&session->gate->lock);
	return ret;
}

static ssize_t write_pieces(struct vmig_session *session, size_t len,
			    vmig_copy_fn copy, void *context)
{
	void *bounce, *large = NULL;
	size_t done = 0, piece;
	u8 small[SMALL];
	int ret = 0;

	bounce = small;
	if (len > SMALL) {
		large = kvmalloc(min_t(size_t, len, PIECE),
				 GFP_KERNEL_ACCOUNT);
		bounce = large;
	}
	if (!bounce)
		return -ENOMEM;
	while (done < len) {
		piece = min_t(size_t, len - done, PIECE);
		ret = copy(context, done, bounce, piece);
		if (ret) {
			ret = done ? 0 : ret;
			break;
		}
		/* what was taken in before is of no use, so no short count */
		ret = push(session, bounce, piece);
		if (ret)
			break;
		done += piece;
	}
	kvfree(large);
	return ret ?: done;
}

/**
 * vmig_session_write() - write() to a data file
 * @session: its session
 * @len: how many bytes the user has
 * @copy: copies them from the user
 * @context: handed to @copy
 *
 * Context: process context, no lock held.
 *
 * Return: bytes written; a negative errno if the stream is refused, then and
 * ever after; -EBADF for a file to read from; -ENODEV once the session is over;
 * -EINTR; what @copy returned; -ENOMEM.
 */
ssize_t vmig_session_write(struct vmig_session *session, size_t len,
			   vmig_copy_fn copy, void *context)
{
	ssize_t ret;

	if (session->reads)
		return -EBADF;
	if (mutex_lock_killable(&session->io))
		return -EINTR;
	ret = begin_io(session, VMIG_AT_WRITE);
	if (!ret)
		ret = write_pieces(session, len, copy, context);
	mutex_unlock(&session->io);
	return ret;
}

/* Asking */

/**
 * vmig_session_precopy() - VFIO_MIG_GET_PRECOPY_INFO
 * @session: its session
 * @info: filled in
 *
 * Context: process context.
 *
 * Return: 0; -EINVAL unless the device is in PRE_COPY or PRE_COPY_P2P; -ENODEV
 * if that is another session's, or the device is no more; -ENOMEM.
 */
int vmig_session_precopy(struct vmig_session *session,
			 struct vmig_precopy *info)
{
	struct vmig *vmig;
	bool v2;
	int ret;

	mutex_lock(&session->gate->lock);
	vmig = session->gate->vmig;
	if (vmig)
		vmig_carry_out_reset(vmig);
	if (!vmig) {
		ret = -ENODEV;
	} else if (!vmig_state_precopies(vmig->state)) {
		ret = -EINVAL;
	} else if (!session->vmig) {
		ret = -ENODEV;
	} else {
		v2 = vmig->front && vmig->front->precopy_v2 &&
		     vmig->front->precopy_v2(vmig);
		ret = vmig_saving_restart(session);
		vmig_saving_sizes(session, v2, info);
	}
	mutex_unlock(&session->gate->lock);
	return ret;
}

/**
 * vmig_session_told() - the user has got what vmig_session_precopy() filled in
 * @session: the session
 * @restarts: &vmig_precopy.restarts
 *
 * Context: process context.
 */
void vmig_session_told(struct vmig_session *session, u64 restarts)
{
	if (!enter(session))
		return;
	session->saving.told = max(session->saving.told, restarts);
	mutex_unlock(&session->gate->lock);
}

/**
 * vmig_session_poll() - poll() of a data file
 * @session: its session
 *
 * Context: process context.
 *
 * Return: %VMIG_POLL_READ, %VMIG_POLL_WRITE or %VMIG_POLL_GONE, or 0.
 */
unsigned int vmig_session_poll(struct vmig_session *session)
{
	struct vmig *vmig = enter(session);
	struct vmig_precopy sizes;
	unsigned int events = 0;

	if (!vmig)
		return VMIG_POLL_GONE;
	if (!session->reads) {
		events = VMIG_POLL_WRITE;
	} else if (vmig_state_precopies(vmig->state)) {
		vmig_saving_sizes(session, true, &sizes);
		if (sizes.initial_bytes || sizes.dirty_bytes ||
		    atomic_read(&session->gate->restart))
			events = VMIG_POLL_READ;
	} else {
		events = VMIG_POLL_READ;
	}
	mutex_unlock(&session->gate->lock);
	return events;
}
