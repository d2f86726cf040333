/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The engine's own: what its portable files share, and what a front that shows
 * a device to userspace calls.
 *
 * Locks, outermost first:
 *
 *	&vmig_session.io	one read() or write() of a data file at a time; held
 *				while the user's memory is touched
 *	&vmig_gate.lock		the state lock, of one device; never held while the
 *				user's memory is touched
 *	the driver's		taken by its hooks
 *	&vmig.note_lock		a leaf
 *
 * An arc or a reset takes no @io, so it never waits for a user's page fault.
 */
#ifndef _VMIG_ENGINE_H
#define _VMIG_ENGINE_H

#include <linux/atomic.h>
#include <linux/lockdep.h>
#include <linux/refcount.h>
#include <linux/vmig.h>

#include "stream.h"

/**
 * struct vmig_gate - what of a device its data files can always reach
 * @users: the device, and each session of it
 * @lock: the state lock
 * @vmig: the device, or NULL once it is no more; under @lock
 * @reset: the device was reset, and nobody has carried that out yet
 * @restart: vmig_restart() was called, and nobody has acted on that yet
 *
 * The two flags may be set in any context; whoever takes the lock looks.
 */
struct vmig_gate {
	refcount_t users;
	struct mutex lock;	/* the state lock */
	struct vmig *vmig;
	atomic_t reset;
	atomic_t restart;
};

/**
 * struct vmig_front - what shows devices to userspace
 * @extra: bytes of &vmig_session.extra
 * @attach: make a data file for a session that is about to begin: 0 or a
 *	negative errno. The file is a user of the session.
 * @detach: the session does not begin after all, and nobody got the file
 * @ended: the session is over: wake who waits
 * @news: there may be more to read. Any context
 * @kick: see to it that vmig_reset_wait() is called soon. Any context
 * @precopy_v2: does the user know of initial bytes that grow again?
 * @trace_arc: an arc was taken, or failed with @ret
 * @trace_reason: something was refused
 *
 * All but @news and @kick are called with the state lock held, @trace_reason
 * under any lock. None has to be there.
 */
struct vmig_front {
	size_t extra;
	int (*attach)(struct vmig *vmig, struct vmig_session *session);
	void (*detach)(struct vmig *vmig, struct vmig_session *session);
	void (*ended)(struct vmig *vmig, struct vmig_session *session);
	void (*news)(struct vmig *vmig);
	void (*kick)(struct vmig *vmig);
	bool (*precopy_v2)(struct vmig *vmig);
	void (*trace_arc)(struct vmig *vmig, enum vmig_state from,
			  enum vmig_state to, int ret);
	void (*trace_reason)(struct vmig *vmig, int error, const char *reason);
};

/**
 * struct vmig_saving - the sending side of a session
 * @writer: makes the stream
 * @page: for a page of memory, if the device has any
 * @held: @page has a page that the writer has not got yet
 * @held_area: index of its area
 * @held_offset: where in that it is
 * @area: where the search for written pages goes on: index of the area
 * @offset: and where in it
 * @again: that has gone through all of it at least once, so that the stream may
 *	have any page already
 * @initial_pages: how many of the pages that count as written belong to the
 *	first pass
 * @initial_end: where in the stream, as far as it goes, the initial bytes end
 * @restarts: how often all had to be sent anew
 * @told: of how many of these the user was told
 * @final: the sections are in
 * @complete: the end record is in
 */
struct vmig_saving {
	struct vmig_writer writer;
	void *page;
	bool held;
	unsigned int held_area;
	u64 held_offset;
	unsigned int area;
	u64 offset;
	bool again;
	u64 initial_pages;
	u64 initial_end;
	u64 restarts;
	u64 told;
	bool final;
	bool complete;
};

/**
 * struct vmig_session - a data transfer: what a data file shows
 * @users: the device while it is the current one, and its file
 * @gate: the device's
 * @io: one read() or write() at a time
 * @vmig: the device, or NULL once the session is over; under the state lock, as
 *	is all below
 * @reads: the user reads from it; else writes
 * @busy: a read() copies from @out, which is its own until then
 * @out: bytes on their way to the user
 * @out_size: bytes of @out
 * @out_len: bytes of it in use
 * @out_taken: bytes of these the user has
 * @saving: of a session that is read
 * @reader: of one that is written
 * @refused: the errno with which the stream was refused, or 0
 * @why: and why
 * @bytes: how many went through the file
 * @extra: the front's
 */
struct vmig_session {
	refcount_t users;
	struct vmig_gate *gate;
	struct mutex io;	/* one read() or write() at a time */
	struct vmig *vmig;
	bool reads;
	bool busy;
	u8 *out;
	size_t out_size;
	size_t out_len;
	size_t out_taken;
	struct vmig_saving saving;
	struct vmig_reader *reader;
	int refused;
	char why[VMIG_REASON_SIZE];
	u64 bytes;
	u8 extra[] __aligned(8);
};

/* fsm.c */
const char *vmig_state_name(u32 state);
bool vmig_state_offered(u32 flags, u32 state);
enum vmig_state vmig_next_state(u32 flags, enum vmig_state from,
				enum vmig_state to);

/* Do the two belong to one data transfer from the device? */
static inline bool vmig_state_saves(enum vmig_state state)
{
	return state == VMIG_STOP_COPY || state == VMIG_PRE_COPY ||
	       state == VMIG_PRE_COPY_P2P;
}

static inline bool vmig_state_precopies(enum vmig_state state)
{
	return state == VMIG_PRE_COPY || state == VMIG_PRE_COPY_P2P;
}

/* engine.c */
int vmig_init(struct vmig *vmig, const struct vmig_ops *ops,
	      const struct vmig_desc *desc, u32 flags,
	      const struct vmig_front *front);
void vmig_destroy(struct vmig *vmig);
void vmig_open(struct vmig *vmig);
void vmig_close(struct vmig *vmig);
int vmig_set_state(struct vmig *vmig, u32 state, struct vmig_session **session);
enum vmig_state vmig_get_state(struct vmig *vmig);
u64 vmig_data_size(struct vmig *vmig);
void vmig_reset_done(struct vmig *vmig);
void vmig_reset_wait(struct vmig *vmig);
/* With the state lock held: a reset that is due. */
void vmig_carry_out_reset(struct vmig *vmig);
void vmig_lock(struct vmig *vmig);
void vmig_unlock(struct vmig *vmig);

static inline void vmig_gate_get(struct vmig_gate *gate)
{
	refcount_inc(&gate->users);
}

void vmig_gate_put(struct vmig_gate *gate);

/* note.c */
void vmig_forget_reason(struct vmig *vmig);
void vmig_begin_reason(struct vmig *vmig);
int vmig_explain(struct vmig *vmig, int error, const char *format, ...)
	__printf(3, 4);
int vmig_hook_failed(struct vmig *vmig, enum vmig_point point, int error);
void vmig_reason(struct vmig *vmig, char *reason);
void vmig_order_fault(struct vmig *vmig, const struct vmig_fault *fault);
void vmig_ordered_fault(struct vmig *vmig, struct vmig_fault *fault);
int vmig_fault(struct vmig *vmig, enum vmig_point point);
int vmig_fault_arc(struct vmig *vmig, enum vmig_state from, enum vmig_state to);
const char *vmig_point_name(enum vmig_point point);

/* saving.c, with the state lock held */
int vmig_saving_begin(struct vmig_session *session);
int vmig_saving_precopy(struct vmig_session *session);
int vmig_saving_finish(struct vmig_session *session);
int vmig_saving_fill(struct vmig_session *session);
void vmig_saving_end(struct vmig_session *session);
u64 vmig_saving_left(struct vmig_session *session);
int vmig_track(struct vmig *vmig, bool on);
u64 vmig_memory_bytes(const struct vmig_desc *desc);

/* Bytes of a record without payload */
#define VMIG_EMPTY_BYTES	(8 + 4)

/**
 * struct vmig_precopy - what VFIO_MIG_GET_PRECOPY_INFO tells
 * @initial_bytes: &vfio_precopy_info.initial_bytes
 * @dirty_bytes: &vfio_precopy_info.dirty_bytes
 * @reinit: %VFIO_PRECOPY_INFO_REINIT
 * @restarts: for vmig_session_told()
 */
struct vmig_precopy {
	u64 initial_bytes;
	u64 dirty_bytes;
	bool reinit;
	u64 restarts;
};

void vmig_saving_sizes(struct vmig_session *session, bool v2,
		       struct vmig_precopy *sizes);
int vmig_saving_restart(struct vmig_session *session);

/* session.c; the first four with the state lock held */
struct vmig_session *vmig_session_begin(struct vmig *vmig, bool reads);
void vmig_session_abandon(struct vmig *vmig, struct vmig_session *session);
void vmig_session_end(struct vmig *vmig);
int vmig_session_refuse(struct vmig_session *session, int error);
void vmig_session_get(struct vmig_session *session);
void vmig_session_put(struct vmig_session *session);

/*
 * Copy @len bytes from or to @data; they are those at @at of what the user
 * wanted. 0 or a negative errno.
 */
typedef int (*vmig_copy_fn)(void *context, size_t at, void *data, size_t len);

ssize_t vmig_session_read(struct vmig_session *session, size_t len,
			  vmig_copy_fn copy, void *context);
ssize_t vmig_session_write(struct vmig_session *session, size_t len,
			   vmig_copy_fn copy, void *context);
int vmig_session_precopy(struct vmig_session *session,
			 struct vmig_precopy *info);
void vmig_session_told(struct vmig_session *session, u64 restarts);

#define VMIG_POLL_READ		BIT(0)
#define VMIG_POLL_WRITE		BIT(1)
#define VMIG_POLL_GONE		BIT(2)
unsigned int vmig_session_poll(struct vmig_session *session);

#endif /* _VMIG_ENGINE_H */
