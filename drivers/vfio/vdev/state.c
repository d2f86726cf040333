// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The state of a device: what of it migrates, and how it becomes another's.
 *
 * The model's part is copied as its tables say. The core's own is here: what of
 * configuration space software can write, the interrupt condition and the
 * messages that wait, how long timers have to go, and which jobs wait. What
 * belongs to the user stays behind: eventfds, and the mask of INTx.
 *
 * A state is saved and loaded while the device is stopped. Loading is two
 * steps: can the device become this, which may be refused, and becoming it,
 * which cannot. A VMM writes configuration space and binds eventfds before or
 * after that, as it likes; nothing here causes DMA or an interrupt, and what it
 * writes later overrides what was loaded.
 */
#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "vdev_private.h"

#define CONFIG_MAX		4096
#define MESSAGES_MAX		2048
#define TABLE_WORDS_MAX		(MESSAGES_MAX * PCI_MSIX_ENTRY_SIZE / 4)

/* The core's sections, as they are staged */

/**
 * struct config_state - configuration space
 * @size: bytes of it that matter
 * @bits: of each byte what software can write, as it is; the rest is 0
 */
struct config_state {
	u32 size;
	u8 bits[CONFIG_MAX];
};

/**
 * struct irqs_state - interrupts
 * @asserted: &vdev_irqs.asserted
 * @owed: &vdev_irqs.owed
 * @kind: &vdev_irqs.pending_mode
 * @nr_pending: bytes of @pending
 * @pending: &vdev_irqs.pending, vector 0 in bit 0 of the first
 */
struct irqs_state {
	bool asserted;
	bool owed;
	u8 kind;
	u32 nr_pending;
	u8 pending[MESSAGES_MAX / 8];
};

/**
 * struct msix_state - the MSI-X table
 * @nr_words: words of it
 * @table: &vdev_irqs.table
 */
struct msix_state {
	u32 nr_words;
	u32 table[TABLE_WORDS_MAX];
};

/**
 * struct timers_state - timers
 * @nr: how many
 * @left: nanoseconds each has to go, 0 if it is not set
 */
struct timers_state {
	u32 nr;
	u64 left[VDEV_MAX_STATE_TIMERS];
};

/**
 * struct jobs_state - jobs
 * @nr: how many
 * @turn: as which one each is to be called, from 1; 0 if it is not queued
 */
struct jobs_state {
	u32 nr;
	u8 turn[VDEV_MAX_STATE_JOBS];
};

static const struct vmig_field config_fields[] = {
	VMIG_BLOB_USED(1, struct config_state, bits, size),
};

static const struct vmig_field irqs_fields[] = {
	VMIG_FIELD(1, struct irqs_state, asserted),
	VMIG_FIELD(2, struct irqs_state, owed),
	VMIG_FIELD(3, struct irqs_state, kind),
	VMIG_BLOB_USED(4, struct irqs_state, pending, nr_pending),
};

static const struct vmig_field timers_fields[] = {
	VMIG_USED(1, struct timers_state, left, nr),
};

static const struct vmig_field jobs_fields[] = {
	VMIG_USED(1, struct jobs_state, turn, nr),
};

static const struct vmig_field msix_fields[] = {
	VMIG_USED(1, struct msix_state, table, nr_words),
};

static const struct {
	const char *name;
	const struct vmig_field *fields;
	unsigned int nr_fields;
} core_sections[VDEV_NR_CORE] = {
	[VDEV_CORE_CONFIG] = {
		"config", config_fields, ARRAY_SIZE(config_fields)
	},
	[VDEV_CORE_IRQS] = {
		"interrupts", irqs_fields, ARRAY_SIZE(irqs_fields)
	},
	[VDEV_CORE_TIMERS] = {
		"timers", timers_fields, ARRAY_SIZE(timers_fields)
	},
	[VDEV_CORE_JOBS] = {
		"jobs", jobs_fields, ARRAY_SIZE(jobs_fields)
	},
	[VDEV_CORE_MSIX] = {
		"msix", msix_fields, ARRAY_SIZE(msix_fields)
	},
};

static_assert(ARRAY_SIZE(irqs_fields) <= VDEV_CORE_FIELDS);

/* What is wrong with a state; 0 or -EINVAL is what the caller returns. */
struct complaint {
	char *text;
	size_t size;
};

static int __printf(2, 3) refuse(const struct complaint *why,
				 const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why->text, why->size, format, args);
	va_end(args);
	return -EINVAL;
}

/* Configuration space */

static u8 software_bits(const struct vdev *vdev, unsigned int offset)
{
	return vdev->config_write[offset] | vdev->config_w1c[offset];
}

/* Up to the last byte that software can write anything to. */
static unsigned int config_length(const struct vdev *vdev)
{
	unsigned int length = vdev->config_size;

	while (!software_bits(vdev, length - 1))
		length--;
	return length;
}

static void save_config(const struct vdev *vdev, struct config_state *state)
{
	unsigned int i;

	state->size = config_length(vdev);
	for (i = 0; i < state->size; i++)
		state->bits[i] = vdev->config[i] & software_bits(vdev, i);
}

/* PM 3.2.4: D0 and D3hot are all there is. */
static bool power_state_valid(const struct vdev *vdev,
			      const struct config_state *state)
{
	u8 power = state->bits[vdev->pm_cap + PCI_PM_CTRL] &
		   PCI_PM_CTRL_STATE_MASK;

	return power != 1 && power != 2;
}

static int check_config(const struct vdev *vdev,
			const struct config_state *state,
			const struct complaint *why)
{
	unsigned int i;

	if (state->size != config_length(vdev))
		return refuse(why, "%u bytes of configuration space, not %u",
			      state->size, config_length(vdev));
	for (i = 0; i < state->size; i++)
		if (state->bits[i] & ~software_bits(vdev, i))
			return refuse(why, "0x%02x at 0x%03x of configuration space",
				      state->bits[i], i);
	if (!power_state_valid(vdev, state))
		return refuse(why, "a power state the device does not have");
	return 0;
}

static void load_config(struct vdev *vdev, const struct config_state *state)
{
	bool decoded = vdev_memory_decodes(vdev);
	unsigned int i;
	u8 bits;

	for (i = 0; i < state->size; i++) {
		bits = software_bits(vdev, i);
		vdev->config[i] = (vdev->config[i] & ~bits) | state->bits[i];
	}
	vdev_bars_update(vdev);
	if (decoded != vdev_memory_decodes(vdev) &&
	    vdev_has_memory(vdev->model))
		vdev->front->mem_decode(vdev, !decoded);
}

/* Interrupts */

static void save_irqs(const struct vdev *vdev, struct irqs_state *state)
{
	unsigned int nr = vdev_nr_messages(vdev->model);
	const struct vdev_irqs *irqs = &vdev->irqs;
	unsigned int vector;

	state->asserted = irqs->asserted;
	state->owed = irqs->owed;
	state->kind = irqs->pending_mode;
	state->nr_pending = DIV_ROUND_UP(nr, 8);
	for (vector = 0; vector < nr; vector++)
		if (test_bit(vector, irqs->pending))
			state->pending[vector / 8] |= BIT(vector % 8);
}

/* How many interrupts there are of a kind, VDEV_IRQ_*, that the guest can use. */
static unsigned int nr_of_kind(const struct vdev *vdev, unsigned int kind)
{
	return kind <= VDEV_IRQ_MSIX ? vdev_irq_count(vdev, kind) : 0;
}

static int check_irqs(const struct vdev *vdev, const struct irqs_state *state,
		      const struct complaint *why)
{
	unsigned int nr = nr_of_kind(vdev, state->kind);
	unsigned int vector;

	if (state->kind != VDEV_IRQ_NONE && !nr)
		return refuse(why, "interrupts of kind %u, which the device lacks",
			      state->kind);
	if (state->nr_pending !=
	    DIV_ROUND_UP(vdev_nr_messages(vdev->model), 8))
		return refuse(why, "%u bytes of pending bits, not %u",
			      state->nr_pending,
			      DIV_ROUND_UP(vdev_nr_messages(vdev->model), 8));
	if (state->kind != VDEV_IRQ_MSI && state->kind != VDEV_IRQ_MSIX)
		nr = 0;
	if (state->owed && (!nr || !state->asserted))
		return refuse(why, "a message owed that there is none of");
	for (vector = nr; vector < 8 * state->nr_pending; vector++)
		if (state->pending[vector / 8] & BIT(vector % 8))
			return refuse(why, "message %u pending, of %u", vector,
				      nr);
	return 0;
}

static void load_irqs(struct vdev *vdev, const struct irqs_state *state)
{
	unsigned int nr = vdev_nr_messages(vdev->model);
	struct vdev_irqs *irqs = &vdev->irqs;
	unsigned int vector;

	irqs->asserted = state->asserted;
	vdev_config_set_intx_status(vdev, state->asserted);
	irqs->owed = state->owed;
	irqs->pending_mode = state->kind;
	irqs->any_pending = state->owed;
	if (nr)
		bitmap_zero(irqs->pending, nr);
	for (vector = 0; vector < nr; vector++) {
		if (!(state->pending[vector / 8] & BIT(vector % 8)))
			continue;
		__set_bit(vector, irqs->pending);
		irqs->any_pending = true;
	}
}

/* The MSI-X table; state is NULL if the device has none */

static u32 table_words(const struct vdev *vdev)
{
	return vdev->model->msix.vectors * (PCI_MSIX_ENTRY_SIZE / 4);
}

static void save_msix(const struct vdev *vdev, struct msix_state *state)
{
	if (!state)
		return;
	state->nr_words = table_words(vdev);
	memcpy(state->table, vdev->irqs.table,
	       state->nr_words * sizeof(state->table[0]));
}

static int check_msix(const struct vdev *vdev, const struct msix_state *state,
		      const struct complaint *why)
{
	u32 i;

	if (!state)
		return 0;
	if (state->nr_words != table_words(vdev))
		return refuse(why, "an MSI-X table of %u words, not %u",
			      state->nr_words, table_words(vdev));
	for (i = 0; i < state->nr_words; i++)
		if (state->table[i] & ~vdev_msix_writable(i))
			return refuse(why, "0x%08x in word %u of the MSI-X table",
				      state->table[i], i);
	return 0;
}

static void load_msix(struct vdev *vdev, const struct msix_state *state)
{
	if (state)
		memcpy(vdev->irqs.table, state->table,
		       state->nr_words * sizeof(state->table[0]));
}

/* Timers. While the device is stopped they have what is left of their time. */

static void save_timers(const struct vdev *vdev, struct timers_state *state)
{
	const struct vdev_timer *timer;

	list_for_each_entry(timer, &vdev->timers, entry)
		state->left[state->nr++] = timer->deadline;
}

static unsigned int nr_timers(const struct vdev *vdev)
{
	const struct vdev_timer *timer;
	unsigned int nr = 0;

	list_for_each_entry(timer, &vdev->timers, entry)
		nr++;
	return nr;
}

/* Too few are fine: those the model has since got are not set. */
static int check_timers(const struct vdev *vdev,
			const struct timers_state *state,
			const struct complaint *why)
{
	unsigned int nr = nr_timers(vdev);

	if (state->nr > nr)
		return refuse(why, "%u timers, of %u", state->nr, nr);
	return 0;
}

static void load_timers(struct vdev *vdev, const struct timers_state *state)
{
	struct vdev_timer *timer;
	unsigned int i = 0;

	list_for_each_entry(timer, &vdev->timers, entry)
		timer->deadline = i < state->nr ? state->left[i++] : 0;
}

/* Jobs */

static u8 turn_of(const struct vdev *vdev, const struct vdev_job *which)
{
	const struct vdev_job *job;
	u8 turn = 0;

	list_for_each_entry(job, &vdev->jobs, entry) {
		turn++;
		if (job == which)
			return turn;
	}
	return 0;
}

static void save_jobs(const struct vdev *vdev, struct jobs_state *state)
{
	const struct vdev_job *job;

	list_for_each_entry(job, &vdev->known_jobs, known)
		state->turn[state->nr++] = turn_of(vdev, job);
}

/* The job that is called as the @turn th, if there is one in @state. */
static struct vdev_job *job_of_turn(const struct vdev *vdev,
				    const struct jobs_state *state, u8 turn)
{
	struct vdev_job *job;
	unsigned int i = 0;

	list_for_each_entry(job, &vdev->known_jobs, known)
		if (i < state->nr && state->turn[i++] == turn)
			return job;
	return NULL;
}

static unsigned int nr_jobs(const struct vdev *vdev)
{
	const struct vdev_job *job;
	unsigned int nr = 0;

	list_for_each_entry(job, &vdev->known_jobs, known)
		nr++;
	return nr;
}

/* Turns are 1, 2, 3 and so on, each once. */
static int check_jobs(const struct vdev *vdev, const struct jobs_state *state,
		      const struct complaint *why)
{
	unsigned int i, queued = 0, nr = nr_jobs(vdev);

	if (state->nr > nr)
		return refuse(why, "%u jobs, of %u", state->nr, nr);
	for (i = 0; i < state->nr; i++)
		queued += !!state->turn[i];
	for (i = 1; i <= queued; i++)
		if (!job_of_turn(vdev, state, i))
			return refuse(why, "%u jobs queued, but none as number %u",
				      queued, i);
	return 0;
}

static void load_jobs(struct vdev *vdev, const struct jobs_state *state)
{
	struct vdev_job *job;
	u8 turn;

	vdev_jobs_drop(vdev);
	for (turn = 1; (job = job_of_turn(vdev, state, turn)); turn++)
		vdev_job_queue(vdev, job);
}

/**
 * vdev_state_has_job() - is a job queued in a state
 * @vdev: the device
 * @image: the state, in &vdev_ops.check_state
 * @job: one of the device's jobs
 *
 * Context: device lock held.
 *
 * Return: whether it is.
 */
bool vdev_state_has_job(struct vdev *vdev, const struct vmig_image *image,
			const struct vdev_job *job)
{
	const struct jobs_state *state =
		vdev_core_state(vdev, image, VDEV_CORE_JOBS);
	const struct vdev_job *other;
	unsigned int i = 0;

	list_for_each_entry(other, &vdev->known_jobs, known) {
		if (other == job)
			return i < state->nr && state->turn[i];
		i++;
	}
	return false;
}
EXPORT_SYMBOL_GPL(vdev_state_has_job);

/* The model's sections */

static void *instance(struct vdev *vdev, const struct vdev_state *state,
		      unsigned int nr)
{
	return vdev->priv + state->offset + (size_t)nr * state->stride;
}

static void save_model(struct vdev *vdev, struct vmig_image *image)
{
	const struct vdev_state *state = vdev->model->state;
	unsigned int i;

	for (; state->section; state++)
		for (i = 0; i < state->section->instances; i++)
			vmig_copy_fields(state->section,
					 vmig_state(image, state->section, i),
					 instance(vdev, state, i));
}

static int check_model(struct vdev *vdev, const struct vmig_image *image,
		       const struct complaint *why)
{
	const char *fault = NULL;

	if (vdev->ops->check_state)
		fault = vdev->ops->check_state(vdev, image);
	return fault ? refuse(why, "the model refuses it: %s", fault) : 0;
}

static void load_model(struct vdev *vdev, const struct vmig_image *image)
{
	const struct vdev_state *state = vdev->model->state;
	unsigned int i;

	for (; state->section; state++)
		for (i = 0; i < state->section->instances; i++)
			vmig_copy_fields(state->section,
					 instance(vdev, state, i),
					 vmig_state(image, state->section, i));
}

/* The core's sections of a device */

/* How many elements there are of the last field of a section. */
static u32 nr_elements(const struct vdev *vdev, unsigned int nr)
{
	switch (nr) {
	case VDEV_CORE_CONFIG:
		return config_length(vdev);
	case VDEV_CORE_IRQS:
		return DIV_ROUND_UP(vdev_nr_messages(vdev->model), 8);
	case VDEV_CORE_TIMERS:
		return nr_timers(vdev);
	case VDEV_CORE_JOBS:
		return nr_jobs(vdev);
	default:
		return table_words(vdev);
	}
}

/*
 * Cut to what the device needs: most are small, and what is staged of a state
 * and what a schema promises should be, too.
 */
bool vdev_core_section(const struct vdev *vdev, unsigned int nr,
		       struct vdev_core_section *core)
{
	unsigned int nr_fields = core_sections[nr].nr_fields;
	struct vmig_field *last = &core->fields[nr_fields - 1];

	memcpy(core->fields, core_sections[nr].fields,
	       nr_fields * sizeof(core->fields[0]));
	last->count = max(nr_elements(vdev, nr), 1U);
	core->section = (struct vmig_section) {
		.id = VDEV_STATE_CORE + nr,
		.version = 1,
		.min_version = 1,
		.instances = 1,
		.name = core_sections[nr].name,
		.size = last->offset + last->count * last->stride,
		.fields = core->fields,
		.nr_fields = nr_fields,
	};
	return nr != VDEV_CORE_MSIX || vdev->model->msix.vectors;
}

/* All of it */

/**
 * vdev_state_save() - write down the state of a device
 * @vdev: the device, stopped; vdev_state_desc() is not NULL
 * @image: of that description, all zero; the state
 *
 * Device memory is no part of it.
 *
 * Context: process context; takes the device lock.
 */
void vdev_state_save(struct vdev *vdev, struct vmig_image *image)
{
	mutex_lock(&vdev->lock);
	save_config(vdev, vdev_core_state(vdev, image, VDEV_CORE_CONFIG));
	save_irqs(vdev, vdev_core_state(vdev, image, VDEV_CORE_IRQS));
	save_msix(vdev, vdev_core_state(vdev, image, VDEV_CORE_MSIX));
	save_timers(vdev, vdev_core_state(vdev, image, VDEV_CORE_TIMERS));
	save_jobs(vdev, vdev_core_state(vdev, image, VDEV_CORE_JOBS));
	save_model(vdev, image);
	mutex_unlock(&vdev->lock);
}
EXPORT_SYMBOL_GPL(vdev_state_save);

/**
 * vdev_state_check() - can a device become what a state says
 * @vdev: the device, stopped
 * @image: the state, of vdev_state_desc()
 * @reason: if it cannot, a sentence that says why
 * @size: bytes of @reason
 *
 * The device stays as it is.
 *
 * Context: process context; takes the device lock.
 *
 * Return: 0 or -EINVAL.
 */
int vdev_state_check(struct vdev *vdev, const struct vmig_image *image,
		     char *reason, size_t size)
{
	struct complaint why = { reason, size };
	int ret;

	mutex_lock(&vdev->lock);
	ret = check_config(vdev, vdev_core_state(vdev, image, VDEV_CORE_CONFIG),
			   &why);
	if (!ret)
		ret = check_irqs(vdev,
				 vdev_core_state(vdev, image, VDEV_CORE_IRQS),
				 &why);
	if (!ret)
		ret = check_msix(vdev,
				 vdev_core_state(vdev, image, VDEV_CORE_MSIX),
				 &why);
	if (!ret)
		ret = check_timers(vdev,
				   vdev_core_state(vdev, image, VDEV_CORE_TIMERS),
				   &why);
	if (!ret)
		ret = check_jobs(vdev,
				 vdev_core_state(vdev, image, VDEV_CORE_JOBS),
				 &why);
	if (!ret)
		ret = check_model(vdev, image, &why);
	mutex_unlock(&vdev->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(vdev_state_check);

/**
 * vdev_state_load() - a device becomes what a state says
 * @vdev: the device, stopped, open
 * @image: the state, which vdev_state_check() found well since the device was
 *	stopped
 *
 * Context: process context; takes the device lock.
 */
void vdev_state_load(struct vdev *vdev, const struct vmig_image *image)
{
	mutex_lock(&vdev->lock);
	load_config(vdev, vdev_core_state(vdev, image, VDEV_CORE_CONFIG));
	load_irqs(vdev, vdev_core_state(vdev, image, VDEV_CORE_IRQS));
	load_msix(vdev, vdev_core_state(vdev, image, VDEV_CORE_MSIX));
	load_timers(vdev, vdev_core_state(vdev, image, VDEV_CORE_TIMERS));
	load_jobs(vdev, vdev_core_state(vdev, image, VDEV_CORE_JOBS));
	load_model(vdev, image);
	if (vdev->ops->loaded)
		vdev->ops->loaded(vdev);
	mutex_unlock(&vdev->lock);
}
EXPORT_SYMBOL_GPL(vdev_state_load);
