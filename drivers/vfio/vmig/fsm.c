// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The state machine of the VFIO migration uAPI: which single arcs lead from one
 * state to another.
 */
#include <linux/array_size.h>
#include <linux/kernel.h>

#include "engine.h"

/**
 * vmig_state_name() - what the uAPI calls a state
 * @state: any number
 *
 * Return: "STOP_COPY" and so on, or "unknown".
 */
const char *vmig_state_name(u32 state)
{
	static const char * const names[VMIG_NR_STATES] = {
		[VMIG_ERROR]		= "ERROR",
		[VMIG_STOP]		= "STOP",
		[VMIG_RUNNING]		= "RUNNING",
		[VMIG_STOP_COPY]	= "STOP_COPY",
		[VMIG_RESUMING]		= "RESUMING",
		[VMIG_RUNNING_P2P]	= "RUNNING_P2P",
		[VMIG_PRE_COPY]		= "PRE_COPY",
		[VMIG_PRE_COPY_P2P]	= "PRE_COPY_P2P",
	};

	return state < VMIG_NR_STATES ? names[state] : "unknown";
}

/**
 * vmig_state_offered() - can a device be brought to a state
 * @flags: &vmig.flags
 * @state: any number
 *
 * Return: whether it can. Nobody can ask for %VMIG_ERROR.
 */
bool vmig_state_offered(u32 flags, u32 state)
{
	switch (state) {
	case VMIG_STOP:
	case VMIG_RUNNING:
	case VMIG_STOP_COPY:
	case VMIG_RESUMING:
		return true;
	case VMIG_RUNNING_P2P:
		return flags & VMIG_CAN_P2P;
	case VMIG_PRE_COPY:
		return flags & VMIG_CAN_PRE_COPY;
	case VMIG_PRE_COPY_P2P:
		return (flags & VMIG_CAN_P2P) && (flags & VMIG_CAN_PRE_COPY);
	default:
		return false;
	}
}

/*
 * The first step on the way from one state to another, for a device that can do
 * all: along the shortest path that has no state of saving in its interior.
 * ERROR is where there is none.
 */
#define ROW(from, stop, running, copy, resuming, p2p, pre, pre_p2p)	\
	[VMIG_##from] = {						\
		[VMIG_STOP]		= VMIG_##stop,			\
		[VMIG_RUNNING]		= VMIG_##running,		\
		[VMIG_STOP_COPY]	= VMIG_##copy,			\
		[VMIG_RESUMING]		= VMIG_##resuming,		\
		[VMIG_RUNNING_P2P]	= VMIG_##p2p,			\
		[VMIG_PRE_COPY]		= VMIG_##pre,			\
		[VMIG_PRE_COPY_P2P]	= VMIG_##pre_p2p,		\
	}

static const u8 first_step[VMIG_NR_STATES][VMIG_NR_STATES] = {
	ROW(ERROR, ERROR, ERROR, ERROR, ERROR, ERROR, ERROR, ERROR),
	ROW(STOP, STOP, RUNNING_P2P, STOP_COPY, RESUMING,
	    RUNNING_P2P, RUNNING_P2P, RUNNING_P2P),
	ROW(RUNNING, RUNNING_P2P, RUNNING, RUNNING_P2P, RUNNING_P2P,
	    RUNNING_P2P, PRE_COPY, RUNNING_P2P),
	ROW(STOP_COPY, STOP, STOP, STOP_COPY, STOP, STOP, ERROR, ERROR),
	ROW(RESUMING, STOP, STOP, STOP, RESUMING, STOP, STOP, STOP),
	ROW(RUNNING_P2P, STOP, RUNNING, STOP, STOP,
	    RUNNING_P2P, RUNNING, PRE_COPY_P2P),
	ROW(PRE_COPY, RUNNING, RUNNING, PRE_COPY_P2P, RUNNING,
	    RUNNING, PRE_COPY, PRE_COPY_P2P),
	ROW(PRE_COPY_P2P, RUNNING_P2P, RUNNING_P2P, STOP_COPY, RUNNING_P2P,
	    RUNNING_P2P, PRE_COPY, PRE_COPY_P2P),
};

/**
 * vmig_next_state() - the next single arc on a way
 * @flags: &vmig.flags
 * @from: where the device is
 * @to: where it is wanted, another state
 *
 * What a device cannot do is passed over: a device without P2P goes from RUNNING
 * to STOP in one arc.
 *
 * Return: where the arc leads, or %VMIG_ERROR if there is no way from @from to
 * @to. The states on a way are such that if there is a first arc, there is one
 * from each state that follows.
 */
enum vmig_state vmig_next_state(u32 flags, enum vmig_state from,
				enum vmig_state to)
{
	enum vmig_state next = from;

	if (!vmig_state_offered(flags, to))
		return VMIG_ERROR;
	do {
		next = first_step[next][to];
	} while (next != VMIG_ERROR && !vmig_state_offered(flags, next));
	return next;
}
