/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * vdev: a virtual PCI device, written once and shown by any front.
 *
 * A device *model* is one C file. It declares its PCI identity, BARs and
 * interrupts in a &struct vdev_model, keeps its registers in private data
 * and answers register accesses through &struct vdev_ops. It knows nothing
 * of VFIO, mdev or sockets. A *front* shows models to the world: a mediated
 * device in the kernel, a vfio-user server in a process.
 *
 * Everything in the model's half of this header is called with the device
 * lock held (&vdev.lock, a mutex): a model needs no locking of its own, may
 * sleep, and must not call out to anything that takes the lock again.
 */
#ifndef _LINUX_VDEV_H
#define _LINUX_VDEV_H

#include <linux/bits.h>
#include <linux/device/driver.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci_regs.h>
#include <linux/types.h>
#include <linux/vmig.h>

struct vdev;
struct vdev_description;
struct vdev_job;
struct vdev_timer;
struct vdev_trigger;

/* ------------------------------------------------------------------------
 * For models
 */

/**
 * enum vdev_bar_type - what address space a BAR claims
 * @VDEV_BAR_NONE: the BAR is not implemented and reads as zero
 * @VDEV_BAR_IO: I/O ports; answers while COMMAND.IO is set
 * @VDEV_BAR_MEM: 32-bit memory; answers while COMMAND.MEM is set
 * @VDEV_BAR_MEM64: 64-bit memory; takes the next base address register too,
 *	which must be %VDEV_BAR_NONE
 */
enum vdev_bar_type {
	VDEV_BAR_NONE,
	VDEV_BAR_IO,
	VDEV_BAR_MEM,
	VDEV_BAR_MEM64,
};

/**
 * struct vdev_area - a stretch of a memory BAR
 * @offset: bytes from the start of the BAR
 * @size: bytes; 0 ends a list
 */
struct vdev_area {
	u64 offset;
	u64 size;
};

/**
 * struct vdev_bar - one base address register of a model
 * @type: address space, see &enum vdev_bar_type
 * @prefetchable: memory without side effects on read
 * @max_width: widest access in bytes (1, 2, 4 or 8) that the model's handlers
 *	see; wider ones are split, lowest address first, under one hold of the
 *	device lock
 * @size: bytes, a power of two; at least 4 (and at most 256) for I/O and 16
 *	for memory (PCI Local Bus Specification 3.0, section 6.2.5.1), and at
 *	most %VDEV_MAX_BAR
 * @memory: parts that are plain memory, which users may map: page aligned,
 *	ascending, apart, at most %VDEV_MAX_AREAS, the last of size 0. Where
 *	one is in the list stays so for ever: it is how a migration stream
 *	tells them apart. The core keeps them, see
 *	vdev_mem_read(); the model's handlers see the rest of the BAR. Optional.
 */
struct vdev_bar {
	enum vdev_bar_type type;
	bool prefetchable;
	u8 max_width;
	u64 size;
	const struct vdev_area *memory;
};

#define VDEV_MAX_BAR		BIT_ULL(30)
/* How many &vdev_bar.memory a BAR can have. */
#define VDEV_MAX_AREAS		16
/* Page size that areas of device memory are aligned to on every host. */
#define VDEV_MEM_ALIGN		4096

/**
 * struct vdev_msix - where a model has its MSI-X structures
 * @vectors: 1 to 2048; 0: the model has no MSI-X
 * @bar: memory BAR that holds both
 * @table: offset of the table, 16 bytes for each vector, a multiple of 8
 * @pba: offset of the pending bits, a multiple of 8
 *
 * The core answers there; the model's handlers see the rest of the BAR.
 */
struct vdev_msix {
	u16 vectors;
	u8 bar;
	u32 table;
	u32 pba;
};

/**
 * struct vdev_blob - constant bytes
 * @data: the bytes
 * @size: how many
 */
struct vdev_blob {
	const void *data;
	u32 size;
};

/**
 * struct vdev_param - a choice the user makes for a device before opening it
 * @name: name of the sysfs file
 * @values: the words it can be set to, NULL terminated; the first is the
 *	default
 *
 * Parameters are part of what a device *is*: they cannot change while it is
 * open.
 */
struct vdev_param {
	const char *name;
	const char * const *values;
};

/**
 * struct vdev_state - a part of a model's private data that migrates
 * @section: its table, with offsets from the start of an instance; its id is
 *	below %VDEV_STATE_CORE
 * @offset: where in the private data instance 0 is
 * @stride: bytes from one instance to the next
 *
 * Timers and jobs are no fields: the core migrates them, by the order in which
 * &vdev_ops.init made them known. So a model that gets another one makes it
 * known last.
 */
struct vdev_state {
	const struct vmig_section *section;
	u32 offset;
	u32 stride;
};

/* Sections from this id on are the core's. */
#define VDEV_STATE_CORE		0xff00

/* How many timers, and how many jobs, a device that migrates can have. */
#define VDEV_MAX_STATE_TIMERS	32
#define VDEV_MAX_STATE_JOBS	32

/**
 * VDEV_STATE() - a &struct vdev_state for a member of the private data
 * @_section: &vdev_state.section
 * @_priv: the type of the private data
 * @_member: its member, a struct or an array of such
 * @_struct: the type of that struct, the section's
 */
#define VDEV_STATE(_section, _priv, _member, _struct)			\
{									\
	.section = (_section),						\
	.offset = offsetof(_priv, _member),				\
	.stride = sizeof(_struct),					\
}

/**
 * struct vdev_model - what the outside of a device looks like
 * @name: name of the mdev type below its family, "2" for "mtty-2"
 * @pretty_name: the mdev type's "name" attribute
 * @description: the mdev type's "description" attribute, one sentence
 * @variant: for the model itself, to tell its models apart
 * @units: how much of &vdev_family.capacity one device takes, at least 1
 * @vendor: PCI vendor id
 * @device: PCI device id
 * @subsystem_vendor: PCI subsystem vendor id
 * @subsystem: PCI subsystem id
 * @class: base class, sub-class and programming interface, 0xBBSSPP
 * @revision: PCI revision id
 * @intx: the device has an interrupt pin (INTA#)
 * @msi_vectors: messages of the MSI capability, a power of two up to 32; 0: no
 *	capability
 * @msix: MSI-X capability
 * @pcie: a PCI Express endpoint: configuration space of 4096 bytes, function
 *	level reset
 * @serial: device serial number (extended capability), 0: none. The same for
 *	all devices of a model: read-only configuration space must not tell
 *	one host from another. Needs @pcie.
 * @vendor_cap: payload of a vendor-specific capability, at most 32 bytes
 * @vendor_ext_cap: payload of a vendor-specific extended capability, at most
 *	256 bytes. Needs @pcie.
 * @rom: expansion ROM; its size is rounded up to a power of two, at least 2 KiB
 * @state: what of the private data migrates, the last with a NULL section; NULL:
 *	devices of the model cannot migrate
 * @bars: base address registers; absent ones are left zero
 */
struct vdev_model {
	const char *name;
	const char *pretty_name;
	const char *description;
	unsigned int variant;
	unsigned int units;
	u16 vendor;
	u16 device;
	u16 subsystem_vendor;
	u16 subsystem;
	u32 class;
	u8 revision;
	bool intx;
	u8 msi_vectors;
	struct vdev_msix msix;
	bool pcie;
	u64 serial;
	struct vdev_blob vendor_cap;
	struct vdev_blob vendor_ext_cap;
	struct vdev_blob rom;
	const struct vdev_state *state;
	struct vdev_bar bars[PCI_STD_NUM_BARS];
};

/**
 * struct vdev_ops - how a model behaves
 * @init: set up private data, once, before the device can be seen; private
 *	data arrives zeroed. Optional. 0 or a negative errno.
 * @release: undo @init. Optional.
 * @reset: bring the device to its power-on state: after creation, when a
 *	parameter was set, on VFIO_DEVICE_RESET, on first open and last close.
 *	Timers are already stopped and the interrupt condition is already low.
 *	Must not fail.
 * @check_param: refuse a parameter value that this model cannot do: 0 or a
 *	negative errno. Optional; without it every listed value is accepted.
 * @read: read @width bytes (1, 2, 4 or 8, at most &vdev_bar.max_width,
 *	naturally aligned) at @offset into BAR @bar, which is implemented and
 *	decoding. The value is in the low @width bytes; the rest is ignored.
 * @write: as @read; bits of @value above @width bytes are zero.
 * @check_state: can the device become what @image has? Every element is at most
 *	its &vmig_field.max; what else must hold is checked here, by
 *	vmig_state() and vdev_state_has_job(). The device stays as it is. NULL
 *	if it can, or what is wrong, to follow "the model refuses it: ".
 *	Optional.
 * @loaded: the device has become it; no eventfd is signalled yet. Optional.
 *
 * All are called with the device lock held.
 */
struct vdev_ops {
	int (*init)(struct vdev *vdev);
	void (*release)(struct vdev *vdev);
	void (*reset)(struct vdev *vdev);
	int (*check_param)(struct vdev *vdev, unsigned int param,
			   unsigned int value);
	u64 (*read)(struct vdev *vdev, unsigned int bar, u64 offset,
		    unsigned int width);
	void (*write)(struct vdev *vdev, unsigned int bar, u64 offset,
		      unsigned int width, u64 value);
	const char *(*check_state)(struct vdev *vdev,
				   const struct vmig_image *image);
	void (*loaded)(struct vdev *vdev);
};

/**
 * struct vdev_family - the models of one module
 * @name: names the parent device and prefixes the types, "mtty"
 * @owner: THIS_MODULE; held while a device of the family is open
 * @ops: behaviour, common to all models of the family
 * @priv_size: bytes of private data of each device, see vdev_priv()
 * @capacity: units that all devices of a parent share; bounds the kernel
 *	memory that whoever may create devices can pin
 * @params: parameters each device has, at most %VDEV_MAX_PARAMS of at most
 *	%VDEV_MAX_PARAM_VALUES values; the last has a NULL name. Optional.
 * @models: the models
 * @nr_models: how many @models
 */
struct vdev_family {
	const char *name;
	struct module *owner;
	const struct vdev_ops *ops;
	size_t priv_size;
	unsigned int capacity;
	const struct vdev_param *params;
	const struct vdev_model *models;
	unsigned int nr_models;
};

#define VDEV_MAX_PARAMS		8
#define VDEV_MAX_PARAM_VALUES	256

int vdev_register(const struct vdev_family *family);
void vdev_unregister(const struct vdev_family *family);

/**
 * module_vdev() - the module is this family and nothing else
 * @__family: a &struct vdev_family
 */
#define module_vdev(__family) \
	module_driver(__family, vdev_register, vdev_unregister)

void vdev_irq(struct vdev *vdev, bool asserted);
bool vdev_msi(struct vdev *vdev, unsigned int vector);
bool vdev_error(struct vdev *vdev);

/**
 * struct vdev_timer - something a model does later
 * @fn: called once when the time has come, with the device lock held, in
 *	process context
 * @deadline: when, in nanoseconds of the front's clock, or while the device is
 *	stopped how many of them it has to go; 0 while not set
 * @entry: the device's list of timers
 *
 * Lives in the model's private data. Fields belong to the core. Time passes
 * for a device only while it is open and not stopped.
 */
struct vdev_timer {
	void (*fn)(struct vdev *vdev, struct vdev_timer *timer);
	u64 deadline;
	struct list_head entry;
};

void vdev_timer_init(struct vdev *vdev, struct vdev_timer *timer,
		     void (*fn)(struct vdev *vdev, struct vdev_timer *timer));
void vdev_timer_set(struct vdev *vdev, struct vdev_timer *timer, u64 delay_ns);
void vdev_timer_cancel(struct vdev *vdev, struct vdev_timer *timer);

/**
 * struct vdev_job - work a model does outside the device lock
 * @fn: called once for each vdev_job_queue() that found the job idle, in
 *	process context, *without* the device lock
 * @known: the device's list of all jobs
 * @entry: the device's list of queued jobs
 * @queued: waits to be called
 * @epoch: &vdev.epoch when it was queued
 *
 * What reaches guest memory is a job: only there may vdev_dma_read() and
 * vdev_dma_write() be called. To touch the device's registers a job takes the
 * device lock by vdev_job_lock().
 *
 * Lives in the model's private data. Fields belong to the core.
 */
struct vdev_job {
	void (*fn)(struct vdev *vdev, struct vdev_job *job);
	struct list_head known;
	struct list_head entry;
	bool queued;
	u64 epoch;
};

void vdev_job_init(struct vdev *vdev, struct vdev_job *job,
		   void (*fn)(struct vdev *vdev, struct vdev_job *job));
void vdev_job_queue(struct vdev *vdev, struct vdev_job *job);
bool vdev_job_lock(struct vdev *vdev, struct vdev_job *job);
void vdev_job_unlock(struct vdev *vdev, struct vdev_job *job);

int vdev_dma_read(struct vdev *vdev, struct vdev_job *job, u64 iova, void *buf,
		  size_t len);
int vdev_dma_write(struct vdev *vdev, struct vdev_job *job, u64 iova,
		   const void *buf, size_t len);

bool vdev_state_has_job(struct vdev *vdev, const struct vmig_image *image,
			const struct vdev_job *job);

int vdev_mem_read(struct vdev *vdev, unsigned int bar, u64 offset, void *buf,
		  size_t len);
int vdev_mem_write(struct vdev *vdev, unsigned int bar, u64 offset,
		   const void *buf, size_t len);

/* ------------------------------------------------------------------------
 * For fronts
 */

/* Region numbers and the place of a region in the device file are the front's
 * to give away once and for ever: the numbers are those of vfio-pci
 * (VFIO_PCI_*_REGION_INDEX), the place is index << VDEV_REGION_SHIFT.
 */
#define VDEV_REGION_ROM		6
#define VDEV_REGION_CONFIG	7
#define VDEV_NUM_REGIONS	9
#define VDEV_REGION_SHIFT	40

/* Interrupt indexes, as VFIO_PCI_*_IRQ_INDEX */
#define VDEV_IRQ_INTX		0
#define VDEV_IRQ_MSI		1
#define VDEV_IRQ_MSIX		2
#define VDEV_IRQ_ERR		3
#define VDEV_IRQ_REQ		4
#define VDEV_IRQ_NONE		5
#define VDEV_NUM_IRQS		5

#define VDEV_TIME_NEVER		U64_MAX

/**
 * struct vdev_front_ops - the services a front gives a device
 * @now: monotonic nanoseconds, never 0
 * @alarm: have vdev_alarm() called from process context at @deadline (or as
 *	soon as possible after it); replaces the alarm set before;
 *	%VDEV_TIME_NEVER: none. Called with the device lock held.
 * @trigger_get: make the caller's file descriptor @fd something that can be
 *	signalled. ERR_PTR(-EBADF) if it is not open, ERR_PTR(-EINVAL) if it is
 *	of the wrong kind.
 * @trigger_put: give it back
 * @trigger_signal: signal it. Called with the device lock held and must not
 *	call back.
 * @unmask_bind: from now on call vdev_intx_unmask() from process context
 *	whenever @fd is signalled; -1: no longer, and return only when no such
 *	call is under way. -EBUSY while another one is bound. Called *without*
 *	the device lock.
 * @kick: have vdev_run_jobs() called soon, from process context without the
 *	device lock, where the user's memory can be reached. Called with the
 *	device lock held.
 * @dma: copy @len bytes, at most 64 KiB, from (or with @write to) the user's
 *	memory at @iova. 0, or -EFAULT if something of it is not mapped for
 *	that; then any part may have been copied, and the core asks again, page
 *	by page. Called from inside vdev_run_jobs().
 * @mem_copy: copy @len bytes from (or with @write to) device memory at @offset
 *	in BAR @bar; the range lies in one of &vdev_bar.memory. Memory never
 *	written reads as zero. 0, or -ENOMEM if there is none left. Called with
 *	the device lock held.
 * @mem_decode: whether mappings of device memory answer; when this returns
 *	after false, no access to one is under way. Called with the device lock
 *	held.
 * @mem_clear: device memory reads as zero again, mapped or not. Called with
 *	the device lock held.
 * @was_reset: the device was reset by vdev_reset(), or by a function level reset
 *	that a write asked for. Called without locks. Optional.
 * @jobs_apart: vdev_run_jobs() is called in another thread than accesses: an
 *	access that takes the function its right to access memory waits for the
 *	job that runs. Elsewhere what a job wrote comes before the answer to
 *	such an access by itself.
 *
 * @dma, @kick and @mem_* are only needed for models that use them.
 */
struct vdev_front_ops {
	u64 (*now)(struct vdev *vdev);
	void (*alarm)(struct vdev *vdev, u64 deadline);
	struct vdev_trigger *(*trigger_get)(struct vdev *vdev, int fd);
	void (*trigger_put)(struct vdev_trigger *trigger);
	void (*trigger_signal)(struct vdev_trigger *trigger);
	int (*unmask_bind)(struct vdev *vdev, int fd);
	void (*kick)(struct vdev *vdev);
	int (*dma)(struct vdev *vdev, u64 iova, void *buf, size_t len,
		   bool write);
	int (*mem_copy)(struct vdev *vdev, unsigned int bar, u64 offset,
			void *buf, size_t len, bool write);
	void (*mem_decode)(struct vdev *vdev, bool enabled);
	void (*mem_clear)(struct vdev *vdev);
	void (*was_reset)(struct vdev *vdev);
	bool jobs_apart;
};

/**
 * struct vdev_irqs - how a device's interrupts are delivered
 * @mode: index in use, %VDEV_IRQ_INTX, %VDEV_IRQ_MSI, %VDEV_IRQ_MSIX or
 *	%VDEV_IRQ_NONE
 * @nr: triggers in @trigger, 0 in mode %VDEV_IRQ_NONE
 * @trigger: what to signal for each vector; NULL entries are not bound
 * @err: what to signal for %VDEV_IRQ_ERR, or NULL; in any mode
 * @req: what to signal for %VDEV_IRQ_REQ, or NULL; in any mode
 * @asserted: the model's interrupt condition
 * @intx_masked: INTx was signalled, or masked by the user, and has not been
 *	unmasked since
 * @intx_automasked: it was signalled, and the user did not mask it
 * @owed: the condition has risen, and its message, vector 0, was not sent yet
 * @pending: messages for themselves, not sent yet; a bit for each vector of the
 *	device
 * @pending_mode: index in use, or used last, which they are of
 * @any_pending: @owed or a bit of @pending may be set
 * @table: MSI-X table, 4 words for each vector, or NULL
 */
struct vdev_irqs {
	unsigned int mode;
	unsigned int nr;
	struct vdev_trigger **trigger;
	struct vdev_trigger *err;
	struct vdev_trigger *req;
	unsigned int pending_mode;
	bool asserted;
	bool intx_masked;
	bool intx_automasked;
	bool owed;
	bool any_pending;
	unsigned long *pending;
	u32 *table;
};

/**
 * struct vdev - a device
 * @lock: protects everything below it, the model's private data included,
 *	except @job_gate and what never changes: @model, @family, @ops,
 *	@front, @front_data, @region_size, @max_width, @description and the
 *	layout of configuration space
 * @job_gate: held while jobs run; taken, outside @lock, to wait for them
 * @epoch: counts resets, so that a job knows whether it is of an earlier life
 * @resets: resets that wait for a job; meanwhile none is queued
 * @model: what it is
 * @family: the family of @model
 * @ops: its behaviour
 * @front: services of the front
 * @front_data: for the front
 * @opened: somebody uses the device: parameters are fixed, time passes
 * @quiesced: jobs wait, see vdev_quiesce()
 * @stopped: jobs, timers and interrupts wait, see vdev_stop()
 * @params: index of the chosen value of each &vdev_family.params
 * @resetting: a function level reset was asked for by the access under way
 * @config_size: bytes of configuration space, 256 or 4096
 * @config: configuration space, as read
 * @config16: the same by words
 * @config32: the same by double words
 * @config_write: bits that a write sets, of each byte of @config
 * @config_w1c: bits that writing 1 clears, of each byte of @config
 * @region_size: bytes of each region; 0: the device lacks it
 * @max_width: &vdev_bar.max_width of each BAR
 * @mixed_bars: BARs, a bit for each, that are not registers only
 * @direct_bars: BARs, a bit for each, where every access is the model's as
 *	things stand: they answer, and are registers only
 * @pm_cap: offset of the power management capability
 * @msi_cap: offset of the MSI capability, 0 if there is none
 * @pcie_cap: offset of the PCI Express capability, 0 if there is none
 * @irqs: interrupt delivery
 * @timers: every &vdev_timer of the model
 * @known_jobs: every &vdev_job of the model
 * @jobs: jobs that are queued
 * @description: what migrates, and of what; NULL if the device cannot
 * @alarm: where the front's alarm stands, or %VDEV_TIME_NEVER
 * @priv: the model's private data, see vdev_priv()
 *
 * A model uses vdev_priv(), vdev_variant() and vdev_param(), a front also
 * @front_data; everything else belongs to the core.
 *
 * Lock order: whatever serialises the front's calls of vdev_set_irqs(), then
 * @job_gate, then @lock. Nothing is taken inside @lock but what the services
 * of the front take.
 */
struct vdev {
	struct mutex lock;	/* see above */
	struct mutex job_gate;	/* see above */
	u64 epoch;
	unsigned int resets;
	const struct vdev_model *model;
	const struct vdev_family *family;
	const struct vdev_ops *ops;
	const struct vdev_front_ops *front;
	void *front_data;
	bool opened;
	bool quiesced;
	bool stopped;
	u8 params[VDEV_MAX_PARAMS];
	bool resetting;
	u16 config_size;
	union {
		u8 *config;
		__le16 *config16;
		__le32 *config32;
	};
	u8 *config_write;
	u8 *config_w1c;
	u64 region_size[VDEV_NUM_REGIONS];
	u8 max_width[PCI_STD_NUM_BARS];
	u8 mixed_bars;
	u8 direct_bars;
	u8 pm_cap;
	u8 msi_cap;
	u8 pcie_cap;
	struct vdev_irqs irqs;
	struct list_head timers;
	u64 alarm;
	struct list_head known_jobs;
	struct list_head jobs;
	struct vdev_description *description;
	u8 priv[] __aligned(8);
};

/**
 * vdev_priv() - the model's private data
 * @vdev: the device
 *
 * Return: &vdev_family.priv_size bytes, zero at creation, aligned to 8.
 */
static inline void *vdev_priv(struct vdev *vdev)
{
	return vdev->priv;
}

/**
 * vdev_variant() - which of the family's models a device is
 * @vdev: the device
 *
 * Return: &vdev_model.variant.
 */
static inline unsigned int vdev_variant(const struct vdev *vdev)
{
	return vdev->model->variant;
}

/**
 * vdev_param() - the value chosen for a parameter
 * @vdev: the device
 * @param: index into &vdev_family.params
 *
 * Return: index into &vdev_param.values. Constant while the device is open.
 */
static inline unsigned int vdev_param(const struct vdev *vdev,
				      unsigned int param)
{
	return vdev->params[param];
}

int vdev_check_family(const struct vdev_family *family);

struct vdev *vdev_create(const struct vdev_family *family,
			 const struct vdev_model *model,
			 const struct vdev_front_ops *front, void *front_data);
void vdev_destroy(struct vdev *vdev);
void vdev_open(struct vdev *vdev);
void vdev_close(struct vdev *vdev);
void vdev_reset(struct vdev *vdev);
void vdev_quiesce(struct vdev *vdev);
void vdev_unquiesce(struct vdev *vdev);
void vdev_stop(struct vdev *vdev);
void vdev_run(struct vdev *vdev);

const char *vdev_param_word(struct vdev *vdev, unsigned int param);
int vdev_set_param(struct vdev *vdev, unsigned int param, const char *word);
bool vdev_param_allowed(struct vdev *vdev, unsigned int param,
			unsigned int value);

/**
 * vdev_region_size() - how large a region is
 * @vdev: the device
 * @region: BAR 0 to 5, %VDEV_REGION_ROM, %VDEV_REGION_CONFIG or any other
 *	number
 *
 * Return: bytes; 0 if the device has no such region. Constant for a device;
 * no lock needed.
 */
static inline u64 vdev_region_size(const struct vdev *vdev, unsigned int region)
{
	return region < VDEV_NUM_REGIONS ? vdev->region_size[region] : 0;
}

u64 vdev_read(struct vdev *vdev, unsigned int region, u64 offset,
	      unsigned int width);
int vdev_write(struct vdev *vdev, unsigned int region, u64 offset,
	       unsigned int width, u64 value);

unsigned int vdev_irq_count(const struct vdev *vdev, unsigned int index);
int vdev_set_irqs(struct vdev *vdev, u32 flags, unsigned int index,
		  unsigned int start, unsigned int count, const void *data);
int vdev_msi_extend(struct vdev *vdev, unsigned int start, unsigned int count);
void vdev_intx_unmask(struct vdev *vdev);
bool vdev_request(struct vdev *vdev);

const struct vmig_desc *vdev_state_desc(const struct vdev *vdev);
u64 vdev_state_area(const struct vdev *vdev, const struct vmig_area *area,
		    unsigned int *bar);
void vdev_state_save(struct vdev *vdev, struct vmig_image *image);
int vdev_state_check(struct vdev *vdev, const struct vmig_image *image,
		     char *reason, size_t size);
void vdev_state_load(struct vdev *vdev, const struct vmig_image *image);

void vdev_alarm(struct vdev *vdev);
void vdev_run_jobs(struct vdev *vdev);

#endif /* _LINUX_VDEV_H */
