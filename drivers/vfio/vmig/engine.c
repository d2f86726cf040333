// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Arcs: what happens on the way from one state to another, and after a reset.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#include "engine.h"

#define KNOWN_FLAGS	(VMIG_CAN_STOP_COPY | VMIG_CAN_P2P | VMIG_CAN_PRE_COPY)

/* How much of a device moves in each state. */
static const u8 level_of[VMIG_NR_STATES] = {
	[VMIG_STOP]		= VMIG_STILL,
	[VMIG_RUNNING]		= VMIG_MOVING,
	[VMIG_STOP_COPY]	= VMIG_STILL,
	[VMIG_RESUMING]		= VMIG_STILL,
	[VMIG_RUNNING_P2P]	= VMIG_QUIESCENT,
	[VMIG_PRE_COPY]		= VMIG_MOVING,
	[VMIG_PRE_COPY_P2P]	= VMIG_QUIESCENT,
};

/* Life */

static bool ops_usable(const struct vmig_ops *ops, const struct vmig_desc *desc)
{
	const struct vmig_memory_ops *memory = ops->memory;

	if (!ops->save || !ops->load_commit)
		return false;
	return !desc->nr_areas ||
	       (memory && memory->track && memory->written && memory->take &&
		memory->stage && memory->unstage);
}

/**
 * vmig_init() - make a device one that migrates
 * @vmig: what vmig_destroy() ends
 * @ops: the driver's hooks
 * @desc: what the device is
 * @flags: %VMIG_CAN_STOP_COPY, and what else the device can do
 * @front: what shows it to userspace, or NULL
 *
 * Return: 0; -EINVAL for flags, hooks or tables that cannot be; -ENOMEM.
 */
int vmig_init(struct vmig *vmig, const struct vmig_ops *ops,
	      const struct vmig_desc *desc, u32 flags,
	      const struct vmig_front *front)
{
	int ret;

	if (flags & ~KNOWN_FLAGS || !(flags & VMIG_CAN_STOP_COPY) ||
	    !ops_usable(ops, desc))
		return -EINVAL;
	ret = vmig_check_desc(desc);
	if (ret)
		return ret;

	*vmig = (struct vmig) {
		.ops = ops,
		.desc = desc,
		.front = front,
		.flags = flags,
		.state = VMIG_RUNNING,
	};
	vmig->gate = kcalloc(1, sizeof(*vmig->gate), GFP_KERNEL);
	if (!vmig->gate)
		return -ENOMEM;
	refcount_set(&vmig->gate->users, 1);
	mutex_init(&vmig->gate->lock);
	vmig->gate->vmig = vmig;
	mutex_init(&vmig->note_lock);
	return 0;
}

/**
 * vmig_destroy() - the end of a device that is closed
 * @vmig: the device; vmig_reset_done() is not called any more
 *
 * Its data files may stay open. They are of no use any more, and touch nothing
 * of the device or its driver.
 */
void vmig_destroy(struct vmig *vmig)
{
	mutex_lock(&vmig->gate->lock);
	vmig->gate->vmig = NULL;
	mutex_unlock(&vmig->gate->lock);
	vmig_setup_free(vmig->setup);
	mutex_destroy(&vmig->note_lock);
	vmig_gate_put(vmig->gate);
}

void vmig_gate_put(struct vmig_gate *gate)
{
	if (!refcount_dec_and_test(&gate->users))
		return;
	mutex_destroy(&gate->lock);
	kfree(gate);
}

void vmig_lock(struct vmig *vmig)
{
	mutex_lock(&vmig->gate->lock);
	vmig_carry_out_reset(vmig);
}

/*
 * A reset that comes after this look is carried out by who takes the lock next;
 * &vmig_front.kick sees to it that somebody does.
 */
void vmig_unlock(struct vmig *vmig)
{
	vmig_carry_out_reset(vmig);
	mutex_unlock(&vmig->gate->lock);
}

/* Hooks that let the device move or keep it from moving */

static int call(struct vmig *vmig, int (*hook)(struct vmig *vmig),
		enum vmig_point point)
{
	int ret = vmig_fault(vmig, point);

	if (!ret && hook)
		ret = hook(vmig);
	return ret ? vmig_hook_failed(vmig, point, ret) : 0;
}

/* On failure the device is where the last hook that worked has brought it. */
static int move_to(struct vmig *vmig, enum vmig_level level)
{
	const struct vmig_ops *ops = vmig->ops;
	int ret = 0;

	while (!ret && vmig->level < level) {
		if (vmig->level == VMIG_MOVING)
			ret = call(vmig, ops->quiesce, VMIG_AT_QUIESCE);
		else
			ret = call(vmig, ops->stop, VMIG_AT_STOP);
		if (!ret)
			vmig->level++;
	}
	while (!ret && vmig->level > level) {
		if (vmig->level == VMIG_STILL)
			ret = call(vmig, ops->run, VMIG_AT_RUN);
		else
			ret = call(vmig, ops->unquiesce, VMIG_AT_UNQUIESCE);
		if (!ret)
			vmig->level--;
	}
	return ret;
}

/* What an arc has done to the device is undone, or the device is lost. */
static void move_back(struct vmig *vmig, enum vmig_level level)
{
	if (vmig->broken || !move_to(vmig, level))
		return;
	vmig->broken = true;
}

/**
 * vmig_broken() - a hook has left the device in no state at all
 * @vmig: the device
 *
 * The arc under way fails, whatever the hook returns, and the device is in
 * %VMIG_ERROR, which only a reset ends.
 *
 * Context: a hook, not of memory.
 */
void vmig_broken(struct vmig *vmig)
{
	lockdep_assert_held(&vmig->gate->lock);
	vmig->broken = true;
}
EXPORT_SYMBOL_GPL(vmig_broken);

/* Loading */

/*
 * Once refused, always refused: what the device was not allowed to become in
 * whole must not become acceptable by a second try.
 */
static int load(struct vmig *vmig, struct vmig_session *session)
{
	const struct vmig_image *image;
	int ret = session->refused;

	if (ret)
		return vmig_explain(vmig, ret, "%s", session->why);
	ret = vmig_reader_finish(session->reader);
	if (ret)
		return vmig_session_refuse(session, ret);
	image = vmig_reader_image(session->reader);
	ret = vmig_fault(vmig, VMIG_AT_LOAD_CHECK);
	if (!ret && vmig->ops->load_check)
		ret = vmig->ops->load_check(vmig, image);
	if (ret) {
		vmig_hook_failed(vmig, VMIG_AT_LOAD_CHECK, ret);
		return vmig_session_refuse(session, ret);
	}
	vmig->ops->load_commit(vmig, image);
	return 0;
}

/* Arcs */

/* Does an arc begin a data transfer? Then there is a session that may. */
static int begin(struct vmig *vmig, enum vmig_state from, enum vmig_state to,
		 struct vmig_session **session)
{
	bool reads = vmig_state_saves(to) && !vmig_state_saves(from);

	*session = NULL;
	if (!reads && to != VMIG_RESUMING)
		return 0;
	*session = vmig_session_begin(vmig, reads);
	if (!IS_ERR(*session))
		return 0;
	return vmig_explain(vmig, PTR_ERR(*session),
			    "no data file could be made (error %ld)",
			    PTR_ERR(*session));
}

/* All of an arc that can fail and leave the state as it is. */
static int act(struct vmig *vmig, enum vmig_state from, enum vmig_state to,
	       struct vmig_session *session)
{
	bool saves = vmig_state_saves(to) && !vmig_state_saves(from);
	int ret = 0;

	if (from == VMIG_RESUMING)
		return load(vmig, vmig->session);
	if (saves)
		ret = vmig_track(vmig, true);
	if (!ret && saves && vmig_state_precopies(to))
		ret = vmig_saving_precopy(session);
	if (!ret)
		ret = move_to(vmig, level_of[to]);
	if (!ret && to == VMIG_STOP_COPY)
		ret = vmig_saving_finish(session);
	return ret;
}

static int take_arc(struct vmig *vmig, enum vmig_state to)
{
	enum vmig_state from = vmig->state;
	struct vmig_session *begun;
	int ret;

	ret = vmig_fault_arc(vmig, from, to);
	if (!ret)
		ret = begin(vmig, from, to, &begun);
	if (ret)
		return ret;

	ret = act(vmig, from, to, begun ?: vmig->session);
	if (!ret && vmig->broken)
		ret = -EIO;
	if (ret) {
		move_back(vmig, level_of[from]);
		if (begun) {
			vmig_track(vmig, false);
			vmig_session_abandon(vmig, begun);
		}
		return ret;
	}

	if (from == VMIG_RESUMING ||
	    (vmig_state_saves(from) && !vmig_state_saves(to)))
		vmig_session_end(vmig);
	vmig->state = to;
	if (begun)
		vmig->session = begun;
	else if (vmig->front && vmig->front->news)
		vmig->front->news(vmig);
	return 0;
}

static void trace_arc(struct vmig *vmig, enum vmig_state from,
		      enum vmig_state to, int ret)
{
	if (vmig->front && vmig->front->trace_arc)
		vmig->front->trace_arc(vmig, from, to, ret);
}

static void give_up(struct vmig *vmig, int ret)
{
	vmig_session_end(vmig);
	trace_arc(vmig, vmig->state, VMIG_ERROR, ret);
	vmig->state = VMIG_ERROR;
}

/* Why there is no way from here to there. */
static int blocked(struct vmig *vmig, u32 to)
{
	if (vmig->state == VMIG_ERROR)
		return vmig_fail(vmig, -EINVAL,
				 "the device has failed, only a reset helps");
	if (to >= VMIG_NR_STATES)
		return vmig_fail(vmig, -EINVAL, "there is no state %u", to);
	if (to == VMIG_ERROR)
		return vmig_fail(vmig, -EINVAL, "nobody can ask for ERROR");
	if (!vmig_state_offered(vmig->flags, to))
		return vmig_fail(vmig, -EINVAL, "the device has no state %s",
				 vmig_state_name(to));
	return vmig_fail(vmig, -EINVAL, "there is no way from %s to %s",
			 vmig_state_name(vmig->state), vmig_state_name(to));
}

/* Until the device is in @to, or an arc fails. */
static int go(struct vmig *vmig, enum vmig_state to)
{
	enum vmig_state from, next;
	int ret = 0;

	while (!ret && vmig->state != to) {
		if (atomic_read(&vmig->gate->reset))
			return vmig_fail(vmig, -ECANCELED,
					 "the device was reset meanwhile");
		from = vmig->state;
		next = vmig_next_state(vmig->flags, from, to);
		ret = take_arc(vmig, next);
		trace_arc(vmig, from, next, ret);
		if (ret)
			vmig_explain(vmig, ret, "%s to %s: error %d",
				     vmig_state_name(from),
				     vmig_state_name(next), ret);
		if (vmig->broken)
			give_up(vmig, ret);
	}
	return ret;
}

/**
 * vmig_set_state() - bring a device to a state
 * @vmig: the device
 * @state: the state, any number
 * @session: set to the session that began on the way, of which the caller
 *	becomes a user; or NULL
 *
 * If a way consists of several arcs and one fails, the device stays where that
 * began.
 *
 * Context: process context.
 *
 * Return: 0; -EINVAL if there is no way, and nothing was done; -ECANCELED if
 * the device was reset meanwhile; what a hook returned; -ENOMEM.
 */
int vmig_set_state(struct vmig *vmig, u32 state, struct vmig_session **session)
{
	struct vmig_session *before;
	int ret;

	*session = NULL;
	vmig_lock(vmig);
	vmig_begin_reason(vmig);
	/* held, lest the next one is at the same address */
	before = vmig->session;
	if (before)
		vmig_session_get(before);
	if (vmig->state == VMIG_ERROR ||
	    (vmig->state != state &&
	     vmig_next_state(vmig->flags, vmig->state, state) == VMIG_ERROR))
		ret = blocked(vmig, state);
	else
		ret = go(vmig, state);
	if (!ret && vmig->session && vmig->session != before) {
		*session = vmig->session;
		vmig_session_get(*session);
	}
	if (before)
		vmig_session_put(before);
	vmig_unlock(vmig);
	return ret;
}

/**
 * vmig_get_state() - where is the device?
 * @vmig: the device
 *
 * Context: process context.
 *
 * Return: its state.
 */
enum vmig_state vmig_get_state(struct vmig *vmig)
{
	enum vmig_state state;

	vmig_lock(vmig);
	state = vmig->state;
	vmig_unlock(vmig);
	return state;
}

/**
 * vmig_data_size() - how long is what remains to be sent once it is stopped?
 * @vmig: the device
 *
 * Context: process context; any state.
 *
 * Return: bytes, at least 1 and below INT64_MAX: an upper bound of what the data
 * file gives out from here on if the device is brought to STOP_COPY.
 */
u64 vmig_data_size(struct vmig *vmig)
{
	u64 bytes;

	vmig_lock(vmig);
	if (vmig->session && vmig->session->reads)
		bytes = vmig_saving_left(vmig->session);
	else
		bytes = vmig_setup_bytes(vmig->desc) +
			vmig_memory_bytes(vmig->desc) +
			vmig_sections_bytes(vmig->desc) + VMIG_END_BYTES;
	vmig_unlock(vmig);
	return clamp_t(u64, bytes, 1, S64_MAX - 1);
}

/* Reset, opening and closing */

/**
 * vmig_carry_out_reset() - what a reset of the device means to the engine
 * @vmig: the device
 *
 * Its data transfer is over and it runs: if a hook held it, a hook lets it go.
 *
 * Context: process context; the state lock is held.
 */
void vmig_carry_out_reset(struct vmig *vmig)
{
	enum vmig_state from = vmig->state;
	int ret;

	if (likely(!atomic_read(&vmig->gate->reset)))
		return;
	/* a reset that is told of after this is carried out anew */
	atomic_xchg(&vmig->gate->reset, 0);
	vmig_begin_reason(vmig);
	vmig_session_end(vmig);
	vmig->broken = false;
	ret = move_to(vmig, VMIG_MOVING);
	vmig->state = ret || vmig->broken ? VMIG_ERROR : VMIG_RUNNING;
	trace_arc(vmig, from, vmig->state, ret);
}

/**
 * vmig_reset_done() - the device was reset
 * @vmig: the device
 *
 * Whatever is asked of the engine from now on finds it in RUNNING.
 *
 * Context: any, with any lock held.
 */
void vmig_reset_done(struct vmig *vmig)
{
	atomic_set(&vmig->gate->reset, 1);
	if (vmig->front && vmig->front->kick)
		vmig->front->kick(vmig);
}

/**
 * vmig_reset_wait() - wait until what vmig_reset_done() told is carried out
 * @vmig: the device
 *
 * Context: process context, no lock held that a hook takes.
 */
void vmig_reset_wait(struct vmig *vmig)
{
	vmig_lock(vmig);
	vmig_unlock(vmig);
}

/**
 * vmig_open() - somebody starts to use the device
 * @vmig: the device, which was reset
 *
 * Context: process context.
 */
void vmig_open(struct vmig *vmig)
{
	mutex_lock(&vmig->gate->lock);
	vmig_forget_reason(vmig);
	atomic_set(&vmig->gate->reset, 1);
	vmig_unlock(vmig);
}

/**
 * vmig_close() - the last user is gone
 * @vmig: the device
 *
 * Its data transfer is over. A device that was kept from moving stays so until
 * it is opened again.
 *
 * Context: process context.
 */
void vmig_close(struct vmig *vmig)
{
	static const u8 at_rest[] = {
		[VMIG_MOVING]		= VMIG_RUNNING,
		[VMIG_QUIESCENT]	= VMIG_RUNNING_P2P,
		[VMIG_STILL]		= VMIG_STOP,
	};

	vmig_lock(vmig);
	vmig_session_end(vmig);
	/* what the device is may change until it is opened again */
	vmig_setup_free(vmig->setup);
	vmig->setup = NULL;
	if (vmig->state != VMIG_ERROR)
		vmig->state = at_rest[vmig->level];
	vmig_unlock(vmig);
}
