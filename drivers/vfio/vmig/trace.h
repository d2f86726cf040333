/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints, /sys/kernel/tracing/events/vmig.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmig

#if !defined(_VMIG_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VMIG_TRACE_H

#include <linux/tracepoint.h>

#include "../compat.h"
#include "engine.h"

#define show_vmig_state(state)						\
	__print_symbolic(state,						\
			 { VMIG_ERROR,		"ERROR" },		\
			 { VMIG_STOP,		"STOP" },		\
			 { VMIG_RUNNING,	"RUNNING" },		\
			 { VMIG_STOP_COPY,	"STOP_COPY" },		\
			 { VMIG_RESUMING,	"RESUMING" },		\
			 { VMIG_RUNNING_P2P,	"RUNNING_P2P" },	\
			 { VMIG_PRE_COPY,	"PRE_COPY" },		\
			 { VMIG_PRE_COPY_P2P,	"PRE_COPY_P2P" })

TRACE_DEFINE_ENUM(VMIG_ERROR);
TRACE_DEFINE_ENUM(VMIG_STOP);
TRACE_DEFINE_ENUM(VMIG_RUNNING);
TRACE_DEFINE_ENUM(VMIG_STOP_COPY);
TRACE_DEFINE_ENUM(VMIG_RESUMING);
TRACE_DEFINE_ENUM(VMIG_RUNNING_P2P);
TRACE_DEFINE_ENUM(VMIG_PRE_COPY);
TRACE_DEFINE_ENUM(VMIG_PRE_COPY_P2P);

/* A single arc was taken, or failed; a reset, and a device that is lost too. */
TRACE_EVENT(vmig_arc,
	TP_PROTO(const char *device, u32 from, u32 to, int ret),
	TP_ARGS(device, from, to, ret),
	TP_STRUCT__entry(
		__string(device, device)
		__field(u32, from)
		__field(u32, to)
		__field(int, ret)
	),
	TP_fast_assign(
		compat_assign_str(device, device);
		__entry->from = from;
		__entry->to = to;
		__entry->ret = ret;
	),
	TP_printk("%s: %s -> %s: %d", __get_str(device),
		  show_vmig_state(__entry->from), show_vmig_state(__entry->to),
		  __entry->ret)
);

/* A data transfer begins or is over, after so many bytes. */
TRACE_EVENT(vmig_file,
	TP_PROTO(const char *device, bool saving, bool begins, u64 bytes),
	TP_ARGS(device, saving, begins, bytes),
	TP_STRUCT__entry(
		__string(device, device)
		__field(bool, saving)
		__field(bool, begins)
		__field(u64, bytes)
	),
	TP_fast_assign(
		compat_assign_str(device, device);
		__entry->saving = saving;
		__entry->begins = begins;
		__entry->bytes = bytes;
	),
	TP_printk("%s: %s %s, %llu bytes", __get_str(device),
		  __entry->saving ? "saving" : "resuming",
		  __entry->begins ? "begins" : "is over", __entry->bytes)
);

/* A read() or write() of a data file returns. */
TRACE_EVENT(vmig_data,
	TP_PROTO(const char *device, bool saving, size_t count, ssize_t ret),
	TP_ARGS(device, saving, count, ret),
	TP_STRUCT__entry(
		__string(device, device)
		__field(bool, saving)
		__field(size_t, count)
		__field(ssize_t, ret)
	),
	TP_fast_assign(
		compat_assign_str(device, device);
		__entry->saving = saving;
		__entry->count = count;
		__entry->ret = ret;
	),
	TP_printk("%s: %s %zu: %zd", __get_str(device),
		  __entry->saving ? "read" : "write", __entry->count,
		  __entry->ret)
);

/* Something is refused, and this is why. */
TRACE_EVENT(vmig_reason,
	TP_PROTO(const char *device, int error, const char *reason),
	TP_ARGS(device, error, reason),
	TP_STRUCT__entry(
		__string(device, device)
		__field(int, error)
		__string(reason, reason)
	),
	TP_fast_assign(
		compat_assign_str(device, device);
		__entry->error = error;
		compat_assign_str(reason, reason);
	),
	TP_printk("%s: %d: %s", __get_str(device), __entry->error,
		  __get_str(reason))
);

#endif /* _VMIG_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
