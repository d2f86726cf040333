// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Why something was refused, and failures that a test orders.
 */
#include <linux/array_size.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "engine.h"

static int __printf(3, 0)
note(struct vmig *vmig, int error, const char *format, va_list args)
{
	char reason[VMIG_REASON_SIZE];

	vsnprintf(reason, sizeof(reason), format, args);
	mutex_lock(&vmig->note_lock);
	strscpy(vmig->reason, reason, sizeof(vmig->reason));
	WRITE_ONCE(vmig->explained, true);
	mutex_unlock(&vmig->note_lock);
	if (vmig->front && vmig->front->trace_reason)
		vmig->front->trace_reason(vmig, error, reason);
	return error;
}

/**
 * vmig_fail() - say why something cannot be done
 * @vmig: the device
 * @error: a negative errno
 * @format: a sentence without a full stop, with the values that matter: "the
 *	receive FIFO of port %u has %u bytes, there is room for 16"
 *
 * The sentence becomes the device's last_error. Nothing is printed.
 *
 * Context: process context; any hook.
 *
 * Return: @error, for ``return vmig_fail(vmig, -EINVAL, ...);``
 */
int vmig_fail(struct vmig *vmig, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error = note(vmig, error, format, args);
	va_end(args);
	return error;
}
EXPORT_SYMBOL_GPL(vmig_fail);

/**
 * vmig_explain() - vmig_fail(), unless somebody has explained already
 * @vmig: the device
 * @error: a negative errno
 * @format: a sentence without a full stop
 *
 * Return: @error.
 */
int vmig_explain(struct vmig *vmig, int error, const char *format, ...)
{
	bool explained;
	va_list args;

	mutex_lock(&vmig->note_lock);
	explained = vmig->explained;
	mutex_unlock(&vmig->note_lock);
	if (explained)
		return error;
	va_start(args, format);
	note(vmig, error, format, args);
	va_end(args);
	return error;
}

/**
 * vmig_begin_reason() - something begins that may fail for a reason of its own
 * @vmig: the device
 */
void vmig_begin_reason(struct vmig *vmig)
{
	if (!READ_ONCE(vmig->explained))
		return;
	mutex_lock(&vmig->note_lock);
	WRITE_ONCE(vmig->explained, false);
	mutex_unlock(&vmig->note_lock);
}

/**
 * vmig_forget_reason() - a new user has been refused nothing
 * @vmig: the device
 */
void vmig_forget_reason(struct vmig *vmig)
{
	mutex_lock(&vmig->note_lock);
	WRITE_ONCE(vmig->explained, false);
	vmig->reason[0] = '\0';
	mutex_unlock(&vmig->note_lock);
}

/**
 * vmig_reason() - why something was refused last
 * @vmig: the device
 * @reason: %VMIG_REASON_SIZE bytes; gets the sentence, or ""
 */
void vmig_reason(struct vmig *vmig, char *reason)
{
	mutex_lock(&vmig->note_lock);
	strscpy(reason, vmig->reason, VMIG_REASON_SIZE);
	mutex_unlock(&vmig->note_lock);
}

/* What hooks are for, for people, and their names for tests. */
static const struct {
	const char *name;
	const char *task;
} points[VMIG_NR_POINTS] = {
	[VMIG_AT_NONE]		= { .name = "none" },
	[VMIG_AT_ARC]		= { .name = "arc" },
	[VMIG_AT_QUIESCE]	= { "quiesce", "could not be quiesced" },
	[VMIG_AT_UNQUIESCE]	= { "unquiesce", "stayed quiescent" },
	[VMIG_AT_STOP]		= { "stop", "could not be stopped" },
	[VMIG_AT_RUN]		= { "run", "did not start again" },
	[VMIG_AT_SAVE]		= { "save", "could not tell its state" },
	[VMIG_AT_LOAD_CHECK]	= { "load_check", "cannot become this" },
	[VMIG_AT_TRACK]		= { "track", "cannot track its memory" },
	[VMIG_AT_TAKE]		= { "take", "could not give a page" },
	[VMIG_AT_STAGE]		= { "stage", "could not take a page" },
	[VMIG_AT_FILE]		= { .name = "file" },
	[VMIG_AT_READ]		= { .name = "read" },
	[VMIG_AT_WRITE]		= { .name = "write" },
	[VMIG_AT_LOG_START]	= { .name = "log_start" },
	[VMIG_AT_LOG_STORE]	= { .name = "log_store" },
	[VMIG_AT_LOG_REPORT]	= { .name = "log_report" },
};

/**
 * vmig_point_name() - what a test calls a point
 * @point: the point
 *
 * Return: its name.
 */
const char *vmig_point_name(enum vmig_point point)
{
	return points[point].name;
}

/**
 * vmig_hook_failed() - a hook has failed, and may have said why
 * @vmig: the device
 * @point: which one, as a point
 * @error: its negative errno
 *
 * Return: @error.
 */
int vmig_hook_failed(struct vmig *vmig, enum vmig_point point, int error)
{
	return vmig_explain(vmig, error, "the device %s (error %d)",
			    points[point].task, error);
}

/**
 * vmig_order_fault() - let something fail, once
 * @vmig: the device
 * @fault: what, how, and when
 *
 * One failure is on order at a time: the last.
 */
void vmig_order_fault(struct vmig *vmig, const struct vmig_fault *fault)
{
	mutex_lock(&vmig->note_lock);
	vmig->fault = *fault;
	WRITE_ONCE(vmig->faulty, fault->point != VMIG_AT_NONE);
	mutex_unlock(&vmig->note_lock);
}

/**
 * vmig_ordered_fault() - the failure that is still to come
 * @vmig: the device
 * @fault: gets it
 */
void vmig_ordered_fault(struct vmig *vmig, struct vmig_fault *fault)
{
	mutex_lock(&vmig->note_lock);
	*fault = vmig->fault;
	mutex_unlock(&vmig->note_lock);
}

static bool ordered(const struct vmig_fault *fault, enum vmig_point point,
		    enum vmig_state from, enum vmig_state to)
{
	if (fault->point != point)
		return false;
	return point != VMIG_AT_ARC || fault->from == VMIG_ERROR ||
	       (fault->from == from && fault->to == to);
}

static int strike(struct vmig *vmig, enum vmig_point point,
		  enum vmig_state from, enum vmig_state to)
{
	struct vmig_fault *fault = &vmig->fault;
	int error = 0;

	if (likely(!READ_ONCE(vmig->faulty)))
		return 0;
	mutex_lock(&vmig->note_lock);
	if (ordered(fault, point, from, to) && !--fault->countdown) {
		fault->point = VMIG_AT_NONE;
		WRITE_ONCE(vmig->faulty, false);
		error = -fault->error;
	}
	mutex_unlock(&vmig->note_lock);
	return error ? vmig_fail(vmig, error, "a test made \"%s\" fail",
				 vmig_point_name(point)) : 0;
}

/**
 * vmig_fault() - shall this fail?
 * @vmig: the device
 * @point: what
 *
 * Return: 0, or the negative errno that was ordered.
 */
int vmig_fault(struct vmig *vmig, enum vmig_point point)
{
	return strike(vmig, point, VMIG_ERROR, VMIG_ERROR);
}

/**
 * vmig_fault_arc() - shall this single arc fail?
 * @vmig: the device
 * @from: its state
 * @to: where the arc leads
 *
 * Return: 0, or the negative errno that was ordered.
 */
int vmig_fault_arc(struct vmig *vmig, enum vmig_state from, enum vmig_state to)
{
	return strike(vmig, VMIG_AT_ARC, from, to);
}
