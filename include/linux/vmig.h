/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * vmig: live migration for device drivers.
 *
 * A driver declares its state as tables (&struct vmig_desc) and supplies a few
 * hooks (&struct vmig_ops). The engine does the rest: the state machine of the
 * VFIO migration uAPI, the data files, the stream, its checks.
 *
 * Nothing here knows of PCI, mediated devices or VFIO files; what ties the
 * engine to a &struct vfio_device is in <linux/vmig_vfio.h>.
 */
#ifndef _LINUX_VMIG_H
#define _LINUX_VMIG_H

#include <linux/array_size.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/mutex.h>
#include <linux/stddef.h>
#include <linux/types.h>

struct vmig;
struct vmig_image;
struct vmig_session;
struct vmig_setup;

/* ------------------------------------------------------------------------
 * The state of a device, as tables
 */

/**
 * enum vmig_type - what the elements of a field are
 * @VMIG_U8: u8, a number
 * @VMIG_U16: u16
 * @VMIG_U32: u32
 * @VMIG_U64: u64
 * @VMIG_BOOL: bool; the stream has 0 or 1
 * @VMIG_BYTES: u8, not a number
 *
 * The values are those of the stream, VFIO_MIG_U8 and so on.
 */
enum vmig_type {
	VMIG_U8 = 1,
	VMIG_U16,
	VMIG_U32,
	VMIG_U64,
	VMIG_BOOL,
	VMIG_BYTES,
};

/* Flags of a field */
/* Who does not know the field may skip it: losing it does no harm. */
#define VMIG_OPTIONAL		BIT(0)
/* A stream may lack the field, which then is &vmig_field.fallback. */
#define VMIG_DEFAULT		BIT(1)

/* &vmig_field.used of a field whose elements are all in use */
#define VMIG_ALL		U32_MAX

/**
 * struct vmig_field - one field of a section
 * @id: its number in the stream, unique in the section; stays with its meaning
 *	for ever
 * @type: &enum vmig_type
 * @flags: %VMIG_OPTIONAL, %VMIG_DEFAULT
 * @offset: of the first element in the section's C struct
 * @stride: bytes from one element to the next
 * @count: elements there is room for
 * @used: offset of the u32 that tells how many elements are in use, or
 *	%VMIG_ALL. That member is no field itself: loading sets it.
 * @name: for people, from the schema
 * @max: largest value of an element that is accepted, or 0: whatever @type can
 *	hold
 * @fallback: value of each element if the stream lacks the field, see
 *	%VMIG_DEFAULT; of a field with @used no element is in use then
 *
 * Write it by VMIG_FIELD(), VMIG_ARRAY(), VMIG_USED(), VMIG_BLOB(),
 * VMIG_BLOB_USED() or VMIG_COLUMN(), followed by what else is to be set:
 * ``VMIG_FIELD(3, struct uart, lcr, .max = 0x7f)``.
 */
struct vmig_field {
	u16 id;
	u8 type;
	u8 flags;
	u32 offset;
	u32 stride;
	u32 count;
	u32 used;
	const char *name;
	u64 max;
	u64 fallback;
};

#define __VMIG_LVALUE(_struct, _member)	(((_struct *)NULL)->_member)
#define __VMIG_SIZE(_struct, _member)	sizeof(__VMIG_LVALUE(_struct, _member))

#define __VMIG_IS(_lvalue, _type)					\
	__builtin_types_compatible_p(__typeof__(_lvalue), _type)

/* All but one of the products are 0; where all are, nothing compiles. */
#define __VMIG_KNOWN_TYPE(_lvalue)					\
	(__VMIG_IS(_lvalue, u8) * VMIG_U8 +				\
	 __VMIG_IS(_lvalue, u16) * VMIG_U16 +				\
	 __VMIG_IS(_lvalue, u32) * VMIG_U32 +				\
	 __VMIG_IS(_lvalue, u64) * VMIG_U64 +				\
	 __VMIG_IS(_lvalue, bool) * VMIG_BOOL)
#define __VMIG_TYPE(_lvalue)						\
	(__VMIG_KNOWN_TYPE(_lvalue) +					\
	 BUILD_BUG_ON_ZERO(!__VMIG_KNOWN_TYPE(_lvalue)))
#define __VMIG_BYTES(_lvalue)						\
	(VMIG_BYTES + BUILD_BUG_ON_ZERO(!__VMIG_IS(_lvalue, u8)))

/* Offset of a member that must be a u32. */
#define __VMIG_USED(_struct, _member)					\
	(offsetof(_struct, _member) +					\
	 BUILD_BUG_ON_ZERO(!__VMIG_IS(__VMIG_LVALUE(_struct, _member), u32)))

#define __VMIG_FIELD(_id, _type, _offset, _stride, _count, _used, _name, ...) \
{									\
	.id = (_id),							\
	.type = (_type),						\
	.offset = (_offset),						\
	.stride = (_stride),						\
	.count = (_count),						\
	.used = (_used),						\
	.name = (_name),						\
	__VA_ARGS__							\
}

#define __VMIG_ARRAY(_id, _type, _struct, _member, _used, ...)		\
	__VMIG_FIELD(_id, _type(__VMIG_LVALUE(_struct, _member[0])),	\
		     offsetof(_struct, _member),			\
		     __VMIG_SIZE(_struct, _member[0]),			\
		     ARRAY_SIZE(__VMIG_LVALUE(_struct, _member)), _used, \
		     #_member, __VA_ARGS__)

/**
 * VMIG_FIELD() - a member of a section's C struct
 * @_id: &vmig_field.id
 * @_struct: the struct's type
 * @_member: its member, a bool, u8, u16, u32 or u64
 */
#define VMIG_FIELD(_id, _struct, _member, ...)				\
	__VMIG_FIELD(_id, __VMIG_TYPE(__VMIG_LVALUE(_struct, _member)),	\
		     offsetof(_struct, _member),			\
		     __VMIG_SIZE(_struct, _member), 1, VMIG_ALL,	\
		     #_member, __VA_ARGS__)

/**
 * VMIG_ARRAY() - a member that is an array, all of it
 * @_id: &vmig_field.id
 * @_struct: the struct's type
 * @_member: its member
 */
#define VMIG_ARRAY(_id, _struct, _member, ...)				\
	__VMIG_ARRAY(_id, __VMIG_TYPE, _struct, _member, VMIG_ALL,	\
		     __VA_ARGS__)

/**
 * VMIG_USED() - a member that is an array, as much of it as is in use
 * @_id: &vmig_field.id
 * @_struct: the struct's type
 * @_member: its member
 * @_used: the u32 member that tells how many elements are in use
 */
#define VMIG_USED(_id, _struct, _member, _used, ...)			\
	__VMIG_ARRAY(_id, __VMIG_TYPE, _struct, _member,		\
		     __VMIG_USED(_struct, _used), __VA_ARGS__)

/**
 * VMIG_BLOB() - a member that is an array of u8 which are no numbers
 * @_id: &vmig_field.id
 * @_struct: the struct's type
 * @_member: its member
 */
#define VMIG_BLOB(_id, _struct, _member, ...)				\
	__VMIG_ARRAY(_id, __VMIG_BYTES, _struct, _member, VMIG_ALL,	\
		     __VA_ARGS__)

/**
 * VMIG_BLOB_USED() - such an array, as much of it as is in use
 * @_id: &vmig_field.id
 * @_struct: the struct's type
 * @_member: its member
 * @_used: the u32 member that tells how many bytes are in use
 */
#define VMIG_BLOB_USED(_id, _struct, _member, _used, ...)		\
	__VMIG_ARRAY(_id, __VMIG_BYTES, _struct, _member,		\
		     __VMIG_USED(_struct, _used), __VA_ARGS__)

/**
 * VMIG_COLUMN() - one member of each struct of an array
 * @_id: &vmig_field.id
 * @_struct: the type of the struct that has the array
 * @_array: the array
 * @_member: the member of its elements
 */
#define VMIG_COLUMN(_id, _struct, _array, _member, ...)			\
	__VMIG_FIELD(_id,						\
		     __VMIG_TYPE(__VMIG_LVALUE(_struct, _array[0]._member)), \
		     offsetof(_struct, _array[0]._member),		\
		     __VMIG_SIZE(_struct, _array[0]),			\
		     ARRAY_SIZE(__VMIG_LVALUE(_struct, _array)),	\
		     VMIG_ALL, #_array "." #_member, __VA_ARGS__)

/**
 * struct vmig_section - a part of the state
 * @id: its number in the stream, stays with its meaning for ever
 * @version: written; raised when what a field means changes
 * @min_version: oldest version that is read
 * @instances: how many there are of it, at least 1
 * @name: for people, from the schema
 * @size: bytes of the C struct that an instance is staged in
 * @fields: the table
 * @nr_fields: how many @fields
 */
struct vmig_section {
	u16 id;
	u16 version;
	u16 min_version;
	u16 instances;
	const char *name;
	u32 size;
	const struct vmig_field *fields;
	unsigned int nr_fields;
};

/**
 * struct vmig_area - memory of the device
 * @id: its number in the stream
 * @size: bytes, a multiple of 4096
 * @name: for people
 */
struct vmig_area {
	u16 id;
	u64 size;
	const char *name;
};

/**
 * struct vmig_desc - what a device is, and what its state consists of
 * @model: what it is, "vfiokit/mtty-2"; a destination must be the same
 * @version: as which version of it the device behaves, "v1"; the same
 * @parameters: what else must be the same, "name=value" each, NULL terminated;
 *	or NULL
 * @sections: the state; all of them are in each stream
 * @nr_sections: how many @sections
 * @areas: memory, ids ascending
 * @nr_areas: how many @areas
 *
 * Does not change while the device is open.
 */
struct vmig_desc {
	const char *model;
	const char *version;
	const char * const *parameters;
	const struct vmig_section * const *sections;
	unsigned int nr_sections;
	const struct vmig_area *areas;
	unsigned int nr_areas;
};

int vmig_check_desc(const struct vmig_desc *desc);

void *vmig_state(const struct vmig_image *image,
		 const struct vmig_section *section, unsigned int instance);
void vmig_copy_fields(const struct vmig_section *section, void *to,
		      const void *from);

/* ------------------------------------------------------------------------
 * The hooks of a driver
 */

/**
 * struct vmig_memory_ops - the memory of a device that has &vmig_desc.areas
 * @track: begin (or end) to tell which pages were written. When it begins, every
 *	page that may be other than zero counts as written. 0 or a negative
 *	errno when it begins.
 * @written: how many pages of 4096 bytes count as written
 * @take: find the first written page of @area at or after *@offset, forget that
 *	it was written, copy it to @page, and set *@offset to where it is. 1;
 *	0 if there is none; or a negative errno, and it is still written.
 * @stage: when a state is loaded: @length bytes of @area from @offset on will be
 *	what @pages has, or zero if that is NULL. Multiples of 4096, in range.
 *	Takes effect only at &vmig_ops.load_commit. 0 or a negative errno.
 * @unstage: forget all that was staged
 *
 * Memory not staged becomes zero at &vmig_ops.load_commit.
 */
struct vmig_memory_ops {
	int (*track)(struct vmig *vmig, bool on);
	u64 (*written)(struct vmig *vmig);
	int (*take)(struct vmig *vmig, const struct vmig_area *area,
		    u64 *offset, void *page);
	int (*stage)(struct vmig *vmig, const struct vmig_area *area,
		     u64 offset, const void *pages, u64 length);
	void (*unstage)(struct vmig *vmig);
};

/**
 * struct vmig_ops - what the engine asks of a driver
 * @quiesce: begin no DMA from now on; wait for that under way. The device still
 *	answers accesses, those of its peers too. 0, or a negative errno and
 *	nothing changed.
 * @unquiesce: take back @quiesce. 0 or a negative errno.
 * @stop: nothing in the device changes by itself from now on; it is quiescent
 *	already. 0, or a negative errno and nothing changed.
 * @run: take back @stop. 0 or a negative errno.
 * @save: fill @image, which is zero, with the state; the device is stopped. 0 or
 *	a negative errno.
 * @load_check: can the device become what @image has? Every element is at most
 *	its &vmig_field.max; what else must hold is checked here. The device
 *	is stopped, and stays as it is. 0 or a negative errno.
 * @load_commit: become it. Cannot fail: what could belongs in @load_check.
 * @memory: of a device that has memory
 *
 * All are called in process context with the engine's state lock held, never
 * two at a time for a device, in no state but those said. Whoever fails tells
 * why by vmig_fail().
 */
struct vmig_ops {
	int (*quiesce)(struct vmig *vmig);
	int (*unquiesce)(struct vmig *vmig);
	int (*stop)(struct vmig *vmig);
	int (*run)(struct vmig *vmig);
	int (*save)(struct vmig *vmig, struct vmig_image *image);
	int (*load_check)(struct vmig *vmig, const struct vmig_image *image);
	void (*load_commit)(struct vmig *vmig, const struct vmig_image *image);
	const struct vmig_memory_ops *memory;
};

/* ------------------------------------------------------------------------
 * A device that migrates
 */

/**
 * enum vmig_state - where a device is in the migration uAPI's state machine
 * @VMIG_ERROR: failed; only a reset leads out
 * @VMIG_STOP: stopped
 * @VMIG_RUNNING: runs
 * @VMIG_STOP_COPY: stopped, and its state can be read
 * @VMIG_RESUMING: stopped, and takes in a state
 * @VMIG_RUNNING_P2P: begins no DMA
 * @VMIG_PRE_COPY: runs, and what it tells of its state can be read
 * @VMIG_PRE_COPY_P2P: both
 * @VMIG_NR_STATES: how many there are
 *
 * The values are those of &enum vfio_device_mig_state, which some kernels have
 * without the last two.
 */
enum vmig_state {
	VMIG_ERROR,
	VMIG_STOP,
	VMIG_RUNNING,
	VMIG_STOP_COPY,
	VMIG_RESUMING,
	VMIG_RUNNING_P2P,
	VMIG_PRE_COPY,
	VMIG_PRE_COPY_P2P,
	VMIG_NR_STATES,
};

/* What a device can do: VFIO_MIGRATION_STOP_COPY and so on */
#define VMIG_CAN_STOP_COPY	BIT(0)
#define VMIG_CAN_P2P		BIT(1)
#define VMIG_CAN_PRE_COPY	BIT(2)

/**
 * enum vmig_level - how much of a device moves
 * @VMIG_MOVING: all of it
 * @VMIG_QUIESCENT: &vmig_ops.quiesce is in effect
 * @VMIG_STILL: &vmig_ops.stop is in effect too
 */
enum vmig_level {
	VMIG_MOVING,
	VMIG_QUIESCENT,
	VMIG_STILL,
};

/**
 * enum vmig_point - where a test can make the engine fail
 * @VMIG_AT_NONE: nowhere
 * @VMIG_AT_ARC: before a single arc does anything
 * @VMIG_AT_QUIESCE: in place of &vmig_ops.quiesce, and so on
 * @VMIG_AT_UNQUIESCE: &vmig_ops.unquiesce
 * @VMIG_AT_STOP: &vmig_ops.stop
 * @VMIG_AT_RUN: &vmig_ops.run
 * @VMIG_AT_SAVE: &vmig_ops.save
 * @VMIG_AT_LOAD_CHECK: &vmig_ops.load_check
 * @VMIG_AT_TRACK: &vmig_memory_ops.track
 * @VMIG_AT_TAKE: &vmig_memory_ops.take
 * @VMIG_AT_STAGE: &vmig_memory_ops.stage
 * @VMIG_AT_FILE: making a data file
 * @VMIG_AT_READ: read() of a data file
 * @VMIG_AT_WRITE: write() to a data file
 * @VMIG_AT_LOG_START: the start of DMA logging
 * @VMIG_AT_LOG_STORE: noting a page that was written by DMA
 * @VMIG_AT_LOG_REPORT: a report of DMA logging
 * @VMIG_NR_POINTS: how many there are
 */
enum vmig_point {
	VMIG_AT_NONE,
	VMIG_AT_ARC,
	VMIG_AT_QUIESCE,
	VMIG_AT_UNQUIESCE,
	VMIG_AT_STOP,
	VMIG_AT_RUN,
	VMIG_AT_SAVE,
	VMIG_AT_LOAD_CHECK,
	VMIG_AT_TRACK,
	VMIG_AT_TAKE,
	VMIG_AT_STAGE,
	VMIG_AT_FILE,
	VMIG_AT_READ,
	VMIG_AT_WRITE,
	VMIG_AT_LOG_START,
	VMIG_AT_LOG_STORE,
	VMIG_AT_LOG_REPORT,
	VMIG_NR_POINTS,
};

/**
 * struct vmig_fault - a failure that a test has ordered
 * @point: where, or %VMIG_AT_NONE
 * @from: of %VMIG_AT_ARC: the state before the arc, or %VMIG_ERROR for any arc
 * @to: the state after it
 * @error: the errno, positive
 * @countdown: at which time from now; 1 is the next
 */
struct vmig_fault {
	enum vmig_point point;
	enum vmig_state from;
	enum vmig_state to;
	int error;
	unsigned int countdown;
};

/* Bytes of a sentence that says why something was refused, with its NUL */
#define VMIG_REASON_SIZE	256

struct vmig_front;
struct vmig_gate;

/**
 * struct vmig - a device that migrates; embedded in what the driver has of it
 * @ops: the driver's hooks
 * @desc: what the device is
 * @front: what shows it to userspace, or NULL
 * @flags: %VMIG_CAN_STOP_COPY and so on
 * @gate: has the state lock, and outlives the device for as long as a data file
 *	is open
 * @state: where it is; under the state lock, as is all up to @setup but
 *	@explained
 * @level: what its hooks have made of it
 * @broken: a hook said so by vmig_broken()
 * @tracking: &vmig_memory_ops.track is in effect
 * @explained: somebody told why the operation under way failed; written under
 *	@note_lock
 * @session: the data transfer under way, or NULL
 * @setup: what each stream begins with, once it was needed; of one user at most
 * @note_lock: protects @reason and @fault; a leaf
 * @reason: why something was refused last, or ""
 * @fault: a failure that a test has ordered
 * @faulty: there is one; written under @note_lock
 *
 * All of it is the engine's.
 */
struct vmig {
	const struct vmig_ops *ops;
	const struct vmig_desc *desc;
	const struct vmig_front *front;
	u32 flags;
	struct vmig_gate *gate;
	enum vmig_state state;
	enum vmig_level level;
	bool broken;
	bool tracking;
	bool explained;
	struct vmig_session *session;
	struct vmig_setup *setup;
	struct mutex note_lock;	/* protects reason and fault */
	char reason[VMIG_REASON_SIZE];
	struct vmig_fault fault;
	bool faulty;
};

/* ------------------------------------------------------------------------
 * What a driver may ask of the engine
 */

int vmig_fail(struct vmig *vmig, int error, const char *format, ...)
	__printf(3, 4);
void vmig_broken(struct vmig *vmig);
void vmig_restart(struct vmig *vmig);

#endif /* _LINUX_VMIG_H */
